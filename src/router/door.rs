//! The door: who sent a request, and whether they may do what it asks for.
//!
//! Every route is behind it. What a route needs is read off its method and path; one nobody thought of needs a login.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use chrono::Utc;
use tower_sessions::Session;

use super::refusal::refuse;
use crate::{
    actor,
    domain::{
        access::{Caller, Scope, Visitor, needed},
        activity::Actor,
    },
    service,
    state::AppState,
    web,
};

/// What anybody may have: the login page with what it looks like, and whether the server is alive.
const OPEN: [&str; 6] = ["/login", "/style.css", "/app.js", "/favicon.svg", "/healthz", "/readyz"];

/// No token is like this.
const NONE: &str = "Bearer ?";

/// What a request knocks at.
#[derive(Debug, PartialEq, Eq)]
enum Door {
    /// Anybody.
    Open,
    /// Numbers about this server: whoever is at this machine, or may read.
    Metrics,
    /// People, and programs with a token of that scope.
    Programs(Scope),
    /// People.
    People,
}

/// Lets a request through, or says why not. Whatever it changes is done by its visitor.
pub async fn admit(app: &AppState, mut request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>().copied();
    let door = door(request.method(), request.uri().path());
    let visitor = match visitor(app, &request, caller) {
        Ok(visitor) => visitor,
        Err(_) if door == Door::Open => None,
        Err(why) => return shut(&request, why),
    };
    if let Err(why) = may_pass(&door, visitor.as_ref(), caller) {
        return shut(&request, why);
    }
    let actor = match &visitor {
        Some(visitor) => {
            service::access::noticed(app, visitor, Utc::now());
            visitor.actor()
        }
        None => Actor::Stranger { address: caller.map(|caller| caller.address.to_string()).unwrap_or_default() },
    };
    if let Some(visitor) = visitor {
        request.extensions_mut().insert(visitor);
    }
    actor::by(actor, next.run(request)).await
}

fn door(method: &Method, path: &str) -> Door {
    let looks = matches!(*method, Method::GET | Method::HEAD);
    let under = |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match path {
        "/login" => Door::Open,
        _ if looks && (OPEN.contains(&path) || path.starts_with("/public/media/")) => Door::Open,
        "/metrics" if looks => Door::Metrics,
        // The documents for programs are read by people.
        _ if under("/api/docs") => Door::People,
        _ if under("/api") || under("/media") => Door::Programs(needed(method.as_str(), path)),
        _ => Door::People,
    }
}

/// Why a request is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shut {
    /// Nobody is logged in.
    Out,
    /// There is no such token.
    WrongToken,
    /// The token may not do that.
    Needs(Scope),
    /// It is for people, and a token is for programs.
    ForPeople,
    /// There is no password, and it comes from another machine.
    Elsewhere,
}

/// Who it is. A token that is sent has to be right, also where none is needed.
fn visitor(app: &AppState, request: &Request, caller: Option<Caller>) -> Result<Option<Visitor>, Shut> {
    if let Some(token) = bearer(request.headers()) {
        return service::access::token(app, token).map(|token| Some(Visitor::Token(token))).ok_or(Shut::WrongToken);
    }
    if !service::access::is_asked(&app.store.read()) {
        return if caller.is_some_and(|caller| caller.is_here) { Ok(Some(Visitor::Local)) } else { Err(Shut::Elsewhere) };
    }
    let cookie = request.extensions().get::<Session>().and_then(Session::id);
    let login = cookie.and_then(|id| service::access::session(app, &id.to_string(), Utc::now()));
    Ok(login.map(Visitor::Session))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let first = sent.next()?;
    // What cannot be read, or is there twice, is no token; and no reason to ignore it either.
    let text = if sent.next().is_some() { NONE } else { first.to_str().unwrap_or(NONE) };
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn may_pass(door: &Door, visitor: Option<&Visitor>, caller: Option<Caller>) -> Result<(), Shut> {
    match (door, visitor) {
        (Door::Open, _) => Ok(()),
        (Door::Metrics, _) if caller.is_some_and(|caller| caller.is_here) => Ok(()),
        (_, None) => Err(Shut::Out),
        (Door::Metrics, Some(visitor)) if visitor.may(Scope::Read) => Ok(()),
        (Door::Metrics, Some(_)) => Err(Shut::Needs(Scope::Read)),
        (Door::Programs(scope), Some(visitor)) if visitor.may(*scope) => Ok(()),
        (Door::Programs(scope), Some(_)) => Err(Shut::Needs(*scope)),
        (Door::People, Some(Visitor::Local | Visitor::Session(_))) => Ok(()),
        (Door::People, Some(Visitor::Token(_))) => Err(Shut::ForPeople),
    }
}

/// The answer to a request that is not let through: browsers are led to the login page, and back from there.
fn shut(request: &Request, why: Shut) -> Response {
    let path = request.uri().path();
    let is_live = request.headers().contains_key("x-live");
    if why == Shut::Out && !is_live && door(request.method(), path) == Door::People {
        return Redirect::to(&format!("/login{}", back(request))).into_response();
    }
    let needs;
    let (status, challenge, words) = match why {
        Shut::Out => (
            StatusCode::UNAUTHORIZED,
            Some("Bearer realm=\"Digital Dalla\"".to_owned()),
            "Log in, or send a token: Authorization: Bearer …",
        ),
        Shut::WrongToken => (
            StatusCode::UNAUTHORIZED,
            Some("Bearer realm=\"Digital Dalla\", error=\"invalid_token\"".to_owned()),
            "There is no such token. It may have been revoked; make one under Settings, Access.",
        ),
        Shut::Needs(scope) => {
            needs = format!("This needs a token with the scope {}.", scope.key());
            let challenge = format!("Bearer realm=\"Digital Dalla\", error=\"insufficient_scope\", scope=\"{}\"", scope.key());
            (StatusCode::FORBIDDEN, Some(challenge), needs.as_str())
        }
        Shut::ForPeople => (StatusCode::FORBIDDEN, None, "Pages are for people who log in. Tokens are for /api."),
        Shut::Elsewhere => (
            StatusCode::FORBIDDEN,
            None,
            "This came from another machine, and there is no password to ask for. Set one first with: digital-dalla set-password",
        ),
    };
    let mut response = refuse(path, status, words);
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The page to come back to: the one that was asked for, or the one with the form.
fn back(request: &Request) -> String {
    let uri = request.uri();
    let asked = if matches!(*request.method(), Method::GET | Method::HEAD) {
        uri.path_and_query().map(|path| path.as_str().to_owned())
    } else {
        request.headers().get(header::REFERER).and_then(|from| from.to_str().ok()).and_then(super::page_path)
    };
    let page = asked.filter(|page| page != "/" && web::actions::is_ours(page));
    page.map(|page| format!("?next={}", web::context::encode(&page))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_nobody_thought_of_needs_a_login() {
        for path in [
            "/",
            "/anything/new",
            "/actions/x/y",
            "/loginx",
            "/login/",
            "/healthz/more",
            "/public/app.js",
            "/metrics/x",
            "/apix",
            "/api/docs/",
        ] {
            assert_eq!(door(&Method::GET, path), Door::People, "{path}");
        }
        assert_eq!(door(&Method::POST, "/healthz"), Door::People);
        assert_eq!(door(&Method::POST, "/metrics"), Door::People);
        assert_eq!(door(&Method::GET, "/api/anything/new"), Door::Programs(Scope::Read));
        assert_eq!(door(&Method::POST, "/api/anything/new"), Door::Programs(Scope::Write));
        assert_eq!(door(&Method::GET, "/media/x.png"), Door::Programs(Scope::Read));
    }

    #[test]
    fn a_token_is_read_whatever_the_case_of_its_scheme() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read("bearer dalla_x").as_deref(), Some("dalla_x"));
        assert_eq!(read("Basic eDp5"), None);
        assert_eq!(read("Bearer").as_deref(), Some(""), "which is none of ours");
    }
}
