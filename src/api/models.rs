//! What ComfyUI can draw with.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Deserialize;

use super::{
    error::{ProblemDocument, Refusal},
    extract::Query,
};
use crate::{domain::model::ModelFile, service, state::AppState};

/// How much to tell.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Detail {
    /// Objects with family and size instead of names.
    #[serde(default)]
    detail: bool,
}

/// Checkpoints and diffusion models: names, or objects with `detail=true`.
#[utoipa::path(get, path = "/api/models", tag = "models", params(Detail), responses((status = 200, body = Vec<ModelFile>), (status = 503, body = ProblemDocument)))]
pub async fn models(State(app): State<AppState>, Query(Detail { detail }): Query<Detail>) -> Result<Response, Refusal> {
    Ok(answer(&service::models::catalogue(&app, Utc::now()).await?.models, detail))
}

/// LoRAs: names, or objects with `detail=true`.
#[utoipa::path(get, path = "/api/loras", tag = "models", params(Detail), responses((status = 200, body = Vec<ModelFile>), (status = 503, body = ProblemDocument)))]
pub async fn loras(State(app): State<AppState>, Query(Detail { detail }): Query<Detail>) -> Result<Response, Refusal> {
    Ok(answer(&service::models::catalogue(&app, Utc::now()).await?.loras, detail))
}

fn answer(files: &[ModelFile], detail: bool) -> Response {
    if detail {
        return axum::Json(files).into_response();
    }
    axum::Json(files.iter().map(|file| &file.name).collect::<Vec<_>>()).into_response()
}
