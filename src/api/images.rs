//! Making pictures.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Serialize;

use super::{
    error::{ProblemDocument, Refusal},
    extract::Json,
    jobs::JobView,
    reply,
};
use crate::{
    domain::{
        content::{Content, Provenance},
        generation::GenerateRequest,
        job::Job,
        model::Family,
        problem::Problem,
    },
    service,
    state::AppState,
};

/// A finished request. `image_path` and `prompt_id` have the names older clients know.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Generated {
    /// The first picture's path.
    #[serde(rename = "image_path")]
    image_path: String,
    /// The same.
    image_url: String,
    /// How the first picture was made.
    metadata: Metadata,
    /// The first picture.
    content: Content,
    /// All pictures of the batch.
    contents: Vec<Content>,
}

/// How a picture was made, in short.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Metadata {
    prompt_id: String,
    model: String,
    seed: u64,
    family: Family,
    prompt: String,
    width: u32,
    height: u32,
    steps: u32,
    /// Words about what was changed on the way, as in a rounded size.
    notes: Vec<String>,
}

/// Makes one or more pictures. Waits for them, unless `Prefer: respond-async` is sent: then the job is answered.
#[utoipa::path(
    post, path = "/api/generate-image", tag = "images", request_body = GenerateRequest,
    params(("Prefer" = Option<String>, Header, description = "`respond-async` answers 202 at once")),
    responses(
        (status = 200, body = Generated), (status = 202, body = JobView), (status = 422, body = ProblemDocument),
        (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)
    )
)]
pub async fn generate(State(app): State<AppState>, headers: HeaderMap, Json(request): Json<GenerateRequest>) -> Result<Response, Refusal> {
    let job = service::images::order(&app, request, Utc::now()).await?;
    if reply::wants_async(&headers) {
        return Ok(accepted(&app, job));
    }
    let job = service::jobs::done(&app, &job).await?;
    let contents = service::images::contents(&app, &job);
    let contents: Vec<Content> = contents.iter().map(|content| Content::clone(content)).collect();
    let Some(first) = contents.first().cloned() else {
        return Err(Problem::conflict("The pictures were deleted before they could be answered.").into());
    };
    let metadata = first.provenance.as_ref().map(|made| metadata(made, job.notes.clone()));
    let metadata = metadata.ok_or_else(|| Problem::conflict("Nothing is known about how this picture was made."))?;
    let generated = Generated { image_path: first.image_url(), image_url: first.image_url(), metadata, content: first, contents };
    Ok(axum::Json(generated).into_response())
}

/// 202 with the job.
pub fn accepted(app: &AppState, job: Job) -> Response {
    let location = format!("/api/jobs/{}", job.id);
    let mut response = (StatusCode::ACCEPTED, axum::Json(JobView::of(app, job))).into_response();
    reply::set(&mut response, header::LOCATION, &location);
    response
}

fn metadata(made: &Provenance, notes: Vec<String>) -> Metadata {
    let recipe = &made.recipe;
    Metadata {
        prompt_id: made.prompt_id.clone(),
        model: recipe.model.clone(),
        seed: made.seed,
        family: recipe.family,
        prompt: recipe.prompt.clone(),
        width: recipe.width,
        height: recipe.height,
        steps: recipe.steps,
        notes,
    }
}
