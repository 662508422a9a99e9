//! How a picture would look on each network: in the shape the network takes, with its words as the network counts them.

use std::sync::Arc;

use leptos::prelude::*;

use super::{captions::count_words, picture::Avatar};
use crate::{
    domain::{
        caption::{self, Network},
        character::Character,
        content::Content,
        settings::Fit,
    },
    service::renditions,
    store::State,
    web::context,
};

/// One beside the other, or one below the other.
#[component]
pub fn Previews(content: Arc<Content>) -> impl IntoView {
    let state = context::app().store.read();
    let networks = Network::ALL.map(|network| view! { <OnNetwork content=Arc::clone(&content) network state=Arc::clone(&state)/> });
    view! {
        <section class="card" id="previews"><header><h2>"As it would look"</h2></header>
            <div class="body post-previews">{networks.collect_view()}</div></section>
    }
}

#[component]
fn OnNetwork(content: Arc<Content>, network: Network, state: Arc<State>) -> impl IntoView {
    let character = state.characters.get(content.character_id.as_str()).cloned();
    let words = content.caption_for(network).to_owned();
    let counted = caption::count(network, &words);
    let said = if words.is_empty() {
        view! { <p class="muted">"No words yet."</p> }.into_any()
    } else {
        view! { <p class="caption">{with_hashtags(&words)}</p> }.into_any()
    };
    let seen = if content.alt_text.is_empty() {
        view! { <p class="muted small">"No alt text: those who cannot see it learn nothing of it."</p> }.into_any()
    } else {
        view! { <p class="muted small">"Alt text: "{content.alt_text.clone()}</p> }.into_any()
    };
    let picture = view! { <Picture content=Arc::clone(&content) network fit=state.settings.fit/> };
    let head = view! { <Head character network state/> };
    // X says the words first, Instagram shows the picture first.
    let body = match network {
        Network::Instagram => view! { {picture}{said} }.into_any(),
        Network::X => view! { {said}{picture} }.into_any(),
    };
    view! {
        <article class="post-preview">
            {head}
            {body}
            <footer><p class="caption-count small" class:too-long=!counted.fits>{count_words(&counted)}</p>{seen}</footer>
        </article>
    }
}

#[component]
fn Head(character: Option<Arc<Character>>, network: Network, state: Arc<State>) -> impl IntoView {
    let handle = character.as_ref().map(|one| match network {
        Network::Instagram => one.instagram_handle.clone(),
        Network::X => one.twitter_handle.clone(),
    });
    let name = match handle {
        Some(handle) if !handle.is_empty() => format!("@{handle}"),
        Some(_) => "(no handle yet)".to_owned(),
        None => "A deleted character".to_owned(),
    };
    let face = character.map(|character| view! { <Avatar character state/> });
    view! { <header>{face}<b>{name}</b><span class="muted small">{network.label()}</span></header> }
}

/// The picture in the shape it gets, and what happens to its edges.
#[component]
fn Picture(content: Arc<Content>, network: Network, fit: Fit) -> impl IntoView {
    content.picture.as_ref().map(|picture| {
        let (width, height) = renditions::frame(network, fit, picture.width, picture.height);
        let keeps = renditions::takes_shape(network, picture.width, picture.height);
        let filled = if keeps || fit == Fit::Crop { "xMidYMid slice" } else { "xMidYMid meet" };
        let behind = (!keeps && fit == Fit::Fit).then(|| {
            view! { <image class="behind" href=content.thumbnail_url() width=width height=height preserveAspectRatio="xMidYMid slice"></image> }
        });
        let word = (!keeps).then_some(match fit {
            Fit::Crop => "Its edges are cut off, as set under Settings.",
            Fit::Pad => "It stands between bars, as set under Settings.",
            Fit::Fit => "It stands over a blurred copy of itself, as set under Settings.",
        });
        let word = word.map(|word| view! { <p class="muted small">{word}</p> });
        view! {
            // The same picture again: it was said what is to be seen.
            <svg viewBox=format!("0 0 {width} {height}") aria-hidden="true">
                {behind}
                <image href=content.thumbnail_url() width=width height=height preserveAspectRatio=filled></image>
            </svg>
            {word}
        }
    })
}

/// A caption with its hashtags set apart; line breaks and spaces stay as they are.
fn with_hashtags(words: &str) -> impl IntoView + use<> {
    let pieces = words.split_inclusive(char::is_whitespace).map(|word| {
        let is_hashtag = word.strip_prefix('#').is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
        let word = word.to_owned();
        if is_hashtag { view! { <span class="hashtag">{word}</span> }.into_any() } else { word.into_any() }
    });
    pieces.collect_view()
}
