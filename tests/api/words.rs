//! Captions and prompts: written by Gemini, by templates, and refused in words.

use std::time::Duration;

use digital_dalla::{
    domain::library::Prompt,
    integrations::gemini::{Ask, Gemini, GeminiError, USUAL_MODEL},
    sandbox::gemini::{Fault, GeminiSandbox, KEY},
    store::StoreError,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::TestApp;

/// A character whose pictures are small and quick.
async fn character(app: &TestApp, name: &str) -> String {
    let look = json!({"name": name, "preferredModel": "dreamshaper_8.safetensors", "defaults": {"width": 64, "height": 64, "steps": 1}});
    app.post("/api/characters", look).await.json()["id"].as_str().unwrap().to_owned()
}

async fn luna(app: &TestApp) -> String {
    let luna = json!({
        "name": "Luna the Mystic", "personality": "Dreamy and kind", "backstory": "Grew up in a lighthouse", "triggerWord": "luna_character",
        "narratives": [{"title": "The Crystal Quest", "description": "She follows a map.", "startDate": "2000-01-01", "endDate": "2999-12-31"}],
    });
    app.post("/api/characters", luna).await.json()["id"].as_str().unwrap().to_owned()
}

fn told(asked: &Value) -> String {
    let system = asked["systemInstruction"]["parts"][0]["text"].as_str().unwrap();
    let parts = asked["contents"][0]["parts"].as_array().unwrap();
    let task: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    format!("{system}\n{task}")
}

#[tokio::test]
async fn a_caption_is_written_in_her_voice_and_tidied() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    let answer = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist over the lake", "variants": 3})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let said = answer.json();
    assert_eq!((said["source"].as_str(), said["captions"].as_array().unwrap().len()), (Some("gemini"), 3));
    assert_eq!(said["model"], "gemini-3.5-flash-lite");
    assert!(!said["caption"].as_str().unwrap().starts_with('"'), "quotes are taken off: {said}");
    assert_eq!(said["count"]["network"], "instagram");
    let told = told(&app.gemini.asked()[0]);
    for piece in
        ["You are Luna the Mystic", "Dreamy and kind", "Grew up in a lighthouse", "The Crystal Quest", "mist over the lake", "Instagram"]
    {
        assert!(told.contains(piece), "{piece} is missing in: {told}");
    }
    app.is_quiet();
}

#[tokio::test]
async fn the_preview_is_what_is_sent() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    let request = json!({"characterId": id, "prompt": "mist", "network": "x", "variants": 2});
    let preview = app.post("/api/generate-caption/preview", request.clone()).await.json();
    assert!(app.gemini.asked().is_empty(), "a preview asks nobody");
    assert!(app.post("/api/generate-caption", request).await.status.is_success());
    let told = told(&app.gemini.asked()[0]);
    let pieces =
        |part: &str| preview[part].as_array().unwrap().iter().map(|piece| piece["text"].as_str().unwrap()).collect::<Vec<_>>().join("\n\n");
    assert_eq!(told, format!("{}\n{}", pieces("system"), pieces("task")));
}

#[tokio::test]
async fn a_caption_for_a_picture_is_stored_on_it_and_gemini_may_look() {
    let app = TestApp::start().await;
    let id = character(&app, "Nova").await;
    let made = app.post("/api/generate-image", json!({"characterId": id, "prompt": "by the sea"})).await.json();
    let content = made["content"]["id"].as_str().unwrap().to_owned();
    let answer = app.post("/api/generate-caption", json!({"contentId": content, "useImage": true})).await.json();
    let asked = &app.gemini.asked()[0];
    assert_eq!(asked["contents"][0]["parts"][0]["inlineData"]["mimeType"], "image/jpeg");
    let stored = app.get(&format!("/api/content/{content}")).await.json();
    assert_eq!(stored["caption"], answer["caption"]);
    assert_eq!(stored["altText"], answer["altText"]);
    let history = stored["history"].as_array().unwrap();
    assert_eq!(history.len(), 2, "caption and alt text: {history:?}");
    assert!(history.iter().all(|edit| edit["by"] == "gemini"));
    let on_x = app.post("/api/generate-caption", json!({"contentId": content, "network": "twitter"})).await.json();
    let stored = app.get(&format!("/api/content/{content}")).await.json();
    assert_eq!((&stored["caption"], &stored["twitterCaption"]), (&answer["caption"], &on_x["caption"]), "each network has its own");
    assert!(told(&app.gemini.asked()[1]).contains("by the sea"));
}

#[tokio::test]
async fn she_does_not_repeat_herself() {
    let app = TestApp::start().await;
    let id = character(&app, "Nova").await;
    for place in 0..12 {
        let made = app.post("/api/generate-image", json!({"characterId": id, "prompt": format!("place {place}")})).await.json();
        let content = made["content"]["id"].as_str().unwrap().to_owned();
        app.patch(&format!("/api/content/{content}"), json!({"caption": format!("words number {place}.")})).await;
    }
    app.post("/api/generate-caption", json!({"characterId": id, "prompt": "a lake"})).await;
    let told = told(&app.gemini.asked()[0]);
    assert!(
        told.contains("words number 11.") && told.contains("words number 2.") && !told.contains("words number 1."),
        "the last ten: {told}"
    );
}

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

#[tokio::test]
async fn bad_requests_for_captions_are_refused_by_field() {
    let app = TestApp::start().await;
    let id = luna(&app).await;
    let long = "x".repeat(100_000);
    let cases = [
        (json!({"characterId": id}), "prompt"),
        (json!({"characterId": id, "prompt": "   "}), "prompt"),
        (json!({"characterId": id, "prompt": long}), "prompt"),
        (json!({"prompt": "mist"}), "characterId"),
        (json!({"characterId": "nobody", "prompt": "mist"}), "characterId"),
        (json!({"contentId": "nothing"}), "contentId"),
        (json!({"promptId": "nothing"}), "promptId"),
        (json!({"characterId": id, "prompt": "mist", "variants": 6}), "variants"),
        (json!({"characterId": id, "prompt": "mist", "variants": 0}), "variants"),
        (json!({"characterId": id, "prompt": "mist", "useImage": true}), "useImage"),
    ];
    for (body, field) in cases {
        let answer = app.post("/api/generate-caption", body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", answer.text);
        assert_eq!(answer.json()["errors"][0]["field"], field, "{}", answer.text);
    }
    assert!(app.gemini.asked().is_empty());
    let plain = app.post("/api/generate-caption", json!({"characterName": "Somebody", "prompt": "mist"})).await;
    assert_eq!(plain.status, StatusCode::OK, "a character without personality, that is not stored: {}", plain.text);
}

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

#[tokio::test]
async fn a_caption_too_long_for_its_network_is_refused_and_counted() {
    let app = TestApp::start().await;
    let id = character(&app, "Nova").await;
    let made = app.post("/api/generate-image", json!({"characterId": id, "prompt": "sea"})).await.json();
    let content = format!("/api/content/{}", made["content"]["id"].as_str().unwrap());
    let refused = app.patch(&content, json!({"twitterCaption": "の".repeat(141)})).await;
    assert_eq!(refused.json()["errors"][0]["field"], "twitterCaption", "{}", refused.text);
    assert_eq!(app.patch(&content, json!({"twitterCaption": "の".repeat(140)})).await.status, StatusCode::OK);
    assert_eq!(app.patch(&content, json!({"caption": "a".repeat(2_201)})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let counted = app.post("/api/captions/count", json!({"network": "x", "text": "Hi http://test.co"})).await.json();
    assert_eq!((&counted["length"], &counted["fits"]), (&json!(26), &json!(true)));
}

#[tokio::test]
async fn templates_can_be_changed_and_a_slip_is_named() {
    let app = TestApp::start_without_key().await;
    let id = luna(&app).await;
    let page = app.submit("/actions/templates/save", &[("form[captions]", "{reqest}"), ("form[prompts]", "{scene}")]).await;
    assert!(page.contains("Line 1: There is no {reqest}"), "{page}");
    app.submit("/actions/templates/save", &[("form[captions]", "Day {day}: {request}!"), ("form[prompts]", "{a|a} hat")]).await;
    let written = app.post("/api/generate-caption", json!({"characterId": id, "prompt": "mist"})).await.json();
    assert!(
        written["caption"].as_str().unwrap().starts_with("Day ") && written["caption"].as_str().unwrap().ends_with(": mist!"),
        "{written}"
    );
    let prompts = app.post("/api/prompts/generate", json!({"characterId": id, "count": 3})).await.json();
    assert_eq!((prompts.as_array().unwrap().len(), prompts[0]["source"].as_str()), (1, Some("template")), "there is no second one like it");
    let stored = app.get("/api/templates").await.json();
    assert_eq!(stored, json!({"captions": ["Day {day}: {request}!"], "prompts": ["{a|a} hat"]}));
    let (detail, fields) = app.put("/api/templates", json!({"captions": ["{request}", "{reqest}"]})).await.problem(422);
    assert!(fields == ["captions"] && detail.starts_with("Line 2: There is no {reqest}"), "{detail}");
    app.put("/api/templates", json!({"captions": [7]})).await.problem(422);
    assert_eq!(app.get("/api/templates").await.json(), stored);
    assert_eq!(app.delete("/api/templates").await.status, StatusCode::NO_CONTENT);
    app.submit("/actions/templates/reset", &[]).await;
    let prompts = app.post("/api/prompts/generate", json!({"characterId": id, "count": 20})).await.json();
    assert_eq!(prompts.as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn an_arc_may_have_scenes_of_single_days() {
    let app = TestApp::start().await;
    let today = chrono::Utc::now().with_timezone(&chrono_tz::Europe::Rome).date_naive();
    let arc = json!({"title": "Quest", "description": "She walks.", "startDate": today, "endDate": today, "beats": [{"date": today, "scene": "She finds the first crystal"}]});
    let id = character(&app, "Mira").await;
    app.patch(&format!("/api/characters/{id}"), json!({"narratives": [arc]})).await;
    app.post("/api/generate-caption", json!({"characterId": id, "prompt": "a cave"})).await;
    assert!(told(&app.gemini.asked()[0]).contains("Today: She finds the first crystal"));
    let made = app.post("/api/generate-image", json!({"characterId": id, "prompt": "a cave"})).await.json();
    assert!(made["metadata"]["prompt"].as_str().unwrap().contains("She finds the first crystal"), "{made}");
    let outside =
        json!([{"title": "Q", "startDate": "2026-01-01", "endDate": "2026-01-05", "beats": [{"date": "2026-02-01", "scene": "x"}]}]);
    let refused = app.patch(&format!("/api/characters/{id}"), json!({"narratives": outside})).await;
    assert_eq!(refused.json()["errors"][0]["field"], "narratives[0].beats[0].date", "{}", refused.text);
    let page = app.get(&format!("/characters/{id}/story")).await.text;
    assert!(page.contains("What would be written today") && page.contains("She finds the first crystal"));
}

#[tokio::test]
async fn pages_write_captions_without_script() {
    let app = TestApp::start().await;
    let id = character(&app, "Nova").await;
    let made = app.post("/api/generate-image", json!({"characterId": id, "prompt": "by the sea"})).await.json();
    let content = made["content"]["id"].as_str().unwrap().to_owned();
    app.patch(&format!("/api/content/{content}"), json!({"caption": "my own words"})).await;
    let fields = [("form[contentId]", content.as_str()), ("form[network]", "instagram"), ("form[variants]", "2")];
    app.submit("/actions/captions/write", &fields).await;
    let job = app.get("/api/jobs").await.json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.ended(&job).await["status"], "done");
    assert_eq!(app.get(&format!("/api/content/{content}")).await.json()["caption"], "my own words", "nothing is lost before a choice");
    let page = app.get(&format!("/content/{content}?words={job}")).await.text;
    assert!(page.contains("Use this") && page.contains("by Gemini"));
    app.submit("/actions/captions/use", &[("job", &job), ("place", "1")]).await;
    let stored = app.get(&format!("/api/content/{content}")).await.json();
    let job = app.get(&format!("/api/jobs/{job}")).await.json();
    assert_eq!(stored["caption"], job["captions"][1]);
}
