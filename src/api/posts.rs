//! Posts: sending pictures to Instagram and X, and the ledger of what became of them.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde::Deserialize;

use super::{
    error::{ProblemDocument, Refusal},
    extract::{Expected, Json, Query},
    reply,
};
use crate::{
    domain::{
        caption::Network,
        character::CharacterId,
        check::Check,
        content::ContentId,
        post::{Post, PostChange, PostId, PostRequest, PostState, Resolution, Sent},
        problem::{Kind, Problem},
    },
    prepared::{Body, Page},
    service::{
        self,
        publishing::{self, Filter},
    },
    state::AppState,
};

/// Which posts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Which {
    /// `scheduled`, `publishing`, `published`, `unconfirmed`, `held`, `failed`, `dry_run` or `cancelled`.
    state: Option<String>,
    /// Whose.
    character_id: Option<CharacterId>,
    /// With that picture.
    content_id: Option<ContentId>,
    /// At most so many, up to 500; 50 unless said.
    limit: Option<usize>,
    /// What the last page's `Link: rel="next"` said.
    cursor: Option<String>,
}

/// How a post is to be sent.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct HowToSend {
    /// Although something like it went out not long ago.
    anyway: bool,
}

/// Where a picture is to go.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct Where {
    /// `instagram` or `x`.
    network: Network,
    /// The words; those of the picture when left out.
    caption: Option<String>,
}

/// Sends a picture to Instagram, now or at a time. Waits until it is out, unless `Prefer: respond-async` is sent.
#[utoipa::path(post, path = "/api/post-to-instagram", tag = "posts", request_body = PostRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 h answer the same post")),
    responses((status = 200, body = Sent), (status = 202, body = Sent, description = "It goes out later"), (status = 400, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument),
        (status = 504, body = ProblemDocument, description = "Whether it is out is not known; `post` says what was seen")))]
pub async fn to_instagram(State(app): State<AppState>, headers: HeaderMap, Json(request): Json<PostRequest>) -> Result<Response, Refusal> {
    send(&app, Network::Instagram, &headers, request).await
}

/// Sends a picture to X, now or at a time. Waits until it is out, unless `Prefer: respond-async` is sent.
#[utoipa::path(post, path = "/api/post-to-twitter", tag = "posts", request_body = PostRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body within 24 h answer the same post")),
    responses((status = 200, body = Sent), (status = 202, body = Sent, description = "It goes out later"), (status = 400, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument),
        (status = 504, body = ProblemDocument, description = "Whether it is out is not known; `post` says what was seen")))]
pub async fn to_twitter(State(app): State<AppState>, headers: HeaderMap, Json(request): Json<PostRequest>) -> Result<Response, Refusal> {
    send(&app, Network::X, &headers, request).await
}

async fn send(app: &AppState, network: Network, headers: &HeaderMap, request: PostRequest) -> Result<Response, Refusal> {
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap_or_default().to_owned());
    let later = request.scheduled_at.is_some_and(|at| at > Utc::now());
    let post = publishing::create(app, network, request, key, Utc::now()).await?;
    if later {
        return Ok(answer(StatusCode::OK, post));
    }
    settled(app, post, headers).await
}

/// Waits until a post stands where it stays, and answers by where that is.
async fn settled(app: &AppState, post: Post, headers: &HeaderMap) -> Result<Response, Refusal> {
    if reply::wants_async(headers) {
        return Ok(answer(StatusCode::ACCEPTED, post));
    }
    let post = Post::clone(&*publishing::settled(app, &post.id).await?);
    let problem = match &post.state {
        PostState::Published { .. } | PostState::DryRun => return Ok(answer(StatusCode::OK, post)),
        PostState::Scheduled { .. } | PostState::Publishing => return Ok(answer(StatusCode::ACCEPTED, post)),
        PostState::Failed { problem } => problem.clone(),
        PostState::Unconfirmed { finding, .. } => {
            let words = format!("Whether the post is out is not known, so it is not sent again. {finding} See /api/posts/{}.", post.id);
            Problem::new(Kind::TooSlow, words)
        }
        PostState::Held { why, .. } => Problem::conflict(format!("The post is held: {why}")),
        PostState::Cancelled => Problem::conflict("The post was taken back."),
    };
    Err(Refusal::from(problem).with_post(post))
}

fn answer(status: StatusCode, post: Post) -> Response {
    let location = format!("/api/posts/{}", post.id);
    let mut response = (status, axum::Json(Sent::from(post))).into_response();
    if status == StatusCode::ACCEPTED {
        reply::set(&mut response, header::LOCATION, &location);
    }
    response
}

/// Posts, newest first.
#[utoipa::path(get, path = "/api/posts", tag = "posts", params(Which), responses((status = 200, body = Vec<Post>), (status = 422, body = ProblemDocument)))]
pub async fn list(State(app): State<AppState>, Query(which): Query<Which>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let part = reply::Part { limit: which.limit, cursor: which.cursor };
    let version = app.store.read().posts.version();
    reply::prepared(&app, &headers, &uri, version, || {
        let cursor = part.cursor.as_deref().map(PostId::from);
        let filter = Filter { state: which.state, character: which.character_id, content: which.content_id };
        let page = publishing::page(&app, &filter, cursor.as_ref(), part.limit(50))?;
        let posts: Vec<_> = page.posts.iter().map(|post| &**post).collect();
        Ok(Page { body: Body::list(&posts), total: page.total, next: page.next.map(|next| next.to_string()) })
    })
}

/// One post, with everything that was tried.
#[utoipa::path(get, path = "/api/posts/{id}", tag = "posts", params(("id" = String, Path)), responses((status = 200, body = Post), (status = 404, body = ProblemDocument)))]
pub async fn get(State(app): State<AppState>, Path(id): Path<PostId>, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(reply::record(&headers, &*publishing::get(&app, &id)?))
}

/// Changes time or words of a post that has not gone out.
#[utoipa::path(patch, path = "/api/posts/{id}", tag = "posts", params(("id" = String, Path)), request_body = PostChange,
    responses((status = 200, body = Post), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn patch(
    State(app): State<AppState>,
    Path(id): Path<PostId>,
    expected: Expected,
    Json(change): Json<PostChange>,
) -> Result<Response, Refusal> {
    let post = publishing::change(&app, &id, change, expected, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &post))
}

/// Sends a post now: one that waits, failed, was held, taken back or rehearsed.
#[utoipa::path(post, path = "/api/posts/{id}/publish", tag = "posts", params(("id" = String, Path)), request_body = Option<HowToSend>,
    responses((status = 200, body = Sent), (status = 202, body = Sent), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 502, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub async fn publish(
    State(app): State<AppState>,
    Path(id): Path<PostId>,
    headers: HeaderMap,
    body: bytes::Bytes,
) -> Result<Response, Refusal> {
    let how: HowToSend = if body.is_empty() { HowToSend::default() } else { super::extract::read(&body)? };
    let post = publishing::send(&app, &id, how.anyway, Utc::now()).await?;
    settled(&app, post, &headers).await
}

/// Takes a post back that has not gone out.
#[utoipa::path(post, path = "/api/posts/{id}/cancel", tag = "posts", params(("id" = String, Path)),
    responses((status = 200, body = Post), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn cancel(State(app): State<AppState>, Path(id): Path<PostId>) -> Result<Response, Refusal> {
    let post = publishing::cancel(&app, &id, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &post))
}

/// Has the account read once more, to find out whether a post is out. Waits until it was, unless `Prefer: respond-async`
/// is sent.
#[utoipa::path(post, path = "/api/posts/{id}/reconcile", tag = "posts", params(("id" = String, Path)),
    responses((status = 200, body = Post), (status = 202, body = Sent), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn reconcile(State(app): State<AppState>, Path(id): Path<PostId>, headers: HeaderMap) -> Result<Response, Refusal> {
    let post = publishing::reconcile(&app, &id, Utc::now()).await?;
    if reply::wants_async(&headers) {
        return Ok(answer(StatusCode::ACCEPTED, post));
    }
    let post = publishing::looked(&app, &post.id).await?;
    Ok(reply::record(&HeaderMap::new(), &*post))
}

/// Says whether a post is out whose outcome was not known.
#[utoipa::path(post, path = "/api/posts/{id}/resolve", tag = "posts", params(("id" = String, Path)), request_body = Resolution,
    responses((status = 200, body = Post), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn resolve(State(app): State<AppState>, Path(id): Path<PostId>, Json(resolution): Json<Resolution>) -> Result<Response, Refusal> {
    let post = publishing::resolve(&app, &id, resolution, Utc::now()).await?;
    Ok(reply::record(&HeaderMap::new(), &post))
}

/// What is looked at before a picture goes out on a network, and how it stands now.
#[utoipa::path(get, path = "/api/content/{id}/checks", tag = "posts", params(("id" = String, Path), Where),
    responses((status = 200, body = Vec<Check>), (status = 404, body = ProblemDocument)))]
pub async fn checks(State(app): State<AppState>, Path(id): Path<ContentId>, Query(to): Query<Where>) -> Result<Response, Refusal> {
    let content = service::content::get(&app, &id)?;
    let checks = publishing::checks::of_content(&app, &content, to.network, to.caption.as_deref(), Utc::now());
    Ok(axum::Json(checks).into_response())
}

/// Stops all posting, until it is resumed.
#[utoipa::path(post, path = "/api/posting/pause", tag = "posts", responses((status = 204)))]
pub async fn pause(State(app): State<AppState>) -> Result<StatusCode, Refusal> {
    publishing::pause(&app).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Goes on with posting.
#[utoipa::path(post, path = "/api/posting/resume", tag = "posts", responses((status = 204)))]
pub async fn resume(State(app): State<AppState>) -> Result<StatusCode, Refusal> {
    publishing::resume(&app, Utc::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
