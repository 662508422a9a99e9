//! What this process tells of itself: its log, its numbers, everything for whoever helps.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::Query,
    reply,
};
use crate::{
    domain::{
        log::{LogLevel, LogLine},
        problem::Problem,
    },
    service::{self, logs::Filter},
    state::AppState,
};

/// Which lines.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Of that level, and more important ones: `error`, `warn`, `info`, `debug`, `trace`.
    level: Option<String>,
    /// With these words, in any case.
    q: Option<String>,
    /// Before the line of that number.
    before: Option<u64>,
    /// At most so many, up to 2,000; 200 unless said.
    #[param(minimum = 1, maximum = 2000)]
    limit: Option<usize>,
}

/// Some lines of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Lines {
    /// The newest of them, oldest first.
    lines: Vec<LogLine>,
    /// How many there are in all, of the last 2,000 that are kept.
    total: usize,
    /// Ask with this as `before` for older ones.
    older: Option<u64>,
}

/// The last lines of the log, as kept in memory: `info` and more important ones, and others as `DALLA_LOG` says.
/// Secrets are covered.
#[utoipa::path(get, path = "/api/system/logs", tag = "system", params(Which), responses((status = 200, body = Lines), (status = 400, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn logs(State(app): State<AppState>, Query(which): Query<Which>, headers: HeaderMap) -> Result<Response, Refusal> {
    let level = match which.level.as_deref().filter(|level| !level.is_empty()) {
        None => None,
        Some(key) => {
            Some(LogLevel::from_key(key).ok_or_else(|| Problem::invalid("level", "Choose from error, warn, info, debug, trace."))?)
        }
    };
    let filter = Filter { level, q: which.q.as_deref().unwrap_or_default(), before: which.before };
    let page = service::logs::page(&app, filter, which.limit.unwrap_or(200).clamp(1, 2_000));
    let older = page.lines.first().filter(|_| page.more).map(|line| line.number);
    Ok(reply::record(&headers, &Lines { lines: page.lines, total: page.total, older }))
}

/// Everything somebody needs who is asked for help, as text: version, platform, checks, settings, counts, what failed
/// and the last lines of the log. Holds no secrets.
#[utoipa::path(get, path = "/api/system/diagnostics", tag = "system", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn diagnostics(State(app): State<AppState>) -> Response {
    match tokio::task::spawn_blocking(move || service::diagnostics::text(&app, Utc::now())).await {
        Ok(text) => {
            let kind = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
            ([kind, (header::CONTENT_DISPOSITION, "attachment; filename=\"digital-dalla-diagnostics.txt\"")], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Numbers about this process for Prometheus: requests, the store, jobs, posts, the scheduler, calls to outside
/// services, memory. Programs on this machine need no token.
#[utoipa::path(get, path = "/metrics", tag = "system", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics(State(app): State<AppState>) -> Response {
    match tokio::task::spawn_blocking(move || service::metrics::text(&app, Utc::now())).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
