//! The JSON API: every URL under `/api`, and the documents that describe it.

mod activity;
mod answers;
mod backups;
mod calendar;
mod captions;
mod characters;
mod content;
mod datasets;
mod document;
mod error;
mod events;
mod examples;
mod extract;
mod gate;
mod images;
mod imports;
mod jobs;
mod models;
mod notifications;
mod older_schedules;
pub mod pictures;
mod posts;
mod prompts;
mod reply;
mod routes;
mod schedules;
mod scopes;
mod settings;
mod system;
mod trainings;
mod uploads;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, Uri},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_swagger_ui::SwaggerUi;

pub use self::{error::Refusal, uploads::Upload};
use crate::{
    domain::problem::{Kind, Problem},
    state::AppState,
};

/// The largest body a request may have.
const LARGEST_BODY: usize = 2 << 20;

/// Every route under `/api`.
pub fn router(app: &AppState) -> Router<AppState> {
    let largest_upload = usize::try_from(app.config.upload_limit).unwrap_or(usize::MAX);
    Router::new()
        .merge(routes::served(largest_upload))
        .route("/api/openapi.json", get(|| async { ([("content-type", "application/json")], document::JSON.as_str()) }))
        .merge(SwaggerUi::new("/api/docs").config(utoipa_swagger_ui::Config::from("/api/openapi.json")))
        .route("/api/{*rest}", axum::routing::any(unknown))
        .route("/api", axum::routing::any(unknown))
        .route("/api/", axum::routing::any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(
            ServiceBuilder::new()
                .layer(DefaultBodyLimit::max(LARGEST_BODY))
                .layer(middleware::from_fn_with_state(app.clone(), gate::pass))
                .map_response(IntoResponse::into_response)
                .layer(CatchPanicLayer::custom(error::broke_down)),
        )
}

/// What front ends in browsers may read and send: those of `origins`, and no others. `None` when there are none.
pub fn cors(origins: &[String]) -> Option<tower_http::cors::CorsLayer> {
    use axum::http::{HeaderName, Method, header};
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let cors = tower_http::cors::CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH, header::AUTHORIZATION, reply::PREFER, gate::KEY])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::LINK,
            header::RETRY_AFTER,
            HeaderName::from_static("x-total-count"),
            reply::PREFERENCE_APPLIED,
            gate::REPEATED,
        ]);
    Some(cors)
}

/// A problem document of that status: what a caller hears that the guards stop.
pub fn refuse(status: StatusCode, words: &str) -> Response {
    Refusal::with_status(status, words).into_response()
}

async fn unknown(uri: Uri) -> Refusal {
    Problem::new(Kind::NotFound, format!("There is nothing at {}. The API is described at /api/docs.", uri.path())).into()
}

async fn wrong_method(method: axum::http::Method) -> Refusal {
    Refusal::method(&method)
}
