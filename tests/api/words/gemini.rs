//! Gemini refusing, slow, silent, or without a key: what is done about it, and what is said.

use std::time::Duration;

use digital_dalla::{
    integrations::gemini::{Ask, Gemini, GeminiError, USUAL_MODEL},
    sandbox::gemini::{Fault, GeminiSandbox, KEY},
};
use reqwest::StatusCode;
use serde_json::json;

use super::luna;
use crate::support::TestApp;

/// What goes wrong with Gemini, and what is said about it.
#[tokio::test]
async fn what_cannot_be_mended_by_waiting_is_said_in_a_sentence() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    let cases: [(&[Fault], u16, &str); 9] = [
        (&[Fault::KeyRevoked], 502, "refuses the key"),
        (&[Fault::NotOffered], 502, "not offered"),
        (&[Fault::BlockPrompt("PROHIBITED_CONTENT")], 502, "content Google forbids"),
        (&[Fault::Finish("SAFETY")], 502, "safety rules"),
        (&[Fault::Finish("SPII")], 502, "personal data"),
        (&[Fault::NotJson, Fault::NotJson], 502, "could not be read"),
        (&[Fault::Empty, Fault::Empty], 502, "answered with nothing"),
        (&[Fault::Finish("MAX_TOKENS"), Fault::Finish("MAX_TOKENS")], 502, "cut short"),
        (&[Fault::Finish("RECITATION"), Fault::Finish("RECITATION")], 502, "repeated a text"),
    ];
    for (faults, status, words) in cases {
        faults.iter().for_each(|fault| app.gemini.ask(fault.clone()));
        let answer = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist"})).await;
        assert_eq!(answer.status.as_u16(), status, "{faults:?}: {}", answer.text);
        assert!(answer.json()["detail"].as_str().unwrap().contains(words), "{faults:?}: {}", answer.text);
        app.is_quiet();
    }
}

#[tokio::test]
async fn one_bad_answer_is_asked_for_again() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    for fault in [Fault::NotJson, Fault::Empty, Fault::Finish("MAX_TOKENS"), Fault::Finish("OTHER"), Fault::UnknownStore] {
        app.gemini.ask(fault.clone());
        let answer = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist"})).await;
        assert_eq!(answer.json()["source"], "gemini", "{fault:?}: {}", answer.text);
        app.is_quiet();
    }
    let last = app.gemini.asked().pop().unwrap();
    assert!(last.get("store").is_none(), "a server that does not know `store` is not asked with it again");
}

#[tokio::test]
async fn what_every_call_cost_is_kept_also_of_those_that_were_of_no_use() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    let cases: [(&[Fault], &str, usize); 4] = [
        (&[], "done", 1),
        (&[Fault::NotJson], "done", 2),
        (&[Fault::Finish("SAFETY")], "failed", 1),
        (&[Fault::BlockPrompt("PROHIBITED_CONTENT")], "failed", 1),
    ];
    for (path, body) in [("/api/generate-caption", json!({"prompt": "mist"})), ("/api/prompts/generate", json!({"count": 2}))] {
        for (faults, status, calls) in &cases {
            faults.iter().for_each(|fault| app.gemini.ask(fault.clone()));
            let mut body = body.clone();
            body["characterId"] = json!(id);
            app.post(path, body).await;
            let job = &app.get("/api/jobs").await.json()[0];
            assert_eq!((job["status"].as_str(), job["usage"].as_array().map(Vec::len)), (Some(*status), Some(*calls)), "{faults:?}: {job}");
            assert!(job["usage"].as_array().unwrap().iter().all(|usage| usage["asked"] == 120), "{job}");
        }
    }
    let status = app.get("/api/system/status?detail=true").await.text;
    assert!(status.contains("tokens used this month"), "{status}");
    app.is_quiet();
}

#[tokio::test]
async fn a_spent_quota_lets_templates_write_and_says_so() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    for (fault, words) in [(Fault::DayQuota, "quota for today"), (Fault::NoQuota, "no quota for the model")] {
        app.gemini.ask(fault);
        let answer = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist over the lake"})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let said = answer.json();
        assert_eq!((said["source"].as_str(), said["model"].as_str()), (Some("template"), Some("template")));
        assert!(said["caption"].as_str().unwrap().to_lowercase().contains("mist over the lake"), "{said}");
        assert!(said["notes"][0].as_str().unwrap().contains(words), "{said}");
        let page = app.get("/prompts").await.text;
        assert!(page.contains(words) && page.contains("Until it passes, templates write."), "{words}");
    }
}

#[tokio::test]
async fn what_passes_soon_is_waited_out() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    for (asked, trouble) in [Fault::MinuteQuota(1), Fault::Broken(503), Fault::Broken(500)].into_iter().enumerate() {
        app.gemini.ask(trouble.clone());
        let answer = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist"})).await;
        assert_eq!(answer.json()["source"], "gemini", "{trouble:?}: {}", answer.text);
        assert_eq!(app.gemini.asked().len(), 2 * (asked + 1));
    }
}

#[tokio::test]
async fn a_gemini_that_is_silent_is_given_up_in_time() {
    let sandbox = GeminiSandbox::start(Duration::ZERO).await.unwrap();
    let gemini = Gemini::new(reqwest::Client::new(), sandbox.url().parse().unwrap(), Duration::from_millis(300));
    sandbox.ask(Fault::Hang);
    let ask = Ask { model: USUAL_MODEL, system: "You are Luna.", task: "Write.", picture: None, schema: &json!({"type": "object"}) };
    let asked = gemini.ask(&KEY.into(), &ask).await;
    assert_eq!((asked.answer, asked.usage), (Err(GeminiError::TooSlow), Vec::new()));
}

#[tokio::test]
async fn without_a_key_templates_write_and_a_key_can_be_set_and_taken_back() {
    let app = TestApp::start_without_key().await;
    let id = luna(&app).await;
    let written = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist", "network": "x"})).await.json();
    assert_eq!(written["source"], "template");
    assert_eq!(app.get("/api/system/status").await.json()["gemini_api"], "Not Configured");
    for path in ["/prompts".to_owned(), format!("/characters/{id}/story")] {
        assert!(app.get(&path).await.text.contains("There is no key for Gemini, so templates write."), "{path}");
    }

    assert_eq!(app.put("/api/settings", json!({"geminiApiKey": "wrong-key-000000"})).await.status, StatusCode::NO_CONTENT);
    let refused = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist"})).await;
    assert!(refused.json()["detail"].as_str().unwrap().contains("refuses the key"), "{}", refused.text);

    let key = digital_dalla::sandbox::gemini::KEY;
    app.put("/api/settings", json!({"GEMINI_API_KEY": key})).await;
    let settings = app.get("/api/settings").await;
    assert_eq!(settings.json()["geminiApiKey"], "••••0001");
    assert!(!settings.text.contains(key));
    app.put("/api/settings", json!({"geminiApiKey": "••••0001"})).await;
    let written = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist"})).await.json();
    assert_eq!(written["source"], "gemini", "the mask keeps the key");
    app.put("/api/settings", json!({"geminiApiKey": null})).await;
    assert_eq!(app.get("/api/settings").await.json()["geminiApiKey"], "");
    let (_, dir) = app.stop().await;
    for file in std::fs::read_dir(dir.path().join("data")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "the key lies open in {}", file.display());
    }
}

#[tokio::test]
async fn a_retired_model_is_named_with_those_there_are() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    app.put("/api/settings", json!({"geminiModel": "gemini-1.5-pro"})).await;
    let answer = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist"})).await;
    let words = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(words.contains("gemini-1.5-pro any more") && words.contains("gemini-3.8-flash"), "{words}");
    let page = app.submit("/actions/settings/test-gemini", &[]).await;
    assert!(page.contains("does not have the model gemini-1.5-pro"), "the page says it too");
    app.put("/api/settings", json!({"geminiModel": ""})).await;
    let looked = app.post("/api/system/look", json!({})).await.json();
    let gemini = looked.as_array().unwrap().iter().find(|check| check["name"] == "gemini_api").unwrap();
    assert_eq!((&gemini["state"], gemini["checkedAt"].is_string()), (&json!("ok"), true), "{gemini}");
}
