//! Characters.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Deserialize;

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    reply,
};
use crate::{
    domain::{
        account::Account,
        caption::Network,
        character::{CharacterChange, CharacterId, CharacterView},
        problem::Problem,
    },
    service::{self, characters::Along},
    state::AppState,
};

/// Which characters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only the active ones, or only those that rest.
    active: Option<bool>,
    /// At most so many; all unless said.
    limit: Option<usize>,
    /// What the last page's `Link: rel="next"` said.
    cursor: Option<String>,
}

/// What to do with what belongs to a character.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Purge {
    /// Delete their pictures too.
    #[serde(default)]
    purge: bool,
    /// Delete their prompts too.
    #[serde(default)]
    prompts: bool,
}

/// All characters, oldest first.
#[utoipa::path(get, path = "/api/characters", tag = "characters", params(Which), responses((status = 200, body = Vec<CharacterView>)))]
pub async fn list(State(app): State<AppState>, Query(which): Query<Which>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    if let Which { active: None, limit: None, cursor: None } = which {
        let body = service::characters::list(&app);
        let total = Some(body.count);
        return Ok(reply::page(&headers, &uri, body, total, None));
    }
    let cursor = which.cursor.as_deref().map(CharacterId::from);
    let limit = which.limit.map_or(usize::MAX, |limit| limit.clamp(1, 500));
    let (body, total, next) = service::characters::page(&app, which.active, cursor.as_ref(), limit)?;
    Ok(reply::page(&headers, &uri, body, Some(total), next.as_ref().map(CharacterId::as_str)))
}

/// Creates a character.
#[utoipa::path(
    post, path = "/api/characters", tag = "characters", request_body = CharacterChange,
    responses((status = 201, body = CharacterView), (status = 422, body = ProblemDocument))
)]
pub async fn create(State(app): State<AppState>, Json(change): Json<CharacterChange>) -> Result<Response, Refusal> {
    reply::begun(service::characters::create(&app, change, Utc::now())?, |view| format!("/api/characters/{}", view.character.id)).await
}

/// One character.
#[utoipa::path(get, path = "/api/characters/{id}", tag = "characters", responses((status = 200, body = CharacterView), (status = 404, body = ProblemDocument)), params(("id" = String, Path)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<CharacterId>, headers: HeaderMap) -> Result<Response, Refusal> {
    let character = service::characters::get(&app, &id)?;
    Ok(reply::record(&headers, &service::characters::view(&app, &character)))
}

/// Changes what is sent; the rest stays.
#[utoipa::path(put, path = "/api/characters/{id}", tag = "characters", request_body = CharacterChange, params(("id" = String, Path)), responses((status = 200, body = CharacterView), (status = 422, body = ProblemDocument)))]
pub async fn put(
    app: State<AppState>,
    id: Path<CharacterId>,
    expected: Expected,
    change: Json<CharacterChange>,
) -> Result<Response, Refusal> {
    patch(app, id, expected, change).await
}

/// Changes what is sent; the rest stays.
#[utoipa::path(patch, path = "/api/characters/{id}", tag = "characters", request_body = CharacterChange, params(("id" = String, Path)), responses((status = 200, body = CharacterView), (status = 412, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn patch(
    State(app): State<AppState>,
    Path(id): Path<CharacterId>,
    expected: Expected,
    Json(change): Json<CharacterChange>,
) -> Result<Response, Refusal> {
    let view = service::characters::change(&app, &id, change, expected, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &view))
}

/// Asks a network whose keys a character has, and keeps what it says. Publishes nothing.
#[utoipa::path(
    post, path = "/api/characters/{id}/accounts/{network}/test", tag = "characters",
    params(("id" = String, Path), ("network" = String, Path, description = "`instagram` or `x`")),
    responses((status = 200, body = Account), (status = 404, body = ProblemDocument), (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument))
)]
pub async fn test_account(State(app): State<AppState>, Path((id, network)): Path<(CharacterId, String)>) -> Result<Response, Refusal> {
    let network = Network::from_key(&network).ok_or_else(|| Problem::not_found("network"))?;
    let account = service::accounts::test(&app, &id, network, Utc::now()).await?;
    Ok(axum::Json(account).into_response())
}

/// Deletes a character, their credentials and their unfinished jobs. Their pictures stay unless `purge=true`, their prompts
/// unless `prompts=true`.
#[utoipa::path(delete, path = "/api/characters/{id}", tag = "characters", params(("id" = String, Path), Purge), responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(
    State(app): State<AppState>,
    Path(id): Path<CharacterId>,
    Query(Purge { purge, prompts }): Query<Purge>,
    expected: Expected,
) -> Result<StatusCode, Refusal> {
    service::characters::delete(&app, &id, Along { pictures: purge, prompts }, expected, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
