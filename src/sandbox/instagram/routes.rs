//! The paths of the Graph API, each with the token asked for first.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;

use super::{
    Shared, Step,
    accounts::{self, Persona},
    containers::{self, Fields},
    media,
    refusal::{no_such, parameter, refusal, stranger},
    site,
};
use crate::sandbox::social::{self, Refused};

/// The versions that have not ended.
const VERSIONS: [&str; 4] = ["v23.0", "v24.0", "v25.0", "v26.0"];

type App = State<Arc<Shared>>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let graph = Router::new()
        .route("/{version}/me", get(me))
        .route("/{version}/{node}", get(node))
        .route("/{version}/{account}/media", get(recent).post(create))
        .route("/{version}/{account}/media_publish", post(publish))
        .route("/{version}/{account}/content_publishing_limit", get(limit))
        .route("/refresh_access_token", get(renew))
        .layer(middleware::from_fn(guard))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown);
    let faults = social::routes(Arc::clone(&shared.faults));
    graph.merge(site::routes()).with_state(shared).merge(faults)
}

async fn unknown(uri: Uri) -> Refused {
    refusal(2500, 0, &format!("Unknown path components: {}", uri.path()))
}

/// Versions end, and a token in an address would end up in logs: Meta takes it there, this does not.
async fn guard(request: Request, next: Next) -> Response {
    let version = request.uri().path().split('/').nth(1).unwrap_or_default();
    let renewal = version == "refresh_access_token";
    if !renewal && !VERSIONS.contains(&version) {
        return refusal(2635, 0, "(#2635) You are calling a deprecated version or an unknown one.").into_response();
    }
    if !renewal && request.uri().query().is_some_and(|query| query.contains("access_token")) {
        return parameter("This simulator takes no tokens in addresses.").into_response();
    }
    next.run(request).await
}

/// Whose token the header holds.
fn persona(headers: &HeaderMap) -> Result<Persona, Refused> {
    let token = headers.get(header::AUTHORIZATION).and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
    token.and_then(accounts::of_token).ok_or_else(stranger)
}

/// The same where the path names the account too.
fn own(headers: &HeaderMap, account: &str) -> Result<Persona, Refused> {
    let persona = persona(headers)?;
    if persona.id == account { Ok(persona) } else { Err(no_such(account)) }
}

fn form(headers: &HeaderMap, body: &Bytes) -> Result<Fields, Refused> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let read = serde_urlencoded::from_bytes(body).ok().filter(|_| kind.starts_with("application/x-www-form-urlencoded"));
    read.ok_or_else(|| parameter("This simulator reads forms."))
}

async fn me(State(shared): App, headers: HeaderMap, Query(query): Query<Fields>) -> Result<Response, Refused> {
    let persona = persona(&headers)?;
    let wrapped = query.get("fields").is_some_and(|fields| fields.contains("user_id"));
    let effect = async {
        // Meta's page shows the fields in `data`, clients have seen them at the top: half of the accounts get either.
        let fields = json!({"user_id": persona.id, "username": persona.username, "id": format!("7{}", &persona.id[1..])});
        let odd = persona.id.ends_with(['1', '3', '5', '7', '9']);
        if wrapped && odd { Json(json!({ "data": [fields] })) } else { Json(fields) }
    };
    Ok(shared.faults.pass(Step::Me, &persona.username, &shared, effect).await)
}

/// An account, a container or a post, told apart by what is asked about it.
async fn node(
    State(shared): App,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    Query(query): Query<Fields>,
) -> Result<Response, Refused> {
    let persona = persona(&headers)?;
    let fields = query.get("fields").map(String::as_str).unwrap_or_default();
    if id == persona.id {
        let effect = async { Json(json!({"id": persona.id, "username": persona.username})) };
        return Ok(shared.faults.pass(Step::Me, &persona.username, &shared, effect).await);
    }
    if fields.contains("status_code") {
        let effect = async { containers::status(&shared, &persona, &id) };
        return Ok(shared.faults.pass(Step::Status, &persona.username, &shared, effect).await);
    }
    let effect = async { media::permalink(&shared, &persona, &id, fields) };
    Ok(shared.faults.pass(Step::Permalink, &persona.username, &shared, effect).await)
}

type Account = Path<(String, String)>;

async fn create(State(shared): App, Path((_, account)): Account, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let (persona, fields) = (own(&headers, &account)?, form(&headers, &body)?);
    let step = if containers::is_carousel(&fields) { Step::Gather } else { Step::Create };
    let effect = containers::create(&shared, &persona, &fields);
    Ok(shared.faults.pass(step, &persona.username, &shared, effect).await)
}

async fn publish(State(shared): App, Path((_, account)): Account, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let (persona, fields) = (own(&headers, &account)?, form(&headers, &body)?);
    let effect = async { media::publish(&shared, &persona, &fields) };
    Ok(shared.faults.pass(Step::Publish, &persona.username, &shared, effect).await)
}

async fn recent(
    State(shared): App,
    Path((_, account)): Account,
    headers: HeaderMap,
    Query(query): Query<Fields>,
) -> Result<Response, Refused> {
    let persona = own(&headers, &account)?;
    let effect = async { media::recent(&shared, &persona, &query) };
    Ok(shared.faults.pass(Step::Recent, &persona.username, &shared, effect).await)
}

async fn limit(State(shared): App, Path((_, account)): Account, headers: HeaderMap) -> Result<Response, Refused> {
    let persona = own(&headers, &account)?;
    let effect = async { media::limit(&shared, &persona) };
    Ok(shared.faults.pass(Step::Quota, &persona.username, &shared, effect).await)
}

async fn renew(State(shared): App, Query(query): Query<Fields>) -> Result<Response, Refused> {
    let token = query.get("access_token").map(String::as_str).unwrap_or_default();
    let persona = accounts::of_token(token).ok_or_else(stranger)?;
    if query.get("grant_type").map(String::as_str) != Some("ig_refresh_token") {
        return Err(parameter("grant_type must be ig_refresh_token."));
    }
    let effect = async { Json(json!({"access_token": accounts::renewed(token), "token_type": "bearer", "expires_in": 5_184_000})) };
    Ok(shared.faults.pass(Step::Renew, &persona.username, &shared, effect).await)
}
