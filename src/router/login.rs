//! `POST /login`: the password, and where to go with it. What is refused is said at once, with a status programs
//! understand; nothing is left behind for strangers.

use axum::{
    body::Body,
    extract::{Extension, Form, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use chrono::Utc;
use serde::Deserialize;
use tower_sessions::Session;

use crate::{
    domain::{
        access::{Caller, agent},
        character::NewSecret,
        problem::Problem,
    },
    service::access::{self, Begun, Refused},
    state::AppState,
    web::{
        self,
        actions::is_ours,
        flash::{self, Flash},
    },
};

/// What is typed.
#[derive(Deserialize)]
pub struct Typed {
    #[serde(default)]
    password: NewSecret,
    #[serde(default)]
    next: String,
}

/// Logs in, and leads to the page that was asked for.
pub async fn log_in(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    session: Session,
    headers: HeaderMap,
    Form(Typed { password, next }): Form<Typed>,
) -> Response {
    let now = Utc::now();
    let next = if is_ours(&next) { next } else { "/".to_owned() };
    if !access::is_asked(&app.store.read()) {
        return Redirect::to(&next).into_response();
    }
    if let Err(refused) = access::log_in(&app, password.0.into(), caller.address, now).await {
        return again(&app, &headers, &next, &refused).await;
    }
    let browser = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    match begin(&app, &session, agent(browser), caller).await {
        Ok(()) => Redirect::to(&next).into_response(),
        Err(problem) => page(&app, &headers, &next, StatusCode::SERVICE_UNAVAILABLE, problem).await,
    }
}

/// Begins the session under an id nobody can have known before.
async fn begin(app: &AppState, session: &Session, agent: String, caller: Caller) -> Result<(), Problem> {
    let cookie = flash::renew(session).await?;
    let begun = Begun { cookie: &cookie, agent, address: caller.address };
    access::begin(app, begun, Utc::now()).await.map_err(Problem::from)
}

async fn again(app: &AppState, headers: &HeaderMap, next: &str, refused: &Refused) -> Response {
    let status = match refused {
        Refused::Wrong => StatusCode::UNPROCESSABLE_ENTITY,
        Refused::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        Refused::Locked(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = page(app, headers, next, status, Problem::invalid("password", refused.words())).await;
    if let Refused::TooMany(wait) = refused {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().saturating_add(1)));
    }
    response
}

/// The login page once more, with what was wrong.
async fn page(app: &AppState, headers: &HeaderMap, next: &str, status: StatusCode, problem: Problem) -> Response {
    let address = format!("/login?next={}", web::context::encode(next));
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = address.parse().unwrap_or(Uri::from_static("/login"));
    *request.headers_mut() = headers.clone();
    request.extensions_mut().insert(Flash::refusing(web::pages::login::FORM, problem));
    let mut response = leptos_axum::render_app_async_with_context(web::context(app), web::shell::shell)(request).await;
    *response.status_mut() = status;
    response
}
