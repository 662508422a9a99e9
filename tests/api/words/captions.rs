//! Captions: in a character's voice, for a network, from templates.

use reqwest::StatusCode;
use serde_json::json;

use super::{character, luna, told};
use crate::support::TestApp;

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
