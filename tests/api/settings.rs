//! Settings: what may be set, what is refused, and that each takes effect at once.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Duration, TimeZone, Utc};
use chrono_tz::Tz;
use digital_dalla::{
    domain::times::{Hours, Times},
    sandbox::{comfyui::Fault, instagram, x},
    service,
};
use reqwest::{Method, StatusCode, header};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::{
    images::until_step,
    support::{Answer, TestApp, sandbox},
};

fn texts(page: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let text = |found: scraper::ElementRef<'_>| found.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
    page.select(&Selector::parse(selector).unwrap()).map(text).collect()
}

async fn set(app: &TestApp, change: Value) {
    let answer = app.put("/api/settings", change.clone()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{change}: {}", answer.text);
}

/// What the settings say, without what only tells of them.
async fn set_now(app: &TestApp) -> Value {
    let mut told = settings(app).await;
    let names: Vec<_> = told.as_object().unwrap().keys().filter(|name| name.ends_with("Bytes")).cloned().collect();
    names.iter().for_each(|name| drop(told.as_object_mut().unwrap().remove(name)));
    told
}

async fn settings(app: &TestApp) -> Value {
    app.get("/api/settings").await.json()
}

#[tokio::test]
async fn every_setting_is_a_text_that_is_documented_and_can_be_sent_back() {
    let app = TestApp::start().await;
    service::status::look(&app.app, Utc::now()).await;
    let told = settings(&app).await;
    let texts = told.as_object().unwrap();
    assert!(texts.values().all(Value::is_string), "{told}");
    let expected = [
        ("timezone", "Europe/Rome"),
        ("clock", "24"),
        ("weekStart", "monday"),
        ("theme", "system"),
        ("dryRun", "true"),
        ("gapMinutes", "30"),
        ("instagramPerDay", "0"),
        ("xPerMonth", "0"),
        ("xPostPrice", "0.015"),
        ("xLinkPrice", "0.2"),
        ("instagramApiKey", ""),
        ("fit", "crop"),
        ("comfyuiUrl", &app.comfy.url()),
        ("publicUrl", &app.url),
    ];
    for (name, value) in expected {
        assert_eq!(told[name], value, "{name}");
    }
    let bytes: u64 = told["dataBytes"].as_str().unwrap().parse().unwrap();
    assert!(bytes > 0 && told["dataDir"].as_str().unwrap().starts_with(app.dir.path().to_str().unwrap()));
    let document = app.get("/api/openapi.json").await.json();
    let schemas = &document["components"]["schemas"];
    let parts = schemas["SettingsChange"]["allOf"].as_array().expect("the trainer's are a part of their own");
    let part = |part: &Value| match part["$ref"].as_str() {
        Some(name) => schemas[name.rsplit('/').next().unwrap()].clone(),
        None => part.clone(),
    };
    let names = |one: &Value| part(one)["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let documented: BTreeSet<_> = parts.iter().flat_map(names).collect();
    let readable = ["paused", "dataDir", "dataBytes", "recordsBytes", "mediaBytes", "datasetsBytes", "trainingsBytes", "backupsBytes"];
    for name in texts.keys().filter(|name| !readable.contains(&name.as_str())) {
        assert!(documented.contains(name), "{name} can be read and is not documented as something that can be set");
    }
    // Sent back as it came, nothing is different, and nothing is stored that was not.
    let before = set_now(&app).await;
    set(&app, told.clone()).await;
    assert_eq!(set_now(&app).await, before);
    let stored = app.app.store.read().settings.clone();
    assert!(stored.timezone.is_empty() && stored.comfyui_urls.is_empty() && stored.public_url.is_empty());
}

#[tokio::test]
async fn the_names_of_the_older_apps_are_understood() {
    let app = TestApp::start().await;
    let other = sandbox().await;
    set(
        &app,
        json!({"DALLA_TIMEZONE": "Asia/Tokyo", "COMFYUI_URL": other.url(), "PUBLIC_URL": "https://pictures.example.org/",
            "INSTAGRAM_ACCESS_TOKEN": "IGAA-0123456789-abcd", "INSTAGRAM_ACCOUNT_ID": "17841400000000001", "TWITTER_API_KEY": "key-0123456789",
            "TWITTER_API_KEY_SECRET": "secret-0123456789", "TWITTER_ACCESS_TOKEN": "token-0123456789", "TWITTER_ACCESS_TOKEN_SECRET": "hidden-0123456789"}),
    )
    .await;
    let told = settings(&app).await;
    for (name, value) in [
        ("timezone", "Asia/Tokyo"),
        ("comfyuiUrl", &other.url()),
        ("publicUrl", "https://pictures.example.org"),
        ("instagramApiKey", "••••abcd"),
        ("instagramAccountId", "17841400000000001"),
        ("twitterAccessSecret", "••••6789"),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    // Cleared, what it was started with is in force again.
    set(&app, json!({"timezone": "", "comfyuiUrl": null, "publicUrl": "", "instagramApiKey": ""})).await;
    let told = settings(&app).await;
    assert_eq!((&told["timezone"], &told["comfyuiUrl"]), (&json!("Europe/Rome"), &json!(app.comfy.url())));
    assert_eq!((&told["publicUrl"], &told["instagramApiKey"]), (&json!(app.url), &json!("")));
}

#[tokio::test]
async fn what_cannot_be_set_is_refused_by_its_field_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let before = set_now(&app).await;
    let many = (1..=17).map(|port| format!("http://127.0.0.1:{port}")).collect::<Vec<_>>().join(",");
    let cases = [
        (json!({"timezone": "Mars/Base"}), "timezone", "Europe/Rome"),
        (json!({"timezone": "<script>"}), "timezone", "IANA"),
        (json!({"clock": "13"}), "clock", "24 or 12"),
        (json!({"weekStart": "tuesday"}), "weekStart", "monday, sunday or saturday"),
        (json!({"theme": "pink"}), "theme", "dark"),
        (json!({"comfyuiUrl": "ftp://box"}), "comfyuiUrl", "http://"),
        (json!({"comfyuiUrl": "http://a:1\nnonsense"}), "comfyuiUrl", "nonsense"),
        (json!({"comfyuiUrl": "http://me:secret@box:8188"}), "comfyuiUrl", "Leave out name and password"),
        (json!({"comfyuiUrl": "http://box:8188/?a=b"}), "comfyuiUrl", "Leave out"),
        (json!({"comfyuiUrl": many}), "comfyuiUrl", "At most 16"),
        (json!({"publicUrl": "http://pictures.example.org"}), "publicUrl", "https://"),
        (json!({"publicUrl": "https://192.168.1.7"}), "publicUrl", "your own network"),
        (json!({"publicUrl": "https://me:secret@pictures.example.org"}), "publicUrl", "no name or password"),
        (json!({"instagramApiKey": "••••abcd"}), "instagramApiKey", "dots"),
        (json!({"twitterAccessToken": "two words"}), "twitterAccessToken", "not a key"),
        (json!({"instagramAccountId": "@luna"}), "instagramAccountId", "number"),
        (json!({"instagramPerDay": "1001"}), "instagramPerDay", "0 to 1000"),
        (json!({"xPerMonth": "many"}), "xPerMonth", "0 to 10000"),
        (json!({"xPostPrice": "-1"}), "xPostPrice", "dollars"),
        (json!({"xLinkPrice": "NaN"}), "xLinkPrice", "dollars"),
        (json!({"gapMinutes": ""}), "gapMinutes", "0 to 1440"),
        (json!({"publicUrl": "nonsense"}), "publicUrl", "pictures.example.org"),
        (json!({"publicUrl": "ftp://pictures.example.org"}), "publicUrl", "https://"),
        (json!({"imageFolders": "/"}), "imageFolders", "whole disk"),
        (json!({"gapMinuets": "5"}), "gapMinuets", "no such setting"),
    ];
    for (change, field, words) in cases {
        // Something that could be set comes along: all of it is refused.
        let mut both = change.clone();
        both["clock"] = both.get("clock").cloned().unwrap_or(json!("12"));
        let refused = app.put("/api/settings", both).await;
        let (detail, fields) = refused.problem(422);
        assert_eq!(fields, [field], "{change}: {detail}");
        assert!(refused.text.contains(words), "{change}: {}", refused.text);
        assert!(!refused.text.contains("me:secret"), "a password comes back: {}", refused.text);
    }
    let several = app.put("/api/settings", json!({"theme": "pink", "timezone": "Mars/Base", "xPerDay": "x", "twitterAppKey": "a b"})).await;
    assert_eq!(
        several.problem(422).1.into_iter().collect::<BTreeSet<_>>(),
        ["theme", "timezone", "twitterAppKey", "xPerDay"].map(String::from).into()
    );
    assert_eq!(set_now(&app).await, before);
}

#[tokio::test]
async fn weeks_begin_with_the_day_that_is_set() {
    let app = TestApp::start().await;
    let heads = async |app: &TestApp| texts(&app.get("/calendar?view=month&at=2026-11").await.text, ".calendar th");
    assert_eq!(heads(&app).await, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]);
    set(&app, json!({"weekStart": "sunday"})).await;
    assert_eq!(heads(&app).await, ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]);
    let month = Html::parse_document(&app.get("/calendar?view=month&at=2026-11").await.text);
    let first = month.select(&Selector::parse(".calendar td").unwrap()).next().unwrap();
    assert_eq!(first.attr("data-day"), Some("2026-11-01"), "the first of November 2026 is a Sunday");
    let week = app.get("/calendar?view=week&at=2026-12-03").await.text;
    assert_eq!(texts(&week, "h1"), ["29 November – 5 December 2026"]);
    set(&app, json!({"weekStart": "saturday"})).await;
    assert_eq!(heads(&app).await[0], "Sat");
}

#[tokio::test]
async fn times_are_said_in_the_zone_and_on_the_clock_that_are_set() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let task = json!({"characterId": luna, "type": "generate_only", "schedule": "0 18 * * *"});
    let task = app.post("/api/scheduler/tasks", task).await.json();
    let page = format!("/api/scheduler/tasks/{}", task["id"].as_str().unwrap());
    assert_eq!(task["words"], "Every day at 18:00");
    let shown = async |app: &TestApp, times: Times| {
        let page = Html::parse_document(&app.get("/activity").await.text);
        let found: Vec<_> = page.select(&Selector::parse("main time[datetime]").unwrap()).collect();
        assert!(!found.is_empty());
        for time in found {
            let at: DateTime<Utc> = time.attr("datetime").unwrap().parse().unwrap();
            assert_eq!(time.text().collect::<String>(), times.moment(at));
        }
    };
    shown(&app, Times { zone: chrono_tz::Europe::Rome, hours: Hours::TwentyFour }).await;
    set(&app, json!({"timezone": "Asia/Tokyo", "clock": "12"})).await;
    shown(&app, Times { zone: chrono_tz::Asia::Tokyo, hours: Hours::Twelve }).await;
    let task = app.get(&page).await.json();
    assert_eq!(task["words"], "Every day at 6:00 pm");
    let next: DateTime<Utc> = serde_json::from_value(task["nextRun"].clone()).unwrap();
    assert_eq!(next.with_timezone(&chrono_tz::Asia::Tokyo).format("%H:%M").to_string(), "18:00");
    assert_eq!(app.get("/api/scheduler").await.json()["timezone"], "Asia/Tokyo");
    let general = app.get("/settings").await.text;
    assert!(texts(&general, "#general header p")[0].ends_with("m in Asia/Tokyo."), "{general}");
    assert!(general.contains("data-zone=\"Asia/Tokyo\" data-clock=\"12\""), "the script says times the same way");
}

#[tokio::test]
async fn the_theme_of_the_installation_gives_way_to_the_one_a_person_chose() {
    let app = TestApp::start().await;
    let theme = async |cookie: &str| {
        let page = app.request(Method::GET, "/").header(header::COOKIE, cookie);
        let page = Html::parse_document(&Answer::of(page).await.text);
        page.root_element().attr("data-theme").map(str::to_owned)
    };
    assert_eq!(theme("").await, None);
    set(&app, json!({"theme": "dark"})).await;
    assert_eq!(theme("").await.as_deref(), Some("dark"));
    assert_eq!(theme("theme=light").await.as_deref(), Some("light"));
    assert_eq!(theme("theme=system").await, None);
    assert_eq!(theme("theme=nonsense").await.as_deref(), Some("dark"));
}

#[tokio::test]
async fn other_comfyui_servers_draw_at_once_and_what_is_being_drawn_is_neither_lost_nor_doubled() {
    let app = TestApp::start().await;
    let other = sandbox().await;
    let luna = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let first = app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    until_step(&app, &first, 1).await;
    set(&app, json!({"comfyuiUrl": other.url()})).await;
    let page = app.get("/settings").await.text;
    let address = other.url().trim_start_matches("http://").to_owned();
    assert_eq!(texts(&page, "#comfyui-servers .mono"), [address]);
    assert!(texts(&page, "#comfyui .help")[0].contains("Set here, and in force."));
    // The new one draws although the old one still does.
    let drawn = app.post("/api/generate-image", json!({"characterId": luna, "prompt": "a sea"})).await;
    assert_eq!(drawn.status, StatusCode::OK, "{}", drawn.text);
    assert_eq!((app.comfy.prompts_received().len(), other.prompts_received().len()), (1, 1));
    assert_eq!(app.get(&format!("/api/jobs/{first}")).await.json()["status"], "running");
    app.comfy.faults().let_go();
    assert_eq!(app.ended(&first).await["status"], "done");
    assert_eq!((app.comfy.prompts_received().len(), other.prompts_received().len(), app.contents().await.len()), (1, 1, 2));
    // The next start knows them, too.
    let (comfy, dir) = app.stop().await;
    let app = TestApp::start_with(comfy, dir).await;
    assert_eq!(settings(&app).await["comfyuiUrl"], other.url());
    let drawn = app.post("/api/generate-image", json!({"characterId": luna, "prompt": "a river"})).await;
    assert_eq!(drawn.status, StatusCode::OK, "{}", drawn.text);
    assert_eq!((app.comfy.prompts_received().len(), other.prompts_received().len()), (1, 2));
    app.is_quiet();
}

#[tokio::test]
async fn a_second_comfyui_makes_room_for_a_second_picture_while_the_first_is_busy() {
    let app = TestApp::start().await;
    let second = sandbox().await;
    let luna = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let stuck = app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    until_step(&app, &stuck, 1).await;
    let waiting = app.order(json!({"characterId": luna, "prompt": "a sea"})).await;
    set(&app, json!({"comfyuiUrl": format!("{}\n{}\n", app.comfy.url(), second.url())})).await;
    assert_eq!(app.ended(&waiting).await["status"], "done");
    assert_eq!((app.comfy.prompts_received().len(), second.prompts_received().len()), (1, 1));
    // Taken away and brought back, the first is the same server as before.
    set(&app, json!({"comfyuiUrl": second.url()})).await;
    set(&app, json!({"comfyuiUrl": null})).await;
    app.comfy.faults().let_go();
    assert_eq!(app.ended(&stuck).await["status"], "done");
    assert_eq!((app.comfy.prompts_received().len(), app.contents().await.len()), (1, 2));
    app.is_quiet();
}

/// When the day after this one begins in that zone.
fn tomorrow(zone: Tz) -> DateTime<Utc> {
    let day = Utc::now().with_timezone(&zone).date_naive() + Duration::days(1);
    zone.from_local_datetime(&day.and_hms_opt(0, 0, 0).unwrap()).unwrap().to_utc()
}

fn until(post: &Value) -> DateTime<Utc> {
    serde_json::from_value(post["until"].clone()).unwrap_or_else(|_| panic!("it does not wait: {post}"))
}

#[tokio::test]
async fn posts_over_the_cap_of_a_day_wait_for_the_next_one_where_the_character_is() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let zone = chrono_tz::Pacific::Kiritimati;
    app.patch(&format!("/api/characters/{luna}"), json!({"timezone": "Pacific/Kiritimati"})).await;
    set(&app, json!({"instagramPerDay": "2", "xPerDay": 0})).await;
    let mut held = Vec::new();
    for (place, words) in ["Mist first.", "Then the sun.", "Crows in the pines.", "Bread and salt."].into_iter().enumerate() {
        let content = app.approved(&luna, words).await;
        let sent = app.send("instagram", &luna, &content).await;
        if place < 2 {
            assert_eq!(sent.status, 200, "{}", sent.text);
            continue;
        }
        assert_eq!(sent.status, 202, "{}", sent.text);
        let post = sent.json()["post"].clone();
        assert!(post["waiting"].as_str().unwrap().contains("cap of 2 a day"), "{post}");
        assert_eq!(until(&post), tomorrow(zone), "not where the installation is");
        held.push(post["id"].as_str().unwrap().to_owned());
        assert_eq!(app.send("twitter", &luna, &content).await.status, 200, "X has no cap");
    }
    let checks = app.get(&format!("/api/posts/{}", held[0])).await.text;
    assert!(checks.contains("scheduled"), "{checks}");
    // Neither a restart nor another look makes room.
    let (comfy, dir) = app.stop().await;
    let app = TestApp::start_with(comfy, dir).await;
    app.rests().await;
    assert_eq!(app.post_of(&held[0]).await["state"], "scheduled");
    assert_eq!(app.instagram.posts().len(), 0, "this simulator is new, and nothing went to it");
}

#[tokio::test]
async fn a_higher_cap_lets_out_what_waits_each_once() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    set(&app, json!({"instagramPerMonth": 1})).await;
    let mut posts = Vec::new();
    for words in ["Mist first.", "Then the sun.", "Crows in the pines."] {
        let content = app.approved(&luna, words).await;
        posts.push(app.send("instagram", &luna, &content).await.json());
    }
    let waiting: Vec<_> = posts[1..].iter().map(|sent| sent["post"]["id"].as_str().unwrap().to_owned()).collect();
    for sent in &posts[1..] {
        let now = Utc::now().with_timezone(&chrono_tz::Europe::Rome);
        let until = until(&sent["post"]).with_timezone(&chrono_tz::Europe::Rome);
        assert!(sent["post"]["waiting"].as_str().unwrap().contains("cap of 1 a month"), "{sent}");
        assert_eq!((until.day(), until.month0(), until.format("%H:%M").to_string().as_str()), (1, (now.month0() + 1) % 12, "00:00"));
    }
    assert_eq!(app.instagram.posts().len(), 1);
    set(&app, json!({"instagramPerMonth": 2})).await;
    // One of them goes, and the other waits on.
    let out = async |app: &TestApp| app.instagram.posts().len();
    let one_is_out = async {
        while out(&app).await < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, one_is_out).await.expect("there is room for one more");
    app.rests().await;
    let states: BTreeSet<_> = [app.post_of(&waiting[0]).await, app.post_of(&waiting[1]).await].map(|post| post["state"].to_string()).into();
    assert_eq!(states, ["\"published\"", "\"scheduled\""].map(String::from).into());
    set(&app, json!({"instagramPerMonth": 0})).await;
    for id in &waiting {
        app.until_state(id, "published").await;
    }
    app.rests().await;
    assert_eq!(app.instagram.posts().len(), 3, "each went out once");
}

#[tokio::test]
async fn what_x_charges_can_be_set_and_the_month_is_summed_up() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    assert!(
        texts(&app.get("/settings").await.text, "#posting .help").iter().any(|words| words.contains("Nothing went out on X this month."))
    );
    for words in ["Mist first.", "Then the sun."] {
        let content = app.approved(&luna, words).await;
        assert_eq!(app.send("twitter", &luna, &content).await.status, 200);
    }
    let said = async || texts(&app.get("/settings").await.text, "#posting .help").join(" ");
    assert!(said().await.contains("2 posts went out on X this month, for about $0.03."), "{}", said().await);
    set(&app, json!({"xPostPrice": "0,5"})).await;
    assert!(said().await.contains("for about $1.00."), "{}", said().await);
    set(&app, json!({"xPostPrice": null})).await;
    assert_eq!(settings(&app).await["xPostPrice"], "0.015");
}

#[tokio::test]
async fn keys_for_all_characters_serve_those_who_have_none_of_their_own() {
    let app = TestApp::start_changed(|config| {
        config.network_keys.insert("TWITTER_API_KEY".into(), "of-the-environment".into());
    })
    .await;
    app.live().await;
    let luna = app.luna().await;
    let content = app.approved(&luna, "Mist first.").await;
    assert_eq!(app.send("instagram", &luna, &content).await.problem(422).1, ["characterId"], "there are no keys yet");
    let page = app.get("/settings").await.text;
    let help = texts(&page, "#x .help");
    assert!(help[0].starts_with("TWITTER_API_KEY of the environment is in force."), "{help:?}");
    assert!(help[1].starts_with("There is none, neither here nor in TWITTER_API_KEY_SECRET."), "{help:?}");
    let [app_key, app_secret, token, token_secret] = x::keys(1);
    let saved = app
        .submit(
            "/actions/settings/keys",
            &[
                ("form[network]", "x"),
                ("form[keys][twitterAppKey]", &app_key),
                ("form[keys][twitterAppSecret]", &app_secret),
                ("form[keys][twitterAccessToken]", &token),
                ("form[keys][twitterAccessSecret]", &token_secret),
            ],
        )
        .await;
    assert!(texts(&saved, ".toast p")[0].starts_with("Saved. X answers: this is @"), "{:?}", texts(&saved, ".toast p"));
    assert!(texts(&saved, "#x .help")[0].starts_with("Stored here, sealed, and in force."), "the stored one comes first");
    assert!([&app_key, &app_secret, &token, &token_secret].iter().all(|key| !saved.contains(key.as_str())));
    set(&app, json!({"instagramApiKey": instagram::token(1)})).await;
    for network in ["instagram", "twitter"] {
        let sent = app.send(network, &luna, &content).await;
        assert_eq!(sent.status, 200, "{}", sent.text);
    }
    // Her own come first: wrong ones of hers do not work, whatever there is for all.
    let tested = app.post(&format!("/api/characters/{luna}/accounts/instagram/test"), json!({})).await;
    assert_eq!(tested.status, 200, "{}", tested.text);
    app.patch(&format!("/api/characters/{luna}"), json!({"instagramApiKey": "IGAA-wrong-0123456789"})).await;
    let tested = app.post(&format!("/api/characters/{luna}/accounts/instagram/test"), json!({})).await;
    assert!(tested.text.contains("broken"), "{}", tested.text);
    // A key that is removed is gone, and what was seen with it is forgotten.
    let forgotten = app.submit("/actions/settings/keys", &[("form[network]", "x"), ("form[forget][twitterAppSecret]", "on")]).await;
    assert!(texts(&forgotten, "#x .cluster")[0].contains("1 of 4 keys are missing"));
    assert_eq!(settings(&app).await["twitterAppSecret"], "");
    assert!(app.app.store.read().accounts.get(&format!("{luna}/x")).is_none());
}

#[tokio::test]
async fn a_public_address_that_is_set_lets_posts_out_at_once() {
    let app = TestApp::start_changed(|config| config.public_url = None).await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    let held = app.send("instagram", &luna, &content).await;
    assert_eq!(held.json()["post"]["check"], "handoff", "{}", held.text);
    let saved = app.submit("/actions/settings/public", &[("form[publicUrl]", &app.url)]).await;
    assert!(texts(&saved, ".toast p")[0].contains(&app.url), "{:?}", texts(&saved, ".toast p"));
    let post = held.json()["post"]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.post(&format!("/api/posts/{post}/publish"), json!({})).await.status, 200);
    // Under its public name this server shows pictures and nothing else.
    set(&app, json!({"publicUrl": "https://pictures.example.org"})).await;
    let under = async |path: &str| Answer::of(app.request(Method::GET, path).header(header::HOST, "pictures.example.org")).await.status;
    assert_eq!(under("/settings").await, StatusCode::NOT_FOUND);
    set(&app, json!({"publicUrl": ""})).await;
    assert_eq!(under("/settings").await, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn the_public_address_is_tried_with_a_picture() {
    let app = TestApp::start_changed(|config| config.public_url = None).await;
    let test = || app.post("/api/system/public-address/test", json!({}));
    assert!(test().await.problem(503).0.contains("DALLA_PUBLIC_URL"));
    set(&app, json!({"publicUrl": app.url})).await;
    assert!(test().await.problem(409).0.contains("Make one first"));
    let luna = app.persona(1).await;
    app.approved(&luna, "Mist first.").await;
    assert_eq!(test().await.json()["cameThrough"], true);
    let said = app.submit("/actions/settings/test-public", &[]).await;
    assert!(texts(&said, ".toast p")[0].contains("byte for byte"));
    // Something else answers there.
    set(&app, json!({"publicUrl": app.comfy.url()})).await;
    assert!(test().await.problem(502).0.contains("status 404"));
}

#[tokio::test]
async fn forms_keep_what_was_typed_and_say_what_is_wrong() {
    let app = TestApp::start().await;
    let refused = app
        .submit(
            "/actions/settings/general",
            &[("form[timezone]", "Mars/Base"), ("form[clock]", "12"), ("form[weekStart]", "sunday"), ("form[theme]", "dark")],
        )
        .await;
    assert!(refused.contains("value=\"Mars/Base\"") && texts(&refused, "#general .error")[0].contains("not a time zone"));
    let refused = app
        .submit(
            "/actions/settings/posting",
            &[("form[gapMinutes]", "30"), ("form[fit]", "crop"), ("form[xPerDay]", "x"), ("form[xPostPrice]", "free")],
        )
        .await;
    assert_eq!(texts(&refused, "#posting .error").len(), 2);
    let refused =
        app.submit("/actions/settings/webhook", &[("form[webhookUrl]", "here"), ("form[webhookSecret]", "signs-everything")]).await;
    assert!(
        !refused.contains("signs-everything") && texts(&refused, "#notifications .help").iter().any(|help| help.contains("Type it again"))
    );
    let refused = app.submit("/actions/settings/comfyui", &[("form[comfyuiUrl]", "box:8188")]).await;
    assert!(texts(&refused, "#comfyui .error")[0].contains("box:8188"));
    let refused = app.submit("/actions/settings/public", &[("form[publicUrl]", "http://example.org")]).await;
    assert!(texts(&refused, "#public .error")[0].contains("https://"));
    assert!(app.app.store.read().settings.dry_run.is_none(), "nothing was stored");
    let saved = app
        .submit(
            "/actions/settings/posting",
            &[("form[gapMinutes]", "45"), ("form[fit]", "pad"), ("form[xPerDay]", "5"), ("form[xPerMonth]", ""), ("form[xPostPrice]", "")],
        )
        .await;
    assert_eq!(texts(&saved, ".toast p"), ["Saved. Posts go out for real."]);
    let told = settings(&app).await;
    assert_eq!(
        (&told["gapMinutes"], &told["fit"], &told["xPerDay"], &told["xPerMonth"]),
        (&json!("45"), &json!("pad"), &json!("5"), &json!("0"))
    );
}
