//! What stands before every route: only known host names, only our own pages and allowed front ends, only so much time;
//! and headers that tell browsers to be strict.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower::{Layer, ServiceExt};
use tower_http::{
    cors::CorsLayer,
    csrf::{CsrfLayer, ProtectionError},
};

use super::refusal::{is_api, refuse};
use crate::{api, domain::access::Caller, service, state::AppState};

/// How much longer than an API call may wait any request may take.
const TO_ANSWER: Duration = Duration::from_secs(60);

const FOREIGN: &str = "A page of another site has asked for this. Front ends have to be allowed in DALLA_CORS_ORIGINS.";

/// For anything that is no page: nothing is run, nothing is loaded, and no other page shows it.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// The API's documents are pages that others wrote: their script and style come from here, too.
const DOCUMENTS: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
);
/// For every answer.
const STRICT: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), POWERS),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];
const POWERS: HeaderValue = HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=()");

/// The refusal of a request for a name that is not ours: a web page could otherwise point its own name at this machine
/// and read everything (DNS rebinding).
pub fn foreign_host(app: &AppState, request: &Request) -> Option<Response> {
    let (headers, authority) = (request.headers(), request.uri().authority());
    if is_ours(headers, authority, &app.config.allowed_hosts, app.config.listen.ip()) {
        return None;
    }
    // Under its public name this server shows pictures with a signed address, and nothing else.
    let public = app.public_url().and_then(|url| url.host_str().map(str::to_owned));
    if public.is_some_and(|host| is_ours(headers, authority, &[host], app.config.listen.ip())) {
        return match request.uri().path().starts_with("/public/media/") {
            true => None,
            false => Some(StatusCode::NOT_FOUND.into_response()),
        };
    }
    let words = "This server is not known by that name. Add it to DALLA_ALLOWED_HOSTS.";
    Some(refuse(request.uri().path(), StatusCode::MISDIRECTED_REQUEST, words))
}

fn is_ours(headers: &HeaderMap, authority: Option<&Authority>, allowed: &[String], listen: IpAddr) -> bool {
    let named = headers.get(header::HOST).map(|host| host.to_str().unwrap_or("?")).or(authority.map(Authority::as_str));
    // HTTP/1.0 tools send no name at all, and no browser does that.
    let Some(named) = named else { return true };
    let Ok(authority) = named.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    // A name can be pointed at any address, but an address is what it is: where others are let in, they may use it.
    let is_address = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || address == listen || listen.is_unspecified());
    is_address || host.eq_ignore_ascii_case("localhost") || allowed.iter().any(|known| known.trim().eq_ignore_ascii_case(host))
}

/// What tells whether a page of another site asks: one for the API, which front ends may use that are allowed, and one for
/// everything else.
pub struct SameSite {
    api: CsrfLayer<Refuse>,
    others: CsrfLayer<Refuse>,
}

/// Words to whoever asked, in the API's shape or in everybody's.
type Refuse = fn(ProtectionError) -> Response;

impl SameSite {
    /// With the front ends that are allowed.
    pub fn new(app: &AppState) -> Self {
        let api = CsrfLayer::new().with_rejection_response((|_| refuse("/api", StatusCode::FORBIDDEN, FOREIGN)) as Refuse);
        let others = CsrfLayer::new().with_rejection_response((|_| refuse("/", StatusCode::FORBIDDEN, FOREIGN)) as Refuse);
        let front_ends = app.config.cors_origins.iter().filter(|origin| !origin.is_empty());
        // They were read as origins when the process started.
        let api = front_ends.fold(api, |api, origin| api.clone().add_trusted_origin(origin).unwrap_or(api));
        Self { api, others }
    }
}

/// Refuses changes that a page of another site asks a browser for. Front ends that are allowed may use the API.
pub async fn same_site(State(same_site): State<Arc<SameSite>>, request: Request, next: Next) -> Response {
    // Any page may lead a browser to look at something.
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let guard = if is_api(request.uri().path()) { &same_site.api } else { &same_site.others };
    guard.layer(next).oneshot(request).await.into_response()
}

/// Front ends of other origins that are allowed to use the API.
#[derive(Clone)]
pub struct FrontEnds(CorsLayer);

impl FrontEnds {
    /// Those that are set; `None` when there are none.
    pub fn new(app: &AppState) -> Option<Self> {
        api::cors(&app.config.cors_origins).map(Self)
    }
}

/// Lets front ends that are allowed read what the API and the pictures answer, refusals included.
pub async fn front_ends(State(FrontEnds(cors)): State<FrontEnds>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !is_api(path) && !path.starts_with("/media/") {
        return next.run(request).await;
    }
    cors.layer(next).oneshot(request).await.into_response()
}

/// No request is worked on for ever, whatever it waits for. Streams that have begun go on.
pub async fn in_time(app: &AppState, path: &str, answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(app.config.wait_limit + TO_ANSWER, answer).await {
        Ok(response) => response,
        Err(_) => {
            refuse(path, StatusCode::GATEWAY_TIMEOUT, "This took too long. What was begun may still be done; look before you repeat it.")
        }
    }
}

/// Tells browsers not to guess types, not to show us inside other pages, not to keep what only those who are logged in
/// may see, and to hold on to https.
pub async fn headers(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let strict = Strict::with(&request);
    let mut response = next.run(request).await;
    strict.tell(&app, response.headers_mut());
    response
}

/// What headers have to know of the request they answer.
#[derive(Debug, Clone, Copy)]
pub struct Strict {
    is_secure: bool,
    is_document: bool,
}

impl Strict {
    /// For the answer to a request of which is known who calls.
    pub fn with(request: &Request) -> Self {
        let is_secure = request.extensions().get::<Caller>().is_some_and(|caller| caller.secure);
        Self { is_secure, is_document: request.uri().path().starts_with("/api/docs") }
    }

    /// Adds the headers to the answer's.
    pub fn tell(self, app: &AppState, headers: &mut HeaderMap) {
        headers.reserve(STRICT.len() + 2);
        headers.extend(STRICT.map(|(name, value)| (Some(name), value)));
        if self.is_secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(if self.is_document { DOCUMENTS } else { NO_PAGE });
        let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if is_page && service::access::is_asked(&app.store.read()) {
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_for(host: &str, listen: &str) -> bool {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).unwrap())]);
        is_ours(&headers, None, &["box.home".into()], listen.parse().unwrap())
    }

    #[test]
    fn only_known_names_are_answered() {
        for host in ["127.0.0.1:3000", "localhost", "[::1]:3000", "box.home:3000"] {
            assert!(asked_for(host, "127.0.0.1"), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "192.168.1.7"] {
            assert!(!asked_for(host, "127.0.0.1"), "{host}");
        }
    }

    #[test]
    fn where_others_are_let_in_they_may_use_the_address() {
        assert!(asked_for("192.168.1.7:3000", "0.0.0.0") && asked_for("[fd00::7]:3000", "::"));
        assert!(asked_for("192.168.1.7:3000", "192.168.1.7") && !asked_for("192.168.1.8", "192.168.1.7"));
        assert!(!asked_for("evil.example", "0.0.0.0"));
    }
}
