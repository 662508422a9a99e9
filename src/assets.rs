//! Styles, script and pictures of the app itself: embedded in a release, read from disk in development.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use rust_embed::RustEmbed;
use xxhash_rust::xxh3::xxh3_64;

#[derive(RustEmbed)]
#[folder = "style/"]
struct Style;

#[derive(RustEmbed)]
#[folder = "public/"]
struct Public;

/// One stylesheet from all of them, in order of their names: tokens first. Made once in a release.
static STYLESHEET: LazyLock<Bytes> = LazyLock::new(stylesheet);

/// A mark that changes with the assets, so that browsers may keep them for good.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let script = |name| Public::get(name).map(|file| file.data.into_owned()).unwrap_or_default();
    format!("{:08x}", xxh3_64(&[&STYLESHEET[..], &script("app.js"), &script("palette.js")].concat()) as u32)
});

/// An asset's address, with the mark of its version.
pub fn versioned(path: &str) -> String {
    format!("{path}?v={}", *VERSION)
}

/// `/style.css`.
pub async fn style() -> Response {
    let sheet = if cfg!(debug_assertions) { stylesheet() } else { STYLESHEET.clone() };
    answer("text/css; charset=utf-8", sheet)
}

/// `/app.js`.
pub async fn script() -> Response {
    public("app.js")
}

/// `/favicon.svg`.
pub async fn favicon() -> Response {
    public("favicon.svg")
}

/// Any other file of `public/`.
pub async fn other(Path(name): Path<String>) -> Response {
    public(&name)
}

fn stylesheet() -> Bytes {
    let mut names: Vec<_> = Style::iter().filter(|name| name.ends_with(".css")).collect();
    names.sort();
    names.iter().filter_map(|name| Style::get(name)).map(|file| file.data.into_owned()).collect::<Vec<_>>().join(&b"\n"[..]).into()
}

fn public(name: &str) -> Response {
    match Public::get(name) {
        Some(file) => answer(file.metadata.mimetype(), Bytes::from(file.data.into_owned())),
        None => (StatusCode::NOT_FOUND, "There is no such file.").into_response(),
    }
}

fn answer(kind: &str, bytes: Bytes) -> Response {
    let keep = if cfg!(debug_assertions) { "no-cache" } else { "public, max-age=31536000, immutable" };
    let kind = HeaderValue::from_str(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static(keep))], bytes).into_response()
}
