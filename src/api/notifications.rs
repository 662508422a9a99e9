//! Notifications: what happened that a person should know of.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Json, Query},
    reply::{self, Part},
};
use crate::{
    domain::{
        notification::{Notification, NotificationId},
        problem::Problem,
    },
    prepared::Body,
    service::{self, notifications::Which},
    state::AppState,
};

/// Which notifications.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Only {
    /// `true` for those nobody has read.
    #[serde(default)]
    unread: bool,
}

/// Which notifications were read.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Read {
    /// These, at most 500.
    ids: Vec<NotificationId>,
    /// Every one there is.
    all: bool,
}

/// How many were read, and how many are left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Left {
    /// Unread before, and read now.
    read: usize,
    /// Still unread.
    unread: usize,
}

/// Notifications, newest first. The last 500 are kept.
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", params(Only, Part), responses((status = 200, body = Vec<Notification>), (status = 400, body = ProblemDocument)))]
pub async fn list(
    State(app): State<AppState>,
    Query(only): Query<Only>,
    Query(part): Query<Part>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let cursor = part.cursor.as_deref().map(NotificationId::from);
    let page = service::notifications::page(&app.store.read(), only.unread, cursor.as_ref(), part.limit(50))?;
    let notifications: Vec<_> = page.notifications.iter().map(|told| &**told).collect();
    Ok(reply::page(&headers, &uri, Body::list(&notifications), Some(page.total), page.next.as_ref().map(NotificationId::as_str)))
}

/// Notes that notifications were read.
#[utoipa::path(post, path = "/api/notifications/read", tag = "notifications", request_body = Read, responses((status = 200, body = Left), (status = 422, body = ProblemDocument)))]
pub async fn read(State(app): State<AppState>, Json(asked): Json<Read>) -> Result<Response, Refusal> {
    let which = match (asked.all, asked.ids.is_empty()) {
        (true, _) => Which::All,
        (false, false) => Which::These(asked.ids),
        (false, true) => return Err(Problem::invalid("ids", "Name the notifications in `ids`, or send `all`: true.").into()),
    };
    let read = service::notifications::read(&app, which, Utc::now()).await?;
    Ok(axum::Json(Left { read, unread: service::notifications::unread(&app.store.read()) }).into_response())
}
