//! One prompt: its words, its caption, and what it was used for.

use chrono::Utc;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        caption::Network,
        character::CharacterId,
        library::{NewPrompt, Prompt, PromptChange, PromptId},
    },
    expected::Expected,
    service,
    web::{
        actions::{Done, Sending, press, submit},
        components::{
            captions::{About, CaptionField, Captions},
            icon::Icon,
            page::{Heading, Missing},
        },
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary},
        words,
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PromptForm {
    character_id: String,
    prompt: String,
    caption: String,
}

fn page_of(id: &PromptId) -> String {
    format!("/prompts/{}", context::encode(id.as_str()))
}

/// Adds a prompt.
#[server(prefix = "/actions", endpoint = "prompts/create")]
pub async fn create_prompt(#[server(default)] form: PromptForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "prompt", page: "/prompts/new".into(), values: &form }, async {
        let new = NewPrompt {
            character_id: CharacterId::from(form.character_id.as_str()),
            prompt: form.prompt.clone(),
            caption: form.caption.clone(),
        };
        let prompt = service::prompts::create(&app, new, Utc::now())?.durable().await?;
        Ok(Done::to(page_of(&prompt.id)).saying("Prompt saved."))
    })
    .await
}

/// Changes a prompt.
#[server(prefix = "/actions", endpoint = "prompts/save")]
pub async fn save_prompt(id: PromptId, #[server(default)] form: PromptForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "prompt", page: page_of(&id), values: &form }, async {
        let change = PromptChange { prompt: form.prompt.clone().into(), caption: form.caption.clone().into(), ..PromptChange::default() };
        service::prompts::change(&app, &id, change, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page_of(&id)).saying("Prompt saved."))
    })
    .await
}

/// Marks a prompt as used, or as not used.
#[server(prefix = "/actions", endpoint = "prompts/mark")]
pub async fn mark_prompt(id: PromptId, used: bool) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&page_of(&id), async {
        let change = PromptChange { used: used.into(), ..PromptChange::default() };
        service::prompts::change(&app, &id, change, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page_of(&id)).saying(if used { "Marked as used." } else { "Marked as unused." }))
    })
    .await
}

/// The page for a new one.
#[component]
pub fn New() -> impl IntoView {
    let app = context::app();
    let people = app.store.read().characters.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    let form = Form::new("prompt", || PromptForm { character_id: context::query("character"), ..PromptForm::default() });
    let values = form.values.clone();
    view! {
        <Heading title="New prompt"/>
        <form class="form" method="post" action="/actions/prompts/create" data-guard="" data-submit-key="">
            <ProblemSummary problem=form.problem.clone()/>
            <Choice name="characterId" label="Character" value=values.character_id options=vec![OptionGroup::plain(people)] wrong=form.wrong("characterId")/>
            <Field name="prompt" label="What happens in the picture" kind=Kind::Text(4) value=values.prompt wrong=form.wrong("prompt") limit=10_000 required=true/>
            <CaptionField name="caption" label="Caption" network=Network::Instagram value=values.caption wrong=form.wrong("caption")/>
            <div class="form-actions"><button class="button primary">"Save prompt"</button><a class="button quiet" href="/prompts">"Back"</a></div>
        </form>
    }
}

/// The page.
#[component]
pub fn Edit() -> impl IntoView {
    let app = context::app();
    let id = use_params_map().with_untracked(|params| params.get("id")).map(PromptId::from);
    let Some(prompt) = id.and_then(|id| service::prompts::get(&app, &id).ok()) else {
        return view! { <Missing what="prompt"/> }.into_any();
    };
    let name = app.store.read().characters.get(prompt.character_id.as_str()).map_or(prompt.character_name.clone(), |one| one.name.clone());
    let form = Form::new("prompt", || PromptForm {
        character_id: prompt.character_id.to_string(),
        prompt: prompt.prompt.clone(),
        caption: prompt.caption.clone(),
    });
    let values = form.values.clone();
    let id = prompt.id.to_string();
    let studio = format!("/studio?prompt={}", context::encode(&id));
    view! {
        <Heading title="Prompt" sub=format!("for {name}").into_any()>
            <a class="button" href=studio><Icon of=icondata_lu::LuSparkles/>"Use in Studio"</a>
        </Heading>
        <div class="stack">
            <form class="form" method="post" action="/actions/prompts/save" data-guard="" data-submit-key="">
                <input type="hidden" name="id" value=id.clone()/>
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="prompt" label="What happens in the picture" kind=Kind::Text(4) value=values.prompt wrong=form.wrong("prompt") limit=10_000 required=true/>
                <CaptionField name="caption" label="Caption" network=Network::Instagram value=values.caption wrong=form.wrong("caption")/>
                <div class="form-actions"><button class="button primary">"Save prompt"</button><a class="button quiet" href="/prompts">"Back"</a></div>
            </form>
            <Used prompt=Prompt::clone(&prompt)/>
            <Captions about=About::Prompt(prompt)/>
        </div>
    }
    .into_any()
}

#[component]
fn Used(prompt: Prompt) -> impl IntoView {
    let id = prompt.id.to_string();
    let state = context::app().store.read();
    // It may have been deleted since.
    let picture = prompt.content_id.as_ref().filter(|id| state.content.get(id.as_str()).is_some());
    let said = match (picture, prompt.used) {
        (Some(content), _) => view! {
            <p>"Used "<words::Time at=prompt.used_at/>": "<a href=format!("/content/{}", context::encode(content.as_str()))>"the picture"</a></p>
        }
        .into_any(),
        (None, true) => view! { <p>"Used "<words::Time at=prompt.used_at/></p> }.into_any(),
        (None, false) => view! { <p class="muted">"No picture was made from it yet."</p> }.into_any(),
    };
    let (value, words) = if prompt.used { ("false", "Mark as unused") } else { ("true", "Mark as used") };
    view! {
        <div class="cluster">
            {said}
            <form method="post" action="/actions/prompts/mark">
                <input type="hidden" name="id" value=id.clone()/><input type="hidden" name="used" value=value/>
                <button class="button small">{words}</button>
            </form>
            <form method="post" action="/actions/prompts/delete">
                <input type="hidden" name="form[ids][]" value=id/>
                <button class="button small danger">"Delete"</button>
            </form>
        </div>
    }
}
