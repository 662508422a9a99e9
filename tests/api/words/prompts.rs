//! The prompt library: written in dozens, kept, searched, used.

use digital_dalla::{domain::library::Prompt, sandbox::gemini::Fault, store::StoreError};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{character, luna, told};
use crate::support::TestApp;

#[tokio::test]
async fn fifty_prompts_are_varied_and_none_is_written_twice_across_a_restart() {
    let mut app = TestApp::start().await;
    let id = luna(&app).await;
    let request = json!({"characterId": id, "count": 50, "theme": "by the water"});
    let job = Answered::of(&app, "/api/prompts/generate", request).await;
    // Twenty are stored when the writer falls silent, and the server is stopped in the middle of the third call.
    app.gemini.ask(Fault::Hang);
    app.gemini.called(1).await;
    let (comfy, dir) = app.stop().await;
    app = TestApp::start_with(comfy, dir).await;
    let done = app.ended(&job).await;
    assert_eq!(done["status"], "done", "{done}");
    let prompts = app.get("/api/prompts").await.json();
    let prompts = prompts.as_array().unwrap();
    assert_eq!(prompts.len(), 50);
    let mut texts: Vec<_> = prompts.iter().map(|prompt| prompt["prompt"].as_str().unwrap()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 50, "no two alike");
    assert!(prompts.iter().all(|prompt| prompt["source"] == "gemini"));
    assert!(told(&app.gemini.asked()[0]).contains("by the water"));
}

/// A job that was answered at once.
struct Answered;

impl Answered {
    async fn of(app: &TestApp, path: &str, body: Value) -> String {
        let sent = app.request(Method::POST, path).header("prefer", "respond-async").json(&body).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::ACCEPTED);
        let job: Value = sent.json().await.unwrap();
        job["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn prompts_too_much_alike_are_thrown_away_and_the_rest_is_said() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    let same =
        json!({"prompts": ["walking along a lake at dawn", "Walking along the lake, at dawn", "reading in a quiet library at night"]});
    for _ in 0..5 {
        app.gemini.ask(Fault::Say(same.clone()));
    }
    let answer = app.post("/api/prompts/generate", json!({"characterId": id, "count": 3})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert_eq!(answer.json().as_array().unwrap().len(), 2);
    let job = &app.get("/api/jobs").await.json()[0];
    assert!(job["notes"][0].as_str().unwrap().contains("Only 2 of 3"), "{job}");
    app.is_quiet();
}

#[tokio::test]
async fn a_prompt_is_compared_with_the_oldest_there_are_too() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    let put = |text: &str| json!({"id": text, "characterId": id, "prompt": text});
    let old =
        std::iter::once("walking along a lake at dawn".to_owned()).chain((0..3_000).map(|n| format!("number {n} of a long row of ideas")));
    let old: Vec<Prompt> = old.map(|text| serde_json::from_value(put(&text)).unwrap()).collect();
    app.app.store.write(move |tx| old.into_iter().try_for_each(|prompt| tx.put(prompt))).await.map_err(|error: StoreError| error).unwrap();
    let said = json!({"prompts": ["Walking along the lake, at dawn", "reading in a quiet library at night"]});
    app.gemini.ask(Fault::Say(said));
    let made = app.post("/api/prompts/generate", json!({"characterId": id, "count": 1})).await.json();
    assert_eq!(made[0]["prompt"], "reading in a quiet library at night", "{made}");
    app.is_quiet();
}

#[tokio::test]
async fn writing_can_be_cancelled() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    app.gemini.ask(Fault::Hang);
    let job = Answered::of(&app, "/api/generate-caption", json!({"characterId": id, "prompt": "mist"})).await;
    app.gemini.called(1).await;
    let cancelled = app.post(&format!("/api/jobs/{job}/cancel"), json!({})).await;
    assert_eq!(cancelled.json()["status"], "cancelled", "{}", cancelled.text);
}

#[tokio::test]
async fn the_library_is_kept_searched_and_undone() {
    let app = TestApp::start().await;
    let (luna, nova) = (luna(&app).await, character(&app, "Nova").await);
    let mut ids = Vec::new();
    for (whose, text, caption) in [(&luna, "a Lake at dawn", ""), (&luna, "a forest", "About the LAKE"), (&nova, "été au lac", "")] {
        let made = app.post("/api/prompts", json!({"characterId": whose, "prompt": text, "caption": caption})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        ids.push(made.json()["id"].as_str().unwrap().to_owned());
    }
    let count = async |query: &str| app.get(&format!("/api/prompts?{query}")).await.json().as_array().unwrap().len();
    assert_eq!(count("q=lake").await, 2);
    assert_eq!(count("q=lake%20dawn").await, 1);
    assert_eq!(count("q=%C3%89T%C3%89").await, 1);
    assert_eq!(count(&format!("characterId={luna}")).await, 2);
    assert_eq!(count("used=true").await, 0);
    assert_eq!(app.get("/api/prompts?used=perhaps").await.status, StatusCode::UNPROCESSABLE_ENTITY);

    let first = app.get("/api/prompts?limit=2").await;
    assert_eq!(first.json()[0]["id"], ids[0].as_str(), "oldest first");
    let deleted = app.post("/api/prompts/delete", json!({"ids": [ids[0], ids[2], "nothing"]})).await.json();
    assert_eq!(deleted["deleted"], 2);
    assert_eq!(count("").await, 1);
    let undo = json!({"undo": deleted["undo"]});
    assert_eq!(app.post("/api/prompts/undo", undo.clone()).await.json()["restored"], 2);
    assert_eq!(count("").await, 3);
    assert_eq!(app.post("/api/prompts/undo", undo).await.status, StatusCode::CONFLICT, "once");

    let changed = app.patch(&format!("/api/prompts/{}", ids[1]), json!({"prompt": "a desert", "used": true})).await.json();
    assert!(changed["usedAt"].is_string());
    assert_eq!((count("q=forest").await, count("q=desert").await, count("used=true").await), (0, 1, 1));
    for nothing in [" ", "\u{0}", "\u{202e} \u{200b}"] {
        assert_eq!(app.post("/api/prompts", json!({"characterId": luna, "prompt": nothing})).await.json()["errors"][0]["field"], "prompt");
    }
    assert_eq!(app.post("/api/prompts", json!({"characterId": "x", "prompt": "a"})).await.json()["errors"][0]["field"], "characterId");
}

#[tokio::test]
async fn a_prompt_is_used_when_a_picture_is_made_from_it() {
    let app = TestApp::start().await;
    let id = character(&app, "Nova").await;
    let new = json!({"characterId": id, "prompt": "by the sea", "caption": "Salt on my lips. #sea"});
    let prompt = app.post("/api/prompts", new).await.json()["id"].as_str().unwrap().to_owned();
    let made = app.post("/api/generate-image", json!({"characterId": id, "prompt": "by the sea", "promptId": prompt})).await.json();
    let used = app.get(&format!("/api/prompts/{prompt}")).await.json();
    assert_eq!((&used["used"], &used["contentId"]), (&json!(true), &made["content"]["id"]));
    assert_eq!(made["content"]["caption"], "Salt on my lips. #sea", "its words go with the picture");
    // With her go her prompts only when asked for.
    app.delete(&format!("/api/characters/{id}")).await;
    assert_eq!(app.get("/api/prompts").await.json().as_array().unwrap().len(), 1);
    let other = character(&app, "Mira").await;
    app.post("/api/prompts", json!({"characterId": other, "prompt": "a hill"})).await;
    app.delete(&format!("/api/characters/{other}?prompts=true")).await;
    assert_eq!(app.get("/api/prompts").await.json().as_array().unwrap().len(), 1);
}
