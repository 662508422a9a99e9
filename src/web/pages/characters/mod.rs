//! The pages of characters.

pub mod accounts;
pub mod activity;
pub mod create;
pub mod delete;
pub mod list;
pub mod look;
pub mod profile;
pub mod schedule;
pub mod story;
mod timeline;
pub mod voice;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    domain::character::{Character, CharacterId},
    service,
    web::{
        components::{
            icon::Icon,
            page::{Heading, Missing, Pill},
        },
        context,
    },
};

/// Where a character's page is; `tab` is empty for the first.
fn page_of(id: &CharacterId, tab: &str) -> String {
    let slash = if tab.is_empty() { "" } else { "/" };
    format!("/characters/{}{slash}{tab}", context::encode(id.as_str()))
}

/// The character this page is about.
fn this_character() -> Option<Arc<Character>> {
    let id = use_params_map().with_untracked(|params| params.get("id")).map(CharacterId::from)?;
    service::characters::get(&context::app(), &id).ok()
}

/// A page about one character: her name, her tabs, and what `body` makes of her.
fn about<V: IntoView + 'static>(tab: &'static str, body: impl FnOnce(Arc<Character>) -> V) -> AnyView {
    let Some(character) = this_character() else { return view! { <Missing what="character"/> }.into_any() };
    let id = context::encode(character.id.as_str());
    let rests = (!character.is_active).then(|| view! { <Pill tone="" words="Resting"/> });
    let tabs = [
        ("", "Profile"),
        ("voice", "Voice"),
        ("look", "Look & LoRA"),
        ("story", "Story arcs"),
        ("accounts", "Accounts"),
        ("schedule", "Schedule"),
        ("activity", "Activity"),
    ];
    let open = tabs.iter().find(|(path, _)| *path == tab && !path.is_empty());
    let in_tab = open.map_or_else(|| character.name.clone(), |(_, words)| format!("{words} · {}", character.name));
    let tabs = tabs.map(|(path, words)| {
        view! { <a href=page_of(&character.id, path) aria-current=(path == tab).then_some("page")>{words}</a> }
    });
    view! {
        <Heading title=character.name.clone() in_tab sub=rests.into_any()>
            <a class="button" href=format!("/content?character={id}")><Icon of=icondata_lu::LuImages/>"Pictures"</a>
            <a class="button primary" href=format!("/studio?character={id}")><Icon of=icondata_lu::LuSparkles/>"New picture"</a>
        </Heading>
        <nav class="tabs" aria-label="About this character">{tabs.collect_view()}</nav>
        {body(character)}
    }
    .into_any()
}
