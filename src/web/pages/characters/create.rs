//! A new character: short, the rest follows on her tabs.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::page_of;
use crate::{
    domain::character::{CharacterChange, TextOrList},
    service,
    web::{
        actions::{Done, Sending, submit},
        components::page::Heading,
        context,
        form::{Field, Form, Kind, ProblemSummary},
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NewCharacterForm {
    name: String,
    personality: String,
    base_prompt: String,
}

/// Creates a character.
#[server(prefix = "/actions", endpoint = "characters/create")]
pub async fn create_character(#[server(default)] form: NewCharacterForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "create", page: "/characters/new".into(), values: &form }, async {
        let NewCharacterForm { name, personality, base_prompt } = form.clone();
        let prompt_settings = crate::domain::character::PromptSettingsChange { base_prompt: base_prompt.into(), ..Default::default() };
        let change = CharacterChange {
            name: name.into(),
            personality: TextOrList::Text(personality).into(),
            prompt_settings: prompt_settings.into(),
            ..Default::default()
        };
        let view = service::characters::create(&app, change, Utc::now())?.durable().await?;
        Ok(Done::to(page_of(&view.character.id, "")).saying(format!("{} is here.", view.character.name)))
    })
    .await
}

/// The page.
#[component]
pub fn New() -> impl IntoView {
    let form = Form::new("create", NewCharacterForm::default);
    view! {
        <Heading title="New character" sub="Only the name is needed; everything can be changed later.".into_any()/>
        <form class="form" method="post" action="/actions/characters/create" data-guard="">
            <ProblemSummary problem=form.problem.clone()/>
            <Field name="name" label="Name" value=form.values.name.clone() wrong=form.wrong("name") required=true limit=80/>
            <Field name="personality" label="Personality" kind=Kind::Text(4) value=form.values.personality.clone() wrong=form.wrong("personality")
                optional=true help="Speech and thought. Captions are written in this voice."/>
            <Field name="basePrompt" about="promptSettings.basePrompt" label="Look" kind=Kind::Text(3) value=form.values.base_prompt.clone()
                wrong=form.wrong("promptSettings.basePrompt") optional=true
                help="Comes first in the prompt of each picture, as in: portrait of a woman with silver hair and green eyes."/>
            <div class="form-actions">
                <button class="button primary">"Create character"</button>
                <a class="button quiet" href="/characters">"Back"</a>
            </div>
        </form>
    }
}
