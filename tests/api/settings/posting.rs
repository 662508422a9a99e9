//! How much goes out, and what it costs.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Duration, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{set, settings, texts};
use crate::support::TestApp;

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
