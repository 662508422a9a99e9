//! The address pictures are fetched from.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use super::{set, texts};
use crate::support::{Answer, TestApp};

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
