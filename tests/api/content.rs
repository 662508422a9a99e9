//! The content library over the API.

use digital_dalla::{domain::content::Content, store::StoreError};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::TestApp;

async fn with_pictures() -> (TestApp, Vec<Value>) {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let cortex = app.post("/api/characters", json!({"name": "Cortex"})).await.json()["id"].as_str().unwrap().to_owned();
    for (who, prompt) in [(&luna, "a lake"), (&cortex, "a desk"), (&luna, "a forest")] {
        let request =
            json!({"characterId": who, "prompt": prompt, "model": "dreamshaper_8.safetensors", "width": 64, "height": 64, "steps": 1});
        assert_eq!(app.post("/api/generate-image", request).await.status, StatusCode::OK);
    }
    let contents = app.contents().await;
    (app, contents)
}

fn prompts(answer: &Value) -> Vec<&str> {
    answer.as_array().unwrap().iter().map(|content| content["provenance"]["request"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn contents_are_listed_newest_first_and_filtered() {
    let (app, contents) = with_pictures().await;
    assert_eq!(prompts(&json!(contents)), ["a forest", "a desk", "a lake"]);
    let luna = contents[0]["characterId"].as_str().unwrap();
    assert_eq!(prompts(&app.get(&format!("/api/content?characterId={luna}")).await.json()), ["a forest", "a lake"]);
    assert_eq!(prompts(&app.get("/api/content?q=DESK").await.json()), ["a desk"]);
    assert_eq!(prompts(&app.get(&format!("/api/content?characterId={luna}&q=lake&state=draft")).await.json()), ["a lake"]);
    assert_eq!(app.get("/api/content?state=approved").await.json(), json!([]));
    assert_eq!(app.get("/api/content?to=2020-01-01").await.json(), json!([]));
    let (_, fields) = app.get("/api/content?state=nonsense").await.problem(422);
    assert_eq!(fields, ["state"]);
    app.get("/api/content?from=yesterday").await.problem(422);
}

#[tokio::test]
async fn pages_lead_to_the_next_and_say_how_many_there_are() {
    let (app, _) = with_pictures().await;
    let first = app.get("/api/content?limit=2").await;
    assert_eq!((first.headers["x-total-count"].to_str().unwrap(), prompts(&first.json()).len()), ("3", 2));
    let link = first.headers["link"].to_str().unwrap();
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    let second = app.get(next).await;
    assert_eq!(prompts(&second.json()), ["a lake"]);
    assert!(second.headers.get("link").is_none());
    app.get("/api/content?cursor=nowhere").await.problem(400);
}

#[tokio::test]
async fn words_are_saved_within_their_limits() {
    let (app, contents) = with_pictures().await;
    let path = format!("/api/content/{}", contents[0]["id"].as_str().unwrap());
    let saved = app.patch(&path, json!({"caption": "Dawn 🌅", "altText": "a forest"})).await.json();
    assert_eq!((&saved["caption"], &saved["altText"]), (&json!("Dawn 🌅"), &json!("a forest")));
    let (_, fields) = app.patch(&path, json!({"caption": "x".repeat(2_201)})).await.problem(422);
    assert_eq!(fields, ["caption"]);
    assert_eq!(app.get(&path).await.json()["caption"], "Dawn 🌅");
}

#[tokio::test]
async fn a_remix_keeps_what_it_does_not_change() {
    let (app, contents) = with_pictures().await;
    let path = format!("/api/content/{}/remix", contents[0]["id"].as_str().unwrap());
    let seed = contents[0]["provenance"]["seed"].clone();
    let again = app.post(&path, json!({})).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text);
    let job = app.ended(again.json()["id"].as_str().unwrap()).await;
    assert_eq!((&job["shots"][0]["seed"], &job["recipe"]["prompt"]), (&seed, &contents[0]["provenance"]["recipe"]["prompt"]));

    let other = app.post(&path, json!({"prompt": "a river", "seed": null, "steps": 2})).await.json();
    let job = app.ended(other["id"].as_str().unwrap()).await;
    assert_eq!((&job["recipe"]["steps"], &job["request"]["prompt"]), (&json!(2), &json!("a river")));
    assert_ne!(job["shots"][0]["seed"], seed);
    app.is_quiet();
}

#[tokio::test]
async fn a_deleted_picture_is_gone_with_its_files() {
    let (app, contents) = with_pictures().await;
    let id = contents[0]["id"].as_str().unwrap();
    assert_eq!(app.delete(&format!("/api/content/{id}")).await.status, StatusCode::NO_CONTENT);
    app.get(&format!("/api/content/{id}")).await.problem(404);
    assert_eq!(app.get(&format!("/media/{id}.png")).await.status, StatusCode::NOT_FOUND);
    let left = std::fs::read_dir(app.dir.path().join("data/media")).unwrap().count();
    assert_eq!(left, 4, "two pictures, two thumbnails");
}

/// A character with a long story, and so many pictures with long words.
async fn with_many(pictures: usize) -> TestApp {
    let app = TestApp::start().await;
    let arcs: Vec<_> =
        (0..200).map(|n| json!({"title": format!("Chapter {n}"), "startDate": "2026-01-01", "endDate": "2026-12-31"})).collect();
    let body = json!({"name": "Luna", "narratives": arcs});
    let luna = app.post("/api/characters", body).await.json()["id"].as_str().unwrap().to_owned();
    let recipe = json!({"model": "dreamshaper_8.safetensors", "modelKind": "checkpoint", "family": "sd15", "parts": [], "prompt": "mist", "width": 512,
        "height": 768, "steps": 20, "cfg": 7.0, "sampler": "euler", "scheduler": "normal"});
    let content = move |n: usize| -> Content {
        // The newest are those that are shown.
        let long = if n + 100 > pictures { 100 } else { 1 };
        let made = json!({"jobId": "a", "recipe": recipe, "seed": n, "request": format!("walking along lake {n} {}", "at dawn ".repeat(long)),
            "server": "127.0.0.1:8188", "promptId": "a", "seconds": 4.1});
        let content = json!({"id": format!("01a20a25-871b-7666-be88-{n:012}"), "characterId": luna, "state": "approved", "caption": "mist ".repeat(long),
            "altText": format!("{n} 🌊 ").repeat(long), "picture": {"width": 512, "height": 768, "bytes": 1}, "provenance": made});
        serde_json::from_value(content).unwrap()
    };
    let put = move |tx: &mut digital_dalla::store::Transaction| (0..pictures).try_for_each(|n| tx.put(content(n)));
    app.app.store.write(put).await.map_err(|error: StoreError| error).unwrap();
    app
}

#[tokio::test]
async fn a_page_of_ten_thousand_pictures_is_a_small_one() {
    let app = with_many(10_000).await;
    let page = app.get("/content").await.text;
    assert!(page.contains("10,000 pictures") && page.contains("Older pictures"));
    assert!(page.len() <= 60 << 10, "{} bytes of HTML", page.len());
    let sent = app.request(Method::GET, "/content").header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(sent.headers()["content-encoding"], "gzip");
    let pressed = sent.bytes().await.unwrap().len();
    assert!(pressed <= 12 << 10, "{pressed} bytes on the wire");
}
