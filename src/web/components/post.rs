//! A post in a few words.

use std::sync::Arc;

use leptos::prelude::*;

use super::{page::Pill, picture::Thumbnail};
use crate::{
    domain::post::{Post, PostId, PostState},
    store::State,
    web::context,
};

/// What a post says, or what is to be seen on it.
pub fn title(id: &PostId) -> String {
    let app = context::app();
    let state = app.store.read();
    let Some(post) = state.posts.get(id.as_str()) else { return "A post that was deleted".to_owned() };
    words_of(post)
}

/// The beginning of what it says.
pub fn words_of(post: &Post) -> String {
    let words = post.caption.lines().next().unwrap_or_default().trim();
    if words.is_empty() { "Without words".to_owned() } else { words.to_owned() }
}

/// Where a post goes.
pub fn place(id: &PostId) -> &'static str {
    let app = context::app();
    let state = app.store.read();
    state.posts.get(id.as_str()).map_or("A network", |post| post.network.label())
}

/// Where a post stands, as dot and word.
#[component]
pub fn PostPill(#[prop(into)] state: PostState) -> impl IntoView {
    let tone = match &state {
        PostState::Published { .. } => "ok",
        PostState::Failed { .. } => "bad",
        PostState::Unconfirmed { .. } | PostState::Held { .. } => "warn",
        PostState::Publishing => "run",
        PostState::Scheduled { .. } => "info",
        PostState::Cancelled | PostState::DryRun => "",
    };
    view! { <Pill tone words=state.label()/> }
}

/// The first picture of a post, small.
#[component]
pub fn FirstPicture(post: Arc<Post>, state: Arc<State>) -> impl IntoView {
    let content = post.pictures.first().and_then(|picture| state.content.get(picture.content_id.as_str()).cloned());
    match content {
        Some(content) => view! { <Thumbnail content class="thumb" decorative=true/> }.into_any(),
        None => view! { <span class="thumb gone" aria-hidden="true"></span> }.into_any(),
    }
}
