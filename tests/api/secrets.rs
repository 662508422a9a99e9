//! Secrets: a broad round of deeds, failures among them, and then every answer, event, stored file and line of the log
//! is searched for what must not be in it.

use std::{
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
};

use chrono::Utc;
use digital_dalla::{
    sandbox::{
        gemini, instagram,
        social::{Fault, What},
        x,
    },
    service::accounts,
};
use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestApp;

/// Everything that was said, in one place.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Said {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn has(&self, secret: &str) -> Option<String> {
        let said = self.0.lock().unwrap();
        let at = said.windows(secret.len()).position(|part| part == secret.as_bytes())?;
        Some(String::from_utf8_lossy(&said[at.saturating_sub(300)..(at + 60).min(said.len())]).into_owned())
    }
}

/// Values nobody would write by chance: not in force anywhere, so that each of them leads to failures too.
const PLANTED: [(&str, &str); 6] = [
    ("instagramApiKey", "IGAAplantedInstagramToken7f3c"),
    ("twitterAppKey", "plantedAppKey51d9aa"),
    ("twitterAppSecret", "plantedAppSecretb07c4e"),
    ("twitterAccessToken", "77-plantedAccessToken90f2"),
    ("twitterAccessSecret", "plantedAccessSecretc3d1e8"),
    ("geminiApiKey", "AIzaPlantedGeminiKey6e02b1"),
];

/// Everything below a folder.
fn files(folder: &Path, said: &Said) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, said);
        } else if path.file_name().is_none_or(|name| name != "secret.key") {
            said.note(&format!("\n--- {}\n", path.display()));
            said.0.lock().unwrap().extend(std::fs::read(&path).unwrap());
        }
    }
}

async fn go_around(app: &TestApp, said: &Said, character: &str) {
    let posts: Vec<Value> = app.get("/api/posts?limit=500").await.json().as_array().unwrap().clone();
    let jobs: Vec<Value> = app.get("/api/jobs?limit=500").await.json().as_array().unwrap().clone();
    let plain = [
        "/",
        "/characters",
        "/content",
        "/review",
        "/prompts",
        "/studio",
        "/posts",
        "/models",
        "/settings",
        "/system",
        "/system/diagnostics",
        "/logs",
        "/metrics",
        "/api/system/logs?limit=2000",
        "/api/system/diagnostics",
        "/api/characters",
        "/api/content",
        "/api/posts",
        "/api/jobs",
        "/api/prompts",
        "/api/settings",
        "/api/system/status",
        "/api/system/status?detail=true",
        "/api/openapi.json",
        "/api/nothing",
        "/healthz",
    ];
    let mut paths: Vec<String> = plain.map(str::to_owned).to_vec();
    for tab in ["", "/accounts", "/voice", "/look", "/story"] {
        paths.push(format!("/characters/{character}{tab}"));
    }
    paths.push(format!("/api/characters/{character}"));
    for post in &posts {
        let id = post["id"].as_str().unwrap();
        paths.extend([format!("/posts/{id}"), format!("/api/posts/{id}")]);
    }
    for job in &jobs {
        paths.push(format!("/api/jobs/{}", job["id"].as_str().unwrap()));
    }
    for path in paths {
        let answer = app.get(&path).await;
        said.note(&format!("\n--- {path} {:?}\n{}", answer.headers, answer.text));
    }
}

#[tokio::test]
async fn no_secret_is_in_any_answer_event_file_or_line_of_the_log() {
    let said = Said::default();
    let writer = said.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false).with_writer(move || writer.clone()).init();
    let app = TestApp::start().await;
    app.live().await;

    let events = app.request(Method::GET, "/api/events").send().await.unwrap();
    let listener = tokio::spawn({
        let said = said.clone();
        async move {
            let mut events = events.bytes_stream();
            while let Some(Ok(event)) = events.next().await {
                said.0.lock().unwrap().extend_from_slice(&event);
            }
        }
    });

    // Keys that work, and keys that were planted.
    let luna = app.persona(1).await;
    let mira = app.luna().await;
    let planted: serde_json::Map<String, Value> =
        PLANTED.iter().filter(|(field, _)| *field != "geminiApiKey").map(|(field, value)| ((*field).to_owned(), json!(value))).collect();
    for (method, body) in [(Method::PATCH, Value::Object(planted)), (Method::PATCH, json!({"instagramApiKey": 7, "twitterAppKey": ["x"]}))]
    {
        let answer = crate::support::Answer::of(app.request(method, &format!("/api/characters/{mira}")).json(&body)).await;
        said.note(&answer.text);
    }
    for network in ["instagram", "x"] {
        for character in [&luna, &mira] {
            said.note(&app.post(&format!("/api/characters/{character}/accounts/{network}/test"), json!({})).await.text);
        }
    }

    // Posts that go out, and posts that meet whatever can be met.
    let troubles = [
        instagram::Fault::before(instagram::Step::Publish, What::Say(instagram::Answer::Code(190, 463))),
        instagram::Fault::after(instagram::Step::Publish, What::Reset),
        instagram::Fault::before(instagram::Step::Create, What::Say(instagram::Answer::Code(36_003, 2_207_009))),
        instagram::Fault::before(instagram::Step::Renew, What::Reset),
    ];
    let on_x = [x::Answer::Unauthorized, x::Answer::ReadOnly, x::Answer::NoCredits, x::Answer::Http(503), x::Answer::NotPermitted];
    let mut number = 0;
    let mut send = async |network: &str| {
        number += 1;
        let content = app.approved(&luna, &format!("Number {number}, {}", "word ".repeat(number))).await;
        let answer = app.send(network, &luna, &content).await;
        said.note(&answer.text);
        // The account may be broken now: it is mended, so that the next one comes to its own trouble.
        for network in ["instagram", "x"] {
            said.note(&app.post(&format!("/api/characters/{luna}/accounts/{network}/test"), json!({})).await.text);
        }
    };
    send("instagram").await;
    send("twitter").await;
    for trouble in troubles {
        app.instagram.faults().ask(trouble);
        send("instagram").await;
    }
    for answer in on_x {
        app.x.faults().ask(Fault::before(x::Step::Post, What::Say(answer)));
        send("twitter").await;
    }
    let theirs = app.approved(&mira, "With planted keys.").await;
    said.note(&app.send("instagram", &mira, &theirs).await.text);
    said.note(&app.send("twitter", &mira, &theirs).await.text);
    // Tokens are renewed, where one stands in an address.
    accounts::keep(&app.app, Utc::now() + chrono::Duration::days(8)).await;
    accounts::keep(&app.app, Utc::now() + chrono::Duration::days(16)).await;

    // Gemini, with a key of the environment, a planted one, and forms that are refused with keys in them.
    said.note(&app.post("/api/generate-caption", json!({"characterId": luna, "prompt": "a lake"})).await.text);
    said.note(&app.put("/api/settings", json!({"geminiApiKey": PLANTED[5].1})).await.text);
    said.note(&app.post("/api/generate-caption", json!({"characterId": luna, "prompt": "a lake"})).await.text);
    said.note(
        &app.put("/api/settings", json!({"geminiApiKey": format!("{} with spaces", PLANTED[5].1), "gapMinutes": "never"})).await.text,
    );
    let accounts = format!("/characters/{mira}/accounts");
    let form = [
        ("id", mira.as_str()),
        ("form[instagramApiKey]", "IGAAplantedInstagramToken7f3c\u{7}"),
        ("form[twitterAppKey]", "plantedAppKey51d9aa"),
    ];
    said.note(&app.submit("/actions/characters/accounts", &form).await);
    said.note(&app.get(&accounts).await.text);
    said.note(&app.post("/api/generate-image", json!({"characterId": mira, "prompt": "a lake"})).await.text);

    go_around(&app, &said, &luna).await;
    go_around(&app, &said, &mira).await;
    app.delete(&format!("/api/characters/{mira}")).await;
    let (_, dir) = app.stop().await;
    listener.await.unwrap();
    files(dir.path(), &said);

    let mut secrets: Vec<String> = PLANTED.iter().map(|(_, value)| (*value).to_owned()).collect();
    secrets.extend(x::KEYS.map(str::to_owned));
    secrets.extend([instagram::TOKEN.to_owned(), gemini::KEY.to_owned()]);
    let key = std::fs::read_to_string(dir.path().join("secret.key")).unwrap();
    secrets.push(key.trim().to_owned());
    for secret in &secrets {
        if let Some(place) = said.has(secret) {
            panic!("{secret} is said: …{place}…");
        }
    }
    // What is searched is there: words of the log, of pages, of files and of events.
    for known in ["a job was asked for", "Publish", "\"outcome\"", "event: post", "journal.ndjson"] {
        assert!(said.has(known).is_some(), "{known} was not said");
    }
}
