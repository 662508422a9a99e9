//! Characters over the API.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Answer, TestApp};

#[tokio::test]
async fn a_character_is_created_changed_and_deleted() {
    let app = TestApp::start().await;
    let created = app.post("/api/characters", json!({"name": " Luna ", "instagramHandle": "@luna.mystic"})).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let path = created.headers["location"].to_str().unwrap().to_owned();
    let luna = created.json();
    assert_eq!((luna["name"].as_str(), luna["instagramHandle"].as_str()), (Some("Luna"), Some("luna.mystic")));

    let changed = app.patch(&path, json!({"backstory": "Born by a lake"})).await;
    assert_eq!((changed.status, &changed.json()["name"]), (StatusCode::OK, &json!("Luna")));
    let put = Answer::of(app.request(Method::PUT, &path).json(&json!({"triggerWord": "luna"}))).await;
    assert_eq!(put.json()["backstory"], "Born by a lake");

    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    app.get(&path).await.problem(404);
    assert_eq!(app.get("/api/characters").await.text, "[]");
}

#[tokio::test]
async fn a_list_is_tagged_counted_and_filtered() {
    let app = TestApp::start().await;
    app.luna().await;
    app.post("/api/characters", json!({"name": "Cortex", "isActive": false})).await;
    let all = app.get("/api/characters").await;
    assert_eq!((all.headers["x-total-count"].to_str().unwrap(), all.json()[0]["name"].as_str()), ("2", Some("Luna")));
    let again = app.request(Method::GET, "/api/characters").header("if-none-match", &all.headers["etag"]);
    assert_eq!(Answer::of(again).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(app.get("/api/characters?active=false").await.json()[0]["name"], "Cortex");
    app.get("/api/characters?active=perhaps").await.problem(400);
    let first = app.get("/api/characters?limit=1").await;
    assert_eq!(first.json().as_array().unwrap().len(), 1);
    let next = first.headers["link"].to_str().unwrap().trim_start_matches('<').split('>').next().unwrap().to_owned();
    let second = app.get(&next).await;
    assert_eq!((second.json()[0]["name"].as_str(), second.headers.get("link")), (Some("Cortex"), None));
}

#[tokio::test]
async fn a_stale_copy_changes_nothing() {
    let app = TestApp::start().await;
    let path = format!("/api/characters/{}", app.luna().await);
    let tag = app.get(&path).await.headers["etag"].clone();
    app.patch(&path, json!({"name": "Luna the Mystic"})).await;
    let stale = app.request(Method::PATCH, &path).header("if-match", &tag).json(&json!({"name": "Lana"}));
    Answer::of(stale).await.problem(412);
    Answer::of(app.request(Method::DELETE, &path).header("if-match", &tag)).await.problem(412);
    let fresh = app.get(&path).await;
    let change = app.request(Method::PATCH, &path).header("if-match", &fresh.headers["etag"]).json(&json!({"name": "Lana"}));
    assert_eq!(Answer::of(change).await.json()["name"], "Lana");
}

#[tokio::test]
async fn credentials_are_masked_kept_and_cleared() {
    let app = TestApp::start().await;
    let secret = "EAABsbCS1iHgBAkx9Qd";
    let path = format!("/api/characters/{}", app.luna().await);
    let set = app.patch(&path, json!({"instagramApiKey": secret, "twitterAppKey": "short"})).await.json();
    assert_eq!((set["instagramApiKey"].as_str(), set["twitterAppKey"].as_str()), (Some("••••x9Qd"), Some("••••••••")));
    assert_eq!(set["twitterAppSecret"], json!(null));

    let kept = app.patch(&path, json!({"instagramApiKey": "••••x9Qd", "name": "Luna B"})).await.json();
    assert_eq!(kept["instagramApiKey"], "••••x9Qd");
    let (_, fields) = app.patch(&path, json!({"twitterAccessToken": "••••abcd"})).await.problem(422);
    assert_eq!(fields, ["twitterAccessToken"]);
    let cleared = app.patch(&path, json!({"instagramApiKey": null, "twitterAppKey": ""})).await.json();
    assert_eq!((&cleared["instagramApiKey"], &cleared["twitterAppKey"]), (&json!(null), &json!(null)));

    app.patch(&path, json!({"instagramApiKey": secret})).await;
    let (_, dir) = app.stop().await;
    for file in std::fs::read_dir(dir.path().join("data")).unwrap().filter_map(Result::ok).filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{:?} holds the key", file.path());
    }
}

#[tokio::test]
async fn story_arcs_get_ids_and_are_checked() {
    let app = TestApp::start().await;
    let path = format!("/api/characters/{}", app.luna().await);
    let arc = json!({"title": "Quest", "startDate": "2026-11-01", "endDate": "2026-11-30"});
    let (mut empty, mut nothing) = (arc.clone(), arc.clone());
    (empty["id"], nothing["id"]) = (json!(""), json!(null));
    let saved = app.patch(&path, json!({"narratives": [arc, empty, nothing]})).await.json();
    for place in 0..3 {
        assert!(saved["narratives"][place]["id"].as_str().unwrap().len() > 10, "{saved}");
    }
    let saved = app.patch(&path, json!({"narratives": [arc]})).await.json();
    assert!(saved["narratives"][0]["id"].as_str().unwrap().len() > 10);

    let backwards = json!({"title": "", "startDate": "2026-12-01", "endDate": "2026-11-30"});
    let (_, fields) = app.patch(&path, json!({"narratives": [arc, backwards]})).await.problem(422);
    assert_eq!(fields, ["narratives[1].title", "narratives[1].endDate"]);
    let (_, fields) = app.patch(&path, json!({"narratives": vec![arc; 201]})).await.problem(422);
    assert_eq!(fields[0], "narratives");
    assert_eq!(app.get(&path).await.json()["narratives"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn snake_case_names_of_older_clients_are_understood() {
    let app = TestApp::start().await;
    let old =
        json!({"name": "Luna", "prompt_settings": {"base_prompt": "a portrait"}, "personality": ["dreamy", "kind"], "is_active": false});
    let luna = app.post("/api/characters", old).await.json();
    assert_eq!((luna["promptSettings"]["basePrompt"].as_str(), luna["personality"].as_str()), (Some("a portrait"), Some("dreamy, kind")));
    assert_eq!(luna["isActive"], false);
}

#[tokio::test]
async fn deleting_a_character_keeps_her_pictures_unless_told_otherwise() {
    let app = TestApp::start().await;
    for (purge, left) in [("", 1), ("?purge=true", 1)] {
        let id = app.luna().await;
        assert_eq!(app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake"})).await.status, StatusCode::OK);
        let picture = app.contents().await[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(app.delete(&format!("/api/characters/{id}{purge}")).await.status, StatusCode::NO_CONTENT);
        assert_eq!(app.contents().await.len(), left);
        let file = app.get(&format!("/media/{picture}.png")).await.status;
        assert_eq!(file.is_success(), purge.is_empty());
    }
    app.is_quiet();
}
