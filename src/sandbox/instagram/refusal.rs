//! How it refuses: the envelope of the Graph API, nearly always with status 400.

use axum::{
    Json,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde_json::json;

use super::Answer;
use crate::sandbox::social::Refused;

/// An error of that code and subcode, in these words.
pub(super) fn refusal(code: i64, subcode: i64, words: &str) -> Refused {
    let mut error = json!({
        "message": words, "type": "OAuthException", "code": code, "is_transient": matches!(code, -1 | 1 | 2), "fbtrace_id": "Asandbox",
    });
    if subcode != 0 {
        error["error_subcode"] = subcode.into();
        // Only publishing errors have words for people, in the language of the account.
        if subcode > 2_000_000 {
            error["error_user_title"] = "Nicht möglich".into();
            error["error_user_msg"] = format!("{words} (Simulator)").into();
        }
    }
    Refused::new((StatusCode::BAD_REQUEST, Json(json!({ "error": error }))))
}

/// A parameter that is wrong.
pub(super) fn parameter(words: &str) -> Refused {
    refusal(100, 0, &format!("(#100) {words}"))
}

/// There is no such object, or not for this token.
pub(super) fn no_such(id: &str) -> Refused {
    let words = format!(
        "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
    );
    refusal(100, 33, &words)
}

/// Nobody, or nobody any more.
pub(super) fn stranger() -> Refused {
    refusal(190, 467, "Invalid OAuth access token - Cannot parse access token")
}

/// What was asked to be answered.
pub(super) fn instead(answer: Answer) -> Response {
    match answer {
        Answer::Code(code, subcode) => refusal(code, subcode, "Refused by the simulator.").into_response(),
        Answer::Http(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, Html("<html><title>Error</title>Sorry, something went wrong.</html>")).into_response()
        }
        Answer::Nothing => Json(json!({"data": []})).into_response(),
        Answer::Container(state) => {
            let words = if state == "ERROR" { "Error: Media upload has failed with error code 2207082" } else { state.as_str() };
            Json(json!({"id": "0", "status_code": state, "status": words})).into_response()
        }
    }
}
