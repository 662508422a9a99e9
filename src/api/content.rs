//! The pictures that were made.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use chrono::Utc;
use serde::Deserialize;

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    images::accepted,
    jobs::JobView,
    reply::{self, Part},
};
use crate::{
    domain::{
        content::{Content, ContentChange, ContentId, ReviewState},
        generation::RemixRequest,
    },
    prepared::{Body, Page},
    service::{self, content::Filter, review::Decision},
    state::AppState,
};

/// Pictures, newest first.
#[utoipa::path(get, path = "/api/content", tag = "content", params(Filter, Part), responses((status = 200, body = Vec<Content>), (status = 422, body = ProblemDocument)))]
pub async fn list(
    State(app): State<AppState>,
    Query(filter): Query<Filter>,
    Query(part): Query<Part>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let version = app.store.read().content.version();
    reply::prepared(&app, &headers, &uri, version, || {
        let cursor = part.cursor.as_deref().map(ContentId::from);
        let page = service::content::page(&app, &filter, cursor.as_ref(), part.limit(50))?;
        Ok(Page { body: Body::list(&page.contents), total: page.total, next: page.next.map(|next| next.to_string()) })
    })
}

/// One picture.
#[utoipa::path(get, path = "/api/content/{id}", tag = "content", params(("id" = String, Path)), responses((status = 200, body = Content), (status = 404, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<ContentId>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(reply::record(&headers, &*service::content::get(&app, &id)?))
}

/// Changes caption or alt text.
#[utoipa::path(patch, path = "/api/content/{id}", tag = "content", request_body = ContentChange, params(("id" = String, Path)), responses((status = 200, body = Content), (status = 412, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn patch(
    State(app): State<AppState>,
    Path(id): Path<ContentId>,
    expected: Expected,
    Json(change): Json<ContentChange>,
) -> Result<Response, Refusal> {
    let content = service::content::change(&app, &id, change, expected, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &content))
}

/// Deletes a picture and its files.
#[utoipa::path(delete, path = "/api/content/{id}", tag = "content", params(("id" = String, Path)), responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(State(app): State<AppState>, Path(id): Path<ContentId>, expected: Expected) -> Result<StatusCode, Refusal> {
    service::content::delete(&app, &id, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why a picture is rejected.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Reason {
    /// At most 1,000 characters; may be empty.
    reason: String,
}

/// Sends a picture to review.
#[utoipa::path(post, path = "/api/content/{id}/submit", tag = "content", params(("id" = String, Path)), responses((status = 200, body = Content), (status = 404, body = ProblemDocument)))]
pub async fn submit(State(app): State<AppState>, Path(id): Path<ContentId>) -> Result<Response, Refusal> {
    decide(&app, id, Decision::Submit).await
}

/// Approves a picture: it may go out.
#[utoipa::path(post, path = "/api/content/{id}/approve", tag = "content", params(("id" = String, Path)), responses((status = 200, body = Content), (status = 404, body = ProblemDocument)))]
pub async fn approve(State(app): State<AppState>, Path(id): Path<ContentId>) -> Result<Response, Refusal> {
    decide(&app, id, Decision::Approve).await
}

/// Rejects a picture: it will not go out.
#[utoipa::path(post, path = "/api/content/{id}/reject", tag = "content", request_body = Reason, params(("id" = String, Path)), responses((status = 200, body = Content), (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn reject(
    State(app): State<AppState>,
    Path(id): Path<ContentId>,
    Json(Reason { reason }): Json<Reason>,
) -> Result<Response, Refusal> {
    decide(&app, id, Decision::Reject { reason }).await
}

/// Makes a picture a draft again.
#[utoipa::path(post, path = "/api/content/{id}/withdraw", tag = "content", params(("id" = String, Path)), responses((status = 200, body = Content), (status = 404, body = ProblemDocument)))]
pub async fn withdraw(State(app): State<AppState>, Path(id): Path<ContentId>) -> Result<Response, Refusal> {
    decide(&app, id, Decision::Withdraw).await
}

async fn decide(app: &AppState, id: ContentId, decision: Decision) -> Result<Response, Refusal> {
    let decided = service::review::decide(app, vec![id], decision, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &decided.contents.first()))
}

/// Makes a picture like this one. What is sent is changed; without anything, the same picture is made again.
#[utoipa::path(post, path = "/api/content/{id}/remix", tag = "content", request_body = RemixRequest, params(("id" = String, Path)), responses((status = 202, body = JobView), (status = 422, body = ProblemDocument)))]
pub async fn remix(State(app): State<AppState>, Path(id): Path<ContentId>, Json(changes): Json<RemixRequest>) -> Result<Response, Refusal> {
    let content = service::content::get(&app, &id)?;
    let request = changes.applied_to(service::content::again(&content)?);
    let job = service::images::order_like(&app, &content, request, ReviewState::Draft, Utc::now()).await?;
    Ok(accepted(&app, job))
}
