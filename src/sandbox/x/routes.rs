//! The paths of the API v2, each with its signature checked first.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Multipart, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Shared, Step, accounts::Persona, media, posts, problem, signature, site};
use crate::sandbox::social::{self, Refused};

type App = State<Arc<Shared>>;
type Signer = Extension<Persona>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let api = Router::new()
        .route("/2/users/me", get(me))
        .route("/2/users/{id}/tweets", get(timeline))
        .route("/2/media/upload", post(upload))
        .route("/2/media/upload/initialize", post(initialize))
        .route("/2/media/upload/{id}/append", post(append))
        .route("/2/media/upload/{id}/finalize", post(finalize))
        .route("/2/media/metadata", post(describe))
        .route("/2/tweets", post(create))
        .layer(DefaultBodyLimit::max(16 << 20))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        .fallback(unknown);
    let faults = social::routes(Arc::clone(&shared.faults));
    api.merge(site::routes()).with_state(shared).merge(faults)
}

async fn unknown(uri: Uri) -> Response {
    let body = json!({"title": "Not Found", "type": "about:blank", "status": 404, "detail": format!("{} is not here.", uri.path())});
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// Signed, and with the versions of the API in the answer.
async fn guard(State(shared): App, mut request: Request, next: Next) -> Response {
    let signer = signature::signer(&shared.address, request.method(), request.uri(), request.headers(), &shared.nonces);
    let mut answer = match signer {
        Some(persona) => {
            request.extensions_mut().insert(persona);
            next.run(request).await
        }
        None => problem::stranger().into_response(),
    };
    answer.headers_mut().insert("api-version", HeaderValue::from_static("2.169"));
    answer
}

/// Counts a call, and carries it out past what was asked to go wrong.
async fn pass(
    shared: &Arc<Shared>,
    step: Step,
    persona: &Persona,
    effect: impl Future<Output = impl IntoResponse>,
) -> Result<Response, Refused> {
    let window = shared.limits.count(step, &persona.username)?;
    let mut answer = shared.faults.pass(step, &persona.username, shared, effect).await;
    window.tell(answer.headers_mut());
    Ok(answer)
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Refused> {
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !json {
        return Err(problem::invalid("content-type must be application/json."));
    }
    serde_json::from_slice(body).map_err(|error| problem::invalid(&error.to_string()))
}

async fn me(State(shared): App, Extension(persona): Signer) -> Result<Response, Refused> {
    let effect = async { Json(json!({"data": {"id": persona.id, "name": persona.username, "username": persona.username}})) };
    pass(&shared, Step::Me, &persona, effect).await
}

async fn timeline(
    State(shared): App,
    Extension(persona): Signer,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Refused> {
    if id != persona.id {
        return Err(problem::forbidden("This simulator shows your own posts only."));
    }
    pass(&shared, Step::Timeline, &persona, async { posts::timeline(&shared, &persona, &query) }).await
}

async fn upload(State(shared): App, Extension(persona): Signer, body: Multipart) -> Result<Response, Refused> {
    let parts = media::parts(body, &["media", "media_category"]).await?;
    pass(&shared, Step::Upload, &persona, async { media::upload(&shared, &persona, parts) }).await
}

async fn initialize(State(shared): App, Extension(persona): Signer, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let body = read(&headers, &body)?;
    pass(&shared, Step::Initialize, &persona, async { media::initialize(&shared, &persona, body) }).await
}

async fn append(State(shared): App, Extension(persona): Signer, Path(id): Path<String>, body: Multipart) -> Result<Response, Refused> {
    let parts = media::parts(body, &["media", "segment_index"]).await?;
    pass(&shared, Step::Append, &persona, async { media::append(&shared, &persona, &id, &parts) }).await
}

async fn finalize(State(shared): App, Extension(persona): Signer, Path(id): Path<String>) -> Result<Response, Refused> {
    pass(&shared, Step::Finalize, &persona, async { media::finalize(&shared, &persona, &id) }).await
}

async fn describe(State(shared): App, Extension(persona): Signer, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let body = read(&headers, &body)?;
    pass(&shared, Step::Describe, &persona, async { media::describe(&shared, &persona, body) }).await
}

async fn create(State(shared): App, Extension(persona): Signer, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let body = read(&headers, &body)?;
    pass(&shared, Step::Post, &persona, async { posts::create(&shared, &persona, body) }).await
}
