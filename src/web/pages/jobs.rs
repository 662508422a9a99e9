//! The buttons of a job, wherever it is shown.

use chrono::Utc;
use leptos::prelude::*;

use crate::{
    domain::job::{Job, JobId, Work},
    service,
    state::AppState,
    web::{
        actions::{Done, press},
        context,
    },
};

/// Stops a job.
#[server(prefix = "/actions", endpoint = "jobs/cancel")]
pub async fn cancel_job(id: JobId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of_id(&app, &id);
    press(&page, async {
        service::jobs::cancel(&app, &id, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Cancelled. What was ready is kept."))
    })
    .await
}

/// Starts a job again.
#[server(prefix = "/actions", endpoint = "jobs/retry")]
pub async fn retry_job(id: JobId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of_id(&app, &id);
    press(&page, async {
        service::jobs::retry(&app, &id, Utc::now()).await?;
        Ok(Done::to(page.clone()))
    })
    .await
}

/// Where a job is watched.
pub fn page_of(job: &Job) -> String {
    let id = context::encode(job.id.as_str());
    match &job.work {
        Work::GenerateImage(_) => format!("/studio?job={id}"),
        Work::WriteCaption(order) => match (&order.request.content_id, &order.request.prompt_id) {
            (Some(content), _) => format!("/content/{}?words={id}#captions", context::encode(content.as_str())),
            (None, Some(prompt)) => format!("/prompts/{}?words={id}#captions", context::encode(prompt.as_str())),
            (None, None) => "/prompts".to_owned(),
        },
        Work::WritePrompts(_) => format!("/prompts?job={id}"),
        Work::DescribeImages(order) => format!("/datasets/{}?job={id}", context::encode(order.dataset_id.as_str())),
        Work::RunTask(_) => "/schedules/runs".to_owned(),
        Work::Backup(_) => super::backups::PAGE.to_owned(),
        Work::Publish(order) => format!("/posts/{}", context::encode(order.post_id.as_str())),
        Work::Train(order) => super::training::page_of(&order.training_id),
    }
}

fn page_of_id(app: &AppState, id: &JobId) -> String {
    service::jobs::get(app, id).map_or_else(|_| "/".to_owned(), |job| page_of(&job))
}
