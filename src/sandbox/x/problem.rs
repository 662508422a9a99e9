//! How it refuses: problems as X writes them, in the several forms it uses.

use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{Html, IntoResponse, Response},
};
use chrono::Utc;
use serde_json::{Value, json};

use super::Answer;
use crate::sandbox::social::Refused;

fn answer(status: StatusCode, body: Value) -> Refused {
    Refused::new((status, Json(body)))
}

/// 400: something about the request.
pub(super) fn invalid(words: &str) -> Refused {
    let body = json!({
        "errors": [{"message": words, "parameters": {}}], "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.", "type": "https://api.twitter.com/2/problems/invalid-request",
    });
    answer(StatusCode::BAD_REQUEST, body)
}

/// 401.
pub(super) fn stranger() -> Refused {
    answer(StatusCode::UNAUTHORIZED, json!({"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}))
}

/// 403 in these words.
pub(super) fn forbidden(words: &str) -> Refused {
    answer(StatusCode::FORBIDDEN, json!({"title": "Forbidden", "type": "about:blank", "status": 403, "detail": words}))
}

/// 403: the same words again.
pub(super) fn duplicate() -> Refused {
    forbidden("You are not allowed to create a Tweet with duplicate content.")
}

/// 413.
pub(super) fn too_large() -> Refused {
    answer(StatusCode::PAYLOAD_TOO_LARGE, json!({"title": "Payload Too Large", "type": "about:blank", "status": 413}))
}

/// 429 until that time, in seconds since 1970.
pub(super) fn too_many(reset: i64) -> Refused {
    let headers = [("x-rate-limit-remaining", HeaderValue::from_static("0")), ("x-rate-limit-reset", reset.into())];
    let body = Json(json!({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}));
    Refused::new((StatusCode::TOO_MANY_REQUESTS, headers, body))
}

/// What was asked to be answered.
pub(super) fn instead(what: Answer) -> Response {
    let refused = match what {
        Answer::Invalid => invalid("media: [1] is not valid."),
        Answer::Unauthorized => stranger(),
        Answer::NoCredits => {
            let body = json!({
                "account_id": 123, "title": "CreditsDepleted", "type": "https://api.twitter.com/2/problems/credits",
                "detail": "Your enrolled account [123] does not have any credits to fulfill this request.",
            });
            answer(StatusCode::PAYMENT_REQUIRED, body)
        }
        Answer::Duplicate => duplicate(),
        Answer::ReadOnly => {
            let body = json!({
                "title": "Forbidden", "status": 403, "type": "https://api.twitter.com/2/problems/oauth1-permissions",
                "detail": "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
            });
            answer(StatusCode::FORBIDDEN, body)
        }
        Answer::NotPermitted => forbidden("You are not permitted to perform this action."),
        Answer::TooLarge => too_large(),
        Answer::TooMany(seconds) => too_many(Utc::now().timestamp() + i64::from(seconds)),
        Answer::Http(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            Refused::new((status, Html("<html><title>X / Over capacity</title></html>")))
        }
        Answer::Nothing => answer(StatusCode::OK, json!({"meta": {"result_count": 0}})),
    };
    refused.into_response()
}
