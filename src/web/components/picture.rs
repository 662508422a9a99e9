//! Pictures in grids, and faces of characters.

use std::sync::Arc;

use leptos::prelude::*;

use super::{
    icon::Icon,
    page::{Empty, Pill, StatePill},
};
use crate::{
    domain::{
        character::Character,
        content::{Content, Picture, ReviewState},
        post::PostState,
    },
    store::State,
    web::{context, words},
};

/// A grid of pictures, each a link to its page; inside a form, `picked` names the field of a box to pick it by.
#[component]
pub fn Pictures(contents: Vec<Arc<Content>>, #[prop(optional)] picked: Option<&'static str>) -> impl IntoView {
    let tiles = contents.into_iter().map(|content| {
        // What has no file can neither be approved nor posted.
        let pick = picked.filter(|_| content.picture.is_some()).map(|name| {
            let label = format!("Pick {}", words::start(content.title(), 60));
            view! { <label class="pick"><input type="checkbox" name=name value=content.id.to_string() aria-label=label/></label> }
        });
        view! { <li class="picture">{pick}<Tile content/></li> }
    });
    view! { <ul class="pictures">{tiles.collect_view()}</ul> }.into_any()
}

/// A thumbnail that leads to its picture's page.
#[component]
pub fn Tile(content: Arc<Content>) -> impl IntoView {
    let title = words::start(content.title(), 80);
    let out = out(&content);
    let state = (content.state != ReviewState::Draft || out.is_some()).then(|| {
        let pill = (out.is_none()).then(|| view! { <StatePill state=content.state/> });
        view! { <span class="over">{pill}{out}</span> }
    });
    let href = format!("/content/{}", context::encode(content.id.as_str()));
    view! { <a href=href title=title><Thumbnail content/>{state}</a> }.into_any()
}

/// A picture, small. What came from an older app as no more than a record is a blank that says so.
#[component]
pub fn Thumbnail(
    content: Arc<Content>,
    /// Its look, when it is not that of a tile.
    #[prop(optional)]
    class: Option<&'static str>,
    /// Whether what is beside it says what is to be seen.
    #[prop(optional)]
    decorative: bool,
) -> impl IntoView {
    // A page shows many: what takes more than a sentence is said on the picture's own page.
    let seen = if decorative { String::new() } else { words::start(&alt(&content), 120) };
    match &content.picture {
        Some(Picture { width, height, .. }) => {
            let src = content.thumbnail_url();
            view! { <img class=class src=src loading="lazy" decoding="async" width=*width height=*height alt=seen/> }.into_any()
        }
        None => {
            let hidden = decorative.then_some("true");
            let label = (!decorative).then(|| format!("No picture file. {seen}"));
            let role = (!decorative).then_some("img");
            view! {
                <span class=format!("no-picture {}", class.unwrap_or_default()) role=role aria-label=label aria-hidden=hidden><Icon of=icondata_lu::LuImageOff/><span class="words">"No picture file"</span></span>
            }
            .into_any()
        }
    }
}

/// A picture, whole, and the way to its file.
#[component]
pub fn Whole(content: Arc<Content>) -> impl IntoView {
    match &content.picture {
        Some(Picture { width, height, .. }) => {
            view! { <a href=content.image_url()><img src=content.image_url() width=*width height=*height alt=alt(&content)/></a> }.into_any()
        }
        None => view! {
            <Empty icon=icondata_lu::LuImageOff title="No picture file" words="It was imported without one. Its words are kept; it cannot be posted."/>
        }
        .into_any(),
    }
}

/// Where the picture went, when it is out.
fn out(content: &Content) -> Option<impl IntoView + use<>> {
    let app = context::app();
    let state = app.store.read();
    let posts = state.posts.indexed("content", content.id.as_str()).filter(|post| matches!(post.state, PostState::Published { .. }));
    let mut networks: Vec<_> = posts.map(|post| post.network.label()).collect();
    networks.sort_unstable();
    networks.dedup();
    (!networks.is_empty()).then(|| view! { <Pill tone="ok" words=format!("On {}", networks.join(" and "))/> })
}

/// What is to be seen, in the words there are.
pub fn alt(content: &Content) -> String {
    if content.alt_text.is_empty() { words::start(content.title(), 120) } else { content.alt_text.clone() }
}

/// A character's face: her newest approved or newest picture, else her initials.
#[component]
pub fn Avatar(character: Arc<Character>, state: Arc<State>) -> impl IntoView {
    let face = state.content.indexed("character", character.id.as_str()).find(|content| content.picture.is_some());
    match face {
        Some(content) => {
            view! { <img class="avatar" src=content.thumbnail_url() alt="" width="40" height="40" loading="lazy"/> }.into_any()
        }
        None => {
            let tone = character.id.as_str().bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % 8;
            view! { <span class=format!("avatar tone-{tone}") aria-hidden="true">{initials(&character.name)}</span> }.into_any()
        }
    }
}

fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(2).flat_map(char::to_uppercase).collect()
}
