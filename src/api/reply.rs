//! What goes out: bodies with their tags, and pages of lists.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use crate::{
    begun::Begun,
    domain::problem::{Kind, Problem},
    prepared::{Body, Page},
    state::AppState,
};

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");
/// What a caller would like better.
pub const PREFER: HeaderName = HeaderName::from_static("prefer");
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

/// Whether the caller would rather have the job than wait.
pub fn wants_async(headers: &HeaderMap) -> bool {
    let wishes = headers.get_all(PREFER).iter().filter_map(|wish| wish.to_str().ok());
    wishes.flat_map(|wish| wish.split([',', ';'])).any(|wish| wish.trim().eq_ignore_ascii_case("respond-async"))
}

/// The part of a list that is all there, by the id of each; a cursor names the last one that was sent.
pub fn part_of<'a, T>(items: &'a [T], part: &Part, usual: usize, id: impl Fn(&T) -> &str) -> Result<Piece<'a, T>, Refusal> {
    let lost = || Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.");
    let from = match &part.cursor {
        Some(cursor) => items.iter().position(|item| id(item) == cursor).ok_or_else(lost)? + 1,
        None => 0,
    };
    let limit = part.limit.map_or(usual, |limit| limit.clamp(1, 500));
    let piece = &items[from..from.saturating_add(limit).min(items.len())];
    let next = piece.last().filter(|_| from + piece.len() < items.len()).map(|last| id(last).to_owned());
    Ok(Piece { items: piece, total: items.len(), next })
}

/// A piece of a list.
#[derive(Debug)]
pub struct Piece<'a, T> {
    /// What is on this page.
    pub items: &'a [T],
    /// How many there are in all.
    pub total: usize,
    /// Where the next page begins, when there is one.
    pub next: Option<String>,
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

/// Nothing but the tag of what was changed just now, for the next change.
pub fn changed(tag: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set(&mut response, header::ETAG, tag);
    response
}

/// A record that was made just now.
pub fn created<T: Serialize>(record: &T, location: &str) -> Response {
    let mut response = (StatusCode::CREATED, tagged(&HeaderMap::new(), Body::one(record))).into_response();
    set(&mut response, header::LOCATION, location);
    response
}

/// A record that is being made: its answer is made ready at once, and given when the record is on disk.
pub fn begun<T: Serialize>(begun: Begun<T>, location: impl FnOnce(&T) -> String) -> impl Future<Output = Result<Response, Refusal>> {
    let Begun { value, writing } = begun;
    let response = created(&value, &location(&value));
    async move {
        writing.await?;
        Ok(response)
    }
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

/// A page that is made once for each state of its collection.
pub fn prepared(
    app: &AppState,
    headers: &HeaderMap,
    uri: &Uri,
    version: u64,
    make: impl FnOnce() -> Result<Page, Refusal>,
) -> Result<Response, Refusal> {
    let address = uri.path_and_query().map_or("", |address| address.as_str());
    let Page { body, total, next } = app.prepared.pages.get(address, version, make)?;
    Ok(page(headers, uri, body, total, next.as_deref()))
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
