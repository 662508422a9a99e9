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

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

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

    /// The body is no form with files.
    pub fn form_type() -> Self {
        let problem = Problem::new(Kind::Unsupported, "Send the files as a form, with the header Content-Type: multipart/form-data.");
        problem.into()
    }

    /// What is wrong, without its status.
    pub fn into_problem(self) -> Problem {
        self.problem
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
        response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM);
        response
    }
}

/// Whatever fails before or besides a handler of ours fails in the same shape as everything else.
pub fn in_our_shape(response: Response) -> Response {
    let status = response.status();
    let ours = response.headers().get(header::CONTENT_TYPE) == Some(&PROBLEM);
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (kind, words) = match status {
        StatusCode::BAD_REQUEST => (Kind::Malformed, "The address cannot be read: are its parts percent-encoded?"),
        _ if status.is_server_error() => (Kind::Internal, "Something in this server broke. The log says what."),
        _ => (Kind::Malformed, status.canonical_reason().unwrap_or("This does not work.")),
    };
    Refusal { status, problem: Problem::new(kind, words), post: None }.into_response()
}

/// A handler that breaks down; its words are in the log already.
pub fn broke_down(_: Box<dyn std::any::Any + Send>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::ReadOnly | Kind::NotConfigured | Kind::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Kind::Refused => StatusCode::BAD_GATEWAY,
        Kind::TooSlow => StatusCode::GATEWAY_TIMEOUT,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::Request, middleware, routing::get};
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_handler_that_breaks_down_answers_as_every_failure_does() {
        let routes = Router::new()
            .route(
                "/",
                get(|| async {
                    if true {
                        panic!("with words that are nobody's business")
                    }
                }),
            )
            .layer(CatchPanicLayer::custom(broke_down))
            .layer(middleware::map_response(|response| async { in_our_shape(response) }));
        let answer = routes.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!((answer.status(), answer.headers()[header::CONTENT_TYPE].clone()), (StatusCode::INTERNAL_SERVER_ERROR, PROBLEM));
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["detail"], "Something in this server broke. The log says what.");
    }
}
