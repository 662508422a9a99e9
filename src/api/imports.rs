//! Moving characters between installations: a bundle of one, and the import of bundles and data folders.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use super::{
    error::{ProblemDocument, Refusal},
    extract::Query,
    reply,
    uploads::Sent,
};
use crate::{
    domain::{character::CharacterId, import::ImportReport},
    service::{bundles, importing},
    state::AppState,
};

/// How much of a character.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct HowMuch {
    /// Whether their pictures come along, with their records and where they were posted.
    #[param(value_type = Option<bool>)]
    pictures: bool,
}

/// Whether it counts.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct Rehearsal {
    /// Only tells what would come, and stores nothing.
    #[serde(alias = "dry_run")]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

/// What is to be imported.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the form, for the document alone")]
#[schema(as = ImportForm)]
pub struct Form {
    /// A zip: a character's bundle, a backup, or a data folder of an older app with its pictures. Or a JSON file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A character as a zip that another installation imports: their record with their story arcs, and their prompts. Keys are
/// never in it.
#[utoipa::path(get, path = "/api/characters/{id}/bundle", tag = "characters", params(("id" = String, Path), HowMuch),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 404, body = ProblemDocument)))]
pub async fn bundle(State(app): State<AppState>, Path(id): Path<CharacterId>, Query(much): Query<HowMuch>) -> Result<Response, Refusal> {
    let bundle = bundles::make(&app, &id, much.pictures, Utc::now()).await?;
    const ZIP: HeaderValue = HeaderValue::from_static("application/zip");
    const PRIVATE: HeaderValue = HeaderValue::from_static("no-store");
    let headers = [(header::CONTENT_TYPE, ZIP), (header::CACHE_CONTROL, PRIVATE), (header::CONTENT_LENGTH, bundle.bytes.into())];
    let file = tokio::fs::File::from_std(bundle.file);
    let mut response = (headers, Body::from_stream(ReaderStream::with_capacity(file, 1 << 17))).into_response();
    reply::set(&mut response, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{}\"", bundle.name));
    Ok(response)
}

/// Imports a zip (a bundle, a backup, a data folder of an older app), or characters as JSON: one, a list, or an object
/// with `characters`, `prompts`, `scheduler` and `content`. The answer says of each record what became of it. All or
/// nothing is stored; what is here already stays as it is. Schedules come paused, and nothing that is imported posts by
/// itself.
#[utoipa::path(post, path = "/api/characters/import", tag = "characters", params(Rehearsal),
    request_body(content((Form = "multipart/form-data"), (Object = "application/json"))),
    responses((status = 200, body = ImportReport), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn import(
    State(app): State<AppState>,
    Query(rehearsal): Query<Rehearsal>,
    sent: Sent,
) -> Result<axum::Json<ImportReport>, Refusal> {
    Ok(axum::Json(importing::at_once(&app, sent.what, &sent.name, rehearsal.dry_run, Utc::now()).await?))
}
