//! What ComfyUI can draw with.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Json, Query},
    reply::{self, Part},
};
use crate::{
    domain::model::{Family, ModelFile},
    prepared::Body,
    service,
    state::AppState,
};

/// How much to tell.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Detail {
    /// Objects with family and size instead of names.
    #[serde(default)]
    detail: bool,
}

/// Files ComfyUI has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Listed {
    /// By their names.
    Names(Vec<String>),
    /// With what is known of them.
    Files(Vec<ModelFile>),
}

/// Checkpoints and diffusion models: names, or objects with `detail=true`; all of them unless a limit is sent.
#[utoipa::path(get, path = "/api/models", tag = "models", params(Detail, Part), responses((status = 200, body = Listed), (status = 503, body = ProblemDocument)))]
pub async fn models(
    State(app): State<AppState>,
    Query(Detail { detail }): Query<Detail>,
    Query(part): Query<Part>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    page(&service::models::catalogue(&app, Utc::now()).await?.models, detail, &part, &uri, &headers)
}

/// LoRAs: names, or objects with `detail=true`; all of them unless a limit is sent.
#[utoipa::path(get, path = "/api/loras", tag = "models", params(Detail, Part), responses((status = 200, body = Listed), (status = 503, body = ProblemDocument)))]
pub async fn loras(
    State(app): State<AppState>,
    Query(Detail { detail }): Query<Detail>,
    Query(part): Query<Part>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    page(&service::models::catalogue(&app, Utc::now()).await?.loras, detail, &part, &uri, &headers)
}

/// Looks at every ComfyUI anew, and answers as `GET /api/models?detail=true` does.
#[utoipa::path(post, path = "/api/models/look", tag = "models", responses((status = 200, body = Vec<ModelFile>), (status = 503, body = ProblemDocument)))]
pub async fn look(State(app): State<AppState>) -> Result<Response, Refusal> {
    service::models::look(&app, Utc::now()).await;
    Ok(reply::record(&HeaderMap::new(), &service::models::catalogue(&app, Utc::now()).await?.models))
}

/// Which family a file belongs to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct Said {
    /// A model or LoRA, as ComfyUI lists it.
    name: String,
    /// `null` goes back to what can be found out.
    family: Option<Family>,
}

/// Says which family a model or LoRA belongs to, where it cannot be found out or is found out wrongly.
#[utoipa::path(put, path = "/api/models/family", tag = "models", request_body = Said, responses((status = 204), (status = 422, body = ProblemDocument)))]
pub async fn set_family(State(app): State<AppState>, Json(Said { name, family }): Json<Said>) -> Result<StatusCode, Refusal> {
    service::models::set_family(&app, name, family, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn page(files: &[ModelFile], detail: bool, part: &Part, uri: &Uri, headers: &HeaderMap) -> Result<Response, Refusal> {
    let page = reply::part_of(files, part, usize::MAX, |file| &file.name)?;
    let listed =
        if detail { Listed::Files(page.items.to_vec()) } else { Listed::Names(page.items.iter().map(|file| file.name.clone()).collect()) };
    Ok(reply::page(headers, uri, Body::one(&listed), Some(page.total), page.next.as_deref()))
}
