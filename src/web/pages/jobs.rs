//! The buttons of a job, wherever it is shown.

use chrono::Utc;
use leptos::prelude::*;

use crate::{
    domain::job::JobId,
    service,
    web::{
        actions::{Done, press},
        context,
    },
};

/// Stops a job.
#[server(prefix = "/actions", endpoint = "jobs/cancel")]
pub async fn cancel_job(id: JobId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        service::jobs::cancel(&app, &id, Utc::now()).await?;
        Ok(Done::to(page_of(&id)).saying("Cancelled. Pictures that were ready are kept."))
    })
    .await
}

/// Starts a job again.
#[server(prefix = "/actions", endpoint = "jobs/retry")]
pub async fn retry_job(id: JobId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        service::jobs::retry(&app, &id, Utc::now()).await?;
        Ok(Done::to(page_of(&id)))
    })
    .await
}

/// Where a job is watched.
pub fn page_of(id: &JobId) -> String {
    format!("/studio?job={}", context::encode(id.as_str()))
}
