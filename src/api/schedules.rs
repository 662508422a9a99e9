//! Schedules: tasks, their runs, and how scheduling stands.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    jobs::JobView,
    reply::{self, Part},
};
use crate::{
    domain::{
        character::CharacterId,
        run::{Run, RunId},
        task::{Task, TaskChange, TaskId},
    },
    expected::body_of,
    prepared::Body,
    service::schedules::{self, Filter, Preview, Status, TaskView},
    state::AppState,
};

/// A run with the job that does it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RunView {
    #[serde(flatten)]
    run: Run,
    /// The job that does it, as long as it is kept.
    job: Option<JobView>,
}

/// A schedule to be looked at.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Wanted {
    /// As a task has it.
    schedule: String,
    /// IANA name; that of the installation when left out.
    timezone: Option<String>,
}

/// Which tasks.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Whose {
    /// Whose tasks.
    character_id: Option<CharacterId>,
    /// At most so many, up to 500; all when left out.
    limit: Option<usize>,
    /// What the last page's `Link: rel="next"` said.
    cursor: Option<String>,
}

/// Which runs.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Which {
    /// Of which task.
    task_id: Option<TaskId>,
    /// `running`, `ok`, `dry_run`, `failed`, `missed` or `skipped`.
    state: Option<String>,
    /// Of which character.
    character_id: Option<CharacterId>,
    /// At most so many, up to 500; 50 unless said.
    limit: Option<usize>,
    /// What the last page's `Link: rel="next"` said.
    cursor: Option<String>,
}

impl RunView {
    pub(super) fn of(app: &AppState, run: Run) -> Self {
        let job = run.job_id.as_ref().and_then(|id| crate::service::jobs::get(app, id).ok());
        Self { job: job.map(|job| JobView::of(app, job.as_ref().clone())), run }
    }
}

/// How scheduling stands, with all tasks: when each runs next, in words and as times, and how its last run went.
#[utoipa::path(get, path = "/api/scheduler", tag = "schedules", responses((status = 200, body = Status)))]
pub async fn status(State(app): State<AppState>, headers: HeaderMap) -> Response {
    reply::tagged(&headers, schedules::status(&app, Utc::now()))
}

/// Tasks, oldest first; all of them unless a limit is sent.
#[utoipa::path(get, path = "/api/scheduler/tasks", tag = "schedules", params(Whose), responses((status = 200, body = Vec<TaskView>)))]
pub async fn list(State(app): State<AppState>, Query(whose): Query<Whose>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let (part, character) = (Part { limit: whose.limit, cursor: whose.cursor }, whose.character_id);
    if part.limit.is_none() && part.cursor.is_none() && character.is_none() {
        let body = schedules::all(&app, Utc::now());
        let count = body.count;
        return Ok(reply::page(&headers, &uri, body, Some(count), None));
    }
    let state = app.store.read();
    let limit = if part.limit.is_some() { part.limit(500) } else { usize::MAX };
    let cursor = part.cursor.as_deref().map(TaskId::from);
    let page = schedules::list(&state, character.as_ref(), cursor.as_ref(), limit)?;
    let now = Utc::now();
    let views: Vec<_> = page.items.iter().map(|task| schedules::view(&app, &state, task, now)).collect();
    Ok(reply::page(&headers, &uri, Body::list(&views), page.total, page.next.as_deref()))
}

/// Makes a task.
#[utoipa::path(post, path = "/api/scheduler/tasks", tag = "schedules", request_body = TaskChange,
    responses((status = 201, body = TaskView), (status = 422, body = ProblemDocument)))]
pub async fn create(State(app): State<AppState>, Json(change): Json<TaskChange>) -> Result<Response, Refusal> {
    let task = schedules::create(&app, change, Utc::now()).await?;
    Ok(made(&app, &task))
}

pub(super) fn made(app: &AppState, task: &Task) -> Response {
    let mut response = (StatusCode::CREATED, shown(app, task, &HeaderMap::new())).into_response();
    reply::set(&mut response, header::LOCATION, &format!("/api/scheduler/tasks/{}", task.id));
    response
}

/// A task as it is shown, under a tag whose first half is the task's own.
fn shown(app: &AppState, task: &Task, headers: &HeaderMap) -> Response {
    let view = schedules::view(app, &app.store.read(), task, Utc::now());
    reply::tagged(headers, body_of(&view.task, &view))
}

/// One task.
#[utoipa::path(get, path = "/api/scheduler/tasks/{id}", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = TaskView), (status = 404, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<TaskId>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(shown(&app, &*schedules::get(&app, &id)?, &headers))
}

/// Changes a task. What is not sent stays; `config` is merged key by key.
#[utoipa::path(put, path = "/api/scheduler/tasks/{id}", tag = "schedules", params(("id" = String, Path)), request_body = TaskChange,
    responses((status = 200, body = TaskView), (status = 404, body = ProblemDocument), (status = 412, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn put(
    State(app): State<AppState>,
    Path(id): Path<TaskId>,
    expected: Expected,
    change: Json<TaskChange>,
) -> Result<Response, Refusal> {
    patch(State(app), Path(id), expected, change).await
}

/// The same.
#[utoipa::path(patch, path = "/api/scheduler/tasks/{id}", tag = "schedules", params(("id" = String, Path)), request_body = TaskChange,
    responses((status = 200, body = TaskView), (status = 404, body = ProblemDocument), (status = 412, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn patch(
    State(app): State<AppState>,
    Path(id): Path<TaskId>,
    expected: Expected,
    Json(change): Json<TaskChange>,
) -> Result<Response, Refusal> {
    let task = schedules::change(&app, &id, change, expected, Utc::now()).await?;
    Ok(shown(&app, &task, &HeaderMap::new()))
}

/// Deletes a task. What it was doing is called off, what it has made stays.
#[utoipa::path(delete, path = "/api/scheduler/tasks/{id}", tag = "schedules", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument), (status = 412, body = ProblemDocument)))]
pub async fn delete(State(app): State<AppState>, Path(id): Path<TaskId>, expected: Expected) -> Result<StatusCode, Refusal> {
    schedules::delete(&app, &id, expected, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs a task now. Answers the run with the job that does it.
#[utoipa::path(post, path = "/api/scheduler/tasks/{id}/run", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = RunView), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn run(State(app): State<AppState>, Path(id): Path<TaskId>) -> Result<Response, Refusal> {
    let run = schedules::run(&app, &id, Utc::now()).await?;
    let location = format!("/api/scheduler/runs/{}", run.id);
    let mut response = axum::Json(RunView::of(&app, run)).into_response();
    reply::set(&mut response, header::LOCATION, &location);
    Ok(response)
}

/// Pauses a task.
#[utoipa::path(post, path = "/api/scheduler/tasks/{id}/pause", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = TaskView), (status = 404, body = ProblemDocument)))]
pub async fn pause(State(app): State<AppState>, Path(id): Path<TaskId>) -> Result<Response, Refusal> {
    let task = schedules::set_active(&app, &id, false, Utc::now()).await?;
    Ok(shown(&app, &task, &HeaderMap::new()))
}

/// Lets a task go on.
#[utoipa::path(post, path = "/api/scheduler/tasks/{id}/resume", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = TaskView), (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn resume(State(app): State<AppState>, Path(id): Path<TaskId>) -> Result<Response, Refusal> {
    let task = schedules::set_active(&app, &id, true, Utc::now()).await?;
    Ok(shown(&app, &task, &HeaderMap::new()))
}

/// Runs every active task now. Those that cannot be run are left out.
#[utoipa::path(post, path = "/api/scheduler/run", tag = "schedules", responses((status = 200, body = Vec<RunView>)))]
pub async fn run_all(State(app): State<AppState>) -> Result<Response, Refusal> {
    let runs = schedules::run_all(&app, None, Utc::now()).await?;
    Ok(axum::Json(runs.into_iter().map(|run| RunView::of(&app, run)).collect::<Vec<_>>()).into_response())
}

/// Stops all scheduling and posting, until they are resumed. What is being made is finished.
#[utoipa::path(post, path = "/api/scheduler/pause", tag = "schedules", responses((status = 204)))]
pub async fn pause_all(State(app): State<AppState>) -> Result<StatusCode, Refusal> {
    schedules::pause_all(&app).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Goes on with scheduling and posting. What was due in between is left out.
#[utoipa::path(post, path = "/api/scheduler/resume", tag = "schedules", responses((status = 204)))]
pub async fn resume_all(State(app): State<AppState>) -> Result<StatusCode, Refusal> {
    schedules::resume_all(&app, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs, newest first.
#[utoipa::path(get, path = "/api/scheduler/runs", tag = "schedules", params(Which), responses((status = 200, body = Vec<Run>), (status = 422, body = ProblemDocument)))]
pub async fn runs(State(app): State<AppState>, Query(which): Query<Which>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let part = Part { limit: which.limit, cursor: which.cursor };
    let filter = Filter { task: which.task_id, state: which.state, character: which.character_id };
    let cursor = part.cursor.as_deref().map(RunId::from);
    let page = schedules::runs(&app.store.read(), &filter, cursor.as_ref(), part.limit(50))?;
    Ok(reply::page(&headers, &uri, Body::list(&page.items), page.total, page.next.as_deref()))
}

/// One run, with everything it did.
#[utoipa::path(get, path = "/api/scheduler/runs/{id}", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = RunView), (status = 404, body = ProblemDocument)))]
pub async fn get_run(State(app): State<AppState>, Path(id): Path<RunId>, headers: HeaderMap) -> Result<Response, Refusal> {
    let run = schedules::run_of(&app, &id)?;
    Ok(reply::record(&headers, &RunView::of(&app, Run::clone(&run))))
}

/// Stops a run. What it has made so far stays.
#[utoipa::path(post, path = "/api/scheduler/runs/{id}/stop", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = RunView), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn stop_run(State(app): State<AppState>, Path(id): Path<RunId>) -> Result<Response, Refusal> {
    schedules::stop(&app, &id, Utc::now()).await?;
    let run = schedules::run_of(&app, &id)?;
    Ok(reply::record(&HeaderMap::new(), &RunView::of(&app, Run::clone(&run))))
}

/// A schedule in words, with its next five times, before it is stored.
#[utoipa::path(post, path = "/api/scheduler/preview", tag = "schedules", request_body = Wanted,
    responses((status = 200, body = Preview), (status = 422, body = ProblemDocument)))]
pub async fn preview(State(app): State<AppState>, Json(wanted): Json<Wanted>) -> Result<axum::Json<Preview>, Refusal> {
    let zone = wanted.timezone.unwrap_or_default();
    Ok(axum::Json(schedules::preview(&app, &wanted.schedule, &zone, Utc::now())?))
}

/// When a missed run was due.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// Of which task.
    pub task_id: TaskId,
    /// For whom.
    pub character_id: CharacterId,
    /// When.
    pub scheduled_time: DateTime<Utc>,
}
