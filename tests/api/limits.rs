//! How much a caller of the API may ask for.

use digital_dalla::domain::access::Scope;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Answer, TestApp};

#[tokio::test]
async fn a_token_that_asks_for_too_much_has_to_wait_and_others_do_not() {
    let app = TestApp::start_changed(|config| config.rate_limit = Some(1)).await.with_password().await;
    let (greedy, other) = (app.token("greedy", &[Scope::Read]).await, app.token("other", &[Scope::Read]).await);
    let read = |token: &str| Answer::of(app.request(Method::GET, "/api/characters").bearer_auth(token));
    let mut answers = Vec::new();
    for _ in 0..60 {
        answers.push(read(&greedy).await);
    }
    assert!(answers[..10].iter().all(|answer| answer.status == StatusCode::OK), "so many may come at once");
    let refused = answers.iter().find(|answer| answer.status != StatusCode::OK).expect("sixty take less than a minute");
    assert!(refused.problem(429).0.contains("too many requests"), "{}", refused.text);
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait));
    assert_eq!(read(&other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_others_have_to_work_for_is_limited_more() {
    let app = TestApp::start_changed(|config| config.costly_limit = Some(2)).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(app.post("/api/generate-image", json!({"characterId": "nobody"})).await.status.as_u16());
    }
    assert_eq!(statuses, [422, 422, 429, 429], "where somebody has set a limit, it holds for this machine, too");
    assert_eq!(app.get("/api/characters").await.status, StatusCode::OK);
    assert_eq!(app.post("/api/captions/count", json!({"network": "x", "text": "a"})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn this_machine_and_pages_are_free() {
    let app = TestApp::start().await;
    for _ in 0..700 {
        assert_eq!(app.get("/api/characters").await.status, StatusCode::OK);
    }
    let app = TestApp::start_changed(|config| config.rate_limit = Some(1)).await;
    for _ in 0..40 {
        assert_eq!(app.get("/activity").await.status, StatusCode::OK);
    }
}
