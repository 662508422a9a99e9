//! The calendar: what is shown when, what moves and what does not, and weeks planned ahead.

use chrono::{DateTime, Duration, SecondsFormat, Timelike, Utc};
use chrono_tz::Europe::Rome;
use digital_dalla::sandbox::{instagram, x};
use reqwest::StatusCode;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::support::TestApp;

fn texts(page: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let text = |found: scraper::ElementRef<'_>| found.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    page.select(&Selector::parse(selector).unwrap()).map(text).collect()
}

/// Noon in Rome, so many days from now.
fn noon(days: i64) -> DateTime<Utc> {
    let day = Utc::now().with_timezone(&Rome) + Duration::days(days);
    day.with_hour(12)
        .and_then(|day| day.with_minute(0))
        .and_then(|day| day.with_second(0))
        .and_then(|day| day.with_nanosecond(0))
        .unwrap()
        .to_utc()
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// As a field of a page has it.
fn typed(at: DateTime<Utc>) -> String {
    at.with_timezone(&Rome).format("%Y-%m-%dT%H:%M").to_string()
}

fn day(at: DateTime<Utc>) -> String {
    at.with_timezone(&Rome).format("%Y-%m-%d").to_string()
}

/// Luna with accounts, in a story arc.
async fn luna(app: &TestApp) -> String {
    let id = app.luna().await;
    let today = Utc::now().with_timezone(&Rome).date_naive();
    let change = json!({
        "instagramApiKey": instagram::TOKEN, "twitterAppKey": x::KEYS[0], "twitterAppSecret": x::KEYS[1],
        "twitterAccessToken": x::KEYS[2], "twitterAccessSecret": x::KEYS[3],
        "narratives": [{"title": "The Crystal Quest", "description": "Crystals in a forest.", "startDate": today - Duration::days(3), "endDate": today + Duration::days(30)}]
    });
    let changed = app.patch(&format!("/api/characters/{id}"), change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    id
}

async fn approved(app: &TestApp, character: &str, prompt: &str) -> String {
    let made = app.post("/api/generate-image", json!({"characterId": character, "prompt": prompt})).await.json();
    let id = made["content"]["id"].as_str().unwrap().to_owned();
    app.patch(&format!("/api/content/{id}"), json!({"caption": format!("About {prompt}.")})).await;
    app.post(&format!("/api/content/{id}/approve"), json!({})).await;
    id
}

async fn scheduled(app: &TestApp, character: &str, prompt: &str, at: DateTime<Utc>) -> String {
    let content = approved(app, character, prompt).await;
    let sent = app.post("/api/post-to-twitter", json!({"characterId": character, "contentId": content, "scheduledAt": text(at)})).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
    sent.json()["post"]["id"].as_str().unwrap().to_owned()
}

async fn time_of(app: &TestApp, post: &str) -> String {
    let at = app.get(&format!("/api/posts/{post}")).await.json()["scheduledAt"].as_str().unwrap().to_owned();
    text(at.parse().unwrap())
}

async fn calendar(app: &TestApp, from: DateTime<Utc>, days: i64) -> Vec<Value> {
    let answer = app.get(&format!("/api/calendar?from={}&to={}", day(from), day(from + Duration::days(days)))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json().as_array().unwrap().clone()
}

#[tokio::test]
async fn posts_stand_on_their_days_with_what_stands_in_their_way() {
    let app = TestApp::start().await;
    let luna = luna(&app).await;
    let first = scheduled(&app, &luna, "a lake", noon(2)).await;
    let close = scheduled(&app, &luna, "a <b>crow</b> in a field of snow", noon(2) + Duration::minutes(10)).await;
    let entries = calendar(&app, noon(1), 3).await;
    let told: Vec<_> =
        entries.iter().map(|entry| (entry["postId"].as_str().unwrap(), entry["conflicts"].as_array().unwrap().len())).collect();
    assert_eq!(told, [(first.as_str(), 0), (close.as_str(), 1)]);
    assert_eq!(entries[1]["conflicts"][0], "10 min after another post on X; 30 min lie between two posts, so it goes out later.");
    assert!(calendar(&app, noon(3), 3).await.is_empty());

    let month = app.get(&format!("/calendar?view=month&at={}", &day(noon(2))[..7])).await.text;
    let cell = format!("td[data-day=\"{}\"] .event", day(noon(2)));
    assert_eq!(texts(&month, &cell), ["12:00 Luna Scheduled", "12:10 Luna Scheduled"]);
    assert_eq!(texts(&month, ".event.warn").len(), 1, "the one that is too close is marked");
    let today = texts(&app.get("/calendar").await.text, "td[aria-current=date] .day");
    assert_eq!(today.len(), 1);
    let week = app.get(&format!("/calendar?view=week&at={}", day(noon(2)))).await.text;
    assert!(texts(&week, ".event.tall .conflict")[0].starts_with("10 min after another post"));
    let list = app.get("/calendar?view=list").await.text;
    assert!(texts(&list, ".day-list .strong").contains(&"About a <b>crow</b> in a field of snow.".to_owned()), "words are text");
    let nobody = app.get("/calendar?view=list&character=nobody").await.text;
    assert!(nobody.contains("Nothing in these days"));
}

#[tokio::test]
async fn a_full_day_counts_what_does_not_fit() {
    let app = TestApp::start().await;
    let luna = luna(&app).await;
    for hours in 0..6 {
        scheduled(&app, &luna, &format!("number {hours}"), noon(3) + Duration::hours(hours)).await;
    }
    let month = app.get(&format!("/calendar?at={}", &day(noon(3))[..7])).await.text;
    assert_eq!(texts(&month, ".event").len(), 3);
    assert_eq!(texts(&month, ".more"), ["+3 more"]);
    let whole = app.get(&format!("/calendar?view=day&at={}", day(noon(3)))).await.text;
    assert_eq!(texts(&whole, ".day-list li").len(), 6);
}

#[tokio::test]
async fn a_post_moves_by_days_by_hours_and_by_the_form_and_back_again() {
    let app = TestApp::start().await;
    let luna = luna(&app).await;
    let post = scheduled(&app, &luna, "a lake", noon(2)).await;
    let back = "/calendar?view=list";
    let fields = |day: &str, days: &str, hours: &str| {
        [("kind", "post"), ("id", &post), ("day", day), ("days", days), ("hours", hours), ("back", back)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let send = async |day: &str, days: &str, hours: &str| {
        let fields = fields(day, days, hours);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        app.submit("/actions/calendar/move", &fields).await
    };
    let page = send(&day(noon(5)), "0", "0").await;
    assert_eq!(time_of(&app, &post).await, text(noon(5)), "the time of the clock stays");
    let token = Html::parse_document(&page)
        .select(&Selector::parse(".toast input[name=token]").unwrap())
        .next()
        .unwrap()
        .attr("value")
        .unwrap()
        .to_owned();
    app.submit("/actions/calendar/undo", &[("token", &token)]).await;
    assert_eq!(time_of(&app, &post).await, text(noon(2)));
    send("", "1", "0").await;
    send("", "0", "-3").await;
    assert_eq!(time_of(&app, &post).await, text(noon(3) - Duration::hours(3)));

    let page = send("", "-30", "0").await;
    assert!(page.contains("This time has passed."), "the past is refused, with a reason");
    assert_eq!(time_of(&app, &post).await, text(noon(3) - Duration::hours(3)));

    let form = app.get(&format!("/calendar/move?kind=post&id={post}")).await.text;
    assert!(form.contains(&typed(noon(3) - Duration::hours(3))));
    let sent = [("kind", "post"), ("id", post.as_str()), ("form[scheduledAt]", "yesterday"), ("back", back)];
    let page = app.submit("/actions/calendar/reschedule", &sent).await;
    assert!(page.contains("Write day and time") && page.contains("value=\"yesterday\""), "what was typed stays");
    let (passed, later) = (typed(noon(-1)), typed(noon(4)));
    let page = app
        .submit("/actions/calendar/reschedule", &[("kind", "post"), ("id", &post), ("form[scheduledAt]", &passed), ("back", back)])
        .await;
    assert!(texts(&page, ".error")[0].contains("This time has passed."));
    app.submit("/actions/calendar/reschedule", &[("kind", "post"), ("id", &post), ("form[scheduledAt]", &later), ("back", back)]).await;
    assert_eq!(time_of(&app, &post).await, text(noon(4)));
    assert_eq!(app.get("/calendar/move?kind=post&id=nothing").await.status, StatusCode::NOT_FOUND);

    app.post(&format!("/api/posts/{post}/cancel"), json!({})).await;
    assert!(calendar(&app, noon(1), 10).await.is_empty(), "what was taken back stands nowhere");
}

#[tokio::test]
async fn a_week_is_planned_reviewed_and_scheduled() {
    let app = TestApp::start().await;
    let luna = luna(&app).await;
    // Next week, so that there is room whatever day it is.
    let week = day(noon(7));
    let preview = app.get(&format!("/calendar/plan?form%5Bcharacter%5D={luna}&form%5Bweek%5D={week}&form%5Bcount%5D=3&form%5BfromHour%5D=9&form%5BtoHour%5D=21&form%5Bnetwork%5D=both")).await.text;
    assert_eq!(texts(&preview, "#plan-preview time").len(), 3, "it says what it will do");
    let asked = json!({"characterIds": [luna], "week": week, "count": 3, "networks": ["instagram", "x"]});
    let jobs = app.post("/api/calendar/plan", asked).await;
    assert_eq!(jobs.status, StatusCode::ACCEPTED, "{}", jobs.text);
    let job = app.ended(jobs.json()[0]["id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "done", "{job}");
    for slot in job["plan"]["slots"].as_array().unwrap() {
        assert_eq!(app.ended(slot["jobId"].as_str().unwrap()).await["status"], "done");
    }
    let waiting = app.get("/api/content?state=in_review").await.json().as_array().unwrap().clone();
    assert_eq!(waiting.len(), 3);
    let entries = calendar(&app, noon(0), 20).await;
    assert!(entries.iter().all(|entry| entry["kind"] == "proposed" && entry["networks"] == json!(["instagram", "x"])), "{entries:#?}");
    let first = entries[0]["contentId"].as_str().unwrap().to_owned();
    words_written(&app, 6).await;
    assert!(app.get(&format!("/content/{first}")).await.text.contains("Approving schedules it then."));

    let page = app.submit("/actions/review/decide", &[("id", &first), ("decision", "approve"), ("back", "/review")]).await;
    assert!(texts(&page, ".toast p")[0].starts_with("Approved. It goes out on Instagram on "), "{:?}", texts(&page, ".toast p"));
    let posts = app.get("/api/posts?state=scheduled").await.json().as_array().unwrap().clone();
    assert_eq!(posts.len(), 2);
    assert!(posts.iter().all(|post| post["scheduledAt"] == entries[0]["at"] && post["caption"] != ""), "{posts:#?}");
    assert_eq!(app.get(&format!("/api/content/{first}")).await.json().get("plannedFor"), None);

    // One is moved, one has a time that passes: it is approved, and says why it does not go out.
    let second = entries[1]["contentId"].as_str().unwrap();
    app.submit("/actions/calendar/move", &[("kind", "picture"), ("id", second), ("days", "1"), ("hours", "0"), ("back", "/calendar")])
        .await;
    let moved =
        app.get(&format!("/api/content/{second}")).await.json()["plannedFor"]["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(moved - entries[1]["at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), Duration::days(1));
    let third = entries[2]["contentId"].as_str().unwrap().to_owned();
    let refused = app.patch(&format!("/api/content/{third}"), json!({"plannedFor": {"at": text(noon(-1)), "networks": ["x"]}})).await;
    assert_eq!(refused.problem(422).1, ["plannedFor.at"]);
    pass_time(&app, &third).await;
    let page = app.submit("/actions/review/decide", &[("id", &third), ("decision", "approve"), ("back", "/review")]).await;
    assert!(texts(&page, ".toast p")[0].contains("The time that was proposed has passed"));
    assert_eq!(app.get("/api/posts").await.json().as_array().unwrap().len(), 2);
}

/// Waits until so many captions were written.
async fn words_written(app: &TestApp, count: usize) {
    let jobs = app.get("/api/jobs?limit=500").await.json();
    let writing: Vec<_> = jobs.as_array().unwrap().iter().filter(|job| job["kind"] == "write_caption").cloned().collect();
    assert_eq!(writing.len(), count);
    for job in writing {
        assert_eq!(app.ended(job["id"].as_str().unwrap()).await["status"], "done");
    }
}

/// As if a picture had waited until its proposed time was over.
async fn pass_time(app: &TestApp, content: &str) {
    use digital_dalla::{domain::content::Content, store::StoreError};
    let id = content.to_owned();
    let pass = move |tx: &mut digital_dalla::store::Transaction<'_>| {
        let mut content = Content::clone(&*tx.get::<Content>(&id).unwrap());
        content.planned_for.as_mut().unwrap().at = noon(-1);
        tx.put(content)
    };
    app.app.store.write::<_, StoreError>(pass).await.unwrap();
}

#[tokio::test]
async fn a_plan_that_was_cut_off_goes_on_and_draws_nothing_twice() {
    let app = TestApp::start().await;
    let luna = luna(&app).await;
    let jobs = app.post("/api/calendar/plan", json!({"characterIds": [luna], "week": day(noon(7)), "count": 5})).await;
    let plan = jobs.json()[0]["id"].as_str().unwrap().to_owned();
    let (comfy, dir) = app.stop().await;
    let app = TestApp::start_with(comfy, dir).await;
    let job = app.ended(&plan).await;
    assert_eq!(job["status"], "done", "{job}");
    for slot in job["plan"]["slots"].as_array().unwrap() {
        assert_eq!(app.ended(slot["jobId"].as_str().unwrap()).await["status"], "done");
    }
    let contents = app.contents().await;
    assert_eq!(contents.len(), 5);
    let mut times: Vec<_> = contents.iter().map(|content| content["plannedFor"]["at"].as_str().unwrap().to_owned()).collect();
    times.sort();
    times.dedup();
    assert_eq!(times.len(), 5, "each has a time of its own");
}

#[tokio::test]
async fn a_picture_is_scheduled_on_both_networks_or_on_none() {
    let app = TestApp::start().await;
    let luna = luna(&app).await;
    let content = approved(&app, &luna, "a lake").await;
    let page = app.get("/calendar/new").await.text;
    assert!(page.contains(&format!("value=\"{content}\"")));
    let at = typed(noon(2));
    let form = [("form[content]", content.as_str()), ("form[network]", "both"), ("form[scheduledAt]", at.as_str())];
    let page = app.submit("/actions/calendar/schedule", &form).await;
    assert_eq!(texts(&page, ".event.tall .word"), ["Scheduled", "Scheduled"]);
    assert!(app.get("/calendar/new").await.text.contains("No approved picture is free"));

    let other = approved(&app, &luna, "a hill").await;
    app.post("/api/post-to-twitter", json!({"characterId": luna, "contentId": other, "scheduledAt": text(noon(3))})).await;
    let fields = [("id", other.as_str()), ("character", luna.as_str()), ("form[network]", "both"), ("form[scheduledAt]", at.as_str())];
    let page = app.submit("/actions/posts/create", &fields).await;
    assert!(page.contains("X: On X this picture is on its way already"), "it names the network");
    assert_eq!(app.get("/api/posts").await.json().as_array().unwrap().len(), 3, "nothing went to the other one");

    let nothing = [("form[network]", "both"), ("form[scheduledAt]", at.as_str())];
    assert!(app.submit("/actions/calendar/schedule", &nothing).await.contains("Choose a picture."));
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_field() {
    let app = TestApp::start().await;
    let luna = luna(&app).await;
    for (query, field) in [("from=tomorrow", "from"), ("from=2026-01-10&to=2026-01-01", "to"), ("from=2026-01-01&to=2026-12-31", "to")] {
        assert_eq!(app.get(&format!("/api/calendar?{query}")).await.problem(422).1, [field], "{query}");
    }
    for (body, field) in [
        (json!({"characterIds": []}), "characterIds"),
        (json!({"characterIds": ["nobody"]}), "characterIds"),
        (json!({"characterIds": [luna], "count": 22}), "count"),
        (json!({"characterIds": [luna], "fromHour": 12, "toHour": 10}), "toHour"),
        (json!({"characterIds": [luna], "week": "2020-01-01"}), "characterIds"),
    ] {
        assert_eq!(app.post("/api/calendar/plan", body.clone()).await.problem(422).1, [field], "{body}");
    }
    assert_eq!(app.get("/calendar?view=nonsense&at=9999-99").await.status, StatusCode::OK, "nonsense shows this month");
    let undone = app.submit("/actions/calendar/undo", &[("token", "nonsense")]).await;
    assert!(undone.contains("cannot be undone any more"));
}

#[tokio::test]
async fn today_tells_what_is_left_to_post() {
    let app = TestApp::start().await;
    let luna = luna(&app).await;
    assert!(app.get("/").await.text.contains("nothing left to post"));
    approved(&app, &luna, "a lake").await;
    approved(&app, &luna, "a hill").await;
    scheduled(&app, &luna, "a crow", noon(2)).await;
    let page = app.get("/").await.text;
    assert!(texts(&page, ".stock p")[0].starts_with("2 pictures left, about 2 days at one a day"), "{:?}", texts(&page, ".stock p"));
    assert!(page.contains(&format!("/calendar/plan?character={luna}")));
    assert_eq!(texts(&page, "#today-next .strong"), ["About a crow."]);
}

#[tokio::test]
async fn what_runs_often_leaves_room_for_the_rest() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    for schedule in ["* * * * *", "0 12 * * *"] {
        let task = json!({"characterId": luna, "type": "generate_only", "schedule": schedule});
        assert_eq!(app.post("/api/scheduler/tasks", task).await.status, StatusCode::CREATED);
    }
    let today = app.get("/").await.text;
    assert_eq!(texts(&today, "#today-next li").len(), 2, "each task once");
    let list = app.get("/calendar?view=list").await.text;
    let days = texts(&list, ".day-list");
    assert!(days.iter().all(|day| day.matches("Planned run").count() <= 12), "{days:?}");
    assert!(days.iter().any(|day| day.contains("more on this day")), "{days:?}");
}
