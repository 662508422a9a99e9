//! What cannot be trained: each a sentence, and nothing is started or left behind.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::stage::Stage;
use crate::support::{Answer, TestApp};

#[tokio::test]
async fn without_a_trainer_it_is_said_what_to_do() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    let (words, _) = app.post("/api/lora/train", json!({"characterId": luna, "baseModel": "sd15", "image_paths": []})).await.problem(503);
    assert!(words.contains("No trainer is set up") && words.contains("KOHYA_DIR"), "{words}");
    assert_eq!(app.get("/api/system/status").await.json()["lora_trainer"], "Not Configured");
}

#[tokio::test]
async fn settings_that_lead_nowhere_are_refused_by_their_field() {
    let stage = Stage::set().await;
    let file = stage.trainer.model("ae.safetensors");
    for (settings, field, words) in [
        (json!({"kohyaDir": "/nowhere/sd-scripts"}), "kohyaDir", "is not there"),
        (json!({"kohyaDir": stage.folder()}), "kohyaDir", "no train_network.py"),
        (json!({"kohyaPython": "/nowhere/python"}), "kohyaPython", "cannot be started"),
        (json!({"kohyaPython": file}), "kohyaPython", "cannot be started"),
        (json!({"trainerCommand": "/nowhere/train.sh"}), "trainerCommand", "is not there"),
        (json!({"sd15Models": "/nowhere/x.safetensors"}), "sd15Models", "There is no file"),
        (json!({"sd15Models": "models/x.safetensors"}), "sd15Models", "whole path"),
        (json!({"comfyuiLoraDir": file}), "comfyuiLoraDir", "There is no folder"),
        (json!({"imageFolders": format!("{}\n/nowhere", stage.folder().display())}), "imageFolders", "There is no folder /nowhere"),
        (json!({"generationWhileTraining": "dance"}), "generationWhileTraining", "wait or go_on"),
    ] {
        let (detail, fields) = stage.app.post("/api/settings", settings.clone()).await.problem(422);
        assert_eq!(fields, [field], "{settings}");
        assert!(detail.contains(words), "{settings}: {detail}");
    }
    let settings = stage.app.get("/api/settings").await.json();
    assert_eq!(settings["kohyaDir"], stage.trainer.scripts().to_str().unwrap(), "nothing was stored");
    assert_eq!(stage.app.get("/api/system/status").await.json()["lora_trainer"], "Configured");
}

#[tokio::test]
async fn requests_that_cannot_work_are_refused_by_their_field() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let broken = stage.folder().join("broken.png");
    let whole = std::fs::read(stage.picture("whole", 9)).unwrap();
    std::fs::write(&broken, &whole[..whole.len() / 2]).unwrap();
    let text = stage.folder().join("notes.png");
    std::fs::write(&text, "not a picture").unwrap();
    for (more, field, words) in [
        (json!({"characterId": "nobody"}), "characterId", "no such character"),
        (json!({"baseModel": "flux"}), "baseModel", "No base model of the family FLUX"),
        (json!({"baseModel": "other.safetensors"}), "baseModel", "none of the base models that are set: dreamshaper_8.safetensors"),
        (json!({"image_paths": []}), "datasetId", "no pictures to learn from"),
        (json!({"image_paths": [], "datasetId": "nothing"}), "datasetId", "no such dataset"),
        (json!({"image_paths": [broken]}), "imagePaths", "broken.png"),
        (json!({"image_paths": [text]}), "imagePaths", "notes.png"),
        (json!({"name": "../luna"}), "name", "at most 80 letters"),
        (json!({"epochs": 0}), "epochs", "Choose 1 to 1000."),
        (json!({"resolution": 500}), "resolution", "multiple of 64"),
        (json!({"learningRate": 0}), "learningRate", "above 0"),
        (json!({"extraArgs": ["--output_dir", "/etc"]}), "extraArgs", "--output_dir cannot be given here"),
        (json!({"extraArgs": ["--network_mod", "os"]}), "extraArgs", "cannot be given here"),
        (json!({"triggerWord": "luna\n[[datasets]]"}), "triggerWord", "one line"),
    ] {
        let (detail, fields) = stage.app.post("/api/lora/train", stage.request(&luna, more.clone())).await.problem(422);
        assert_eq!(fields[0], field, "{more}: {detail}");
        assert!(detail.contains(words), "{more}: {detail}");
    }
    assert_eq!(stage.app.get("/api/lora/train").await.json(), json!([]));
    assert!(stage.app.app.store.read().datasets.is_empty(), "what was made for a refused request is gone");
    assert!(stage.trainer.starts().is_empty());
}

#[tokio::test]
async fn no_path_leads_out_of_what_is_allowed() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let outside = stage.dir().path().join("secret.png");
    std::fs::copy(stage.folder().join("001.png"), &outside).unwrap();
    let link = stage.folder().join("link.png");
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    let beside = stage.dir().path().join("pictures-of-others");
    std::fs::create_dir(&beside).unwrap();
    std::fs::copy(&outside, beside.join("001.png")).unwrap();
    for path in [
        outside.display().to_string(),
        format!("{}/../secret.png", stage.folder().display()),
        link.display().to_string(),
        beside.join("001.png").display().to_string(),
        stage.folder().display().to_string(),
        "/etc/passwd".into(),
        "file:///etc/passwd".into(),
        "../../etc/passwd".into(),
        "/media/../../secret.png".into(),
        "/media/unknown.png".into(),
        String::new(),
    ] {
        let (detail, fields) = stage.app.post("/api/lora/train", stage.request(&luna, json!({"image_paths": [path]}))).await.problem(422);
        assert_eq!(fields, ["imagePaths"], "{path}");
        assert!(detail.contains("below a folder that is allowed"), "{path}: {detail}");
    }
    for path in [
        "/api/lora/logs/..%2f..%2fcharacters.json",
        "/api/lora/logs/settings.json",
        "/api/lora/logs/x.log",
        "/api/lora/train/x/samples/..%2f..%2fdataset.toml",
        "/api/lora/train/..%2f..%2fdata/file",
    ] {
        assert_eq!(stage.app.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_picture_this_server_has_made_can_be_trained_on_by_its_address() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let made = stage.app.post("/api/generate-image", json!({"characterId": luna, "prompt": "a lake"})).await.json();
    let path = made["image_path"].as_str().unwrap();
    let id = stage.train(&luna, json!({"image_paths": [path]})).await;
    assert_eq!(stage.ended(&id).await["pictures"], 1);
}

#[tokio::test]
async fn a_base_model_or_python_that_went_away_is_noticed_before_anything_starts() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    std::fs::remove_file(stage.trainer.model("dreamshaper_8.safetensors")).unwrap();
    let (words, fields) = stage.app.post("/api/lora/train", stage.request(&luna, json!({}))).await.problem(422);
    assert!(fields == ["baseModel"] && words.contains("is not there"), "{words}");

    let request = stage.request(&luna, json!({"baseModel": "sdxl"}));
    std::fs::remove_file(stage.trainer.python()).unwrap();
    // The last look was good, so it is the start that fails; and that is said as well.
    let id = stage.app.post("/api/lora/train", request).await.json()["training"]["id"].as_str().unwrap().to_owned();
    let failed = stage.ended(&id).await;
    assert!(failed["problem"]["message"].as_str().unwrap().contains("could not be started"), "{failed:#}");
}

#[tokio::test]
async fn what_would_be_done_is_shown_before_it_is_done() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    // A preview makes nothing, so it needs a dataset that is there.
    let id = stage.train(&luna, json!({})).await;
    stage.ended(&id).await;
    let dataset = stage.training(&id).await["datasetId"].clone();
    let request =
        json!({"characterId": luna, "baseModel": "sdxl", "datasetId": dataset, "preset": "quick", "extraArgs": ["--min_snr_gamma", "5"]});
    let offered = Answer::of(stage.app.request(Method::POST, "/api/lora/train/preview").json(&request)).await.json();
    assert_eq!(offered["name"], "luna-v2");
    let command = offered["command"].as_str().unwrap();
    for part in
        ["PYTHONUNBUFFERED=1 PYTHONUTF8=1", "sdxl_train_network.py", "--output_name luna-v2", "--min_snr_gamma 5", "/trainings/{id}/output"]
    {
        assert!(command.contains(part), "{part}: {command}");
    }
    assert_eq!(stage.app.get("/api/lora/train").await.json().as_array().unwrap().len(), 1);
}
