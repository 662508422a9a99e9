//! All characters.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use super::page_of;
use crate::web::{
    components::{
        icon::Icon,
        page::{Empty, Heading, Pill},
        picture::Avatar,
    },
    context, words,
};

/// The page.
#[component]
pub fn Characters() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let now = Utc::now();
    let count = words::count(state.characters.len(), "character", "characters");
    let cards = state.characters.iter().map(|character| {
        let arc = character.active_narrative(now, app.timezone).map(|arc| arc.title.clone());
        let pictures = state.content.count("character", character.id.as_str());
        let voice = words::start(&character.personality, 120);
        view! {
            <li class="card character">
                <a class="character-link" href=page_of(&character.id, "")>
                    <Avatar character=Arc::clone(character) state=Arc::clone(&state)/>
                    <span class="character-name">{character.name.clone()}</span>
                </a>
                <p class="muted">{if voice.is_empty() { "No voice yet".to_owned() } else { voice }}</p>
                <p class="cluster">
                    {(!character.is_active).then(|| view! { <Pill tone="" words="Resting"/> })}
                    {arc.map(|arc| view! { <Pill tone="run" words=words::start(&arc, 40)/> })}
                    <span class="muted">{words::count(pictures, "picture", "pictures")}</span>
                </p>
                <p class="character-links">
                    <a class="button small" href=format!("/studio?character={}", context::encode(character.id.as_str()))><Icon of=icondata_lu::LuSparkles/>"New picture"</a>
                    <a class="button small quiet" href=page_of(&character.id, "")>"Edit"</a>
                </p>
            </li>
        }
    });
    let cards = cards.collect_view();
    view! {
        <Heading title="Characters" sub=count.into_any()>
            <a class="button primary" href="/characters/new"><Icon of=icondata_lu::LuUserPlus/>"New character"</a>
        </Heading>
        <div id="characters" data-live="character content">
            {if cards.is_empty() {
                view! {
                    <Empty icon=icondata_lu::LuUsers title="Nobody here yet" words="A character has a name, a voice, a look and a story. Two minutes and she is there.">
                        <a class="button primary" href="/characters/new">"Create a character"</a>
                    </Empty>
                }.into_any()
            } else {
                view! { <ul class="character-cards">{cards}</ul> }.into_any()
            }}
        </div>
    }
}
