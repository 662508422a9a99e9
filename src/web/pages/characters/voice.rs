//! A character's voice: personality and backstory.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{about, page_of};
use crate::{
    domain::character::{CharacterChange, CharacterId, LONGEST_TEXT, TextOrList},
    expected::Expected,
    service,
    web::{
        actions::{Done, Sending, submit},
        context,
        form::{Field, Form, Kind, ProblemSummary},
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VoiceForm {
    personality: String,
    backstory: String,
}

/// Saves the voice.
#[server(prefix = "/actions", endpoint = "characters/voice")]
pub async fn save_voice(id: CharacterId, #[server(default)] form: VoiceForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id, "voice");
    submit(Sending { name: "voice", page: page.clone(), values: &form }, async {
        let VoiceForm { personality, backstory } = form.clone();
        let change = CharacterChange {
            personality: TextOrList::Text(personality).into(),
            backstory: backstory.into(),
            ..CharacterChange::default()
        };
        service::characters::change(&app, &id, change, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Voice saved."))
    })
    .await
}

/// The page.
#[component]
pub fn Voice() -> impl IntoView {
    about("voice", |character| {
        let form = Form::new("voice", || VoiceForm { personality: character.personality.clone(), backstory: character.backstory.clone() });
        let limit = LONGEST_TEXT as u32;
        view! {
            <form class="form" method="post" action="/actions/characters/voice" data-guard="">
                <input type="hidden" name="id" value=character.id.to_string()/>
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="personality" label="Personality" kind=Kind::Text(6) value=form.values.personality.clone()
                    wrong=form.wrong("personality") limit help="Speech and thought: favourite words, what is funny, what would never be said."/>
                <Field name="backstory" label="Backstory" kind=Kind::Text(10) value=form.values.backstory.clone()
                    wrong=form.wrong("backstory") limit help="Origin, friends, what happened before the first arc."/>
                <div class="form-actions"><button class="button primary">"Save voice"</button></div>
            </form>
        }
    })
}
