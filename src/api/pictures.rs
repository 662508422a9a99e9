//! Picture files as answers.

use std::path::Path;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio_util::io::ReaderStream;

/// How long a caller may go by what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Its address names this very picture.
    ForEver,
    /// It asks first.
    Ask,
}

/// A file, or 304 when the caller has it; `None` when it is not there.
pub async fn send(path: &Path, mime: &'static str, tag: &str, keep: Keep, headers: &HeaderMap) -> Option<Response> {
    let tag = HeaderValue::from_str(&format!("\"{tag}\"")).ok()?;
    let cache = match keep {
        Keep::ForEver => "private, max-age=31536000, immutable",
        Keep::Ask => "private, no-cache",
    };
    let kept = [(header::CACHE_CONTROL, HeaderValue::from_static(cache)), (header::ETAG, tag.clone())];
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return Some((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let file = tokio::fs::File::open(path).await.ok()?;
    let length = file.metadata().await.ok()?.len();
    let body = Body::from_stream(ReaderStream::with_capacity(file, 1 << 16));
    let about = [(header::CONTENT_TYPE, HeaderValue::from_static(mime)), (header::CONTENT_LENGTH, length.into())];
    Some((kept, about, body).into_response())
}
