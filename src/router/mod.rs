//! API, pages, pictures and assets in one router, and what guards all of them.

mod caller;
mod door;
mod guard;
mod login;
mod measure;
mod media;
mod refusal;
mod sessions;
mod uploads;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State, connect_info::IntoMakeServiceWithConnectInfo},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use leptos_axum::{LeptosRoutes, generate_route_list};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, limit::RequestBodyLimitLayer, timeout::RequestBodyTimeoutLayer,
};

use self::{
    guard::{FrontEnds, SameSite, Strict},
    measure::Measured,
    refusal::refuse,
    sessions::Sessions,
};
use crate::{api, assets, state::AppState, web};

/// The largest form a page may send.
const LARGEST_FORM: usize = 1 << 20;

/// Everything this server answers, for a listener: who calls is known with each request.
pub fn router(app: AppState) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    routes(app).into_make_service_with_connect_info()
}

/// The same as routes. A request that does not say who calls is a stranger's.
pub fn routes(app: AppState) -> Router {
    let pages = pages(&app);
    let assets = Router::new()
        .route("/style.css", get(assets::style))
        .route("/app.js", get(assets::script))
        .route("/favicon.svg", get(assets::favicon))
        .route("/public/{*name}", get(assets::other));
    let pages = pages.merge(assets).layer(CompressionLayer::new().gzip(true));
    Router::new()
        .merge(api::router(&app))
        .route("/media/{name}", get(media::original))
        .route("/media/{id}/thumb.webp", get(media::thumbnail))
        .route("/media/datasets/{id}/{name}", get(media::of_dataset))
        .route("/media/datasets/{id}/{name}/thumb.webp", get(media::thumbnail_of_dataset))
        .route("/public/media/{token}/{name}", get(media::public))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .merge(pages)
        .method_not_allowed_fallback(wrong_method)
        // As one layer: each layer of a router's own is one more box that every request has to open.
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn_with_state(app.clone(), around))
                .layer(CatchPanicLayer::custom(broke_down))
                .option_layer(FrontEnds::new(&app).map(|those| middleware::from_fn_with_state(those, guard::front_ends)))
                .layer(middleware::from_fn_with_state(Arc::new(SameSite::new(&app)), guard::same_site))
                .layer(middleware::from_fn_with_state(Arc::new(Inside::new(&app)), inside))
                .layer(RequestBodyTimeoutLayer::new(app.config.send_limit)),
        )
        .with_state(app)
}

/// What is done for each request whatever becomes of it: it is counted and known where it comes from, names that are not
/// ours are refused, and browsers are told to be strict. One function, because each layer copies all that lie within it.
async fn around(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let measured = Measured::begin(&request);
    caller::note(&app, &mut request);
    let strict = Strict::with(&request);
    if !request.method().is_safe() {
        app.store.announce_change();
    }
    let mut response = match guard::foreign_host(&app, &request) {
        None => next.run(request).await,
        Some(refusal) => refusal,
    };
    strict.tell(&app, response.headers_mut());
    measured.end(&app, &response);
    response
}

/// What the way in needs.
struct Inside {
    app: AppState,
    sessions: Sessions,
}

impl Inside {
    fn new(app: &AppState) -> Self {
        Self { app: app.clone(), sessions: Sessions::new(app) }
    }
}

/// The way in: only so much time, a session, and nothing is reached but through the door. One function, for the same reason;
/// and in a box, because what waits inside of others is moved with each of them.
async fn inside(State(inside): State<Arc<Inside>>, request: Request, next: Next) -> Response {
    let Inside { app, sessions } = &*inside;
    let path = request.uri().path().to_owned();
    guard::in_time(app, &path, Box::pin(sessions.give(app, request, next))).await
}

/// What a listener of its own may face the internet with: pictures with a signed address, and nothing else.
pub fn public(app: AppState) -> Router {
    Router::new()
        .route("/public/media/{token}/{name}", get(media::public))
        .layer(CatchPanicLayer::custom(broke_down))
        .layer(middleware::from_fn_with_state(app.clone(), guard::headers))
        .with_state(app)
}

fn pages(app: &AppState) -> Router<AppState> {
    let context = web::context(app);
    let routes = generate_route_list(web::app::App);
    let fallback = leptos_axum::render_app_async_with_context(context.clone(), web::shell::shell);
    Router::new()
        .leptos_routes_with_context(app, routes, context, web::shell::shell)
        .route("/login", post(login::log_in))
        .fallback(fallback)
        .layer(middleware::from_fn(plain_lines))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        .merge(uploads(app))
        .layer(middleware::from_fn(lead_back))
        .layer(middleware::from_fn(web::flash::hand_over))
}

/// Forms that carry files: they are read piece by piece, and may be larger than others.
fn uploads(app: &AppState) -> Router<AppState> {
    let largest = usize::try_from(app.config.upload_limit).unwrap_or(usize::MAX);
    Router::new()
        .route("/actions/datasets/upload/{id}", post(uploads::into_dataset))
        .route("/actions/imports/upload", post(uploads::to_import))
        .layer(DefaultBodyLimit::max(largest))
}

/// A server function whose form cannot even be read leads back to the page it came from, without the framework's
/// own words in the address.
async fn lead_back(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/actions/") {
        return next.run(request).await;
    }
    let from = request.headers().get(header::REFERER).and_then(|from| from.to_str().ok()).and_then(page_path).unwrap_or_else(|| "/".into());
    let answer = next.run(request).await;
    let location = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    if answer.status().is_server_error() || location.is_some_and(|to| to.contains("__err=")) {
        return Redirect::to(&from).into_response();
    }
    answer
}

/// Forms end lines with two characters, whatever was typed, and everything else of ours with one: a text that was
/// only looked at would come back changed, and longer than a network counts it.
async fn plain_lines(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(sent) = axum::body::to_bytes(body, LARGEST_FORM).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let mut plain = Vec::with_capacity(sent.len());
    let mut rest = &sent[..];
    while let Some(at) = memchr::memmem::find(rest, b"%0D%0A") {
        plain.extend_from_slice(&rest[..at]);
        rest = &rest[at + b"%0D".len()..];
    }
    plain.extend_from_slice(rest);
    // Read on regardless, a name would be stored that nobody has typed.
    if percent_encoding::percent_decode(&plain).decode_utf8().is_err() {
        return refuse(parts.uri.path(), StatusCode::BAD_REQUEST, "This form is not written in UTF-8.");
    }
    parts.headers.insert(header::CONTENT_LENGTH, plain.len().into());
    next.run(Request::from_parts(parts, plain.into())).await
}

/// The path of an address, so that nobody is led anywhere else.
fn page_path(address: &str) -> Option<String> {
    let address: axum::http::Uri = address.parse().ok()?;
    address.path_and_query().map(|path| path.as_str().to_owned()).filter(|path| path.starts_with('/') && !path.starts_with("//"))
}

/// The API has words of its own for it.
async fn wrong_method(request: Request) -> Response {
    refuse(request.uri().path(), StatusCode::METHOD_NOT_ALLOWED, "This address does not take requests of that method.")
}

async fn ready(State(app): State<AppState>) -> Response {
    if app.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping").into_response();
    }
    "ready".into_response()
}

fn broke_down(_: Box<dyn std::any::Any + Send>) -> Response {
    // The panic's own words are in the log already.
    (StatusCode::INTERNAL_SERVER_ERROR, "Something in this server broke. The log says what.").into_response()
}
