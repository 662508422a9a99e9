//! The pictures, as files that never change.

use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use crate::{
    api::pictures::{Keep, send},
    domain::{content::ContentId, dataset::DatasetId},
    service,
    state::AppState,
};

/// How the picture is to be sent.
#[derive(Debug, Deserialize)]
pub struct How {
    download: Option<String>,
}

/// `/media/{id}.png`, with `?download` as an attachment.
pub async fn original(State(app): State<AppState>, Path(name): Path<String>, Query(how): Query<How>, headers: HeaderMap) -> Response {
    let Some(id) = name.strip_suffix(".png").map(ContentId::from) else { return missing() };
    let mut response = file(&app, &id, service::media::original_path(&app, &id), "image/png", &headers).await;
    if how.download.is_some() && response.status().is_success() {
        // The id is a plain name by now: it named a file.
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{id}.png\"")) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
    }
    response
}

/// `/media/{id}/thumb.webp`.
pub async fn thumbnail(State(app): State<AppState>, Path(id): Path<ContentId>, headers: HeaderMap) -> Response {
    file(&app, &id, service::media::thumbnail_path(&app, &id), "image/webp", &headers).await
}

/// `/public/media/{token}/{id}.jpg`: what Instagram fetches. Whatever is wrong, there is nothing.
pub async fn public(State(app): State<AppState>, Path((token, name)): Path<(String, String)>) -> Response {
    match service::handoff::open(&app, &token, &name, Utc::now()).await {
        Ok(jpeg) => ([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "private, no-store")], jpeg).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `/media/datasets/{id}/{name}`: a picture to train on. The address says which by its digest (`?v=`).
pub async fn of_dataset(State(app): State<AppState>, Path((id, name)): Path<(DatasetId, String)>, headers: HeaderMap) -> Response {
    let Ok(picture) = service::datasets::picture(&app, &id, &name) else { return missing() };
    let mime = picture.image.name.format().mime();
    send(&picture.path, mime, &picture.image.digest, Keep::ForEver, &headers).await.unwrap_or_else(missing)
}

/// `/media/datasets/{id}/{name}/thumb.webp`.
pub async fn thumbnail_of_dataset(
    State(app): State<AppState>,
    Path((id, name)): Path<(DatasetId, String)>,
    headers: HeaderMap,
) -> Response {
    let Ok(picture) = service::datasets::thumbnail(&app, &id, &name).await else { return missing() };
    send(&picture.path, "image/webp", &picture.image.digest, Keep::ForEver, &headers).await.unwrap_or_else(missing)
}

/// What is answered where there is no picture: people see it too, who open or download one.
fn missing() -> Response {
    const PRIVATE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::NOT_FOUND, PRIVATE, "There is no such picture.").into_response()
}

async fn file(
    app: &AppState,
    id: &ContentId,
    path: Result<std::path::PathBuf, crate::error::Error>,
    kind: &'static str,
    headers: &HeaderMap,
) -> Response {
    let (Ok(_), Ok(path)) = (service::content::get(app, id), path) else { return missing() };
    // A content's picture never changes, so its id is tag enough.
    let tag = HeaderValue::from_str(&format!("\"{id}\"")).unwrap_or(HeaderValue::from_static("\"\""));
    let keep = [(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")), (header::ETAG, tag.clone())];
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, keep).into_response();
    }
    let Ok(file) = tokio::fs::File::open(path).await else { return missing() };
    let length = file.metadata().await.map(|about| about.len()).unwrap_or_default();
    let body = Body::from_stream(ReaderStream::with_capacity(file, 1 << 16));
    (keep, [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_LENGTH, length.into())], body).into_response()
}
