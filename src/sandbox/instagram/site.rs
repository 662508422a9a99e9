//! What a person sees: a page with everything that went out, and one for each post.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use super::{Shared, ledger::Posted, lock};
use crate::sandbox::social::{Shown, page};

type App = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sandbox", get(all))
        .route("/sandbox/posts", get(list))
        .route("/sandbox/pictures/{name}", get(picture))
        .route("/p/{shortcode}/", get(one))
}

async fn all(State(shared): App) -> Html<String> {
    let posts = lock(&shared.ledger).posts.clone();
    page("Instagram", &posts.iter().map(|post| shown(&shared, post)).collect::<Vec<_>>())
}

async fn list(State(shared): App) -> Json<Vec<Posted>> {
    Json(lock(&shared.ledger).posts.clone())
}

async fn one(State(shared): App, Path(shortcode): Path<String>) -> Response {
    let post = lock(&shared.ledger).posts.iter().find(|post| post.shortcode == shortcode).cloned();
    match post {
        Some(post) => page("Instagram", &[shown(&shared, &post)]).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn picture(State(shared): App, Path(name): Path<String>) -> Response {
    match name.strip_suffix(".jpg").and_then(|id| shared.memory.picture(id)) {
        Some(jpeg) => ([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn shown(shared: &Shared, post: &Posted) -> Shown {
    let pictures = post.pictures.iter().zip(&post.alt_texts);
    Shown {
        account: post.account.clone(),
        caption: post.caption.clone(),
        pictures: pictures.map(|(id, alt)| (format!("/sandbox/pictures/{id}.jpg"), alt.clone())).collect(),
        at: post.at,
        link: shared.address_of(post),
        made_with_ai: post.made_with_ai,
    }
}
