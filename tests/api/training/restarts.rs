//! Our own restart does not touch a trainer, and what it does meanwhile is not lost.

use digital_dalla::sandbox::trainer::Fault;
use reqwest::StatusCode;
use serde_json::json;

use super::stage::Stage;
use crate::support::PATIENCE;

#[tokio::test]
async fn a_running_training_is_taken_up_again_and_never_started_twice() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 7 }));
    let id = stage.train(&luna, json!({})).await;
    stage.at_step(&id, 6).await;
    let trainer = stage.alive();
    assert_eq!(trainer.len(), 1);
    let stage = stage.restart().await;
    let running = stage.at_step(&id, 6).await;
    assert_eq!((running["status"].as_str(), running["epoch"].as_u64()), (Some("running"), Some(2)), "{running:#}");
    assert_eq!(stage.alive(), trainer, "it is the same one");
    let metrics = stage.app.get(&format!("/api/lora/train/{id}/metrics")).await.json();
    assert!(metrics["losses"]["points"].as_array().unwrap().len() >= 5, "the curve is whole: {metrics}");
    assert_eq!(stage.stop(&id).await.status, StatusCode::NO_CONTENT, "and it hears us still");
    assert!(stage.alive().is_empty());
    assert_eq!(stage.trainer.starts().len(), 1);
}

#[tokio::test]
async fn a_training_that_ended_while_we_were_away_is_found_done() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(None);
    let id = stage.train(&luna, json!({"epochs": 30})).await;
    stage.at_step(&id, 2).await;
    let (comfy, dir) = stage.app.stop().await;
    let ending = dir.path().join(format!("data/trainings/{id}/run-1/ending.json"));
    let ended = async {
        while !ending.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    let stage = Stage { app: crate::support::TestApp::start_with(comfy, dir).await, trainer: stage.trainer };
    let done = stage.ended(&id).await;
    assert_eq!((done["status"].as_str(), done["step"].as_u64()), (Some("done"), Some(120)), "{done:#}");
    assert_eq!(stage.trainer.starts().len(), 1);
    let her = stage.app.get(&format!("/api/characters/{luna}")).await.json();
    assert_eq!(her["loraVersions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_waited_waits_on_and_keeps_its_turn() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 2 }));
    let first = stage.train(&luna, json!({})).await;
    stage.at_step(&first, 1).await;
    let second = stage.train(&luna, json!({})).await;
    let stage = stage.restart().await;
    stage.at_step(&first, 1).await;
    assert_eq!(stage.training(&second).await["status"], "queued");
    stage.behave(None);
    stage.stop(&first).await;
    assert_eq!(stage.ended(&second).await["status"], "done");
    assert_eq!(stage.trainer.starts().len(), 2);
}

#[tokio::test]
async fn folders_that_were_never_stored_are_tidied_away_and_others_are_left_alone() {
    let stage = Stage::set().await;
    let root = stage.dir().path().join("data/trainings");
    let lost = root.join("01900000-0000-7000-8000-000000000000");
    std::fs::create_dir_all(lost.join("dataset")).unwrap();
    std::fs::write(lost.join("dataset.toml"), "").unwrap();
    std::fs::create_dir_all(root.join("mine")).unwrap();
    let kept = root.join("01900000-0000-7000-8000-000000000001");
    std::fs::create_dir_all(&kept).unwrap();
    std::fs::write(kept.join("train.log"), "it ran").unwrap();
    std::fs::write(kept.join("dataset.toml"), "").unwrap();
    let luna = stage.app.luna().await;
    let stage = stage.restart().await;
    stage.behave(None);
    let id = stage.train(&luna, json!({})).await;
    stage.ended(&id).await;
    assert!(!lost.exists() && root.join("mine").exists() && kept.exists());
}
