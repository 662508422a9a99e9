//! The map of texts: what may be set, under which names, and what is refused.

use std::collections::BTreeSet;

use chrono::Utc;
use digital_dalla::service;
use serde_json::{Value, json};

use super::{set, set_now, settings};
use crate::support::{TestApp, sandbox};

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
