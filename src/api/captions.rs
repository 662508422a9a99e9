//! Captions.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::Json,
    images::accepted,
    jobs::JobView,
    reply,
};
use crate::{
    domain::{
        caption::{self, Count, Network},
        instruction::Instruction,
        words::{Author, CaptionRequest},
    },
    service,
    state::AppState,
};

/// Captions, ready for the network.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Captioned {
    /// The first.
    caption: String,
    /// All of them.
    captions: Vec<String>,
    /// The model that wrote them; `template` when none did.
    model: String,
    /// Who wrote them.
    source: Author,
    /// What is to be seen, when Gemini looked at the picture.
    alt_text: String,
    /// The first, as the network counts it.
    count: Count,
    /// Words about how they came about, as in why a template wrote them.
    notes: Vec<String>,
}

/// Writes captions. With `contentId` or `promptId`, the first is stored there. Waits for them, unless
/// `Prefer: respond-async` is sent: then the job is answered.
#[utoipa::path(
    post, path = "/api/generate-caption", tag = "captions", request_body = CaptionRequest,
    params(("Prefer" = Option<String>, Header, description = "`respond-async` answers 202 at once")),
    responses(
        (status = 200, body = Captioned), (status = 202, body = JobView), (status = 422, body = ProblemDocument),
        (status = 502, body = ProblemDocument), (status = 504, body = ProblemDocument)
    )
)]
pub async fn generate(State(app): State<AppState>, headers: HeaderMap, Json(request): Json<CaptionRequest>) -> Result<Response, Refusal> {
    let network = request.network;
    let job = service::captions::order(&app, request, true, Utc::now()).await?;
    if reply::wants_async(&headers) {
        return Ok(accepted(&app, job));
    }
    let job = service::jobs::done(&app, &job).await?;
    let order = job.captions().cloned().into_iter().next();
    let captions = order.as_ref().map(|order| order.captions.clone()).unwrap_or_default();
    let source = order.as_ref().and_then(|order| order.source).unwrap_or(Author::Template);
    let model = order.as_ref().filter(|_| source == Author::Gemini).and_then(|order| order.usage.last()).map(|usage| usage.model.clone());
    let caption = captions.first().cloned().unwrap_or_default();
    let captioned = Captioned {
        count: caption::count(network, &caption),
        caption,
        captions,
        model: model.unwrap_or_else(|| "template".into()),
        source,
        alt_text: order.map(|order| order.alt_text).unwrap_or_default(),
        notes: job.notes.clone(),
    };
    Ok(axum::Json(captioned).into_response())
}

/// What Gemini would be told, piece by piece, with where each comes from. Asks nobody.
#[utoipa::path(post, path = "/api/generate-caption/preview", tag = "captions", request_body = CaptionRequest, responses((status = 200, body = Instruction), (status = 422, body = ProblemDocument)))]
pub async fn preview(State(app): State<AppState>, Json(request): Json<CaptionRequest>) -> Result<Response, Refusal> {
    Ok(axum::Json(service::captions::preview(&app, &request, Utc::now())?).into_response())
}

/// A text to be counted.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Text {
    network: Network,
    text: String,
}

/// Counts a caption as its network does.
#[utoipa::path(post, path = "/api/captions/count", tag = "captions", request_body = Text, responses((status = 200, body = Count)))]
pub async fn count(Json(Text { network, text }): Json<Text>) -> axum::Json<Count> {
    axum::Json(caption::count(network, &text))
}
