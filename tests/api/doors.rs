//! The doors themselves: documents, health, headers.

use digital_dalla::domain::event::Topic;
use serde_json::Value;

use crate::support::TestApp;

#[tokio::test]
async fn the_api_describes_itself() {
    let app = TestApp::start().await;
    let document = app.get("/api/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in [
        "/api/characters",
        "/api/characters/{id}",
        "/api/generate-image",
        "/api/jobs/{id}/cancel",
        "/api/content/{id}/remix",
        "/api/events",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    assert!(!document.to_string().contains("\"extra\""), "what we keep for others is not ours to describe");
    let page = app.get("/api/docs/").await;
    assert!(page.status.is_success() && page.text.contains("swagger"));
}

/// Of two shapes of one name only one is in the document, and whoever gets the other is told wrong.
#[test]
fn no_two_shapes_of_the_document_have_one_name() {
    let mut names: Vec<String> = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            for derived in text.split("ToSchema)]").skip(1) {
                let head = derived.split('{').next().unwrap();
                let own = head.split("schema(as = ").nth(1).and_then(|rest| rest.split(')').next());
                let of_type = || head.split_whitespace().skip_while(|word| !["struct", "enum"].contains(word)).nth(1);
                names.extend(own.or_else(of_type).map(|name| name.split(['(', '<', ';', ',']).next().unwrap().to_owned()));
            }
        }
    }
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(names.len() > 100 && twice.is_empty(), "{twice:?} of {}", names.len());
}

#[tokio::test]
async fn health_and_headers_are_as_promised() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/healthz").await.text, "ok");
    assert_eq!(app.get("/readyz").await.text, "ready");
    let page = app.get("/").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self' 'nonce-") && !policy.contains("unsafe"));
    assert_eq!(
        (page.headers["x-frame-options"].as_bytes(), page.headers["x-content-type-options"].as_bytes()),
        (&b"DENY"[..], &b"nosniff"[..])
    );
    assert!(!page.text.contains("style=\""), "no style that the policy would refuse");
    let style = app.get("/style.css").await;
    assert!(style.headers["content-type"].to_str().unwrap().starts_with("text/css") && style.text.contains("--accent"));
}

#[tokio::test]
async fn every_answer_under_api_is_json() {
    let app = TestApp::start().await;
    for path in
        ["/api", "/api/", "/api/characters/none", "/api/jobs/none", "/api/content/none", "/api/jobs?status=x", "/api/events?topics=x"]
    {
        let answer = app.get(path).await;
        assert!(answer.status.is_client_error(), "{path}");
        let document: Value = answer.json();
        assert!(document["detail"].is_string(), "{path}: {document}");
    }
}

#[tokio::test]
async fn the_script_listens_to_every_topic() {
    let app = TestApp::start().await;
    let script = app.get("/app.js").await.text;
    let listened = script.lines().find(|line| line.contains("const TOPICS = ")).expect("the script names its topics");
    for topic in Topic::ALL {
        assert!(listened.contains(&format!("'{}'", topic.key())), "what happens to a {} changes no page", topic.key());
    }
}
