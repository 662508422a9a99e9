//! Sharing the graphics card: pictures wait for trainings, and trainings for pictures.

use std::time::Duration;

use super::settings;
use crate::{
    domain::{
        job::JobId,
        training::{Training, WhileTraining},
    },
    gpu::Drawing,
    live::Running,
    service::work::{Ended, tell},
    state::AppState,
};

/// How often the settings and ComfyUI are looked at while something waits.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Waits until a picture may be drawn. It is being drawn as long as what this answers is kept.
pub(in crate::service) async fn turn_to_draw(app: &AppState, job: &JobId, running: &Running) -> Result<Drawing, Ended> {
    let mut said = String::new();
    loop {
        if let Some(turn) = app.gpu.draw(both_go_on(app)) {
            return Ok(turn);
        }
        let words = app.gpu.training().map(|name| format!("Waits until the training of {name} has ended: it has the graphics card"));
        if let Some(words) = words.filter(|words| *words != said) {
            said.clone_from(&words);
            tell(app, job, running, |progress| progress.words = words);
        }
        tokio::select! {
            () = app.gpu.free() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = running.cancel.cancelled() => return Err(Ended::Cancelled),
        }
    }
}

/// Whether pictures go on while a training runs.
pub(super) fn both_go_on(app: &AppState) -> bool {
    settings::trainer(app, &app.store.read()).while_training == WhileTraining::GoOn
}

/// Waits until nobody draws, and has ComfyUI let go of its models. Answers `false` when it was cancelled meanwhile.
pub(super) async fn have_the_card(app: &AppState, training: &Training, running: &Running) -> bool {
    let say = |words: String| tell(app, &training.job_id, running, |progress| progress.words = words);
    let free = async {
        if app.gpu.drawing() > 0 {
            say("Waits until the pictures that are being drawn are done".into());
            app.gpu.undisturbed().await;
        }
        for server in app.comfy.servers().iter() {
            // What other programs have asked it for is waited for as well. One that does not answer draws nothing.
            while server.comfy.load().await.is_ok_and(|load| load > 0) {
                say("Waits until ComfyUI has drawn what others have asked it for".into());
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            if let Err(error) = server.comfy.let_go().await {
                tracing::debug!(server = server.comfy.address(), %error, "ComfyUI could not be asked to let go of its models");
            }
        }
    };
    tokio::select! {
        () = free => true,
        () = running.cancel.cancelled() => false,
    }
}
