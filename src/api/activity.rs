//! What was done, by whom, to what, and when.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use serde::Deserialize;

use super::{
    error::{ProblemDocument, Refusal},
    extract::Query,
    reply,
};
use crate::{
    domain::{
        activity::{Activity, ActivityId},
        character::CharacterId,
    },
    prepared::Body,
    service::activity::{self, Filter},
    state::AppState,
};

/// Which lines.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Which {
    /// About one character and what belongs to it.
    character_id: Option<CharacterId>,
    /// About one kind of thing: `characters`, `content`, `posts`, `prompts`, `jobs`, `accounts`, `settings`, `access` …
    kind: Option<String>,
    /// At most so many, up to 500; 50 unless said.
    limit: Option<usize>,
    /// What the last page's `Link: rel="next"` said.
    cursor: Option<String>,
}

/// What was done, newest first; the last 5,000 lines are kept.
#[utoipa::path(get, path = "/api/activity", tag = "activity", params(Which), responses((status = 200, body = Vec<Activity>), (status = 400, body = ProblemDocument)))]
pub async fn list(State(app): State<AppState>, Query(which): Query<Which>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let part = reply::Part { limit: which.limit, cursor: which.cursor };
    let cursor = part.cursor.as_deref().map(ActivityId::from);
    let filter = Filter {
        character: which.character_id.as_ref().filter(|id| !id.as_str().is_empty()),
        kind: which.kind.as_deref().filter(|kind| !kind.is_empty()),
    };
    let page = activity::page(&app, filter, cursor.as_ref(), part.limit(50))?;
    let lines: Vec<_> = page.lines.iter().map(|line| &**line).collect();
    Ok(reply::page(&headers, &uri, Body::list(&lines), Some(page.total), page.next.as_ref().map(ActivityId::as_str)))
}
