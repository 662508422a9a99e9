//! What was done to a character and to what is hers.

use leptos::prelude::*;

use super::about;
use crate::web::pages::activity::Lines;

/// The page.
#[component]
pub fn CharacterActivity() -> impl IntoView {
    about("activity", |character| {
        view! { <div class="stack" id="activity" data-live="activity"><Lines character=Some(character.id.clone())/></div> }
    })
}
