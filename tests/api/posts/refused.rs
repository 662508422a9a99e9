//! What may not go out, and is said so before anything is stored; and what is held.

use chrono::{Duration, Utc};
use digital_dalla::domain::content::ReviewState;
use image::imageops::FilterType;
use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestApp, cast::painting};

#[tokio::test]
async fn bad_requests_are_refused_by_their_fields_and_nothing_is_stored() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let stranger = app.persona(2).await;
    let keyless = app.luna().await;
    let content = app.approved(&luna, "Mist first.").await;
    let hers = app.approved(&stranger, "Another's.").await;
    let unkeyed = app.approved(&keyless, "Without keys.").await;
    let rejected = app.picture(&luna, "No.", ReviewState::Rejected, (320, 400)).await;
    let draft = app.picture(&luna, "Not yet.", ReviewState::Draft, (320, 400)).await;
    let waiting = app.picture(&luna, "Not yet.", ReviewState::InReview, (320, 400)).await;
    let past = Utc::now() - Duration::hours(1);
    let far = Utc::now() + Duration::days(800);
    let cases = [
        (json!({}), 422, "characterId"),
        (json!({"characterId": "nobody", "contentId": content}), 422, "characterId"),
        (json!({"characterId": luna}), 422, "contentId"),
        (json!({"characterId": luna, "contentId": "nothing"}), 422, "contentId"),
        (json!({"characterId": luna, "contentId": hers}), 422, "contentId"),
        (json!({"characterId": keyless, "contentId": unkeyed}), 422, "characterId"),
        (json!({"characterId": luna, "contentId": rejected}), 422, "contentId"),
        (json!({"characterId": luna, "contentId": draft}), 422, "contentId"),
        (json!({"characterId": luna, "contentId": waiting}), 422, "contentId"),
        (json!({"characterId": luna, "contentId": content, "contentIds": [content]}), 422, "contentId"),
        (json!({"characterId": luna, "contentIds": vec![&content; 11]}), 422, "contentId"),
        (json!({"characterId": luna, "contentIds": [content, content]}), 422, "contentId"),
        (json!({"characterId": luna, "contentId": content, "scheduledAt": past}), 422, "scheduledAt"),
        (json!({"characterId": luna, "contentId": content, "scheduledAt": far}), 422, "scheduledAt"),
        (json!({"characterId": luna, "contentId": content, "scheduledAt": "tomorrow"}), 422, "scheduledAt"),
        (json!({"characterId": luna, "contentId": content, "altText": "x".repeat(1_001)}), 422, "altText"),
        (json!({"characterId": luna, "contentId": content, "caption": 7}), 422, "caption"),
        (json!({"characterId": luna, "contentId": content, "dryRun": "perhaps"}), 422, "dryRun"),
        (json!({"characterId": luna, "imagePath": "/etc/passwd"}), 400, "imagePath"),
        (json!({"characterId": luna, "imagePath": "/media/../secrets.json"}), 400, "imagePath"),
        (json!({"characterId": luna, "imagePath": format!("/media/../media/{content}.png")}), 400, "imagePath"),
        (json!({"characterId": luna, "imagePath": format!("/media/{content}.png/../../x.png")}), 400, "imagePath"),
        (json!({"characterId": luna, "imagePath": format!("media\\{content}.png")}), 400, "imagePath"),
        (json!({"characterId": luna, "imagePath": "file:///media/x.png"}), 400, "imagePath"),
        (json!({"characterId": luna, "imagePath": "https://elsewhere.example/picture.png"}), 400, "imagePath"),
        (json!({"characterId": luna, "imagePath": "/media/nothing.png"}), 400, "imagePath"),
    ];
    for network in ["instagram", "twitter"] {
        for (body, status, field) in &cases {
            let refused = app.post(&format!("/api/post-to-{network}"), body.clone()).await;
            let (words, fields) = refused.problem(*status);
            assert_eq!(fields, [*field], "{network} {body}: {words}");
        }
        let broken = app.request(Method::POST, &format!("/api/post-to-{network}")).header("content-type", "application/json").body("{");
        Answer::of(broken).await.problem(400);
    }
    let long = app.post("/api/post-to-twitter", json!({"characterId": luna, "contentId": content, "caption": "x".repeat(281)})).await;
    assert_eq!(long.problem(422).1, ["caption"]);
    for caption in ["x".repeat(2_201), "#tag ".repeat(31), "@name ".repeat(21)] {
        let body = json!({"characterId": luna, "contentId": content, "caption": caption});
        assert_eq!(app.post("/api/post-to-instagram", body).await.problem(422).1, ["caption"]);
    }
    assert_eq!(app.get("/api/posts").await.json(), json!([]));
    assert!(app.app.store.read().jobs.is_empty(), "nothing is stored");
    for (method, path) in [
        (Method::GET, "/api/posts/nothing"),
        (Method::PATCH, "/api/posts/nothing"),
        (Method::POST, "/api/posts/nothing/publish"),
        (Method::POST, "/api/posts/nothing/cancel"),
        (Method::POST, "/api/posts/nothing/reconcile"),
        (Method::POST, "/api/posts/nothing/resolve"),
    ] {
        Answer::of(app.request(method, path).json(&json!({"published": true}))).await.problem(404);
    }
    assert_eq!(app.get("/api/posts?state=odd").await.problem(422).1, ["state"]);
    app.get("/api/posts?cursor=nothing").await.problem(400);
    app.rests().await;
}

#[tokio::test]
async fn a_link_of_an_older_app_is_no_picture() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content: digital_dalla::domain::content::Content =
        serde_json::from_value(json!({"id": "old", "characterId": luna, "state": "approved", "imageUrl": "https://x.example/a.png"}))
            .unwrap();
    app.app.store.write(move |tx| Ok::<_, digital_dalla::error::Error>(tx.put(content)?)).await.unwrap();
    let refused = app.send("instagram", &luna, "old").await;
    assert_eq!(refused.problem(422).1, ["contentId"], "{}", refused.text);
}

#[tokio::test]
async fn autonomy_says_what_needs_a_person() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let set = async |change| assert_eq!(app.patch(&format!("/api/characters/{luna}"), change).await.status, 200);
    set(json!({"autonomy": "draft_only"})).await;
    let approved = app.approved(&luna, "Approved, and yet.").await;
    assert!(app.send("instagram", &luna, &approved).await.problem(422).0.contains("drafts only"));
    set(json!({"autonomy": "auto"})).await;
    let draft = app.picture(&luna, "By itself.", ReviewState::Draft, (320, 400)).await;
    assert_eq!(app.send("instagram", &luna, &draft).await.status, 200);
    let rejected = app.picture(&luna, "Never.", ReviewState::Rejected, (320, 400)).await;
    app.send("instagram", &luna, &rejected).await.problem(422);
    // With a veto it waits for the hours a person has.
    set(json!({"autonomy": "veto", "vetoHours": 5})).await;
    let fresh = app.picture(&luna, "Unless somebody says no.", ReviewState::Draft, (320, 400)).await;
    let sent = app.send("instagram", &luna, &fresh).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let post = sent.json()["post"].clone();
    assert!(post["waiting"].as_str().unwrap().contains("say no"), "{post}");
    let until: chrono::DateTime<Utc> = serde_json::from_value(post["until"].clone()).unwrap();
    assert!((until - Utc::now() - Duration::hours(5)).abs() < Duration::minutes(1), "{until}");
    // A no counts; a yes does too.
    let id = post["id"].as_str().unwrap();
    app.post(&format!("/api/content/{fresh}/reject"), json!({"reason": "the hands"})).await;
    let held = app.post(&format!("/api/posts/{id}/publish"), json!({})).await;
    assert!(held.problem(409).0.contains("rejected"), "{}", held.text);
    app.post(&format!("/api/content/{fresh}/approve"), json!({})).await;
    app.post(&format!("/api/posts/{id}/publish"), json!({})).await;
    app.until_state(id, "published").await;
    assert_eq!(app.instagram.posts().len(), 2);
}

#[tokio::test]
async fn what_is_rejected_before_its_time_is_held() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    let at = Utc::now() + Duration::milliseconds(600);
    let sent = app.post("/api/post-to-twitter", json!({"characterId": luna, "contentId": content, "scheduledAt": at})).await.json();
    app.post(&format!("/api/content/{content}/reject"), json!({})).await;
    let held = app.until_state(sent["post"]["id"].as_str().unwrap(), "held").await;
    assert_eq!((&held["check"], app.x.posts().len()), (&json!("review"), 0), "{held}");
    assert!(app.get("/").await.text.contains(&format!("/posts/{}", held["id"].as_str().unwrap())), "Today says so");
}

#[tokio::test]
async fn a_named_request_is_one_post_however_often_it_comes() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    let body = json!({"characterId": luna, "contentId": content});
    let send = |key: &'static str, body: &serde_json::Value| {
        Answer::of(app.request(Method::POST, "/api/post-to-twitter").header("idempotency-key", key).json(body))
    };
    let answers = futures::future::join_all((0..8).map(|_| send("morning", &body))).await;
    let ids: std::collections::HashSet<_> = answers.iter().map(|answer| answer.json()["post"]["id"].to_string()).collect();
    assert!(ids.len() == 1 && answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert_eq!(app.x.posts().len(), 1);
    let other = json!({"characterId": luna, "contentId": content, "caption": "Other."});
    assert_eq!(send("morning", &other).await.problem(422).1, ["Idempotency-Key"]);
    assert_eq!(send("", &body).await.problem(422).1, ["Idempotency-Key"]);
    // Without a name the same picture is refused.
    assert!(app.send("twitter", &luna, &content).await.problem(409).0.contains("out already"));
    let same_moment = app.approved(&luna, "Twice at the same moment.").await;
    let answers = futures::future::join_all((0..6).map(|_| app.send("twitter", &luna, &same_moment))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    assert_eq!(app.x.posts().len(), 2);
}

#[tokio::test]
async fn what_was_out_not_long_ago_is_held_until_a_person_sends_it_anyway() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let cortex = app.persona(2).await;
    let picture = painting(9_001, (640, 800));
    let first = app.picture_of(&luna, "The first words about a lake.", ReviewState::Approved, picture.clone()).await;
    assert_eq!(app.send("instagram", &luna, &first).await.status, 200);
    let smaller = image::imageops::resize(&picture, 400, 500, FilterType::Lanczos3);
    let again = app.picture_of(&luna, "Entirely other words.", ReviewState::Approved, smaller.clone()).await;
    let held = app.send("instagram", &luna, &again).await;
    assert!(held.problem(409).0.contains("looks the same"), "{}", held.text);
    let post = held.json()["post"].clone();
    assert_eq!((&post["state"], &post["check"]), (&json!("held"), &json!("duplicate")));
    let same_words = app.approved(&luna, "the FIRST words, about a lake").await;
    assert!(app.send("instagram", &luna, &same_words).await.problem(409).0.contains("same words"));
    // Elsewhere it is new.
    assert_eq!(app.send("twitter", &luna, &again).await.status, 200);
    let his = app.picture_of(&cortex, "The first words about a lake.", ReviewState::Approved, smaller).await;
    assert_eq!(app.send("instagram", &cortex, &his).await.status, 200);
    // Trying again changes nothing; a person may not mind.
    let path = format!("/api/posts/{}/publish", post["id"].as_str().unwrap());
    app.post(&path, json!({})).await.problem(409);
    let sent = app.post(&path, json!({"anyway": true})).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    assert_eq!(app.instagram.posts().len(), 3);
}

#[tokio::test]
async fn without_a_public_address_nothing_goes_to_instagram() {
    let app = TestApp::start_changed(|config| config.public_url = None).await;
    app.live().await;
    let luna = app.persona(1).await;
    let content = app.approved(&luna, "Mist first.").await;
    let held = app.send("instagram", &luna, &content).await;
    assert!(held.problem(409).0.contains("DALLA_PUBLIC_URL"), "{}", held.text);
    assert_eq!(held.json()["post"]["check"], "handoff");
    assert_eq!(app.send("twitter", &luna, &content).await.status, 200, "X takes the picture itself");
    let checks = app.get(&format!("/api/content/{content}/checks?network=instagram")).await.json();
    let stops: Vec<_> = checks.as_array().unwrap().iter().filter(|check| check["verdict"] == "stops").collect();
    assert!(stops.len() == 1 && stops[0]["name"] == "handoff", "{checks}");
}
