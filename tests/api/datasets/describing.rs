//! Captions by Gemini.

use std::time::Duration;

use digital_dalla::sandbox::gemini::Fault;
use reqwest::StatusCode;
use serde_json::json;

use super::{add, captions, dataset, names, png};
use crate::support::TestApp;

async fn with_pictures(app: &TestApp, count: u32) -> String {
    let id = dataset(app).await;
    let names: Vec<_> = (1..=count).map(|n| format!("{n}.png")).collect();
    let files: Vec<_> = names.iter().zip(1..).map(|(name, seed)| (name.as_str(), png(seed))).collect();
    add(app, &id, &files).await;
    id
}

async fn order(app: &TestApp, id: &str, body: serde_json::Value) -> String {
    let answer = app.post(&format!("/api/lora/datasets/{id}/caption-job"), body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Waits until Gemini was asked so many times and does not answer any more.
async fn hangs(app: &TestApp, times: usize) {
    app.gemini.called(times).await;
    while !app.gemini.pending().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn gemini_looks_at_the_pictures_without_a_caption() {
    let app = TestApp::start().await;
    let id = with_pictures(&app, 3).await;
    app.patch(&format!("/api/lora/datasets/{id}/images/2.png"), json!({"caption": "by hand"})).await;
    let done = app.ended(&order(&app, &id, json!({"style": "tags"})).await).await;
    assert_eq!((&done["status"], &done["written"]), (&json!("done"), &json!(2)), "{done}");
    let captions = captions(&app, &id).await;
    assert_eq!(captions[1].1, "by hand");
    assert!(captions[0].1.starts_with("luna, ") && captions[2].1.starts_with("luna, "), "{captions:?}");
    assert_ne!(captions[0].1, captions[2].1);
    let asked = app.gemini.asked();
    assert_eq!(asked.len(), 2);
    let parts = asked[0]["contents"][0]["parts"].to_string();
    assert!(parts.contains("image/jpeg") && parts.contains("short tags"), "the picture itself is sent");
    let text = std::fs::read_to_string(super::root(&app).join(&id).join("1.txt")).unwrap();
    assert_eq!(text.trim_end(), captions[0].1);

    let path = format!("/api/lora/datasets/{id}/caption-job");
    let (words, _) = app.post(&path, json!({})).await.problem(409);
    assert!(words.contains("has a caption already"), "{words}");
    let again = app.ended(&order(&app, &id, json!({"again": true, "names": ["2.png"]})).await).await;
    assert_eq!(again["written"], 1);
    assert_ne!(self::captions(&app, &id).await[1].1, "by hand");
    app.is_quiet();
}

#[tokio::test]
async fn none_is_written_twice_across_a_restart() {
    let app = TestApp::start().await;
    let id = with_pictures(&app, 4).await;
    app.gemini.ask(Fault::Say(json!({"description": "one"})));
    app.gemini.ask(Fault::Say(json!({"description": "two"})));
    app.gemini.ask(Fault::Hang);
    let job = order(&app, &id, json!({})).await;
    hangs(&app, 3).await;
    let (comfy, dir) = app.stop().await;
    let app = TestApp::start_with(comfy, dir).await;
    let done = app.ended(&job).await;
    assert_eq!((&done["status"], &done["written"]), (&json!("done"), &json!(4)), "{done}");
    assert_eq!(app.gemini.asked().len(), 2, "the first two are not asked for again");
    let captions = captions(&app, &id).await;
    assert_eq!((captions[0].1.as_str(), captions[1].1.as_str()), ("luna, one", "luna, two"));
    assert!(captions.iter().all(|(_, caption)| caption.starts_with("luna, ")));
    app.is_quiet();
}

#[tokio::test]
async fn a_picture_gemini_will_not_describe_is_passed_over_and_named() {
    let app = TestApp::start().await;
    let id = with_pictures(&app, 3).await;
    app.gemini.ask(Fault::Finish("SAFETY"));
    app.gemini.ask(Fault::Say(json!({"description": "  "})));
    let done = app.ended(&order(&app, &id, json!({})).await).await;
    assert_eq!((&done["status"], &done["passedOver"]), (&json!("done"), &json!(["1.png", "2.png"])), "{done}");
    assert!(done["notes"][0].as_str().unwrap().contains("would not describe 1.png, 2.png"), "{done}");
    let captions = captions(&app, &id).await;
    assert_eq!((captions[0].1.as_str(), captions[1].1.as_str()), ("", ""), "nothing is made up");
}

#[tokio::test]
async fn a_refused_key_ends_the_job_and_what_was_written_stays() {
    let app = TestApp::start().await;
    let id = with_pictures(&app, 3).await;
    app.gemini.ask(Fault::Say(json!({"description": "one"})));
    app.gemini.ask(Fault::KeyRevoked);
    let job = order(&app, &id, json!({})).await;
    let failed = app.ended(&job).await;
    assert_eq!((&failed["status"], &failed["written"]), (&json!("failed"), &json!(1)), "{failed}");
    assert!(failed["problem"]["message"].as_str().unwrap().contains("refuses the key"));
    assert_eq!(app.post(&format!("/api/jobs/{job}/retry"), json!({})).await.status, StatusCode::ACCEPTED);
    assert_eq!(app.ended(&job).await["written"], 3);
    assert_eq!(captions(&app, &id).await[0].1, "luna, one");
    assert_eq!(app.gemini.asked().len(), 4, "the first was not asked for again");
}

#[tokio::test]
async fn without_a_key_nobody_looks_and_nothing_is_made_up() {
    let app = TestApp::start_without_key().await;
    let id = with_pictures(&app, 1).await;
    let (words, _) = app.post(&format!("/api/lora/datasets/{id}/caption-job"), json!({})).await.problem(503);
    assert!(words.contains("no key for Gemini"), "{words}");
    assert_eq!(captions(&app, &id).await[0].1, "");
    app.is_quiet();
}

#[tokio::test]
async fn what_happens_meanwhile_is_heeded() {
    let app = TestApp::start().await;
    let id = with_pictures(&app, 4).await;
    app.gemini.ask(Fault::Hang);
    let job = order(&app, &id, json!({})).await;
    hangs(&app, 1).await;
    let (words, _) = app.post(&format!("/api/lora/datasets/{id}/caption-job"), json!({})).await.problem(409);
    assert!(words.contains("already"), "one job at a time: {words}");
    // While Gemini looks at the first, a person writes that caption and another, and takes one picture out.
    for name in ["1.png", "2.png"] {
        app.patch(&format!("/api/lora/datasets/{id}/images/{name}"), json!({"caption": "by hand"})).await;
    }
    app.delete(&format!("/api/lora/datasets/{id}/images/3.png")).await;
    app.gemini.let_go();
    let done = app.ended(&job).await;
    assert_eq!((&done["status"], &done["written"]), (&json!("done"), &json!(1)), "{done}");
    let captions = captions(&app, &id).await;
    assert_eq!((captions[0].1.as_str(), captions[1].1.as_str()), ("by hand", "by hand"));
    assert!(captions[2].1.starts_with("luna, "));
    assert_eq!(app.gemini.asked().len(), 2);
    assert_eq!(names(&app, &id).await, ["1.png", "2.png", "4.png"]);
}

#[tokio::test]
async fn deleting_the_dataset_ends_the_job() {
    let app = TestApp::start().await;
    let id = with_pictures(&app, 3).await;
    app.gemini.ask(Fault::Hang);
    let job = order(&app, &id, json!({})).await;
    hangs(&app, 1).await;
    assert_eq!(app.delete(&format!("/api/lora/datasets/{id}")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.ended(&job).await["status"], "cancelled");
    assert_eq!(app.gemini.asked().len(), 1);
    assert_eq!(super::on_disk(&app, &id), [""; 0], "no caption is written into a folder that is gone");
    app.is_quiet();
}

#[tokio::test]
async fn a_job_can_be_cancelled_and_goes_on_later() {
    let app = TestApp::start().await;
    let id = with_pictures(&app, 2).await;
    app.gemini.ask(Fault::Say(json!({"description": "one"})));
    app.gemini.ask(Fault::Hang);
    let job = order(&app, &id, json!({})).await;
    hangs(&app, 2).await;
    let cancelled = app.post(&format!("/api/jobs/{job}/cancel"), json!({})).await.json();
    assert_eq!((&cancelled["status"], &cancelled["written"]), (&json!("cancelled"), &json!(1)));
    let second = order(&app, &id, json!({})).await;
    assert_eq!(app.ended(&second).await["written"], 1);
}

#[tokio::test]
async fn a_minute_without_quota_is_waited_out() {
    let app = TestApp::start().await;
    let id = with_pictures(&app, 1).await;
    app.gemini.ask(Fault::MinuteQuota(1));
    let job = order(&app, &id, json!({})).await;
    let done = tokio::time::timeout(Duration::from_secs(20), app.ended(&job)).await.unwrap();
    assert_eq!((&done["status"], &done["written"]), (&json!("done"), &json!(1)), "{done}");
}
