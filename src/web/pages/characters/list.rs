//! All characters.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use super::page_of;
use crate::{
    domain::character::Character,
    store::State,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
            picture::{Avatar, alt},
        },
        context, words,
    },
};

/// The page.
#[component]
pub fn Characters() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let now = Utc::now();
    let count = words::count(state.characters.len(), "character", "characters");
    let cards = state.characters.iter().map(|character| {
        let arc = character.active_narrative(now, app.timezone()).map(|arc| arc.title.clone());
        let pictures = state.content.count("character", character.id.as_str());
        let voice = words::start(&character.personality, 120);
        let page = page_of(&character.id, "");
        let studio = format!("/studio?character={}", context::encode(character.id.as_str()));
        view! {
            <li class="card character" class:off=!character.is_active>
                <Latest character=Arc::clone(character) state=Arc::clone(&state)/>
                <Avatar character=Arc::clone(character) state=Arc::clone(&state)/>
                <h2><a href=page.clone()>{character.name.clone()}</a></h2>
                <p class="muted">{if voice.is_empty() { "No voice yet".to_owned() } else { voice }}</p>
                <p class="cluster">
                    {(!character.is_active).then(|| view! { <Pill tone="" words="Resting"/> })}
                    {arc.map(|arc| view! { <Pill tone="run" words=words::start(&arc, 40)/> })}
                    <span class="muted">{words::count(pictures, "picture", "pictures")}</span>
                </p>
                <footer class="actions">
                    <a class="button small" href=studio><Icon of=icondata_lu::LuSparkles/>"New picture"</a>
                    <a class="button small quiet" href=page>"Edit"</a>
                </footer>
            </li>
        }
    });
    let cards = cards.collect_view();
    view! {
        <Heading title="Characters" sub=count.into_any()>
            <a class="button" href=super::super::imports::PAGE><Icon of=icondata_lu::LuUpload/>"Import"</a>
            <a class="button primary" href="/characters/new"><Icon of=icondata_lu::LuUserPlus/>"New character"</a>
        </Heading>
        <div id="characters" data-live="character content">
            {if cards.is_empty() {
                view! {
                    <Empty icon=icondata_lu::LuUsers title="Nobody here yet" words="A character has a name, a voice, a look and a story. It takes two minutes.">
                        <a class="button primary" href="/characters/new">"Create a character"</a>
                        <a class="button" href=super::super::imports::PAGE>"Import from an older app"</a>
                    </Empty>
                }.into_any()
            } else {
                view! { <ul class="character-cards">{cards}</ul> }.into_any()
            }}
        </div>
    }
}

/// How many of the last pictures head a card.
const LATEST: usize = 4;

/// The last pictures of a character, each a link to its page.
#[component]
fn Latest(character: Arc<Character>, state: Arc<State>) -> impl IntoView {
    let latest = state.content.indexed("character", character.id.as_str()).filter(|content| content.picture.is_some());
    let latest: Vec<_> = latest.take(LATEST).map(Arc::clone).collect();
    let empty = (latest.len()..LATEST).map(|_| view! { <span></span> }).collect_view();
    let links = latest.into_iter().map(|content| {
        let address = format!("/content/{}", context::encode(content.id.as_str()));
        view! { <a href=address><img src=content.thumbnail_url() alt=alt(&content) loading="lazy" decoding="async"/></a> }
    });
    let links = links.collect_view();
    view! { <div class="latest">{links}{empty}</div> }.into_any()
}
