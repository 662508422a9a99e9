//! What stands before every route of the API: how much a caller may ask for, and that a request with a name
//! (`Idempotency-Key`) is done once.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::Utc;
use tracing::Instrument;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    LARGEST_BODY,
    error::{self, Refusal},
    reply::{PREFER, PREFERENCE_APPLIED, wants_async},
};
use crate::{
    actor,
    domain::{
        access::{Caller, Visitor, is_costly},
        answered::Answer,
        problem::{Kind, Problem},
    },
    limits::Who,
    service::repeats::{self, Named, Turn},
    state::AppState,
    underway::Doing,
};

/// The header that names a request.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
pub const REPEATED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// These know a request again by what they have stored of it, which is stronger.
pub const LEDGERS: [&str; 3] = ["/api/post-to-instagram", "/api/post-to-twitter", "/api/lora/train"];

/// What belongs to an answer besides its body.
const KEPT: [HeaderName; 4] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG, PREFERENCE_APPLIED];

/// Lets a request through: once, and not too many of them. Whatever comes of it has the shape of ours.
pub async fn pass(State(app): State<AppState>, request: Request, next: Next) -> Response {
    error::in_our_shape(counted(app, request, next).await)
}

async fn counted(app: AppState, request: Request, next: Next) -> Response {
    let is_costly = is_costly(request.method().as_str(), request.uri().path());
    if let Err(wait) = app.limits.count(who(&request), is_costly) {
        let seconds = wait.as_secs().saturating_add(1);
        let words = if is_costly {
            format!("That was a lot to be made in a short time. Go on in {seconds} s.")
        } else {
            format!("Those were too many requests in a short time. Go on in {seconds} s.")
        };
        let mut response = Refusal::with_status(StatusCode::TOO_MANY_REQUESTS, &words).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        return response;
    }
    if *request.method() == Method::POST && request.headers().contains_key(KEY) && !LEDGERS.contains(&request.uri().path()) {
        // In a box: few requests have names, and all would be as large as this.
        return Box::pin(once(app, request, next)).await.unwrap_or_else(Refusal::into_response);
    }
    with_preference(request, next).await
}

/// Says so where the caller did not have to wait, as it wished.
async fn with_preference(request: Request, next: Next) -> Response {
    let wished = request.headers().contains_key(PREFER) && wants_async(request.headers());
    let mut response = next.run(request).await;
    if wished && response.status() == StatusCode::ACCEPTED {
        response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static("respond-async"));
    }
    response
}

fn who(request: &Request) -> Who {
    let is_local = matches!(request.extensions().get::<Visitor>(), None | Some(Visitor::Local));
    // Which program of this machine it is, nobody can tell.
    let mark = if is_local { 0 } else { xxh3_64(caller(request).as_bytes()) };
    Who { mark, is_local }
}

/// A name for who calls, that no two share.
fn caller(request: &Request) -> String {
    match request.extensions().get::<Visitor>() {
        Some(Visitor::Token(token)) => format!("token {}", token.id),
        Some(Visitor::Session(login)) => format!("session {}", login.id),
        Some(Visitor::Local) => "here".to_owned(),
        None => request.extensions().get::<Caller>().map(|caller| caller.address.to_string()).unwrap_or_default(),
    }
}

/// Does a request with a name, or answers as it was answered before.
async fn once(app: AppState, request: Request, next: Next) -> Result<Response, Refusal> {
    let caller = caller(&request);
    let (parts, body) = request.into_parts();
    let key = parts.headers.get(KEY).and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let is_form = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"));
    // Files are not held in memory, and what stands between the parts of a form differs each time it is sent.
    let length = parts.headers.get(header::CONTENT_LENGTH).map(|length| Bytes::copy_from_slice(length.as_bytes())).unwrap_or_default();
    let (said, body) = if is_form { (length, body) } else { read(body).await.map(|read| (read.clone(), Body::from(read)))? };
    let address = parts.uri.path_and_query().map_or("", |path| path.as_str()).to_owned();
    let named = Named { caller: &caller, key: &key, said: &[address.as_bytes(), &said] };
    let doing = match repeats::begin(&app, named, Utc::now()).await? {
        Turn::Do(doing) => doing,
        Turn::Done(answer) => return Ok(repeated(answer)),
        Turn::Running => return Ok(running()),
    };
    let work = with_preference(Request::from_parts(parts, body), next);
    // Whoever goes away stops nothing: whether it was done, and how it was answered, is known when they ask again.
    let work = actor::by(actor::current(), async move { note(&app, doing, work.await).await }).in_current_span();
    Ok(tokio::spawn(work).await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    let too_large = |_| Problem::new(Kind::TooLarge, "The body is too large, or broke off; at most 2 MB are read.");
    to_bytes(body, LARGEST_BODY).await.map_err(too_large).map_err(Refusal::from)
}

/// Writes down how a request was answered, and answers it so.
async fn note(app: &AppState, doing: Doing, response: Response) -> Response {
    let status = response.status();
    // Refusals made nothing. After these two, something may have been, and nobody knows.
    let may_be_done = status.is_success() || matches!(status, StatusCode::INTERNAL_SERVER_ERROR | StatusCode::GATEWAY_TIMEOUT);
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let noted = if may_be_done {
        let answer =
            Answer { status: status.as_u16(), headers: kept(&parts.headers), body: std::str::from_utf8(&body).ok().map(str::to_owned) };
        repeats::end(app, doing, answer, Utc::now()).await
    } else {
        repeats::forget(app, doing).await
    };
    if let Err(error) = noted {
        tracing::error!(%error, "how a request was answered could not be stored; repeated, it is refused");
    }
    Response::from_parts(parts, body.into())
}

fn kept(headers: &HeaderMap) -> std::collections::BTreeMap<String, String> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    KEPT.iter().filter_map(|name| Some((name.as_str().to_owned(), text(name)?))).collect()
}

fn repeated(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body.unwrap_or_default()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = answer
        .headers
        .iter()
        .filter_map(|(name, value)| Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?)));
    response.headers_mut().extend(headers);
    response.headers_mut().insert(REPEATED, HeaderValue::from_static("true"));
    response
}

fn running() -> Response {
    let words = "This is being done at this moment. Ask again in a moment.";
    let mut response = Refusal::from(Problem::conflict(words)).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
