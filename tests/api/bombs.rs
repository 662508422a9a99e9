//! Bodies that are made to do harm: too large, too slow, too deep, larger than they look.

use std::{sync::Arc, time::Duration};

use futures::stream;
use reqwest::{
    Body, Method, StatusCode,
    multipart::{Form, Part},
};
use serde_json::json;

use crate::support::{Answer, TestApp};

/// A body that begins, and then stands still.
fn stuck(beginning: &'static str) -> Body {
    let begun = stream::once(async move { Ok::<_, std::io::Error>(beginning) });
    Body::wrap_stream(futures::StreamExt::chain(begun, stream::pending()))
}

async fn patient(limit: Duration) -> TestApp {
    TestApp::start_set(Arc::new(tempfile::tempdir().unwrap()), move |config| config.send_limit = limit).await
}

#[tokio::test]
async fn a_body_that_stands_still_is_not_waited_for() {
    let app = patient(Duration::from_millis(200)).await;
    let luna = app.luna().await;
    let dataset = app.post("/api/lora/datasets", json!({"characterId": luna, "name": "Luna", "triggerWord": "luna"})).await.json();
    let upload = format!("/api/lora/datasets/{}/images", dataset["id"].as_str().unwrap());
    let cases = [
        ("/api/characters".to_owned(), "application/json", "{\"name\": \"Lu"),
        ("/actions/characters/create".to_owned(), "application/x-www-form-urlencoded", "form%5Bname%5D=Lu"),
        ("/login".to_owned(), "application/x-www-form-urlencoded", "password=a"),
        (upload, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.png\"\r\n\r\n"),
    ];
    for (path, kind, beginning) in cases {
        let sent = app.request(Method::POST, &path).header("content-type", kind).body(stuck(beginning)).send();
        let answer = tokio::time::timeout(crate::support::PATIENCE, sent).await.expect("it is answered");
        // Cutting the connection is an answer, too; what must not be is that something was done.
        if let Ok(answer) = answer {
            assert!(!answer.status().is_success() && !answer.status().is_server_error(), "{path}: {}", answer.status());
        }
    }
    assert_eq!(app.get("/api/characters").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn bodies_without_end_are_refused_while_they_come() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let endless = || {
        let piece = vec![b'x'; 1 << 16];
        Body::wrap_stream(stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone())))
    };
    let form = "application/x-www-form-urlencoded";
    let edit = format!("/api/characters/{luna}");
    for (method, path, kind) in [
        (Method::POST, "/api/characters", "application/json"),
        (Method::PATCH, &edit, "application/json"),
        (Method::POST, "/actions/characters/create", form),
        (Method::POST, "/login", form),
    ] {
        let sent = app.request(method, path).header("content-type", kind).body(endless()).send();
        let answer = tokio::time::timeout(crate::support::PATIENCE, sent).await.expect("it is answered");
        if let Ok(answer) = answer {
            assert!(!answer.status().is_success() && !answer.status().is_server_error(), "{path}: {}", answer.status());
        }
    }
    // One that says how long it is is refused before it is read.
    for (path, kind) in [("/actions/characters/create", form), ("/login", form)] {
        let large = app.request(Method::POST, path).header("content-type", kind).body(vec![b'x'; (1 << 20) + 1]).send().await;
        assert!(large.is_err() || large.is_ok_and(|answer| answer.status() == StatusCode::PAYLOAD_TOO_LARGE), "{path}");
    }
    assert_eq!(app.get("/api/characters").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn json_without_bottom_is_refused() {
    let app = TestApp::start().await;
    for deep in ["[".repeat(500_000), "{\"a\":".repeat(200_000)] {
        let sent = app.request(Method::POST, "/api/characters").header("content-type", "application/json").body(deep);
        Answer::of(sent).await.problem(400);
    }
    let many: String = (0..100_000).map(|number| format!("\"field{number}\":1,")).collect();
    let sent = app.request(Method::POST, "/api/characters").header("content-type", "application/json");
    Answer::of(sent.body(format!("{{{many}\"x\":1}}"))).await.problem(422);
}

/// An archive of a few kilobytes with pictures of gigabytes.
fn bomb() -> Vec<u8> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let zeros = vec![0; 1 << 20];
    for number in 0..4 {
        archive.start_file(format!("{number}.png"), zip::write::SimpleFileOptions::default()).unwrap();
        (0..64).for_each(|_| archive.write_all(&zeros).unwrap());
    }
    archive.finish().unwrap().into_inner()
}

#[tokio::test]
async fn an_archive_that_swells_is_left_alone() {
    let app = TestApp::start_set(Arc::new(tempfile::tempdir().unwrap()), |config| {
        config.picture_limit = 2_000_000;
        config.upload_limit = 4_000_000;
    })
    .await;
    let luna = app.luna().await;
    let dataset = app.post("/api/lora/datasets", json!({"characterId": luna, "name": "Luna", "triggerWord": "luna"})).await.json();
    let id = dataset["id"].as_str().unwrap();
    let bomb = bomb();
    assert!(bomb.len() < 400_000, "{} bytes", bomb.len());
    let form = Form::new().part("files", Part::bytes(bomb).file_name("bomb.zip"));
    let answer = Answer::of(app.request(Method::POST, &format!("/api/lora/datasets/{id}/images")).multipart(form)).await;
    assert!(answer.status.is_client_error(), "{}", answer.text);
    let folder = app.app.store.dir().join("datasets").join(id);
    let size: u64 = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.metadata().unwrap().len()).sum();
    assert!(size < 10_000, "{size} bytes of it lie on the disk");
    let seen = app.get(&format!("/api/lora/datasets/{id}")).await.json();
    assert_eq!(seen["images"].as_array().map_or(0, Vec::len), 0, "{seen}");
}
