//! A bucket that speaks as much S3 as we do: put, get by a signed address, list, delete.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};

pub const NAME: &str = "pictures";
pub const KEY_ID: &str = "AKIATESTBUCKET01";
pub const KEY: &str = "bucketSecretKey0001";

/// What lies in it: by name, with when it came.
type Objects = Arc<Mutex<BTreeMap<String, (Bytes, String)>>>;

pub struct TestBucket {
    pub url: String,
    objects: Objects,
    /// Every name that was ever put there.
    ever: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    objects: Objects,
    ever: Arc<Mutex<Vec<String>>>,
}

impl TestBucket {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Shared { objects: Objects::default(), ever: Arc::default() };
        let (objects, ever) = (Arc::clone(&shared.objects), Arc::clone(&shared.ever));
        let routes = Router::new()
            .route(&format!("/{NAME}"), get(list))
            .route(&format!("/{NAME}/{{*name}}"), get(fetch).put(put).delete(delete))
            .with_state(shared);
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, objects, ever, serving }
    }

    /// What lies there now.
    pub fn names(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }

    /// Everything that was ever put there.
    pub fn ever(&self) -> Vec<String> {
        self.ever.lock().unwrap().clone()
    }

    /// Lays something there, as if it had come at that time.
    pub fn lay(&self, name: &str, at: &str) {
        self.objects.lock().unwrap().insert(name.into(), (Bytes::from_static(b"old"), at.into()));
    }
}

impl Drop for TestBucket {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn signed(headers: &HeaderMap) -> bool {
    let word = headers.get(header::AUTHORIZATION).and_then(|word| word.to_str().ok()).unwrap_or_default();
    word.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/")) && word.contains("Signature=")
}

async fn put(State(shared): State<Shared>, Path(name): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if !signed(&headers) || headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != "image/jpeg") {
        return StatusCode::FORBIDDEN.into_response();
    }
    shared.ever.lock().unwrap().push(name.clone());
    shared.objects.lock().unwrap().insert(name, (body, chrono::Utc::now().to_rfc3339()));
    ([(header::ETAG, "\"1\"")], ()).into_response()
}

async fn fetch(State(shared): State<Shared>, Path(name): Path<String>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let good = query.get("X-Amz-Credential").is_some_and(|id| id.starts_with(KEY_ID)) && query.contains_key("X-Amz-Signature");
    let there = shared.objects.lock().unwrap().get(&name).cloned();
    match there {
        Some((bytes, _)) if good && query.get("X-Amz-Expires").is_some_and(|seconds| seconds == "21600") => {
            ([(header::CONTENT_TYPE, "image/jpeg")], bytes).into_response()
        }
        Some(_) => StatusCode::FORBIDDEN.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn delete(State(shared): State<Shared>, Path(name): Path<String>, headers: HeaderMap) -> StatusCode {
    if !signed(&headers) {
        return StatusCode::FORBIDDEN;
    }
    shared.objects.lock().unwrap().remove(&name);
    StatusCode::NO_CONTENT
}

async fn list(State(shared): State<Shared>, Query(query): Query<BTreeMap<String, String>>, headers: HeaderMap) -> Response {
    if !signed(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let prefix = query.get("prefix").cloned().unwrap_or_default();
    let objects = shared.objects.lock().unwrap();
    let rows = objects.iter().filter(|(name, _)| name.starts_with(&prefix)).map(|(name, (bytes, at))| {
        format!("<Contents><Key>{name}</Key><LastModified>{at}</LastModified><ETag>1</ETag><Size>{}</Size></Contents>", bytes.len())
    });
    let rows: String = rows.collect();
    ([(header::CONTENT_TYPE, "application/xml")], format!("<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"))
        .into_response()
}
