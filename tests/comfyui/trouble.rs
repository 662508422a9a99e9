//! Servers that break, vanish, forget and lose.

use std::time::Duration;

use digital_dalla::{
    integrations::comfyui::{DrawError, DrawnPicture, Sign},
    sandbox::comfyui::{Breakage, Fault},
};

use crate::stage::{Stage, client, graph};

/// Draws while `trouble` happens after the first step.
async fn drawn_during(stage: &Stage, trouble: impl Future<Output = ()>) -> Result<Vec<DrawnPicture>, DrawError> {
    let (began, beginning) = tokio::sync::oneshot::channel();
    let mut began = Some(began);
    let drawn = stage.draw_watched("one", |sign| {
        if matches!(sign, Sign::Step { .. })
            && let Some(began) = began.take()
        {
            let _ = began.send(());
        }
    });
    let trouble = async {
        beginning.await.unwrap();
        trouble.await;
    };
    tokio::join!(drawn, trouble).0
}

#[tokio::test]
async fn a_socket_that_breaks_off_does_no_harm() {
    let stage = Stage::with(Fault::DropSockets { after_step: 1 }).await;
    assert_eq!(stage.draw("one").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_history_that_lags_is_read_again() {
    let stage = Stage::with(Fault::LagHistory { reads: 3 }).await;
    assert_eq!(stage.draw("one").await.unwrap().len(), 1);
}

#[tokio::test]
async fn half_a_picture_is_fetched_again() {
    let stage = Stage::with(Fault::TruncateView).await;
    assert_eq!(stage.draw("one").await.unwrap()[0].width, 64);
}

#[tokio::test]
async fn half_a_picture_twice_is_an_error() {
    let stage = Stage::with(Fault::TruncateView).await;
    stage.server.faults().ask(Fault::TruncateView);
    assert!(matches!(stage.draw("one").await, Err(DrawError::Protocol(_))));
}

#[tokio::test]
async fn a_file_that_is_gone_is_worth_sending_again() {
    let stage = Stage::with(Fault::LoseOutput).await;
    let error = stage.draw("one").await.unwrap_err();
    assert!(matches!(error, DrawError::OutputGone) && error.is_worth_sending_again());
}

#[tokio::test]
async fn a_cleared_queue_loses_the_picture() {
    let stage = Stage::with(Fault::LoseQueue { at_step: 2 }).await;
    let error = stage.draw("one").await.unwrap_err();
    assert!(matches!(error, DrawError::Lost), "{error:?}");
}

#[tokio::test]
async fn a_server_that_restarts_has_lost_the_picture() {
    let stage = Stage::with(Fault::Stick { at_step: 2, deaf: true }).await;
    let error = drawn_during(&stage, async { stage.server.restart().await.unwrap() }).await.unwrap_err();
    assert!(matches!(error, DrawError::Lost), "{error:?}");
    assert!(error.is_worth_sending_again());
}

#[tokio::test]
async fn a_server_that_goes_away_is_given_up() {
    let stage = Stage::with(Fault::Stick { at_step: 2, deaf: true }).await.impatient();
    let error = drawn_during(&stage, stage.server.stop()).await.unwrap_err();
    assert!(matches!(error, DrawError::Unreachable(_)), "{error:?}");
    assert!(error.is_worth_another_server());
    assert!(error.to_string().starts_with(&format!("ComfyUI at {} does not answer.", stage.comfy.address())));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_at_once() {
    let comfy = client("http://127.0.0.1:9");
    assert!(comfy.system().await.unwrap_err().is_unreachable());
    let cancel = tokio_util::sync::CancellationToken::new();
    let drawing = digital_dalla::integrations::comfyui::Drawing { prompt_id: "one", graph: &graph("one"), resume: false, cancel: &cancel };
    assert!(matches!(comfy.draw(drawing, |_| {}).await, Err(DrawError::Unreachable(_))));
}

#[tokio::test]
async fn a_picture_that_is_stuck_is_stopped() {
    let stage = Stage::with(Fault::Stick { at_step: 2, deaf: false }).await.impatient();
    let error = stage.draw("one").await.unwrap_err();
    assert!(matches!(error, DrawError::Stalled { after, .. } if after == Duration::from_millis(400)), "{error:?}");
    assert!(error.is_worth_another_server());
    client(&stage.server.url()).cancel("one").await.unwrap();
    assert_eq!(stage.comfy.load().await.unwrap(), 0);
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_send_it_twice() {
    let stage = Stage::with(Fault::LosePromptAnswer).await;
    assert_eq!(stage.draw("one").await.unwrap().len(), 1);
    assert_eq!(stage.sendings(), 1);
}

#[tokio::test]
async fn a_look_that_hangs_does_not_hold_up_the_picture() {
    let stage = Stage::with(Fault::Hang { path: "/queue".into() }).await;
    assert_eq!(stage.draw("one").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_workflow_that_breaks_the_server_is_rejected() {
    let stage = Stage::with(Fault::RefusePrompt).await;
    let error = stage.draw("one").await.unwrap_err();
    assert!(matches!(&error, DrawError::Rejected(words) if words.contains("status 500")), "{error:?}");
}

#[tokio::test]
async fn a_workflow_that_is_taken_in_part_is_stopped_and_rejected() {
    let stage = Stage::with(Fault::DropOutput).await;
    assert!(matches!(stage.draw("one").await, Err(DrawError::Rejected(_))));
    assert_eq!(stage.comfy.load().await.unwrap(), 0);
}

#[tokio::test]
async fn a_full_card_and_broken_files_are_told_in_words() {
    for (how, beginning) in [
        (Breakage::OutOfMemory, "The graphics card ran out of memory."),
        (Breakage::BrokenCheckpoint, "The model"),
        (Breakage::NoTextEncoder, "The model holds no text encoder."),
    ] {
        let stage = Stage::with(Fault::Break { how }).await;
        let error = stage.draw("one").await.unwrap_err();
        assert!(matches!(&error, DrawError::Failed(words) if words.starts_with(beginning)), "{error:?}");
    }
}

#[tokio::test]
async fn a_model_that_is_gone_is_named_beside_those_that_are_there() {
    let stage = Stage::set().await;
    stage.server.remove_model("checkpoints", "dreamshaper_8.safetensors");
    let error = stage.draw("one").await.unwrap_err();
    assert!(error.to_string().starts_with("ComfyUI does not have the model dreamshaper_8.safetensors; it has "), "{error}");
}
