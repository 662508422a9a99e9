//! A character's schedules.

use std::sync::Arc;

use leptos::prelude::*;

use super::about;
use crate::web::{components::icon::Icon, context, pages::schedules::list::Tasks};

/// The page.
#[component]
pub fn Schedule() -> impl IntoView {
    about("schedule", |character| {
        let app = context::app();
        let state = app.store.read();
        let some = state.tasks.count("character", character.id.as_str()) > 0;
        let new = format!("/schedules/new?character={}", context::encode(character.id.as_str()));
        let resting = (!character.is_active && some)
            .then(|| view! { <p class="note info"><span>{format!("{} is resting: the schedules rest, too.", character.name)}</span></p> });
        view! {
            {resting}
            <div class="stack" id="own-schedules" data-live="task character">
                <Tasks app state=Arc::clone(&state) character=Some(character.id.clone())/>
            </div>
            {some.then(|| view! { <p><a class="button" href=new><Icon of=icondata_lu::LuPlus/>"New schedule"</a></p> })}
        }
    })
}
