//! Backups: making them, looking at them, handing them out.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    jobs::JobView,
    reply::{self, Part},
};
use crate::{
    domain::{
        backup::{Backup, BackupId, BackupRequest},
        problem::Problem,
    },
    prepared::Body as Prepared,
    service::backups,
    state::AppState,
};

/// What becomes of a backup.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Keeping {
    /// Whether it stays until a person deletes it.
    keep: bool,
}

/// Makes a backup. The job says how far it is; the backup is listed when it was made and verified. An empty object asks
/// for records and pictures.
#[utoipa::path(post, path = "/api/backups", tag = "backups", request_body = BackupRequest,
    responses((status = 202, body = JobView), (status = 400, body = ProblemDocument)))]
pub async fn create(State(app): State<AppState>, Json(request): Json<BackupRequest>) -> Result<Response, Refusal> {
    let job = backups::ask(&app, &request, Utc::now()).await?;
    Ok(super::images::accepted(&app, job))
}

/// All backups, newest first.
#[utoipa::path(get, path = "/api/backups", tag = "backups", params(Part), responses((status = 200, body = Vec<Backup>)))]
pub async fn list(State(app): State<AppState>, Query(part): Query<Part>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let backups = backups::list(&app).await?;
    let page = reply::part_of(&backups, &part, 50, |backup| backup.id.as_str())?;
    Ok(reply::page(&headers, &uri, Prepared::list(page.items), Some(page.total), page.next.as_deref()))
}

/// One backup.
#[utoipa::path(get, path = "/api/backups/{id}", tag = "backups", params(("id" = String, Path)), responses((status = 200, body = Backup), (status = 404, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<BackupId>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(reply::record(&headers, &backups::get(&app, &id).await?))
}

/// Says whether a backup stays until a person deletes it.
#[utoipa::path(patch, path = "/api/backups/{id}", tag = "backups", params(("id" = String, Path)), request_body = Keeping,
    responses((status = 200, body = Backup), (status = 404, body = ProblemDocument)))]
pub async fn patch(
    State(app): State<AppState>,
    Path(id): Path<BackupId>,
    expected: Expected,
    Json(keeping): Json<Keeping>,
) -> Result<Response, Refusal> {
    Ok(reply::record(&HeaderMap::new(), &backups::set_keep(&app, &id, keeping.keep, expected).await?))
}

/// Deletes a backup, also one that is marked to be kept.
#[utoipa::path(delete, path = "/api/backups/{id}", tag = "backups", params(("id" = String, Path)), responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(State(app): State<AppState>, Path(id): Path<BackupId>, expected: Expected) -> Result<StatusCode, Refusal> {
    backups::delete(&app, &id, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a backup from its beginning to its end. `trouble` says what is wrong with it, when something is.
#[utoipa::path(post, path = "/api/backups/{id}/verify", tag = "backups", params(("id" = String, Path)), responses((status = 200, body = Backup), (status = 404, body = ProblemDocument)))]
pub async fn verify(State(app): State<AppState>, Path(id): Path<BackupId>) -> Result<Response, Refusal> {
    Ok(axum::Json(backups::verify(&app, &id, Utc::now()).await?).into_response())
}

/// The backup's zip file. It holds everything that is stored, secrets sealed, so it needs the widest scope.
#[utoipa::path(get, path = "/api/backups/{id}/file", tag = "backups", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/zip"), (status = 404, body = ProblemDocument)))]
pub async fn file(State(app): State<AppState>, Path(id): Path<BackupId>) -> Result<Response, Refusal> {
    let backup = backups::get(&app, &id).await?;
    let gone = |_| Problem::not_found("backup");
    let file = tokio::fs::File::open(backups::path(&app, &id)?).await.map_err(gone)?;
    let length = file.metadata().await.map_err(gone)?.len();
    const ZIP: HeaderValue = HeaderValue::from_static("application/zip");
    const PRIVATE: HeaderValue = HeaderValue::from_static("no-store");
    let headers = [(header::CONTENT_TYPE, ZIP), (header::CACHE_CONTROL, PRIVATE), (header::CONTENT_LENGTH, length.into())];
    let mut response = (headers, Body::from_stream(ReaderStream::with_capacity(file, 1 << 17))).into_response();
    reply::set(&mut response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{}\"", backup.file_name()));
    Ok(response)
}
