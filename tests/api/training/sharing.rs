//! Trainings and pictures share a graphics card.

use digital_dalla::sandbox::{comfyui, trainer};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::support::PATIENCE;

/// Waits until a job says something.
async fn says(stage: &Stage, job: &str, words: &str) -> Value {
    let (_, mut told) = stage.app.app.events.watch(None);
    let waiting = async {
        loop {
            let seen = stage.app.get(&format!("/api/jobs/{job}")).await.json();
            if seen["progress"]["words"].as_str().is_some_and(|said| said.contains(words)) {
                return seen;
            }
            let _ = told.recv().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it never said {words}"))
}

#[tokio::test]
async fn pictures_wait_until_the_training_has_ended_and_say_so() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(trainer::Fault::Hang { at_step: 2 }));
    let id = stage.train(&luna, json!({})).await;
    stage.at_step(&id, 1).await;
    assert_eq!(stage.app.comfy.freed(), 1, "ComfyUI was asked to let go of its models first");
    let job = stage.app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    says(&stage, &job, "Waits until the training of luna-v1 has ended").await;
    assert!(stage.app.comfy.prompts_received().is_empty());
    stage.stop(&id).await;
    assert_eq!(stage.app.ended(&job).await["status"], "done");
}

#[tokio::test]
async fn a_waiting_picture_can_be_cancelled_and_goes_on_when_the_settings_say_so() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(trainer::Fault::Hang { at_step: 2 }));
    let id = stage.train(&luna, json!({})).await;
    stage.at_step(&id, 1).await;
    let one = stage.app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    says(&stage, &one, "Waits until the training").await;
    assert_eq!(stage.app.post(&format!("/api/jobs/{one}/cancel"), json!({})).await.json()["status"], "cancelled");
    let two = stage.app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    says(&stage, &two, "Waits until the training").await;
    assert_eq!(stage.app.post("/api/settings", json!({"generationWhileTraining": "go_on"})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.app.ended(&two).await["status"], "done", "it does not wait for the next restart");
    assert_eq!(stage.training(&id).await["status"], "running");
    stage.stop(&id).await;
}

#[tokio::test]
async fn a_training_waits_for_the_picture_that_is_being_drawn() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(None);
    stage.app.comfy.faults().ask(comfyui::Fault::Stick { at_step: 2, deaf: false });
    let job = stage.app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    crate::images::until_step(&stage.app, &job, 1).await;
    let id = stage.train(&luna, json!({})).await;
    let waiting = stage.until(&id, |training| training["waiting"].as_str().is_some_and(|words| words.contains("being drawn"))).await;
    assert_eq!(waiting["status"], "queued");
    assert!(stage.trainer.starts().is_empty());
    // A picture that comes later has to wait for the training, or that would never get its turn.
    let later = stage.app.order(json!({"characterId": luna, "prompt": "a forest"})).await;
    stage.app.comfy.faults().let_go();
    assert_eq!(stage.ended(&id).await["status"], "done");
    assert_eq!(stage.app.ended(&job).await["status"], "done");
    assert_eq!(stage.app.ended(&later).await["status"], "done");
    stage.app.is_quiet();
}

#[tokio::test]
async fn a_training_that_waits_for_the_card_can_be_stopped() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.app.comfy.faults().ask(comfyui::Fault::Stick { at_step: 2, deaf: false });
    let job = stage.app.order(json!({"characterId": luna, "prompt": "a lake"})).await;
    crate::images::until_step(&stage.app, &job, 1).await;
    let id = stage.train(&luna, json!({})).await;
    stage.until(&id, |training| training["waiting"].as_str().is_some_and(|words| words.contains("being drawn"))).await;
    assert_eq!(stage.stop(&id).await.status, StatusCode::NO_CONTENT);
    stage.app.comfy.faults().let_go();
    assert_eq!(stage.app.ended(&job).await["status"], "done");
    assert_eq!(stage.training(&id).await["status"], "stopped");
    assert!(stage.trainer.starts().is_empty());
    stage.app.is_quiet();
}
