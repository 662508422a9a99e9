//! The LoRAs that were trained for a character, on her look.

use std::sync::Arc;

use leptos::prelude::*;

use super::page_of;
use crate::{
    domain::{character::Character, training::LoraVersion},
    service::trainings,
    web::{
        components::{icon::Icon, page::Pill},
        context, words,
    },
};

/// Her versions, newest first, each with what can be done about it.
#[component]
pub fn Versions(character: Arc<Character>) -> impl IntoView {
    let rows = character
        .lora_versions
        .iter()
        .rev()
        .map(|version| view! { <Row version=version.clone() character=Arc::clone(&character)/> })
        .collect_view();
    let new = format!("/training/new?character={}", context::encode(character.id.as_str()));
    let body = if rows.is_empty() {
        view! { <p class="muted">"None yet. Train one from a dataset, and it appears here."</p> }.into_any()
    } else {
        view! { <ul class="list roomy">{rows}</ul> }.into_any()
    };
    view! {
        <section class="card form" id="versions" data-live="training character">
            <header><h2>"Trained LoRAs"</h2><a class="button small end" href=new><Icon of=icondata_lu::LuDumbbell/>"Train a LoRA"</a></header>
            <div class="body">{body}</div>
        </section>
    }
}

#[component]
fn Row(version: LoraVersion, character: Arc<Character>) -> impl IntoView {
    let known = trainings::get(&context::app(), &version.training_id).is_ok();
    let name = if known {
        view! { <a class="strong" href=page_of(&version.training_id)>{version.name.clone()}</a> }.into_any()
    } else {
        view! { <b>{version.name.clone()}</b> }.into_any()
    };
    let (action, label) = if version.active { ("rollback", "Go back") } else { ("promote", "Use it") };
    let (tone, words) = if version.active { ("info", "In use") } else { ("", "Not in use") };
    let about = format!("{} · “{}” · on {}", version.family.label(), version.trigger_word, version.base_model);
    view! {
        <li>
            <Pill tone words/>
            <div>{name}<p>{about}</p><p class="small"><words::Time at=Some(version.created_at)/></p></div>
            <span class="end">
                <form method="post" action=format!("/actions/training/{action}")>
                    <input type="hidden" name="id" value=version.training_id.to_string()/>
                    <input type="hidden" name="character" value=character.id.to_string()/>
                    <button class="button small">{label}</button>
                </form>
            </span>
        </li>
    }
}
