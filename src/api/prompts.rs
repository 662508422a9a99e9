//! The prompt library.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    images::accepted,
    jobs::JobView,
    reply::{self, Part},
};
use crate::{
    domain::{
        library::{NewPrompt, Prompt, PromptChange, PromptId},
        words::PromptsRequest,
    },
    prepared::{Body, Page},
    service::{
        self,
        prompts::{Filter, Order},
    },
    state::AppState,
};

/// Prompts, oldest first; all of them unless a limit is sent.
#[utoipa::path(get, path = "/api/prompts", tag = "prompts", params(Filter, Part), responses((status = 200, body = Vec<Prompt>), (status = 422, body = ProblemDocument)))]
pub async fn list(
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
    Query(part): Query<Part>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if filter == Filter::default() && part.limit.is_none() && part.cursor.is_none() {
        let body = service::prompts::list(&app);
        let count = body.count;
        return Ok(reply::page(&headers, &uri, body, Some(count), None));
    }
    let version = app.store.read().prompts.version();
    reply::prepared(&app, &headers, &uri, version, || {
        let limit = if part.limit.is_some() { part.limit(500) } else { usize::MAX };
        let cursor = part.cursor.as_deref().map(PromptId::from);
        let page = service::prompts::page(&app, &filter, Order::OldestFirst, cursor.as_ref(), limit)?;
        Ok(Page { body: Body::list(&page.prompts), total: Some(page.total), next: page.next.map(|next| next.to_string()) })
    })
}

/// Adds a prompt.
#[utoipa::path(post, path = "/api/prompts", tag = "prompts", request_body = NewPrompt, responses((status = 201, body = Prompt), (status = 422, body = ProblemDocument)))]
pub async fn create(State(app): State<AppState>, Json(new): Json<NewPrompt>) -> Result<Response, Refusal> {
    reply::begun(service::prompts::create(&app, new, Utc::now())?, |prompt| format!("/api/prompts/{}", prompt.id)).await
}

/// One prompt.
#[utoipa::path(get, path = "/api/prompts/{id}", tag = "prompts", params(("id" = String, Path)), responses((status = 200, body = Prompt), (status = 404, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<PromptId>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(reply::record(&headers, &*service::prompts::get(&app, &id)?))
}

/// Changes a prompt.
#[utoipa::path(patch, path = "/api/prompts/{id}", tag = "prompts", request_body = PromptChange, params(("id" = String, Path)), responses((status = 200, body = Prompt), (status = 404, body = ProblemDocument), (status = 412, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn patch(
    State(app): State<AppState>,
    Path(id): Path<PromptId>,
    expected: Expected,
    Json(change): Json<PromptChange>,
) -> Result<Response, Refusal> {
    let prompt = service::prompts::change(&app, &id, change, expected, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &prompt))
}

/// Deletes a prompt.
#[utoipa::path(delete, path = "/api/prompts/{id}", tag = "prompts", params(("id" = String, Path)), responses((status = 204), (status = 404, body = ProblemDocument), (status = 412, body = ProblemDocument)))]
pub async fn delete(State(app): State<AppState>, Path(id): Path<PromptId>, expected: Expected) -> Result<StatusCode, Refusal> {
    service::prompts::delete(&app, &id, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which prompts.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Chosen {
    /// At most 1,000.
    #[schema(value_type = Vec<String>)]
    ids: Vec<PromptId>,
}

/// What was deleted together.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Deleted {
    /// How many there were.
    deleted: usize,
    /// Sent to `/api/prompts/undo`, it brings them back, until this server is restarted.
    undo: String,
}

/// What brings prompts back.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Undo {
    /// As it was answered.
    undo: String,
}

/// What came back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Restored {
    /// How many there are.
    restored: usize,
}

/// Deletes several prompts. Those that are not there are passed over.
#[utoipa::path(post, path = "/api/prompts/delete", tag = "prompts", request_body = Chosen, responses((status = 200, body = Deleted), (status = 422, body = ProblemDocument)))]
pub async fn delete_many(State(app): State<AppState>, Json(chosen): Json<Chosen>) -> Result<Response, Refusal> {
    let (deleted, undo) = service::prompts::delete_many(&app, chosen.ids).await?;
    Ok(axum::Json(Deleted { deleted, undo }).into_response())
}

/// Brings back what was deleted together.
#[utoipa::path(post, path = "/api/prompts/undo", tag = "prompts", request_body = Undo, responses((status = 200, body = Restored), (status = 409, body = ProblemDocument)))]
pub async fn undo(State(app): State<AppState>, Json(Undo { undo }): Json<Undo>) -> Result<Response, Refusal> {
    let restored = service::prompts::undo_delete(&app, &undo).await?;
    Ok(axum::Json(Restored { restored }).into_response())
}

/// Writes prompts, with Gemini or from templates: each says which in `source`. Waits for them, unless
/// `Prefer: respond-async` is sent: then the job is answered.
#[utoipa::path(
    post, path = "/api/prompts/generate", tag = "prompts", request_body = PromptsRequest,
    params(("Prefer" = Option<String>, Header, description = "`respond-async` answers 202 at once")),
    responses(
        (status = 201, body = Vec<Prompt>), (status = 202, body = JobView), (status = 422, body = ProblemDocument),
        (status = 502, body = ProblemDocument), (status = 504, body = ProblemDocument)
    )
)]
pub async fn generate(State(app): State<AppState>, headers: HeaderMap, Json(request): Json<PromptsRequest>) -> Result<Response, Refusal> {
    let job = service::ideas::order(&app, request, Utc::now()).await?;
    if reply::wants_async(&headers) {
        return Ok(accepted(&app, job));
    }
    let job = service::jobs::done(&app, &job).await?;
    Ok((StatusCode::CREATED, axum::Json(service::ideas::written(&app, &job))).into_response())
}
