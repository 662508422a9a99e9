//! Jobs.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::Query,
    reply,
};
use crate::{
    domain::{
        job::{Job, JobId, Progress},
        problem::{Kind, Problem},
    },
    prepared::Body,
    service,
    state::AppState,
};

/// A job and, while it runs, how far it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct JobView {
    #[serde(flatten)]
    job: Job,
    /// Only while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
}

/// Which jobs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// `queued`, `running`, `done`, `failed`, `cancelled` or `interrupted`.
    status: Option<String>,
    /// At most so many, up to 500; 50 unless said.
    limit: Option<usize>,
    /// What the last page's `Link: rel="next"` said.
    cursor: Option<String>,
}

impl JobView {
    /// The job with what is known of its progress.
    pub fn of(app: &AppState, job: Job) -> Self {
        let progress = app.live.progress(&job.id);
        Self { job, progress }
    }
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", params(Which), responses((status = 200, body = Vec<JobView>), (status = 422, body = ProblemDocument)))]
pub async fn list(State(app): State<AppState>, Query(which): Query<Which>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let part = reply::Part { limit: which.limit, cursor: which.cursor };
    let cursor = part.cursor.as_deref().map(JobId::from);
    let page = service::jobs::page(&app, which.status.as_deref(), cursor.as_ref(), part.limit(50))?;
    let views: Vec<_> = page.jobs.iter().map(|job| JobView::of(&app, Job::clone(job))).collect();
    Ok(reply::page(&headers, &uri, Body::list(&views), Some(page.total), page.next.as_ref().map(JobId::as_str)))
}

/// One job.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", params(("id" = String, Path)), responses((status = 200, body = JobView), (status = 404, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<JobId>, headers: HeaderMap) -> Result<Response, Refusal> {
    let job = service::jobs::get(&app, &id)?;
    Ok(reply::record(&headers, &JobView::of(&app, Job::clone(&job))))
}

/// The newest unfinished picture of a running job.
#[utoipa::path(get, path = "/api/jobs/{id}/preview", tag = "jobs", params(("id" = String, Path)), responses((status = 200, content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"))), (status = 404, body = ProblemDocument)))]
pub async fn preview(State(app): State<AppState>, Path(id): Path<JobId>) -> Result<Response, Refusal> {
    let missing = || Problem::new(Kind::NotFound, "There is no preview: the job does not run, or has not begun to draw.");
    let preview = app.live.preview(&id).ok_or_else(missing)?;
    Ok(([(header::CONTENT_TYPE, preview.mime), (header::CACHE_CONTROL, "no-store")], preview.bytes).into_response())
}

/// Stops a job. Pictures it has made stay.
#[utoipa::path(post, path = "/api/jobs/{id}/cancel", tag = "jobs", params(("id" = String, Path)), responses((status = 200, body = JobView), (status = 409, body = ProblemDocument)))]
pub async fn cancel(State(app): State<AppState>, Path(id): Path<JobId>) -> Result<Response, Refusal> {
    let job = service::jobs::cancel(&app, &id, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &JobView::of(&app, Job::clone(&job))))
}

/// Starts a failed or cancelled job again.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs", params(("id" = String, Path)), responses((status = 202, body = JobView), (status = 409, body = ProblemDocument)))]
pub async fn retry(State(app): State<AppState>, Path(id): Path<JobId>) -> Result<Response, Refusal> {
    let job = service::jobs::retry(&app, &id, Utc::now()).await?;
    Ok(super::images::accepted(&app, job))
}
