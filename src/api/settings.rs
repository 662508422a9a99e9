//! Settings of the installation, and how the system is.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    reply,
};
use crate::{
    domain::template::Templates,
    expected::body_of,
    prepared::Body,
    service::{
        self,
        handoff::Tested,
        settings::SettingsChange,
        status::{self, Check},
    },
    state::AppState,
};

/// The settings: a flat map of texts, secrets masked.
#[utoipa::path(get, path = "/api/settings", tag = "system", responses((status = 200, body = BTreeMap<String, String>)))]
pub async fn get(State(app): State<AppState>, headers: HeaderMap) -> Response {
    reply::tagged(&headers, shown(&app))
}

/// The settings as they are sent, under a tag whose first half is that of what is set.
fn shown(app: &AppState) -> Body {
    let set = service::settings::set(app);
    body_of(&set, &service::settings::with_sizes(app, set.clone()))
}

/// Changes settings. What is not sent stays.
#[utoipa::path(post, path = "/api/settings", tag = "system", request_body = SettingsChange, responses((status = 204), (status = 422, body = ProblemDocument)))]
pub async fn post(State(app): State<AppState>, Json(change): Json<SettingsChange>) -> Result<StatusCode, Refusal> {
    service::settings::change(&app, change, Expected::ANY).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same.
#[utoipa::path(put, path = "/api/settings", tag = "system", request_body = SettingsChange, responses((status = 204), (status = 422, body = ProblemDocument)))]
pub async fn put(State(app): State<AppState>, expected: Expected, Json(change): Json<SettingsChange>) -> Result<Response, Refusal> {
    service::settings::change(&app, change, expected).await?;
    Ok(reply::changed(&shown(&app).etag))
}

/// How much is told.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Detail {
    /// `true` for a list with times and hints instead of the map of words.
    #[serde(default)]
    detail: bool,
}

/// How the system is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Told {
    /// A word for each part.
    Words(BTreeMap<&'static str, String>),
    /// With times and hints.
    Checks(Vec<Check>),
}

/// How the system is, as of the last look: a flat map of words, or with `detail` a list.
#[utoipa::path(get, path = "/api/system/status", tag = "system", params(Detail), responses((status = 200, body = Told)))]
pub async fn status(State(app): State<AppState>, Query(Detail { detail }): Query<Detail>, headers: HeaderMap) -> Response {
    let checks = status::checks(&app, Utc::now());
    let told = if detail { Told::Checks(checks) } else { Told::Words(status::words(&checks)) };
    reply::record(&headers, &told)
}

/// Looks at every outside service anew, and answers as `GET /api/system/status?detail=true` does. Costs no tokens.
#[utoipa::path(post, path = "/api/system/look", tag = "system", responses((status = 200, body = Vec<Check>)))]
pub async fn look(State(app): State<AppState>) -> Response {
    status::look(&app, Utc::now()).await;
    axum::Json(status::checks(&app, Utc::now())).into_response()
}

/// Asks for the newest picture through the public address, as Instagram will.
#[utoipa::path(post, path = "/api/system/public-address/test", tag = "system", responses((status = 200, body = Tested), (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub async fn test_public_address(State(app): State<AppState>) -> Result<axum::Json<Tested>, Refusal> {
    Ok(axum::Json(service::handoff::test(&app, Utc::now()).await?))
}

/// The templates that write when Gemini cannot.
#[utoipa::path(get, path = "/api/templates", tag = "captions", responses((status = 200, body = Templates)))]
pub async fn templates(State(app): State<AppState>, headers: HeaderMap) -> Response {
    reply::record(&headers, &service::settings::templates(&app))
}

/// Changes the templates; a list that is left out becomes the one they came with.
#[utoipa::path(put, path = "/api/templates", tag = "captions", request_body = Templates, responses((status = 204), (status = 422, body = ProblemDocument)))]
pub async fn set_templates(State(app): State<AppState>, expected: Expected, Json(templates): Json<Templates>) -> Result<Response, Refusal> {
    service::settings::set_templates(&app, Some(templates), expected).await?;
    Ok(reply::changed(&Body::one(&service::settings::templates(&app)).etag))
}

/// Goes back to the templates they came with.
#[utoipa::path(delete, path = "/api/templates", tag = "captions", responses((status = 204)))]
pub async fn reset_templates(State(app): State<AppState>, expected: Expected) -> Result<StatusCode, Refusal> {
    service::settings::set_templates(&app, None, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}
