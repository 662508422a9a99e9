//! A new dataset: a name and somebody; the pictures follow on its page.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::page_of;
use crate::{
    domain::{character::CharacterId, dataset::NewDataset},
    service,
    web::{
        actions::{Done, Sending, submit},
        components::page::{Empty, Heading},
        context,
        form::{Choice, Field, Form, OptionGroup, ProblemSummary},
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewDatasetForm {
    character_id: CharacterId,
    name: String,
    trigger_word: String,
}

/// Makes a dataset.
#[server(prefix = "/actions", endpoint = "datasets/create")]
pub async fn create_dataset(#[server(default)] form: NewDatasetForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "create", page: "/datasets/new".into(), values: &form }, async {
        let NewDatasetForm { character_id, name, trigger_word } = form.clone();
        let trigger_word = Some(trigger_word).filter(|word| !word.trim().is_empty());
        let dataset = service::datasets::create(&app, NewDataset { character_id, name, trigger_word }, Utc::now()).await?;
        Ok(Done::to(page_of(&dataset.id)))
    })
    .await
}

/// The page.
#[component]
pub fn New() -> impl IntoView {
    let state = context::app().store.read();
    let people: Vec<_> = state.characters.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    if people.is_empty() {
        return view! {
            <Heading title="New dataset"/>
            <Empty icon=icondata_lu::LuUserPlus title="Of whom?" words="A dataset shows one character. Create one first; two minutes are enough.">
                <a class="button primary" href="/characters/new">"Create a character"</a>
            </Empty>
        }
        .into_any();
    }
    let chosen = context::chosen_character().unwrap_or_else(|| people[0].0.as_str().into());
    let form = Form::new("create", || NewDatasetForm { character_id: chosen, ..NewDatasetForm::default() });
    view! {
        <Heading title="New dataset" sub="Pictures and captions follow on its page.".into_any()/>
        <form class="form" method="post" action="/actions/datasets/create" data-guard="">
            <ProblemSummary problem=form.problem.clone()/>
            <Field name="name" label="Name" value=form.values.name.clone() wrong=form.wrong("name") required=true limit=80 placeholder="Luna, spring"/>
            <Choice name="characterId" label="Character" value=form.values.character_id.to_string() options=vec![OptionGroup::plain(people)] wrong=form.wrong("characterId")/>
            <Field name="triggerWord" label="Trigger word" value=form.values.trigger_word.clone() wrong=form.wrong("triggerWord") optional=true limit=80
                help="The word that calls the character in a prompt once the LoRA is trained. Left empty, the character's own is taken."/>
            <div class="form-actions">
                <button class="button primary">"Make dataset"</button>
                <a class="button quiet" href="/datasets">"Back"</a>
            </div>
        </form>
    }
    .into_any()
}
