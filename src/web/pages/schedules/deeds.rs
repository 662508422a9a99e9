//! What is done with tasks and runs from pages.

use chrono::Utc;
use leptos::prelude::*;

use super::{form::TaskForm, page_of};
use crate::{
    domain::{character::CharacterId, run::RunId, task::TaskId},
    expected::Expected,
    service::schedules,
    web::{
        actions::{Done, Sending, press, submit},
        context, words,
    },
};

/// Makes a task.
#[server(prefix = "/actions", endpoint = "schedules/create")]
pub async fn create_task(#[server(default)] form: TaskForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "task", page: "/schedules/new".into(), values: &form }, async {
        let task = schedules::create(&app, form.clone().change()?, Utc::now()).await?;
        Ok(Done::to(page_of(&task.id)).saying("Schedule saved."))
    })
    .await
}

/// Changes a task.
#[server(prefix = "/actions", endpoint = "schedules/save")]
pub async fn save_task(id: TaskId, #[server(default)] form: TaskForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "task", page: page_of(&id), values: &form }, async {
        schedules::change(&app, &id, form.clone().change()?, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page_of(&id)).saying("Schedule saved."))
    })
    .await
}

/// Deletes a task.
#[server(prefix = "/actions", endpoint = "schedules/delete")]
pub async fn delete_task(id: TaskId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        schedules::delete(&app, &id, Expected::ANY, Utc::now()).await?;
        Ok(Done::to("/schedules").saying("The schedule is deleted."))
    })
    .await
}

/// Pauses a task.
#[server(prefix = "/actions", endpoint = "schedules/pause")]
pub async fn pause_task(id: TaskId, #[server(default)] back: String) -> Result<(), ServerFnError> {
    set_active(id, back, false, "Paused. It does not run by itself until you resume it.").await
}

/// Lets a task go on.
#[server(prefix = "/actions", endpoint = "schedules/resume")]
pub async fn resume_task(id: TaskId, #[server(default)] back: String) -> Result<(), ServerFnError> {
    set_active(id, back, true, "It goes on.").await
}

async fn set_active(id: TaskId, back: String, active: bool, words: &'static str) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&back, async {
        schedules::set_active(&app, &id, active, Utc::now()).await?;
        Ok(Done::to(back.clone()).saying(words))
    })
    .await
}

/// Runs a task now.
#[server(prefix = "/actions", endpoint = "schedules/run")]
pub async fn run_task(id: TaskId, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&back, async {
        let run = schedules::run(&app, &id, Utc::now()).await?;
        Ok(Done::to(back.clone()).saying("It runs.").seen_at(format!("{}#runs", page_of(&run.task_id))))
    })
    .await
}

/// Runs all active tasks now, of one character or of all.
#[server(prefix = "/actions", endpoint = "schedules/run-all")]
pub async fn run_all_tasks(#[server(default)] character: String, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&back, async {
        let character = Some(character).filter(|id| !id.is_empty()).map(CharacterId::from);
        let runs = schedules::run_all(&app, character, Utc::now()).await?;
        let words = match runs.len() {
            0 => "There was nothing to run.".to_owned(),
            count => format!("{} begun. Those of one character come one after the other.", words::count(count, "run has", "runs have")),
        };
        Ok(Done::to(back.clone()).saying(words).seen_at("/schedules/runs".into()))
    })
    .await
}

/// Stops a run.
#[server(prefix = "/actions", endpoint = "schedules/stop")]
pub async fn stop_run(id: RunId, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&back, async {
        schedules::stop(&app, &id, Utc::now()).await?;
        Ok(Done::to(back.clone()).saying("Stopped. What it has made so far is kept."))
    })
    .await
}
