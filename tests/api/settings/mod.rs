//! Settings: what may be set, what is refused, and that each takes effect at once.

mod comfyui;
mod contract;
mod forms;
mod general;
mod keys;
mod posting;
mod public;

use reqwest::StatusCode;
use scraper::{Html, Selector};
use serde_json::Value;

use crate::support::TestApp;

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
