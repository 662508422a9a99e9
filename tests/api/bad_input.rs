//! Bad input: a clear word by its field, nothing stored, nothing sent.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let app = TestApp::start().await;
    for path in ["/api/characters", "/api/generate-image"] {
        let send = |body: &'static str, kind: &'static str| app.request(Method::POST, path).header("content-type", kind).body(body);
        Answer::of(send("{\"name\": ", "application/json")).await.problem(400);
        Answer::of(send("{} trailing", "application/json")).await.problem(400);
        Answer::of(send("", "application/json")).await.problem(400);
        Answer::of(send("name=Luna", "application/x-www-form-urlencoded")).await.problem(415);
        Answer::of(app.request(Method::POST, path).header("content-type", "application/json").body(vec![b' '; 3 << 20])).await.problem(413);
    }
    app.get("/api/nothing").await.problem(404);
    for path in ["/api/characters/%FF", "/api/jobs/%C3", "/api/content/%80%80", "/api/prompts/%FF"] {
        app.get(path).await.problem(400);
    }
    app.delete("/api/characters").await.problem(405);
}

#[tokio::test]
async fn characters_that_break_a_rule_are_refused_by_field() {
    let app = TestApp::start().await;
    let cases: Vec<(Value, &str)> = vec![
        (json!({}), "name"),
        (json!({"name": "   "}), "name"),
        (json!({"name": "x".repeat(81)}), "name"),
        (json!({"name": 7}), "name"),
        (json!({"name": "Lu\nna"}), "name"),
        (json!({"name": "\u{202e}\u{200b} \u{feff}"}), "name"),
        (json!({"name": "Luna", "personality": 7}), "personality"),
        (
            json!({"name": "Luna", "narratives": [{"title": "A", "startDate": "2026-01-01x", "endDate": "2026-01-02"}]}),
            "narratives[0].startDate",
        ),
        (json!({"name": "Luna", "personality": "x".repeat(10_001)}), "personality"),
        (json!({"name": "Luna", "instagramHandle": "not a handle"}), "instagramHandle"),
        (json!({"name": "Luna", "instagramHandle": ".luna"}), "instagramHandle"),
        (json!({"name": "Luna", "twitterHandle": "sixteen_letters_"}), "twitterHandle"),
        (json!({"name": "Luna", "timezone": "Mars/Base"}), "timezone"),
        (json!({"name": "Luna", "instagramAccountId": "abc"}), "instagramAccountId"),
        (json!({"name": "Luna", "loras": [{"name": "a", "strength": 3}]}), "loras[0].strength"),
        (json!({"name": "Luna", "defaults": {"width": 63}}), "defaults.width"),
        (json!({"name": "Luna", "narratives": [{"title": "A", "startDate": "soon"}]}), "narratives[0].startDate"),
        (json!({"name": "Luna", "isActive": "yes"}), "isActive"),
    ];
    for (body, field) in cases {
        let (detail, fields) = app.post("/api/characters", body.clone()).await.problem(422);
        assert!(fields.iter().any(|named| named == field), "{body}: {detail} {fields:?}");
        assert!(!detail.contains("untagged"), "words for people: {detail}");
    }
    for (body, what) in
        [(json!([]), "a list"), (json!(["Luna", "kind"]), "a list"), (json!("Luna"), "a text"), (json!(null), "a single value")]
    {
        let (detail, fields) = app.post("/api/characters", body).await.problem(422);
        assert_eq!((detail, fields), (format!("Send an object, as in {{…}}. This is {what}."), vec!["body".to_owned()]));
    }
    for (query, words) in
        [("limit=x", "write a whole number, not below 0, as `limit`"), ("active=perhaps", "write true or false as `active`")]
    {
        let (detail, _) = app.get(&format!("/api/characters?{query}")).await.problem(400);
        assert!(detail.contains(words), "{detail}");
    }
    assert_eq!(app.get("/api/characters").await.text, "[]");
}

#[tokio::test]
async fn picture_requests_that_break_a_rule_are_refused_by_field() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let cases: Vec<(Value, &str)> = vec![
        (json!({"characterId": "nobody"}), "characterId"),
        (json!({"prompt": "a lake"}), "characterId"),
        (json!({"characterId": id, "width": 63}), "width"),
        (json!({"characterId": id, "height": 4097}), "height"),
        (json!({"characterId": id, "width": -1}), "width"),
        (json!({"characterId": id, "steps": 0}), "steps"),
        (json!({"characterId": id, "cfg": 31}), "cfg"),
        (json!({"characterId": id, "batch": 9}), "batch"),
        (json!({"characterId": id, "batch": 0}), "batch"),
        (json!({"characterId": id, "seed": -1}), "seed"),
        (json!({"characterId": id, "prompt": "x".repeat(10_001)}), "prompt"),
        (json!({"characterId": id, "model": "gone.safetensors"}), "model"),
        (json!({"characterId": id, "model": "../../etc/passwd"}), "model"),
        (json!({"characterId": id, "model": "broken_download.safetensors"}), "model"),
        (json!({"characterId": id, "loras": [{"name": "gone.safetensors"}]}), "loras[0].name"),
        (json!({"characterId": id, "loras": [{"name": "luna_xl.safetensors"}]}), "loras[0].name"),
        (json!({"characterId": id, "sampler": "magic"}), "sampler"),
    ];
    for (body, field) in cases {
        let (detail, fields) = app.post("/api/generate-image", body.clone()).await.problem(422);
        assert!(fields.iter().any(|named| named == field), "{body}: {detail} {fields:?}");
    }
    let beyond = format!("{{\"characterId\":\"{id}\",\"seed\":18446744073709551616}}");
    let beyond = app.request(Method::POST, "/api/generate-image").header("content-type", "application/json").body(beyond);
    let (detail, fields) = Answer::of(beyond).await.problem(422);
    assert_eq!((detail.as_str(), fields), ("seed: Write a whole number, at most 18446744073709551615.", vec!["seed".to_owned()]));
    let twice =
        app.request(Method::POST, "/api/characters").header("content-type", "application/json").body(r#"{"name":"Luna","name":"Mira"}"#);
    assert_eq!(Answer::of(twice).await.problem(422).1, ["name"]);
    assert!(app.comfy.prompts_received().is_empty() && app.app.store.read().jobs.is_empty());
}

#[tokio::test]
async fn forms_refuse_what_the_api_refuses_and_keep_what_was_typed() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let page = app.submit("/actions/characters/create", &[("form[name]", ""), ("form[personality]", "dreamy & kind")]).await;
    assert!(page.contains("Give the character a name.") && page.contains("dreamy &amp; kind"), "{page}");
    let profile = [
        ("id", id.as_str()),
        ("form[name]", "Luna"),
        ("form[instagramHandle]", "not a handle"),
        ("form[timezone]", "Mars/Base"),
        ("form[vetoHours]", "12"),
    ];
    let page = app.submit("/actions/characters/profile", &profile).await;
    assert!(page.contains("An Instagram handle has at most 30") && page.contains("not a handle") && page.contains("Mars/Base"));
    assert!(page.contains("2 fields need another look."));
    let studio =
        |field: &'static str, value: &'static str| vec![("form[characterId]", id.as_str()), ("form[prompt]", "a lake"), (field, value)];
    for (field, value, words) in [
        ("form[width]", "63", "A side is 64 to 4096 pixels long."),
        ("form[width]", "wide", "wide is not a number that fits here."),
        ("form[seed]", "18446744073709551616", "18446744073709551616 is not a number that fits here."),
        ("form[model]", "gone.safetensors", "ComfyUI does not have the model gone.safetensors"),
        ("form[steps]", "0", "Use 1 to 150 steps."),
    ] {
        let page = app.submit("/actions/studio/generate", &studio(field, value)).await;
        assert!(page.contains(words) && page.contains("a lake"), "{field}={value}: {words}");
    }
    let loras = |name: &'static str| [("form[loraChoice]", "these"), ("form[loras][0][name]", name), ("form[loras][0][strength]", "1")];
    for (name, words) in [
        ("luna_xl.safetensors", "luna_xl.safetensors is a LoRA for SDXL"),
        ("../../etc/passwd", "ComfyUI does not have the LoRA ../../etc/passwd"),
    ] {
        let page = app.submit("/actions/studio/generate", &[&studio("form[batch]", "2")[..], &loras(name)].concat()).await;
        assert!(page.contains(words) && page.contains("a lake"), "{name}: {page}");
    }
    let nobody = [("form[characterId]", "nobody"), ("form[prompt]", "a lake")];
    assert!(app.submit("/actions/studio/generate", &nobody).await.contains("There is no such character."));
    let nothing = app.submit("/actions/content/save", &[("id", "../../secret"), ("form[caption]", "x")]).await;
    assert!(nothing.contains("There is no such picture"));
    assert!(app.app.store.read().jobs.is_empty());
    assert_eq!(app.get(&format!("/api/characters/{id}")).await.json()["instagramHandle"], "");
}

#[tokio::test]
async fn forms_that_cannot_be_read_lead_back() {
    let app = TestApp::start().await;
    let sent = app
        .request(Method::POST, "/actions/characters/profile")
        .header("accept", "text/html")
        .header("referer", format!("{}/characters/x", app.url));
    let answer = sent.form(&[("nonsense", "1")]).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/characters/x"));
}

#[tokio::test]
async fn a_form_that_is_not_utf_8_stores_nothing() {
    let app = TestApp::start().await;
    let sent = app.request(Method::POST, "/actions/characters/create").header("content-type", "application/x-www-form-urlencoded");
    let answer = Answer::of(sent.body("form[name]=%FF%FE")).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (400, "This form is not written in UTF-8."));
    assert_eq!(app.get("/api/characters").await.text, "[]");
}

#[tokio::test]
async fn what_is_asked_for_in_a_wrong_way_is_told_so() {
    let app = TestApp::start().await;
    for (method, path, status) in
        [(Method::DELETE, "/characters", 405), (Method::POST, "/style.css", 405), (Method::GET, "/public/none.js", 404)]
    {
        let answer = Answer::of(app.request(method, path)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.text.ends_with('.'), "{path} says: {}", answer.text);
    }
}

#[tokio::test]
async fn paths_and_hosts_that_are_not_ours_are_refused() {
    let app = TestApp::start().await;
    for path in ["/media/..%2f..%2fsecret.key.png", "/media/%2e%2e/thumb.webp", "/media/nothing.png", "/media/x", "/media/", "/media/a/b/c"]
    {
        assert_eq!(app.get(path).await.status.as_u16(), 404, "{path}");
    }
    let foreign = Answer::of(app.request(Method::GET, "/api/characters").header("host", "evil.example")).await;
    assert_eq!(foreign.status.as_u16(), 421);
    let cross =
        app.request(Method::POST, "/api/characters").header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
    assert_eq!(Answer::of(cross.json(&json!({"name": "Luna"}))).await.status.as_u16(), 403);
    assert_eq!(app.get("/api/characters").await.text, "[]");
    let allowed =
        app.request(Method::POST, "/api/characters").header("origin", "https://front.example").header("sec-fetch-site", "cross-site");
    let answer = Answer::of(allowed.json(&json!({"name": "Luna"}))).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["access-control-allow-origin"]), (201, &"https://front.example".parse().unwrap()));
}
