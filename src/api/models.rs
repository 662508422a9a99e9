//! What ComfyUI can draw with.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Json, Query},
};
use crate::{
    domain::model::{Family, ModelFile},
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

/// Checkpoints and diffusion models: names, or objects with `detail=true`.
#[utoipa::path(get, path = "/api/models", tag = "models", params(Detail), responses((status = 200, body = Listed), (status = 503, body = ProblemDocument)))]
pub async fn models(State(app): State<AppState>, Query(Detail { detail }): Query<Detail>) -> Result<Response, Refusal> {
    Ok(answer(&service::models::catalogue(&app, Utc::now()).await?.models, detail))
}

/// LoRAs: names, or objects with `detail=true`.
#[utoipa::path(get, path = "/api/loras", tag = "models", params(Detail), responses((status = 200, body = Listed), (status = 503, body = ProblemDocument)))]
pub async fn loras(State(app): State<AppState>, Query(Detail { detail }): Query<Detail>) -> Result<Response, Refusal> {
    Ok(answer(&service::models::catalogue(&app, Utc::now()).await?.loras, detail))
}

/// Looks at every ComfyUI anew, and answers as `GET /api/models?detail=true` does.
#[utoipa::path(post, path = "/api/models/look", tag = "models", responses((status = 200, body = Vec<ModelFile>), (status = 503, body = ProblemDocument)))]
pub async fn look(State(app): State<AppState>) -> Result<Response, Refusal> {
    service::models::look(&app, Utc::now()).await;
    Ok(answer(&service::models::catalogue(&app, Utc::now()).await?.models, true))
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

fn answer(files: &[ModelFile], detail: bool) -> Response {
    let listed = if detail { Listed::Files(files.to_vec()) } else { Listed::Names(files.iter().map(|file| file.name.clone()).collect()) };
    axum::Json(listed).into_response()
}
