//! Pictures: asked for, drawn, cancelled, tried again.

use digital_dalla::sandbox::comfyui::{Breakage, Fault, ModelEntry};
use futures::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PATIENCE, TestApp};

#[tokio::test]
async fn a_waiting_call_answers_the_picture_and_how_it_was_made() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let answer = app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake at dawn", "seed": u64::MAX})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let made = answer.json();
    assert_eq!(made["metadata"]["seed"], u64::MAX);
    assert_eq!(made["metadata"]["prompt"], "a portrait, luna_character, a lake at dawn, film");
    assert_eq!(made["content"]["provenance"]["recipe"]["negativePrompt"], "blurry");
    assert_eq!((&made["content"]["state"], &made["content"]["picture"]["height"]), (&json!("draft"), &json!(96)));
    let path = made["image_path"].as_str().unwrap();
    let picture = app.request(Method::GET, path).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/png");
    let bytes = picture.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\x89PNG") && bytes.windows(6).any(|part| part == b"prompt"), "the workflow is kept in the file");
    let thumbnail = app.request(Method::GET, &path.replace(".png", "/thumb.webp")).send().await.unwrap();
    assert_eq!(&thumbnail.bytes().await.unwrap()[8..12], b"WEBP");
    app.is_quiet();
}

#[tokio::test]
async fn a_batch_counts_its_seeds_up_and_makes_no_picture_twice() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let made = app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake", "seed": 7, "batch": 3})).await.json();
    let seeds: Vec<_> =
        made["contents"].as_array().unwrap().iter().map(|content| content["provenance"]["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [7, 8, 9]);
    assert_eq!((app.contents().await.len(), app.comfy.prompts_received().len()), (3, 3));
}

#[tokio::test]
async fn the_same_again_comes_from_the_cache_as_a_content_of_its_own() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let request = json!({"characterId": id, "prompt": "a lake", "seed": 7});
    let first = app.post("/api/generate-image", request.clone()).await.json();
    let second = app.post("/api/generate-image", request).await.json();
    assert_ne!(first["content"]["id"], second["content"]["id"]);
    let bytes = |made: &Value| app.request(Method::GET, made["image_path"].as_str().unwrap());
    let (first, second) =
        (bytes(&first).send().await.unwrap().bytes().await.unwrap(), bytes(&second).send().await.unwrap().bytes().await.unwrap());
    assert_eq!(image::load_from_memory(&first).unwrap(), image::load_from_memory(&second).unwrap());
}

#[tokio::test]
async fn events_tell_of_the_job_its_progress_and_its_content() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let stream = app.request(Method::GET, "/api/events?topics=job,content").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let job = app.order(json!({"characterId": id, "prompt": "a lake"})).await;
    let mut body = stream.bytes_stream();
    let mut heard = String::new();
    let all = async {
        while !(heard.contains(r#""kind":"progress""#) && heard.contains("event: content") && heard.contains(r#""status":"done""#)) {
            heard.push_str(&String::from_utf8_lossy(&body.next().await.unwrap().unwrap()));
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("everything is told");
    assert!(heard.contains(&job) && heard.contains(r#""steps":3"#) && heard.contains("/preview?n="));
    assert!(!heard.contains("event: character"), "only what was asked for");
    let last = heard.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    let first: u64 = heard.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap();
    assert!(first < last.parse().unwrap());
    let resumed = app.request(Method::GET, "/api/events").header("last-event-id", first.to_string()).send().await.unwrap();
    let next = tokio::time::timeout(PATIENCE, resumed.bytes_stream().next()).await.unwrap().unwrap().unwrap();
    assert!(String::from_utf8_lossy(&next).contains(&format!("id: {}", first + 1)), "a watcher that comes back misses nothing");
}

#[tokio::test]
async fn a_running_job_is_cancelled_and_tried_again() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: false });
    let job = app.order(json!({"characterId": id, "prompt": "a lake"})).await;
    until_step(&app, &job, 1).await;
    let cancelled = app.post(&format!("/api/jobs/{job}/cancel"), json!({})).await;
    assert_eq!(cancelled.json()["status"], "cancelled", "{}", cancelled.text);
    app.post(&format!("/api/jobs/{job}/cancel"), json!({})).await.problem(409);
    assert!(app.contents().await.is_empty());

    assert_eq!(app.post(&format!("/api/jobs/{job}/retry"), json!({})).await.status, StatusCode::ACCEPTED);
    assert_eq!(app.ended(&job).await["status"], "done");
    app.post(&format!("/api/jobs/{job}/retry"), json!({})).await.problem(409);
    assert_eq!(app.contents().await.len(), 1);
    app.is_quiet();
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_without_ever_being_sent() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::Stick { at_step: 1, deaf: false });
    let first = app.order(json!({"characterId": id, "prompt": "first"})).await;
    let second = app.order(json!({"characterId": id, "prompt": "second"})).await;
    assert_eq!(app.post(&format!("/api/jobs/{second}/cancel"), json!({})).await.json()["status"], "cancelled");
    app.post(&format!("/api/jobs/{first}/cancel"), json!({})).await;
    app.ended(&first).await;
    assert!(app.comfy.prompts_received().iter().all(|prompt| !prompt.graph.to_string().contains("second")));
}

#[tokio::test]
async fn what_breaks_while_drawing_is_said_in_words() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    let cases = [
        (Breakage::BrokenCheckpoint, "The model's file is damaged or incomplete."),
        (Breakage::NoTextEncoder, "The model holds no text encoder."),
        (Breakage::OutOfMemory, "The graphics card ran out of memory."),
    ];
    for (seed, (how, words)) in cases.into_iter().enumerate() {
        app.comfy.faults().ask(Fault::Break { how });
        let request = json!({"characterId": id, "prompt": format!("lake {seed}"), "seed": seed, "model": "dreamshaper_8.safetensors"});
        // A cached loader does not run again, so each case begins with a fresh server.
        app.comfy.restart().await.unwrap();
        let (detail, _) = app.post("/api/generate-image", request).await.problem(502);
        assert!(detail.starts_with(words), "{detail}");
    }
    assert!(app.contents().await.is_empty());
    app.is_quiet();
}

#[tokio::test]
async fn a_comfyui_that_refuses_or_hangs_is_said_in_words() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.comfy.faults().ask(Fault::RefusePrompt);
    let (detail, _) = app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake"})).await.problem(502);
    assert!(detail.contains("did not take the workflow"), "{detail}");
    app.comfy.faults().ask(Fault::Stick { at_step: 2, deaf: true });
    let (detail, _) = app.post("/api/generate-image", json!({"characterId": id, "prompt": "a sea"})).await.problem(504);
    assert!(detail.contains("no sign of life"), "{detail}");
    app.is_quiet();
}

#[tokio::test]
async fn a_comfyui_that_is_not_there_is_said_at_once() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    app.comfy.stop().await;
    digital_dalla::service::models::look(&app.app, chrono::Utc::now()).await;
    let (detail, _) = app.post("/api/generate-image", json!({"characterId": id, "prompt": "a lake"})).await.problem(503);
    assert!(detail.contains("does not answer"), "{detail}");
    app.get("/api/models").await.problem(503);
    let page = app.get("/").await;
    assert!(page.status.is_success() && page.text.contains("does not answer"));
}

#[tokio::test]
async fn how_comfyui_is_stands_in_the_words_of_older_clients() {
    let app = TestApp::start().await;
    let word = async || app.get("/api/system/status").await.json()["comfyui"].clone();
    assert_eq!(word().await, "Connected");
    let detail = app.get("/api/system/status?detail=true").await.json();
    let comfy = detail.as_array().unwrap().iter().find(|check| check["name"] == "comfyui").unwrap().clone();
    assert!(
        comfy["checkedAt"].is_string() && comfy["latencyMs"].is_u64() && comfy["detail"].as_str().unwrap().contains("0.3.64"),
        "{comfy}"
    );
    // The workers look around too, so one of these may be theirs, and what they saw before may be told after.
    let error = async {
        loop {
            app.comfy.faults().ask(Fault::Answer { path: "/system_stats".into(), status: 500 });
            app.post("/api/system/look", json!({})).await;
            if word().await == "Error (Status: 500)" {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, error).await.expect("the word of an answer that is an error");
    app.comfy.stop().await;
    let gone = async {
        while word().await != "Connection Failed" {
            app.post("/api/system/look", json!({})).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the word of a server that is gone");
}

#[tokio::test]
async fn models_and_loras_are_listed_with_their_families() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/api/models").await.json().as_array().unwrap().len(), 6);
    let detail = app.get("/api/models?detail=true").await.json();
    let family = |name: &str| detail.as_array().unwrap().iter().find(|file| file["name"] == name).unwrap()["family"].clone();
    assert_eq!((family("dreamshaper_8.safetensors"), family("sd_xl_base_1.0.safetensors")), (json!("sd15"), json!("sdxl")));
    assert_eq!(family("flux1-dev.safetensors"), "flux");
    let loras = app.get("/api/loras?detail=true").await.json();
    let luna = loras.as_array().unwrap().iter().find(|file| file["name"] == "luna.safetensors").unwrap();
    assert_eq!((&luna["family"], &luna["familySource"], &luna["trainedTag"]), (&json!("sd15"), &json!("metadata"), &json!("luna")));
}

#[tokio::test]
async fn a_family_is_said_by_hand_and_a_new_file_is_found_on_demand() {
    let app = TestApp::start().await;
    let said = |family: Value| json!({"name": "luna_nometa.safetensors", "family": family});
    let family = async || {
        let loras = app.get("/api/loras?detail=true").await.json();
        let lora = loras.as_array().unwrap().iter().find(|file| file["name"] == "luna_nometa.safetensors").unwrap().clone();
        (lora["family"].clone(), lora["familySource"].clone())
    };
    assert_eq!(app.put("/api/models/family", said(json!("sdxl"))).await.status, StatusCode::NO_CONTENT);
    assert_eq!(family().await, (json!("sdxl"), json!("person")));
    app.put("/api/models/family", said(json!("dall-e"))).await.problem(422);
    app.put("/api/models/family", json!({"name": "gone.safetensors", "family": "sdxl"})).await.problem(422);
    app.put("/api/models/family", said(json!(null))).await;
    assert_eq!(family().await.0, json!(null));

    app.comfy.add_model("checkpoints", ModelEntry { name: "new_xl.safetensors".into(), size: 1, metadata: None });
    let models = app.post("/api/models/look", json!({})).await;
    assert!(models.text.contains("new_xl.safetensors"), "{}", models.text);
}

#[tokio::test]
async fn every_family_is_drawn_with_its_own_workflow() {
    let app = TestApp::start().await;
    let id = app.luna().await;
    for (model, lora, node) in [
        ("sd_xl_base_1.0.safetensors", "luna_xl.safetensors", "EmptyLatentImage"),
        ("flux1-dev-fp8.safetensors", "luna_flux.safetensors", "FluxGuidance"),
        ("flux1-dev.safetensors", "luna_flux.safetensors", "UNETLoader"),
    ] {
        let request = json!({"characterId": id, "prompt": "a lake", "model": model, "loras": [{"name": lora, "strength": 0.8}], "width": 64, "height": 64, "steps": 2});
        let answer = app.post("/api/generate-image", request).await;
        assert_eq!(answer.status, StatusCode::OK, "{model}: {}", answer.text);
        assert!(app.comfy.prompts_received().last().unwrap().graph.to_string().contains(node));
    }
}

/// Waits until a job has come to that step, and what was asked to go wrong there has.
pub async fn until_step(app: &TestApp, job: &str, step: u64) {
    let (_, mut events) = app.app.events.watch(None);
    let reached = async {
        while app.app.live.progress(&job.into()).is_none_or(|progress| u64::from(progress.step) < step) {
            events.recv().await.unwrap();
        }
        while !app.comfy.faults().pending().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("the step is reached");
}
