//! What a request hears that gets no further than the guards.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::api;

/// A problem document under `/api`, plain words elsewhere.
pub fn refuse(path: &str, status: StatusCode, words: &str) -> Response {
    if is_api(path) { api::refuse(status, words) } else { (status, words.to_owned()).into_response() }
}

/// Whether a path is one of the API's.
pub fn is_api(path: &str) -> bool {
    path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
