//! The Studio: asking for pictures and watching them being made.

mod form;
mod stage;

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use self::{
    form::{StudioFields, StudioForm},
    stage::{Stage, Strip},
};
use super::jobs::page_of;
use crate::{
    domain::{
        character::{Character, CharacterId},
        content::ContentId,
        generation::GenerateRequest,
        job::{Job, JobId},
        library::PromptId,
        problem::Problem,
        prompt,
    },
    service,
    state::AppState,
    web::{
        actions::{Done, Sending, submit},
        components::{
            page::{Empty, Heading},
            parts::PromptParts,
        },
        context,
        form::Form,
    },
};

/// Asks for pictures.
#[server(prefix = "/actions", endpoint = "studio/generate")]
pub async fn generate(#[server(default)] form: StudioForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = format!("/studio?character={}", context::encode(&form.character_id));
    submit(Sending { name: "studio", page, values: &form }, async {
        let request = form.request(&app.comfy.catalogue(), &app)?;
        let job = service::images::order(&app, request, Utc::now()).await?;
        Ok(Done::to(page_of(&job)))
    })
    .await
}

/// The page.
#[component]
pub fn Studio() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let active: Vec<Arc<Character>> = state.characters.iter().filter(|one| one.is_active).cloned().collect();
    if active.is_empty() {
        return view! {
            <Heading title="Studio"/>
            <Empty icon=icondata_lu::LuUserPlus title="Whose picture?" words="There is no active character. Create one first; two minutes are enough.">
                <a class="button primary" href="/characters/new">"Create a character"</a>
            </Empty>
        }
        .into_any();
    }
    let job = Some(context::query("job")).filter(|id| !id.is_empty()).and_then(|id| service::jobs::get(&app, &JobId::from(id)).ok());
    let job = job.filter(|job| job.images().is_some());
    let form = Form::new("studio", || first_values(&app, &active, job.as_deref()));
    let people: Vec<_> = active.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    view! {
        <Heading title="Studio">
            <a class="button quiet" href="/content">"All pictures"</a>
        </Heading>
        <div class="studio">
            <StudioFields form=form.clone() people/>
            <div class="main">
                <Stage job=job.clone()/>
                <Prompt form=form.values/>
            </div>
            <Strip job/>
        </div>
    }
    .into_any()
}

/// What the form shows first: what was just typed, a picture to start from, a job's request, or the character's own.
fn first_values(app: &AppState, active: &[Arc<Character>], job: Option<&Job>) -> StudioForm {
    if let Some(typed) = StudioForm::from_query() {
        return typed;
    }
    let remix = Some(context::query("remix")).filter(|id| !id.is_empty()).map(ContentId::from);
    if let Some(request) =
        remix.and_then(|id| service::content::get(app, &id).ok()).and_then(|content| service::content::again(&content).ok())
    {
        return StudioForm::remix(&request, app);
    }
    if let Some(order) = job.and_then(Job::images) {
        return StudioForm::of(&order.request);
    }
    let idea = Some(context::query("prompt")).filter(|id| !id.is_empty()).map(PromptId::from);
    if let Some(idea) = idea.and_then(|id| service::prompts::get(app, &id).ok()) {
        let request = GenerateRequest {
            character_id: idea.character_id.clone(),
            prompt: idea.prompt.clone(),
            prompt_id: Some(idea.id.clone()),
            ..GenerateRequest::default()
        };
        return StudioForm::of(&request);
    }
    let chosen = context::chosen_character().filter(|id| active.iter().any(|one| one.id == *id));
    let first = active.first().map(|one| one.id.clone()).unwrap_or_default();
    StudioForm::of(&GenerateRequest { character_id: chosen.unwrap_or(first), ..GenerateRequest::default() })
}

/// Every word of a refusal.
fn all_of(problem: Problem) -> impl Iterator<Item = impl IntoView> {
    let Problem { message, errors, .. } = problem;
    let only = errors.is_empty().then_some(message);
    only.into_iter().chain(errors.into_iter().map(|error| error.message)).map(|words| view! { <p class="note warn">{words}</p> })
}

/// The prompt as it will be sent, by its parts, and what would be refused.
#[component]
fn Prompt(form: StudioForm) -> impl IntoView {
    let app = context::app();
    let preview = service::characters::get(&app, &CharacterId::from(form.character_id.as_str())).map_err(Problem::from).map(|character| {
        let (request, checks) = form.read(&app.comfy.catalogue(), &app);
        let service::images::Preview { parts, resolved } = service::images::preview(&app, &character, &request, Utc::now());
        (parts, checks.finish().and(resolved))
    });
    let mut edit = None;
    let body = match preview {
        Err(problem) => view! { <p class="note warn">{problem.message}</p> }.into_any(),
        Ok((parts, resolved)) => {
            let words = match resolved {
                Ok(resolved) => {
                    let recipe = &resolved.recipe;
                    let loras: Vec<_> = recipe.loras.iter().map(|lora| format!("{} at {}", lora.name, lora.strength)).collect();
                    let loras = if loras.is_empty() { String::new() } else { format!(" · {}", loras.join(", ")) };
                    let size = format!("{} × {} · {} steps", recipe.width, recipe.height, recipe.steps);
                    let notes = resolved.notes.iter().map(|note| view! { <p class="note info">{note.clone()}</p> }).collect_view();
                    view! { <p class="muted small">{format!("{} · {} · {size}{loras}", recipe.model, recipe.family.label())}</p>{notes} }
                        .into_any()
                }
                Err(problem) => all_of(problem).collect_view().into_any(),
            };
            let (label, address) = match form.is_by_hand() {
                false => ("Edit by hand", form.by_hand(&prompt::join(&parts))),
                true => ("Compose it again", form.by_hand("")),
            };
            edit = address.map(|address| view! { <a href=address>{label}</a> });
            view! { <PromptParts parts/>{words} }.into_any()
        }
    };
    view! {
        <section class="card" id="prompt-preview">
            <header><h2>"The prompt, by its parts"</h2>{edit}</header>
            <div class="body">{body}</div>
        </section>
    }
}
