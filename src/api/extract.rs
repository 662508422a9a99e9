//! What comes in: bodies and queries, with our words when they cannot be read.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, header, request::Parts},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::error::Refusal;
use crate::domain::problem::{FieldError, Kind, Problem};
pub use crate::expected::Expected;

/// A JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// The query of the URL.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::media_type());
        }
        let body = Bytes::from_request(request, state).await.map_err(unreadable)?;
        read(&body).map(Json)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        query.map(|axum::extract::Query(query)| Self(query)).map_err(|error| {
            Problem::new(Kind::Malformed, format!("The query cannot be read: {}", query_sentence(&error.body_text()))).into()
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Expected {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let tag = parts.headers.get(header::IF_MATCH).and_then(|tag| tag.to_str().ok());
        Ok(tag.map_or(Self::ANY, Self::tags))
    }
}

/// Reads JSON; a value of the wrong type is said by its field.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    match serde_json::from_slice(body) {
        Ok(read) if is_object => Ok(read),
        _ => read_slowly(body),
    }
}

/// Finds out what is wrong with a body.
fn read_slowly<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let syntax = |error: serde_json::Error| Problem::new(Kind::Malformed, format!("The body is not JSON: {error}."));
    serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(syntax)?;
    // A list would be taken for the fields in their order.
    let is = match body.trim_ascii_start().first() {
        Some(b'{') => None,
        Some(b'[') => Some("a list"),
        Some(b'"') => Some("a text"),
        Some(_) | None => Some("a single value"),
    };
    if let Some(is) = is {
        return Err(Problem::invalid("body", format!("Send an object, as in {{…}}. This is {is}.")).into());
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut reader);
    read.map_err(|error| {
        let field = error.path().to_string();
        let message = sentence(&error.into_inner());
        let field = if field == "." { named_field(&message).unwrap_or(field) } else { field };
        Problem { kind: Kind::Invalid, message: format!("{field}: {message}"), errors: vec![FieldError { field, message }] }.into()
    })
}

/// Whether a body says that it is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn unreadable(rejection: BytesRejection) -> Refusal {
    let kind = if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE { Kind::TooLarge } else { Kind::Malformed };
    let words = match kind {
        Kind::TooLarge => "The body is too large; at most 2 MB are read.",
        _ => "The body broke off while it was being read.",
    };
    Problem::new(kind, words).into()
}

/// What is to be written instead, in words for people: serde says it for programmers, and says back all that was sent.
fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    let wanted = text.rsplit_once("expected ").map(|(_, wanted)| wanted);
    match wanted {
        Some(wanted) if text.starts_with("unknown variant") => {
            let names = wanted.trim_start_matches("one of ").replace('`', "").replace(" or ", ", ");
            format!("Choose from {names}.")
        }
        Some(wanted) => match too_large(text, wanted) {
            Some(largest) => format!("Write a whole number, at most {largest}."),
            None => format!("Write {}.", kind(wanted)),
        },
        None => {
            let mut letters = text.chars().take(300);
            let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
            format!("{first}{}.", letters.collect::<String>())
        }
    }
}

/// The largest number that would do, where a larger one was sent.
fn too_large(text: &str, wanted: &str) -> Option<u64> {
    let largest = match wanted {
        "u8" => u8::MAX.into(),
        "u16" => u16::MAX.into(),
        "u32" => u32::MAX.into(),
        "u64" | "usize" => u64::MAX,
        _ => return None,
    };
    let sent: f64 = text.split('`').nth(1)?.parse().ok()?;
    (sent >= largest as f64).then_some(largest)
}

/// The same for a query, where it is said with the name of the value.
fn query_sentence(text: &str) -> String {
    let text = text.trim_start_matches("Failed to deserialize query string: ");
    match text.split_once(": ") {
        Some((field, wrong)) if wrong.contains("digit") || wrong.contains("number") || wrong.contains("empty string") => {
            format!("write a whole number, not below 0, as `{field}`.")
        }
        Some((field, wrong)) if wrong.contains("`true` or `false`") => format!("write true or false as `{field}`."),
        Some(_) | None => format!("{text}."),
    }
}

/// As serde calls a kind of value, and as people do.
fn kind(wanted: &str) -> &str {
    match wanted {
        "a string" | "string" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not below 0",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        structure if structure.starts_with("struct ") || structure.starts_with("a map") => "an object",
        other => other,
    }
}

/// A field that is missing or there twice is reported at the object it belongs to.
fn named_field(message: &str) -> Option<String> {
    let named = message.strip_prefix("Missing field `").or_else(|| message.strip_prefix("Duplicate field `"))?;
    named.split('`').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{caption::Network, character::CharacterChange, generation::GenerateRequest};

    fn words<T: DeserializeOwned + std::fmt::Debug>(sent: &serde_json::Value) -> String {
        sentence(&serde_json::from_value::<T>(sent.clone()).unwrap_err())
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_said_in_words_for_people() {
        let of_a_character = |field: &str, value: serde_json::Value| words::<CharacterChange>(&json!({ field: value }));
        assert_eq!(of_a_character("name", json!(7)), "Write a text.");
        assert_eq!(of_a_character("name", json!(["x".repeat(100_000)])), "Write a text.");
        assert_eq!(of_a_character("isActive", json!("x".repeat(100_000))), "Write true or false.");
        assert_eq!(of_a_character("personality", json!(7)), "Write a text, or a list of texts.");
        assert_eq!(of_a_character("narratives", json!({})), "Write a list.");
        assert_eq!(of_a_character("loras", json!(["luna"])), "Write an object.");
        let of_a_picture = |field: &str, value: serde_json::Value| words::<GenerateRequest>(&json!({"characterId": "a", field: value}));
        assert_eq!(of_a_picture("width", json!(-1)), "Write a whole number, not below 0.");
        assert_eq!(of_a_picture("width", json!(4_294_967_296_u64)), "Write a whole number, at most 4294967295.");
        assert_eq!(of_a_picture("seed", json!(18_446_744_073_709_551_616.0)), "Write a whole number, at most 18446744073709551615.");
        assert_eq!(of_a_picture("seed", json!(1.5)), "Write a whole number, not below 0.");
        assert_eq!(of_a_picture("cfg", json!("7")), "Write a number.");
        assert_eq!(words::<Network>(&json!("myspace")), "Choose from instagram, Twitter, X, twitter, x.");
        assert_eq!(words::<GenerateRequest>(&json!({})), "Missing field `characterId`.");
    }
}
