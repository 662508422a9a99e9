//! What goes out: bodies with their tags, and pages of lists.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::prepared::Body;

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");
/// Says that a wish in `Prefer` was heeded.
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Which part of a list is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// At most so many, up to 500.
    pub limit: Option<usize>,
    /// What the last page's `Link: rel="next"` said.
    pub cursor: Option<String>,
}

impl Part {
    /// The limit to go by.
    pub fn limit(&self, usual: usize) -> usize {
        self.limit.unwrap_or(usual).clamp(1, 500)
    }
}

/// A prepared body, or 304 when the caller has it already.
pub fn tagged(headers: &HeaderMap, body: Body) -> Response {
    let tag = HeaderValue::from_str(&body.etag).unwrap_or(HeaderValue::from_static("\"\""));
    if has_already(headers, &body.etag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    const ASK: HeaderValue = HeaderValue::from_static("no-cache");
    ([(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, ASK), (header::ETAG, tag)], body.bytes).into_response()
}

/// One record.
pub fn record<T: Serialize>(headers: &HeaderMap, record: &T) -> Response {
    tagged(headers, Body::one(record))
}

/// A record that was made just now.
pub fn created<T: Serialize>(record: &T, location: &str) -> Response {
    let mut response = (StatusCode::CREATED, tagged(&HeaderMap::new(), Body::one(record))).into_response();
    set(&mut response, header::LOCATION, location);
    response
}

/// A page of a list, with the way to the next one and how many there are in all.
pub fn page(headers: &HeaderMap, uri: &Uri, body: Body, total: Option<usize>, next: Option<&str>) -> Response {
    let mut response = tagged(headers, body);
    if let Some(total) = total {
        set(&mut response, TOTAL, &total.to_string());
    }
    if let Some(cursor) = next {
        let kept = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
        let query: Vec<_> = kept
            .map(str::to_owned)
            .chain([format!("cursor={}", percent_encoding::utf8_percent_encode(cursor, percent_encoding::NON_ALPHANUMERIC))])
            .collect();
        set(&mut response, header::LINK, &format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&")));
    }
    response
}

/// Sets a header, unless the value cannot be one.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    known.is_some_and(|known| known == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
}
