//! Failures as problem documents (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    domain::{
        post::Post,
        problem::{FieldError, Kind, Problem},
    },
    error::Error,
};

/// A failure on its way to a caller of the API.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    problem: Problem,
    post: Option<Box<Post>>,
}

/// What a caller reads.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Always `about:blank`: the status says which sort it is.
    #[serde(rename = "type")]
    about: &'static str,
    /// The sort of failure.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A sentence that says what happened and what to do.
    detail: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// The title again, for older clients.
    error: String,
    /// The post it is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<Box<Post>>,
}

impl Refusal {
    /// What the guards before the routes say.
    pub fn with_status(status: StatusCode, words: &str) -> Self {
        // The kind is for what has no status yet.
        Self { status, problem: Problem::new(Kind::Malformed, words), post: None }
    }

    /// The route is there, but not for this method.
    pub fn method(method: &Method) -> Self {
        let problem = Problem::new(Kind::Malformed, format!("{method} does not work here. The API is described at /api/docs."));
        Self { status: StatusCode::METHOD_NOT_ALLOWED, problem, post: None }
    }

    /// The same, with the post it is about.
    pub fn with_post(self, post: Post) -> Self {
        Self { post: Some(Box::new(post)), ..self }
    }

    /// The body is of a kind we do not read.
    pub fn media_type() -> Self {
        let problem = Problem::new(Kind::Malformed, "Send JSON, with the header Content-Type: application/json.");
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, problem, post: None }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { status: status(problem.kind), problem, post: None }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error").to_owned();
        let document = ProblemDocument {
            about: "about:blank",
            error: title.clone(),
            title,
            status: self.status.as_u16(),
            detail: self.problem.message,
            errors: self.problem.errors,
            post: self.post,
        };
        let mut response = (self.status, Json(document)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::ReadOnly | Kind::NotConfigured | Kind::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Kind::Refused => StatusCode::BAD_GATEWAY,
        Kind::TooSlow => StatusCode::GATEWAY_TIMEOUT,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
