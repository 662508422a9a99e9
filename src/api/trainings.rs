//! Trainings of LoRAs, and what becomes of them.

use std::path::Path as FilePath;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use tokio_util::io::ReaderStream;

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    reply,
};
use crate::{
    domain::{
        character::{CharacterId, CharacterView},
        job::JobId,
        problem::Problem,
        training::{Followed, Plan, TrainRequest, Training, TrainingId},
    },
    prepared::Body as Prepared,
    service::{
        self,
        trainings::{self, LogName, TrainingView},
    },
    state::AppState,
};

/// Which trainings.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Which {
    /// Whose.
    character_id: Option<CharacterId>,
    /// At most so many, up to 500; 50 unless said.
    limit: Option<usize>,
    /// What the last page's `Link: rel="next"` said.
    cursor: Option<String>,
}

/// How a training is to be ended.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct HowToEnd {
    /// `true` deletes it with its files; one that runs is stopped first.
    purge: bool,
}

/// How much of a log.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HowMuch {
    /// So many of its last lines, up to 5000; 200 unless said.
    tail: Option<usize>,
}

/// A training that was asked for. `job_id` and `log_file` have the names older clients know.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Asked {
    /// A sentence.
    message: String,
    /// The job of it.
    job_id: JobId,
    /// Ask for it at `/api/lora/logs/{log_file}`.
    log_file: String,
    /// The training.
    training: TrainingView,
}

/// What a request would do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// Everything the trainer would be told.
    plan: Plan,
    /// The LoRA's name.
    name: String,
    /// How many pictures it would learn from.
    pictures: u32,
    /// How many steps it would take.
    total_steps: u32,
    /// The exact command, with `{id}` where the training's id will stand.
    command: String,
}

/// Starts a training, or puts it into the queue. The same `Idempotency-Key` and body within 24 h answer the same one.
#[utoipa::path(post, path = "/api/lora/train", tag = "training", request_body = TrainRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 h answer the same training")),
    responses((status = 200, body = Asked), (status = 202, body = Asked), (status = 422, body = ProblemDocument), (status = 503, body = ProblemDocument, description = "No trainer is set up, or it does not work"),
        (status = 507, body = ProblemDocument, description = "The disk has too little room")))]
pub async fn start(State(app): State<AppState>, headers: HeaderMap, Json(request): Json<TrainRequest>) -> Result<Response, Refusal> {
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap_or_default().to_owned());
    let training = trainings::start(&app, request, None, key, Utc::now()).await?;
    Ok(asked(&app, training, "The training is in the queue.", &headers))
}

/// The training goes on by itself either way; who wishes to be told so is led to its job.
fn asked(app: &AppState, training: Training, words: &str, headers: &HeaderMap) -> Response {
    let (status, location) = if reply::wants_async(headers) {
        (StatusCode::ACCEPTED, format!("/api/jobs/{}", training.job_id))
    } else {
        (StatusCode::OK, format!("/api/lora/train/{}", training.id))
    };
    let asked = Asked {
        message: words.into(),
        job_id: training.job_id.clone(),
        log_file: training.log_file(),
        training: TrainingView::of(app, training),
    };
    let mut response = (status, axum::Json(asked)).into_response();
    reply::set(&mut response, header::LOCATION, &location);
    response
}

/// What a request would do, without doing it: the plan, and the exact command.
#[utoipa::path(post, path = "/api/lora/train/preview", tag = "training", request_body = TrainRequest,
    responses((status = 200, body = Offered), (status = 422, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub async fn preview(State(app): State<AppState>, Json(request): Json<TrainRequest>) -> Result<Response, Refusal> {
    let id = TrainingId::from("id");
    let offer = trainings::offer(&app, &request, &id)?;
    let command = offer.command.replace("/trainings/id/", "/trainings/{id}/");
    let total_steps = offer.plan.total_steps(offer.pictures);
    Ok(axum::Json(Offered { plan: offer.plan, name: offer.name, pictures: offer.pictures, total_steps, command }).into_response())
}

/// Trainings, newest first.
#[utoipa::path(get, path = "/api/lora/train", tag = "training", params(Which), responses((status = 200, body = Vec<TrainingView>)))]
pub async fn list(State(app): State<AppState>, Query(which): Query<Which>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let part = reply::Part { limit: which.limit, cursor: which.cursor };
    let cursor = part.cursor.as_deref().map(TrainingId::from);
    let page = trainings::page(&app, which.character_id.as_ref(), cursor.as_ref(), part.limit(50))?;
    let views: Vec<_> = page.trainings.iter().map(|training| TrainingView::of(&app, Training::clone(training))).collect();
    Ok(reply::page(&headers, &uri, Prepared::list(&views), page.total, page.next.as_ref().map(TrainingId::as_str)))
}

/// One training, with its newest numbers.
#[utoipa::path(get, path = "/api/lora/train/{id}", tag = "training", params(("id" = String, Path)), responses((status = 200, body = TrainingView), (status = 404, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<TrainingId>, headers: HeaderMap) -> Result<Response, Refusal> {
    let training = trainings::get(&app, &id)?;
    Ok(reply::record(&headers, &TrainingView::of(&app, Training::clone(&training))))
}

/// Stops a training, and answers when nothing of it runs any more. With `purge`, deletes it with its files.
#[utoipa::path(delete, path = "/api/lora/train/{id}", tag = "training", params(("id" = String, Path), HowToEnd),
    responses((status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument, description = "It has ended already")))]
pub async fn end(
    State(app): State<AppState>,
    Path(id): Path<TrainingId>,
    Query(how): Query<HowToEnd>,
    expected: Expected,
) -> Result<StatusCode, Refusal> {
    let training = trainings::get(&app, &id)?;
    expected.check(&TrainingView::of(&app, Training::clone(&training)))?;
    if !how.purge {
        trainings::stopped(&app, &id, Utc::now()).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    if !trainings::get(&app, &id)?.state.is_final() {
        trainings::stopped(&app, &id, Utc::now()).await?;
    }
    trainings::delete(&app, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Goes on with a training that failed or was stopped, from its newest saved state.
#[utoipa::path(post, path = "/api/lora/train/{id}/resume", tag = "training", params(("id" = String, Path)),
    responses((status = 200, body = Asked), (status = 202, body = Asked), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn resume(State(app): State<AppState>, Path(id): Path<TrainingId>, headers: HeaderMap) -> Result<Response, Refusal> {
    let training = trainings::resume(&app, &id, Utc::now()).await?;
    Ok(asked(&app, training, "The training goes on from its saved state.", &headers))
}

/// The numbers and the loss over the steps, at most about a thousand points.
#[utoipa::path(get, path = "/api/lora/train/{id}/metrics", tag = "training", params(("id" = String, Path)), responses((status = 200, body = Followed), (status = 404, body = ProblemDocument)))]
pub async fn metrics(State(app): State<AppState>, Path(id): Path<TrainingId>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(reply::record(&headers, &trainings::metrics(&app, &id).await?))
}

/// Makes the character's pictures with this LoRA from now on.
#[utoipa::path(post, path = "/api/lora/train/{id}/promote", tag = "training", params(("id" = String, Path)),
    responses((status = 200, body = CharacterView), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn promote(State(app): State<AppState>, Path(id): Path<TrainingId>) -> Result<Response, Refusal> {
    let character = trainings::promote(&app, &id, Utc::now()).await?;
    Ok(axum::Json(service::characters::view(&app, &character)).into_response())
}

/// Goes back to what their pictures were made with before this LoRA.
#[utoipa::path(post, path = "/api/lora/train/{id}/rollback", tag = "training", params(("id" = String, Path)),
    responses((status = 200, body = CharacterView), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn rollback(State(app): State<AppState>, Path(id): Path<TrainingId>) -> Result<Response, Refusal> {
    let character = trainings::rollback(&app, &id, Utc::now()).await?;
    Ok(axum::Json(service::characters::view(&app, &character)).into_response())
}

/// Has this LoRA and the one in use drawn side by side: the same prompts, the same seed.
#[utoipa::path(post, path = "/api/lora/train/{id}/compare", tag = "training", params(("id" = String, Path)),
    responses((status = 202, body = TrainingView), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn compare(State(app): State<AppState>, Path(id): Path<TrainingId>) -> Result<Response, Refusal> {
    let training = trainings::compare(&app, &id, Utc::now()).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(TrainingView::of(&app, training))).into_response())
}

/// The LoRA itself.
#[utoipa::path(get, path = "/api/lora/train/{id}/file", tag = "training", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn file(State(app): State<AppState>, Path(id): Path<TrainingId>) -> Result<Response, Refusal> {
    let (path, name) = trainings::file(&app, &id)?;
    let mut response = send(&path, "application/octet-stream").await.ok_or_else(|| Problem::not_found("file"))?;
    reply::set(&mut response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    Ok(response)
}

/// A picture the trainer has drawn in between.
#[utoipa::path(get, path = "/api/lora/train/{id}/samples/{name}", tag = "training", params(("id" = String, Path), ("name" = String, Path)),
    responses((status = 200, content_type = "image/png"), (status = 404, body = ProblemDocument)))]
pub async fn sample(State(app): State<AppState>, Path((id, name)): Path<(TrainingId, String)>) -> Result<Response, Refusal> {
    let path = trainings::sample(&app, &id, &name)?;
    let mut response = send(&path, "image/png").await.ok_or_else(|| Problem::not_found("sample"))?;
    reply::set(&mut response, header::CACHE_CONTROL, "private, max-age=3600");
    Ok(response)
}

/// The last lines of a training's log.
#[utoipa::path(get, path = "/api/lora/logs/{log_file}", tag = "training", params(("log_file" = String, Path), HowMuch),
    responses((status = 200, content_type = "text/plain"), (status = 404, body = ProblemDocument)))]
pub async fn log(State(app): State<AppState>, Path(name): Path<String>, Query(how): Query<HowMuch>) -> Result<Response, Refusal> {
    let lines = how.tail.unwrap_or(200).clamp(1, 5_000);
    let text = trainings::log(&app, LogName(&name), lines).await?;
    const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, PLAIN), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], text).into_response())
}

async fn send(path: &FilePath, kind: &'static str) -> Option<Response> {
    let file = tokio::fs::File::open(path).await.ok()?;
    let length = file.metadata().await.ok()?.len();
    let body = Body::from_stream(ReaderStream::with_capacity(file, 1 << 16));
    Some(([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_LENGTH, length.into())], body).into_response())
}
