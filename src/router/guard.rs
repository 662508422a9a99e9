//! What stands before every route: only known host names, and headers that tell browsers to be strict.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::state::AppState;

/// Refuses requests for names that are not ours: a web page could otherwise point its own name at this machine
/// and read everything (DNS rebinding).
pub async fn known_host(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if is_ours(request.headers(), request.uri().authority(), &app.config.allowed_hosts) {
        return next.run(request).await;
    }
    // Under its public name this server shows pictures with a signed address, and nothing else.
    let public = app.config.public_url.as_ref().and_then(|url| url.host_str()).map(str::to_owned);
    if public.is_some_and(|host| is_ours(request.headers(), request.uri().authority(), &[host])) {
        return match request.uri().path().starts_with("/public/media/") {
            true => next.run(request).await,
            false => StatusCode::NOT_FOUND.into_response(),
        };
    }
    let words = "This server is not known by that name. Add it to DALLA_ALLOWED_HOSTS.";
    (StatusCode::MISDIRECTED_REQUEST, words).into_response()
}

fn is_ours(headers: &HeaderMap, authority: Option<&Authority>, allowed: &[String]) -> bool {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(authority.map(Authority::as_str));
    // HTTP/1.0 tools send no name at all, and no browser does that.
    let Some(named) = named else { return true };
    let Ok(authority) = named.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    loopback || host.eq_ignore_ascii_case("localhost") || allowed.iter().any(|known| known.trim().eq_ignore_ascii_case(host))
}

/// Tells browsers not to guess types, not to show us inside other pages, and to keep our addresses to themselves.
pub async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_for(host: &str) -> bool {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).unwrap())]);
        is_ours(&headers, None, &["box.home".into()])
    }

    #[test]
    fn only_known_names_are_answered() {
        assert!(asked_for("127.0.0.1:3000") && asked_for("localhost") && asked_for("[::1]:3000") && asked_for("box.home:3000"));
        assert!(!asked_for("evil.example") && !asked_for("127.0.0.1.evil.example") && !asked_for("192.168.1.7"));
    }
}
