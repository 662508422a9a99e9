//! Pages as a browser without script sees them.

use scraper::{Html, Selector};
use serde_json::json;

use crate::support::TestApp;

fn texts(page: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    page.select(&Selector::parse(selector).unwrap()).map(|found| found.text().collect::<String>().trim().to_owned()).collect()
}

fn attribute(page: &str, selector: &str, name: &str) -> String {
    let page = Html::parse_document(page);
    page.select(&Selector::parse(selector).unwrap()).find_map(|found| found.value().attr(name).map(str::to_owned)).unwrap()
}

#[tokio::test]
async fn every_page_has_one_heading_and_a_title() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake"})).await;
    let picture = app.contents().await[0]["id"].as_str().unwrap().to_owned();
    let pages = ["/", "/characters", "/characters/new", "/studio", "/content", "/models"].map(str::to_owned);
    let about = ["", "/voice", "/look", "/story", "/accounts", "/delete"].map(|tab| format!("/characters/{id}{tab}"));
    let content = ["", "/delete"].map(|tab| format!("/content/{picture}{tab}"));
    for path in pages.into_iter().chain(about).chain(content) {
        let page = app.get(&path).await;
        assert_eq!(page.status.as_u16(), 200, "{path}");
        assert_eq!(texts(&page.text, "h1").len(), 1, "{path}");
        assert!(texts(&page.text, "title")[0].ends_with("Digital Dalla"), "{path}");
    }
    for path in ["/nowhere", "/characters/nobody", "/content/nothing"] {
        assert_eq!(app.get(path).await.status.as_u16(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_newcomer_is_led_to_the_first_character() {
    let app = TestApp::start().await;
    assert!(app.get("/").await.text.contains("Start with a character"));
    assert!(app.get("/studio").await.text.contains("There is no active character."));
    assert!(app.get("/content").await.text.contains("Make the first picture"));
    let page = app.submit("/actions/characters/create", &[("form[name]", "Luna")]).await;
    assert_eq!(texts(&page, "h1"), ["Luna"]);
    assert_eq!(texts(&page, ".toast p"), ["Luna is here."]);
}

#[tokio::test]
async fn everything_stored_is_shown_as_text() {
    let app = TestApp::start().await;
    let hostile = r#"<script>alert(1)</script>"'><img src=x onerror=alert(1)>"#;
    let name = r#"<b>"Luna"</b>"#;
    let body = json!({
        "name": name, "personality": hostile, "backstory": hostile, "triggerWord": hostile, "preferredModel": "dreamshaper_8.safetensors",
        "promptSettings": {"basePrompt": hostile, "negativePrompt": hostile, "style": hostile, "mood": hostile},
        "narratives": [{"title": hostile, "description": hostile, "startDate": "2026-01-01", "endDate": "2030-01-01"}],
        "defaults": {"width": 64, "height": 64, "steps": 1}
    });
    let id = app.post("/api/characters", body).await.json()["id"].as_str().unwrap().to_owned();
    app.post("/api/generate-image", json!({"characterId": id, "prompt": hostile})).await;
    let picture = app.contents().await[0]["id"].as_str().unwrap().to_owned();
    app.patch(&format!("/api/content/{picture}"), json!({"caption": hostile, "altText": hostile})).await;
    let pages = ["/", "/characters", "/studio", "/content", "/models", "/content?q=%3Cscript%3E"].map(str::to_owned);
    let about = ["", "/voice", "/look", "/story", "/accounts", "/delete"].map(|tab| format!("/characters/{id}{tab}"));
    for path in pages.into_iter().chain(about).chain([format!("/content/{picture}")]) {
        let page = app.get(&path).await.text;
        let html = Html::parse_document(&page);
        let count = |selector: &str| html.select(&Selector::parse(selector).unwrap()).count();
        assert_eq!(count("img[onerror], script:not([nonce])"), 0, "{path}");
    }
}

#[tokio::test]
async fn a_picture_is_made_with_nothing_but_forms() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let fields = [("form[characterId]", id.as_str()), ("form[prompt]", "a lake at dawn"), ("form[batch]", "2")];
    app.submit("/actions/studio/generate", &fields).await;
    let job = app.app.store.read().jobs.newest().next().unwrap().id.to_string();
    app.ended(&job).await;
    let page = app.get(&format!("/studio?job={job}")).await.text;
    assert_eq!(Html::parse_document(&page).select(&Selector::parse("#strip img").unwrap()).count(), 2);
    let picture = app.contents().await[0]["id"].as_str().unwrap().to_owned();
    let detail = app.get(&format!("/content/{picture}")).await.text;
    assert!(texts(&detail, ".prompt-parts .request").contains(&"a lake at dawn".to_owned()));
    let saved =
        app.submit("/actions/content/save", &[("id", picture.as_str()), ("form[caption]", "Dawn"), ("form[altText]", "A lake")]).await;
    assert_eq!(texts(&saved, "textarea")[0], "Dawn");
    let remix = app.get(&format!("/studio?remix={picture}")).await.text;
    assert_eq!(texts(&remix, "#field-prompt"), ["a lake at dawn"]);
    app.submit("/actions/content/delete", &[("id", picture.as_str())]).await;
    assert_eq!(app.contents().await.len(), 1);
    app.is_quiet();
}

#[tokio::test]
async fn lines_come_back_from_a_form_as_they_went_into_it() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    // As browsers send what is typed in two lines.
    app.submit("/actions/characters/voice", &[("id", id.as_str()), ("form[personality]", "one\r\ntwo"), ("form[backstory]", "%0D%0A")])
        .await;
    let luna = app.get(&format!("/api/characters/{id}")).await.json();
    assert_eq!((&luna["personality"], &luna["backstory"]), (&json!("one\ntwo"), &json!("%0D%0A")));

    app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake"})).await;
    let picture = app.contents().await[0]["id"].as_str().unwrap().to_owned();
    let caption = format!("{}\n\n#lake", "a".repeat(2_193));
    app.patch(&format!("/api/content/{picture}"), json!({"caption": caption})).await;
    let sent = caption.replace('\n', "\r\n");
    app.submit("/actions/content/save", &[("id", picture.as_str()), ("form[caption]", &sent), ("form[altText]", "A lake")]).await;
    let content = app.get(&format!("/api/content/{picture}")).await.json();
    let changed: Vec<_> = content["history"].as_array().unwrap().iter().map(|edit| edit["field"].as_str().unwrap()).collect();
    assert_eq!((content["caption"].as_str(), changed), (Some(caption.as_str()), vec!["caption", "altText"]));
}

#[tokio::test]
async fn the_prompt_is_shown_before_it_is_sent() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let page = app.get(&format!("/studio?form%5BcharacterId%5D={id}&form%5Bprompt%5D=a+lake&form%5Bsize%5D=1:1")).await.text;
    assert_eq!(texts(&page, "#prompt-preview .prompt-parts .request"), ["a lake"]);
    assert!(texts(&page, "#prompt-preview .muted")[0].contains("512 × 512"), "{:?}", texts(&page, "#prompt-preview .muted"));
    assert!(app.comfy.prompts_received().is_empty());
    let by_hand = attribute(&page, "#prompt-preview a", "href");
    let page = app.get(by_hand.split('#').next().unwrap()).await.text;
    assert_eq!(texts(&page, "#field-fullPrompt"), ["a portrait, luna_character, a lake, film"], "the composed prompt can be edited");
    assert_eq!(texts(&page, "#field-prompt"), ["a lake"], "what was typed stays");
    assert_eq!(texts(&page, "#prompt-preview .prompt-parts .hand").len(), 1);
    let again = attribute(&page, "#prompt-preview a", "href");
    assert_eq!(texts(&app.get(again.split('#').next().unwrap()).await.text, "#prompt-preview .prompt-parts .request"), ["a lake"]);
}

#[tokio::test]
async fn keys_are_never_in_a_page() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let secret = "EAABsbCS1iHgBAkx9Qd";
    let page = app
        .submit("/actions/characters/accounts", &[("id", id.as_str()), ("form[instagramApiKey]", secret), ("form[twitterAccountId]", "x")])
        .await;
    assert!(!page.contains(secret), "not in a refused form");
    let page = app.submit("/actions/characters/accounts", &[("id", id.as_str()), ("form[instagramApiKey]", secret)]).await;
    assert!(!page.contains(secret) && page.contains("••••x9Qd"));
    let page = app.submit("/actions/characters/forget-key", &[("id", id.as_str()), ("key", "instagramApiKey")]).await;
    assert!(!page.contains("••••x9Qd"));
}
