//! What a page knows of its request.

use axum::http::request::Parts;
use leptos::prelude::*;

use super::flash::Flash;
use crate::{
    domain::{
        access::{Caller, Visitor},
        character::CharacterId,
    },
    state::AppState,
};

/// Everything shared.
pub fn app() -> AppState {
    expect_context()
}

/// What was left for this page by the request before it.
pub fn flash() -> Flash {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<Flash>().cloned()).unwrap_or_default()
}

/// Who asks for this page.
pub fn visitor() -> Option<Visitor> {
    use_context::<Parts>()?.extensions.get::<Visitor>().cloned()
}

/// Where this request comes from.
pub fn caller() -> Option<Caller> {
    use_context::<Parts>()?.extensions.get::<Caller>().copied()
}

/// The browser and the system, as people call them.
pub fn agent() -> String {
    let parts = use_context::<Parts>();
    let header = parts.as_ref().and_then(|parts| parts.headers.get(axum::http::header::USER_AGENT));
    crate::domain::access::agent(header.and_then(|agent| agent.to_str().ok()).unwrap_or_default())
}

/// The value of a cookie.
pub fn cookie(name: &str) -> Option<String> {
    let parts = use_context::<Parts>()?;
    let headers = parts.headers.get_all(axum::http::header::COOKIE);
    let pairs = headers.iter().filter_map(|header| header.to_str().ok()).flat_map(|header| header.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// The path and query of this page.
pub fn here() -> String {
    use_context::<Parts>().map(|parts| parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned()).unwrap_or_default()
}

/// The path of this page.
pub fn path() -> String {
    use_context::<Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default()
}

/// A value of the query; empty when it is not there.
pub fn query(name: &str) -> String {
    raw_query().into_iter().find(|(key, _)| key == name).map(|(_, value)| value).unwrap_or_default()
}

/// The query, decoded.
pub fn raw_query() -> Vec<(String, String)> {
    let parts = use_context::<Parts>();
    let text = parts.as_ref().and_then(|parts| parts.uri.query()).unwrap_or_default();
    serde_urlencoded::from_str(text).unwrap_or_default()
}

/// The character the pages are filtered by.
pub fn chosen_character() -> Option<CharacterId> {
    Some(query("character")).filter(|id| !id.is_empty()).map(CharacterId::from)
}

/// Sets the status of this page.
pub fn set_status(status: axum::http::StatusCode) {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status);
    }
}

/// What stands in a URL as it is (RFC 3986, "unreserved"); everything else is encoded.
const UNRESERVED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text as part of a URL.
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, UNRESERVED).to_string()
}
