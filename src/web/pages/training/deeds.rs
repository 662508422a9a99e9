//! What is done with trainings from pages.

use chrono::Utc;
use leptos::prelude::*;

use super::{form::TrainForm, page_of};
use crate::{
    domain::{character::CharacterId, training::TrainingId},
    service::trainings,
    web::{
        actions::{Done, Sending, press, submit},
        context,
    },
};

/// Starts a training. The form carries the id it is to have, so that two clicks make one.
#[server(prefix = "/actions", endpoint = "training/start")]
pub async fn start_training(#[server(default)] form: TrainForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "training", page: "/training/new".into(), values: &form }, async {
        let id = form.id();
        let training = trainings::start(&app, form.request()?, Some(id.clone()), Some(id.to_string()), Utc::now()).await?;
        Ok(Done::to(page_of(&training.id)).saying("In the queue."))
    })
    .await
}

/// Stops a training.
#[server(prefix = "/actions", endpoint = "training/stop")]
pub async fn stop_training(id: TrainingId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    press(&page, async {
        trainings::stop(&app, &id, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("It stops. What it has saved stays."))
    })
    .await
}

/// Goes on from the newest saved state.
#[server(prefix = "/actions", endpoint = "training/resume")]
pub async fn resume_training(id: TrainingId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    press(&page, async {
        trainings::resume(&app, &id, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("It goes on from its saved state."))
    })
    .await
}

/// Deletes a training with its files.
#[server(prefix = "/actions", endpoint = "training/delete")]
pub async fn delete_training(id: TrainingId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        trainings::delete(&app, &id).await?;
        Ok(Done::to("/training").saying("Training deleted."))
    })
    .await
}

/// Puts a LoRA to work.
#[server(prefix = "/actions", endpoint = "training/promote")]
pub async fn promote_version(id: TrainingId, #[server(default)] character: Option<CharacterId>) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = back_to(&id, character.as_ref());
    press(&page, async {
        let owner = trainings::promote(&app, &id, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying(format!("{}'s pictures are made with it from now on.", owner.name)))
    })
    .await
}

/// Goes back to what was in use before.
#[server(prefix = "/actions", endpoint = "training/rollback")]
pub async fn roll_back_version(id: TrainingId, #[server(default)] character: Option<CharacterId>) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = back_to(&id, character.as_ref());
    press(&page, async {
        let owner = trainings::rollback(&app, &id, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying(format!("{}'s pictures are made as before.", owner.name)))
    })
    .await
}

/// Has old and new drawn side by side.
#[server(prefix = "/actions", endpoint = "training/compare")]
pub async fn compare_versions(id: TrainingId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    press(&page, async {
        trainings::compare(&app, &id, Utc::now()).await?;
        Ok(Done::to(format!("{page}#compared")).saying("They are being drawn."))
    })
    .await
}

fn back_to(id: &TrainingId, character: Option<&CharacterId>) -> String {
    match character.filter(|id| !id.as_str().is_empty()) {
        Some(character) => format!("/characters/{}/look#versions", context::encode(character.as_str())),
        None => page_of(id),
    }
}
