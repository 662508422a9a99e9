//! Notifications: told once, taken back when there is nothing left to do, and sent to a webhook.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use digital_dalla::{
    domain::{account::Account, post::Post},
    integrations::webhook::{DELIVERY, SIGNATURE, TIMESTAMP, signature},
    sandbox::comfyui::Fault,
    store::StoreError,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{PATIENCE, TestApp};

async fn all(app: &TestApp) -> Vec<Value> {
    app.get("/api/notifications").await.json().as_array().unwrap().clone()
}

/// Waits until the notifications are so, and answers them.
async fn until(app: &TestApp, what: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let mut changes = app.app.store.changes();
    let waiting = async {
        loop {
            let told = all(app).await;
            if fits(&told) {
                return told;
            }
            changes.recv().await.expect("the store is open");
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("not {what}"))
}

async fn put_post(app: &TestApp, character: &str, state: Value) {
    let mut post = json!({
        "id": "p1", "characterId": character, "network": "x", "pictures": [], "scheduledAt": "2026-01-01T10:00:00Z", "jobId": "j1",
        "createdAt": "2026-01-01T10:00:00Z", "updatedAt": "2026-01-01T10:00:00Z"
    });
    post.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
    let post: Post = serde_json::from_value(post).unwrap();
    app.app.store.write::<_, StoreError>(move |tx| tx.put(post)).await.unwrap();
}

async fn put_account(app: &TestApp, character: &str, checked_at: &str, broken: bool) {
    let outcome = match broken {
        true => json!({"state": "broken", "problem": {"kind": "refused", "message": "The token has ended."}}),
        false => json!({"state": "connected", "username": "luna", "networkId": "1"}),
    };
    let mut account = json!({"id": format!("{character}/x"), "characterId": character, "network": "x", "checkedAt": checked_at});
    account.as_object_mut().unwrap().extend(outcome.as_object().unwrap().clone());
    let account: Account = serde_json::from_value(account).unwrap();
    app.app.store.write::<_, StoreError>(move |tx| tx.put(account)).await.unwrap();
}

#[tokio::test]
async fn a_post_that_needs_a_person_is_told_once_also_after_a_restart() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let failed = json!({"state": "failed", "problem": {"kind": "refused", "message": "<b>No</b> such picture."}});
    put_post(&app, &luna, failed.clone()).await;
    let told = until(&app, "told", |told| told.len() == 1).await;
    assert_eq!((&told[0]["kind"], &told[0]["title"]), (&json!("post_failed"), &json!("A post of Luna to X failed.")));
    assert_eq!(told[0]["subject"], json!({"kind": "post", "id": "p1"}));
    let page = app.get("/notifications").await.text;
    assert!(page.contains("&lt;b&gt;No&lt;/b&gt; such picture.") && page.contains("Notifications, 1 unread"));
    // The same again is nothing new, and neither is a restart.
    put_post(&app, &luna, failed).await;
    let (comfy, dir) = app.stop().await;
    let app = TestApp::start_with(comfy, dir).await;
    put_post(&app, &luna, json!({"state": "unconfirmed", "finding": "Not on the timeline.", "looking": true})).await;
    put_post(&app, &luna, json!({"state": "unconfirmed", "finding": "Not on the timeline.", "looking": false})).await;
    let told = until(&app, "told of the next", |told| told.len() == 2).await;
    assert_eq!((&told[0]["kind"], &told[1]["kind"]), (&json!("post_unconfirmed"), &json!("post_failed")));
    assert!(told[1]["overAt"].is_string() && told[1]["readAt"].is_string(), "the newer one stands for the post");
    put_post(&app, &luna, json!({"state": "published", "publishedAt": "2026-01-01T10:00:00Z"})).await;
    until(&app, "over", |told| told.iter().all(|one| one["overAt"].is_string())).await;
    assert!(app.get("/api/notifications?unread=true").await.json().as_array().unwrap().is_empty());
}

#[tokio::test]
async fn pictures_that_wait_are_told_together() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    app.post("/api/generate-image", json!({"characterId": luna, "prompt": "by the sea", "batch": 3})).await;
    let ids: Vec<_> = app.contents().await.iter().map(|content| content["id"].as_str().unwrap().to_owned()).collect();
    for id in &ids {
        app.post(&format!("/api/content/{id}/submit"), json!({})).await;
    }
    let told = until(&app, "three", |told| told.iter().any(|one| one["title"] == "3 pictures wait for your decision.")).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    let id = told[0]["id"].as_str().unwrap();
    let left = app.post("/api/notifications/read", json!({"ids": [id]})).await.json();
    assert_eq!(left, json!({"read": 1, "unread": 0}));
    // What was read is not told again, but what comes after it is.
    app.patch(&format!("/api/content/{}", ids[0]), json!({"caption": "Dawn."})).await;
    app.post(&format!("/api/content/{}/reject", ids[0]), json!({})).await;
    app.post(&format!("/api/content/{}/submit", ids[0]), json!({})).await;
    let told = until(&app, "told of the next", |told| told.len() == 2).await;
    assert_eq!(told[0]["title"], "3 pictures wait for your decision.");
    for id in &ids {
        app.post(&format!("/api/content/{id}/approve"), json!({})).await;
    }
    until(&app, "over", |told| told.iter().all(|one| one["overAt"].is_string())).await;
}

#[tokio::test]
async fn an_account_is_told_of_when_it_breaks_and_not_each_time_it_is_seen_broken() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    put_account(&app, &luna, "2026-01-01T10:00:00Z", true).await;
    until(&app, "told", |told| told.len() == 1).await;
    put_account(&app, &luna, "2026-01-01T11:00:00Z", true).await;
    put_account(&app, &luna, "2026-01-01T12:00:00Z", false).await;
    let told = until(&app, "over", |told| told[0]["overAt"].is_string()).await;
    assert_eq!(told.len(), 1);
    put_account(&app, &luna, "2026-01-01T13:00:00Z", true).await;
    let told = until(&app, "told anew", |told| told.len() == 2).await;
    assert_eq!(told[0]["title"], "X does not let us into the account of Luna.");
}

#[tokio::test]
async fn a_job_that_failed_is_told_and_a_notification_leads_to_it() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    app.comfy.faults().ask(Fault::RefusePrompt);
    let job = app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    assert_eq!(app.ended(&job).await["status"], "failed");
    let told = until(&app, "told", |told| told.len() == 1).await;
    assert_eq!(told[0]["title"], "A picture for Luna could not be made.");
    let id = told[0]["id"].as_str().unwrap();
    let sent = app.request(reqwest::Method::POST, "/actions/notifications/open").header("accept", "text/html").form(&[("id", id)]);
    let to = sent.send().await.unwrap().headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(to, format!("/studio?job={job}"));
    assert!(app.get("/notifications?show=unread").await.text.contains("All read"));
    let page = app.submit("/actions/notifications/read", &[]).await;
    assert!(page.contains("0 notifications read."));
}

#[tokio::test]
async fn bad_requests_are_refused() {
    let app = TestApp::start().await;
    assert_eq!(app.post("/api/notifications/read", json!({})).await.problem(422).1, ["ids"]);
    app.get("/api/notifications?cursor=nowhere").await.problem(400);
    for (field, change) in [
        ("webhookUrl", json!({"webhookUrl": "ftp://example.org"})),
        ("webhookUrl", json!({"webhookUrl": "example.org"})),
        ("webhookUrl", json!({"webhookUrl": "https://me:secret@example.org"})),
        ("webhookSecret", json!({"webhookSecret": "••••••••"})),
    ] {
        assert_eq!(app.post("/api/settings", change).await.problem(422).1, [field]);
    }
    let page = app.submit("/actions/settings/test-webhook", &[]).await;
    assert!(page.contains("Save an address first."));
}

/// A webhook of a test: answers with what it is told to, and keeps what it got.
#[derive(Clone, Default)]
struct Hook(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    answers: Vec<u16>,
    got: Vec<(HeaderMap, String)>,
}

impl Hook {
    async fn start(answers: &[u16]) -> (Self, String) {
        let hook = Self::default();
        hook.0.lock().unwrap().answers = answers.iter().rev().copied().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let routes = Router::new().route("/hook", post(Self::take)).route("/elsewhere", post(Self::take)).with_state(hook.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        (hook, url)
    }

    async fn take(
        State(hook): State<Self>,
        headers: HeaderMap,
        body: Bytes,
    ) -> (axum::http::StatusCode, [(&'static str, &'static str); 1]) {
        let mut kept = hook.0.lock().unwrap();
        kept.got.push((headers, String::from_utf8(body.to_vec()).unwrap()));
        let status = kept.answers.pop().unwrap_or(200);
        (axum::http::StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")])
    }

    fn got(&self) -> Vec<(HeaderMap, String)> {
        self.0.lock().unwrap().got.clone()
    }
}

#[tokio::test]
async fn the_webhook_is_sent_each_notification_signed_until_it_takes_it() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let (hook, url) = Hook::start(&[500, 200]).await;
    let saved = app.post("/api/settings", json!({"webhookUrl": url, "webhookSecret": "between-us-alone"})).await;
    assert_eq!(saved.status, StatusCode::NO_CONTENT, "{}", saved.text);
    put_post(&app, &luna, json!({"state": "held", "check": "account", "why": "The token has ended."})).await;
    let told = until(&app, "delivered", |told| told.iter().any(|one| one["delivery"]["state"] == "delivered")).await;
    assert_eq!(told[0]["delivery"]["attempts"], 2, "the first was answered with 500");
    let got = hook.got();
    assert_eq!(got.len(), 2);
    for (headers, body) in &got {
        let timestamp = headers[TIMESTAMP].to_str().unwrap();
        assert_eq!(headers[SIGNATURE].to_str().unwrap(), signature(&"between-us-alone".into(), timestamp, body));
        assert_eq!(headers[DELIVERY].to_str().unwrap(), told[0]["id"].as_str().unwrap(), "the same name each time");
        let message: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&message["event"], &message["notification"]["kind"]), (&json!("notification"), &json!("post_held")));
        assert_eq!(message["notification"].get("delivery"), None);
    }
    let page = app.get("/settings").await.text;
    assert!(page.contains("Arrived") && !page.contains("between-us-alone"));
    let settings = app.get("/api/settings").await.json();
    assert_eq!((&settings["webhookUrl"], &settings["webhookSecret"]), (&json!(url), &json!("••••lone")));
}

#[tokio::test]
async fn the_test_of_a_webhook_says_what_came_of_it_and_follows_nobody() {
    let app = TestApp::start().await;
    let (hook, url) = Hook::start(&[200, 307, 503]).await;
    app.post("/api/settings", json!({"webhookUrl": url})).await;
    let page = app.submit("/actions/settings/test-webhook", &[]).await;
    assert!(page.contains("The test arrived."));
    let (headers, body) = hook.got().remove(0);
    assert!(!headers.contains_key(SIGNATURE), "there is no secret to sign with");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["event"], "test");
    let page = app.submit("/actions/settings/test-webhook", &[]).await;
    assert!(page.contains("leads to another address (status 307)"));
    let page = app.submit("/actions/settings/test-webhook", &[]).await;
    assert!(page.contains("answered with status 503"));
    assert_eq!(hook.got().len(), 3, "a redirect is not followed");
}
