//! How trainings fail: every recorded failure with its own sentence, what to do, and the last lines.

use std::path::PathBuf;

use digital_dalla::sandbox::trainer::Fault;
use serde_json::{Value, json};

use super::stage::Stage;

async fn failed(stage: &Stage, character: &str, fault: Fault) -> Value {
    stage.behave(Some(fault));
    let id = stage.train(character, json!({})).await;
    let ended = stage.ended(&id).await;
    assert_eq!(ended["status"], "failed", "{ended:#}");
    assert!(stage.alive().is_empty());
    ended
}

#[tokio::test]
async fn each_recorded_failure_is_told_in_a_sentence_with_its_last_lines() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    for (name, words) in [
        ("err_no_images", "found no picture to learn from"),
        ("err_no_such_model", "The base model is not there"),
        ("err_empty_caption_file", "The caption 001.txt is empty."),
        ("err_not_an_image", "The picture 001.png cannot be read."),
        ("err_bad_toml", "does not understand the dataset's description"),
        ("err_no_network_module", "what kind of LoRA to make"),
        ("err_sdxl_cached_te_without_unet_only", "The text encoder cannot be trained"),
        ("err_stdout_cp1252", "its output is not UTF-8"),
        ("err_unknown_argument", "does not know --text_encoder_lr1 1e-5."),
        ("stop_sigint_group", "stopped the trainer from outside"),
    ] {
        let recording = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/kohya/{name}.json"));
        let ended = failed(&stage, &luna, Fault::Replay { recording, faster: 2_000.0 }).await;
        let said = ended["problem"]["message"].as_str().unwrap();
        assert!(said.contains(words), "{name}: {said}");
        let tail = ended["tail"].as_array().unwrap();
        assert!(!tail.is_empty() && tail.len() <= 40, "{name}: {tail:?}");
        assert_eq!(stage.app.ended(ended["jobId"].as_str().unwrap()).await["problem"]["message"], said);
    }
}

#[tokio::test]
async fn a_recorded_success_that_writes_nothing_here_is_no_success() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    for name in ["sd15_epochs_default_log", "sd15_steps_state_simple_log"] {
        let recording = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/kohya/{name}.json"));
        let ended = failed(&stage, &luna, Fault::Replay { recording, faster: 2_000.0 }).await;
        assert!(ended["problem"]["message"].as_str().unwrap().contains("without a LoRA"), "{ended:#}");
        assert!(ended["step"].as_u64().unwrap() >= 6 && ended["loss"].is_f64(), "{name} was followed all the same: {ended:#}");
    }
}

#[tokio::test]
async fn success_needs_a_whole_new_file() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    for (fault, words) in [
        (Fault::NoFile, "without a LoRA"),
        (Fault::HalfFile, "it was not written to its end"),
        (Fault::Nan { at_step: 6 }, "from step 6 on the loss is no number"),
        (Fault::Killed { at_step: 3 }, "memory ran out"),
    ] {
        let ended = failed(&stage, &luna, fault.clone()).await;
        let said = ended["problem"]["message"].as_str().unwrap();
        assert!(said.contains(words), "{fault:?}: {said}");
    }
    assert!(std::fs::read_dir(stage.trainer.loras()).unwrap().next().is_none(), "nothing of it reached ComfyUI");
    let her = stage.app.get(&format!("/api/characters/{luna}")).await.json();
    assert!(her["loraVersions"].as_array().is_none_or(Vec::is_empty), "{her}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_no_training() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(None);
    std::fs::remove_dir(stage.trainer.loras()).unwrap();
    let id = stage.train(&luna, json!({})).await;
    let done = stage.ended(&id).await;
    assert_eq!((done["status"].as_str(), done["file"]["installed"].as_bool()), (Some("done"), Some(false)), "{done:#}");
    assert!(done["notes"][0].as_str().unwrap().contains("could not be copied"), "{done:#}");
    assert_eq!(stage.app.get(&format!("/api/lora/train/{id}/file")).await.status, 200);
}
