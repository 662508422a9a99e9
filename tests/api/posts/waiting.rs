//! What does not go out at once: its time, rehearsals, pauses, a change of mind.

use chrono::{DateTime, Duration, Utc};
use digital_dalla::sandbox::{
    instagram::{Fault, Step},
    social::What,
    x,
};
use serde_json::{Value, json};

use crate::support::TestApp;

async fn ready() -> (TestApp, String, String) {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    (app, luna, content)
}

fn nothing_is_out(app: &TestApp) {
    assert!(app.instagram.posts().is_empty() && app.x.posts().is_empty());
    assert_eq!((app.instagram.faults().calls(Step::Publish), app.x.faults().calls(x::Step::Post)), (0, 0));
}

#[tokio::test]
async fn a_post_waits_for_its_time() {
    let (app, luna, content) = ready().await;
    let at = Utc::now() + Duration::milliseconds(700);
    let sent = app.post("/api/post-to-instagram", json!({"characterId": luna, "contentId": content, "scheduledAt": at})).await;
    assert_eq!((sent.status.as_u16(), &sent.json()["post"]["state"]), (200, &json!("scheduled")), "{}", sent.text);
    nothing_is_out(&app);
    let id = sent.json()["post"]["id"].as_str().unwrap().to_owned();
    let post = app.until_state(&id, "published").await;
    let out: DateTime<Utc> = serde_json::from_value(post["publishedAt"].clone()).unwrap();
    assert!(out >= at, "{out} is not before {at}");
    assert_eq!(app.instagram.posts().len(), 1);
}

#[tokio::test]
async fn time_and_words_can_be_changed_until_it_is_out() {
    let (app, luna, content) = ready().await;
    let later = Utc::now() + Duration::days(3);
    let sent = app.post("/api/post-to-twitter", json!({"characterId": luna, "contentId": content, "scheduled_at": later})).await.json();
    let id = sent["post"]["id"].as_str().unwrap().to_owned();
    let long = app.patch(&format!("/api/posts/{id}"), json!({"caption": "x".repeat(281)})).await;
    assert_eq!(long.problem(422).1, ["caption"]);
    let past = app.patch(&format!("/api/posts/{id}"), json!({"scheduledAt": "2020-01-01T00:00:00Z"})).await;
    assert_eq!(past.problem(422).1, ["scheduledAt"]);
    let changed = app.patch(&format!("/api/posts/{id}"), json!({"caption": "Other words.", "scheduledAt": Utc::now()})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    app.until_state(&id, "published").await;
    assert_eq!(app.x.posts()[0].text, "Other words.");
    app.patch(&format!("/api/posts/{id}"), json!({"caption": "Too late."})).await.problem(409);
}

#[tokio::test]
async fn in_a_dry_run_everything_happens_but_the_last_call() {
    let app = TestApp::start().await;
    let luna = app.persona(1).await;
    // A new installation rehearses.
    let content = app.approved(&luna, "Mist first.").await;
    for network in ["instagram", "twitter"] {
        let sent = app.send(network, &luna, &content).await;
        assert_eq!((sent.status.as_u16(), &sent.json()["post"]["state"]), (200, &json!("dry_run")), "{}", sent.text);
    }
    nothing_is_out(&app);
    assert_eq!((app.instagram.faults().calls(Step::Create), app.x.faults().calls(x::Step::Upload)), (1, 1));
    // The same where it is asked for, or set for the character.
    app.live().await;
    let body = json!({"characterId": luna, "contentId": content, "dryRun": true});
    assert_eq!(app.post("/api/post-to-instagram", body).await.json()["post"]["state"], "dry_run");
    app.patch(&format!("/api/characters/{luna}"), json!({"dryRun": true})).await;
    let rehearsed = app.send("twitter", &luna, &content).await.json();
    assert_eq!(rehearsed["post"]["state"], "dry_run");
    nothing_is_out(&app);
    // And for real once a person says so.
    app.patch(&format!("/api/characters/{luna}"), json!({"dryRun": false})).await;
    let id = rehearsed["post"]["id"].as_str().unwrap();
    assert_eq!(app.post(&format!("/api/posts/{id}/publish"), json!({})).await.json()["post"]["state"], "published");
    assert_eq!(app.x.posts().len(), 1);
}

#[tokio::test]
async fn a_dry_run_that_begins_while_pictures_go_up_counts() {
    let (app, luna, content) = ready().await;
    app.instagram.faults().ask(Fault::before(Step::Status, What::Hang));
    let id = app.order_post("instagram", json!({"characterId": luna, "contentId": content})).await;
    app.instagram.faults().happened().await;
    app.put("/api/settings", json!({"dryRun": true})).await;
    app.instagram.faults().let_go();
    app.until_state(&id, "dry_run").await;
    nothing_is_out(&app);
}

#[tokio::test]
async fn a_pause_holds_everything_and_its_end_lets_it_go() {
    let (app, luna, content) = ready().await;
    let other = app.approved(&luna, "Something else entirely.").await;
    assert_eq!(app.post("/api/posting/pause", json!({})).await.status, 204);
    assert!(app.get("/posts").await.text.contains("PAUSED"));
    let held = app.send("instagram", &luna, &content).await;
    assert!(held.problem(409).0.contains("paused"), "{}", held.text);
    let id = held.json()["post"]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.post_of(&id).await["check"], "pause");
    nothing_is_out(&app);
    app.post("/api/posting/resume", json!({})).await;
    app.until_state(&id, "published").await;
    // One that begins while pictures go up counts, and what went up is used afterwards.
    app.instagram.faults().ask(Fault::before(Step::Status, What::Hang));
    let id = app.order_post("instagram", json!({"characterId": luna, "contentId": other})).await;
    app.instagram.faults().happened().await;
    app.post("/api/posting/pause", json!({})).await;
    app.instagram.faults().let_go();
    app.until_state(&id, "held").await;
    app.post("/api/posting/resume", json!({})).await;
    app.until_state(&id, "published").await;
    assert_eq!((app.instagram.posts().len(), app.instagram.faults().calls(Step::Create)), (2, 2));
}

#[tokio::test]
async fn what_is_taken_back_does_not_go_out() {
    let (app, luna, content) = ready().await;
    let later = Utc::now() + Duration::hours(2);
    let sent = app.post("/api/post-to-instagram", json!({"characterId": luna, "contentId": content, "scheduledAt": later})).await.json();
    let scheduled = sent["post"]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.post(&format!("/api/posts/{scheduled}/cancel"), json!({})).await.json()["state"], "cancelled");
    // The same while its pictures go up.
    app.instagram.faults().ask(Fault::before(Step::Status, What::Hang));
    let id = app.order_post("instagram", json!({"characterId": luna, "contentId": content})).await;
    app.instagram.faults().happened().await;
    assert_eq!(app.post(&format!("/api/posts/{id}/cancel"), json!({})).await.json()["state"], "cancelled");
    app.instagram.faults().let_go();
    // Its worker is free again when another post goes out.
    let other = app.approved(&luna, "Something else entirely.").await;
    assert_eq!(app.send("instagram", &luna, &other).await.status, 200);
    assert_eq!((app.instagram.posts().len(), app.post_of(&id).await["state"].clone()), (1, json!("cancelled")));
    // Of two that were taken back, one may still go out; not both.
    let sent = app.post(&format!("/api/posts/{id}/publish"), json!({})).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    app.post(&format!("/api/posts/{scheduled}/publish"), json!({})).await.problem(409);
    let at = Utc::now() + Duration::hours(1);
    app.patch(&format!("/api/posts/{scheduled}"), json!({"scheduledAt": at})).await.problem(409);
    assert_eq!(app.instagram.posts().len(), 2);
}

#[tokio::test]
async fn a_character_who_is_deleted_takes_her_posts_back() {
    let (app, luna, content) = ready().await;
    let later = Utc::now() + Duration::hours(2);
    let sent = app.post("/api/post-to-instagram", json!({"characterId": luna, "contentId": content, "scheduledAt": later})).await.json();
    app.instagram.faults().ask(Fault::before(Step::Status, What::Hang));
    let other = app.approved(&luna, "Something else entirely.").await;
    let going = app.order_post("instagram", json!({"characterId": luna, "contentId": other})).await;
    app.instagram.faults().happened().await;
    assert_eq!(app.delete(&format!("/api/characters/{luna}")).await.status, 204);
    app.instagram.faults().let_go();
    for id in [sent["post"]["id"].as_str().unwrap(), &going] {
        assert_eq!(app.post_of(id).await["state"], "cancelled");
    }
    nothing_is_out(&app);
}

#[tokio::test]
async fn two_posts_of_an_account_keep_their_distance() {
    let (app, luna, content) = ready().await;
    app.put("/api/settings", json!({"gapMinutes": 30})).await;
    assert_eq!(app.send("instagram", &luna, &content).await.status, 200);
    let other = app.approved(&luna, "Something else entirely.").await;
    let sent = app.send("instagram", &luna, &other).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let post = sent.json()["post"].clone();
    assert!(post["waiting"].as_str().unwrap().contains("30 min"), "{post}");
    let until: DateTime<Utc> = serde_json::from_value(post["until"].clone()).unwrap();
    assert!((until - Utc::now() - Duration::minutes(30)).abs() < Duration::seconds(30), "{until}");
    // Another account, and another network, are not concerned.
    let cortex = app.persona(2).await;
    let his = app.approved(&cortex, "Notes of the night.").await;
    assert_eq!(app.send("instagram", &cortex, &his).await.status, 200);
    assert_eq!(app.send("twitter", &luna, &other).await.status, 200);
    // Without a gap it goes.
    app.put("/api/settings", json!({"gapMinutes": 0})).await;
    assert_eq!(app.post(&format!("/api/posts/{}/publish", post["id"].as_str().unwrap()), json!({})).await.status, 200);
    assert_eq!(app.instagram.posts().len(), 3);
}

#[tokio::test]
async fn an_account_without_quota_waits() {
    let (app, luna, content) = ready().await;
    app.instagram.use_up("luna.mystic", 50);
    let sent = app.send("instagram", &luna, &content).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let post = sent.json()["post"].clone();
    assert!(post["state"] == "scheduled" && post["waiting"].as_str().unwrap().contains("used up"), "{post}");
    nothing_is_out(&app);
    assert_eq!(app.instagram.faults().calls(Step::Create), 0, "nothing is handed over for nothing");
    // What was seen counts for the next one, without asking again.
    let other = app.approved(&luna, "Something else entirely.").await;
    let sent = app.send("instagram", &luna, &other).await.json();
    assert!(sent["post"]["waiting"].as_str().unwrap().contains("All 50 posts"), "{sent}");
    assert_eq!(app.instagram.faults().calls(Step::Quota), 1);
}

#[tokio::test]
async fn many_posts_of_many_accounts_all_go_out_and_none_twice() {
    let (app, _, _) = ready().await;
    let mut orders = Vec::new();
    for number in 3..8 {
        let character = app.persona(number).await;
        for place in 0..3 {
            let content = app.approved(&character, &format!("{number} and {place}: {}", "la ".repeat(place as usize + 1))).await;
            for network in ["instagram", "twitter"] {
                let body = json!({"characterId": character, "contentId": content, "caption": format!("{content}")});
                orders.push(app.order_post(network, body).await);
            }
        }
    }
    for id in &orders {
        app.until_state(id, "published").await;
    }
    assert_eq!((app.instagram.posts().len(), app.x.posts().len()), (15, 15));
    let listed = app.get("/api/posts?state=published&limit=500").await;
    assert_eq!(listed.json().as_array().map(Vec::len), Some(30));
    assert_eq!(listed.headers["x-total-count"], "30");
    // The address is asked for once it is out.
    for id in &orders {
        app.until(id, |post| post["url"].is_string()).await;
    }
    let first = app.get("/api/posts?limit=7").await;
    assert!(first.headers["link"].to_str().unwrap().contains("cursor="), "{:?}", first.headers);
    assert!(first.json().as_array().unwrap().iter().all(|post: &Value| post["url"].is_string()));
}
