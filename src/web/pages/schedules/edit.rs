//! One task: changing it, and its runs. And the page for a new one.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    form::{TaskFields, TaskForm},
    list::{Buttons, TaskPill},
    page_of,
    runs::RunItem,
    whose,
};
use crate::{
    domain::task::TaskId,
    service::schedules::{self, Filter},
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Missing},
        },
        context,
        form::Form,
        words,
    },
};

/// How many of its runs a task is shown with.
const RUNS: usize = 10;

/// The page for a new one.
#[component]
pub fn New() -> impl IntoView {
    let app = context::app();
    if app.store.read().characters.is_empty() {
        return view! {
            <Heading title="New schedule"/>
            <Empty icon=icondata_lu::LuUserPlus title="For whom?" words="There is no character yet. Create one first; two minutes are enough.">
                <a class="button primary" href="/characters/new">"Create a character"</a>
            </Empty>
        }
        .into_any();
    }
    let form = Form::new("task", || TaskForm::from_query().unwrap_or_else(|| TaskForm::new(context::chosen_character())));
    view! {
        <Heading title="New schedule"/>
        <TaskFields form/>
    }
    .into_any()
}

/// The page.
#[component]
pub fn Edit() -> impl IntoView {
    let app = context::app();
    let id = use_params_map().with_untracked(|params| params.get("id")).map(TaskId::from);
    let Some(task) = id.and_then(|id| schedules::get(&app, &id).ok()) else { return view! { <Missing what="schedule"/> }.into_any() };
    let state = app.store.read();
    let now = Utc::now();
    let shown = schedules::view(&app, &state, &task, now);
    let form = Form::new("task", || TaskForm::from_query().unwrap_or_else(|| TaskForm::of(&task)));
    let filter = Filter { task: Some(task.id.clone()), ..Filter::default() };
    let page = schedules::runs(&state, &filter, None, RUNS).ok();
    let runs = page.as_ref().map(|page| page.items.clone()).unwrap_or_default();
    let older = page.and_then(|page| page.next).map(|_| {
        let all = format!("/schedules/runs?task={}", context::encode(task.id.as_str()));
        view! { <footer><a class="button small" href=all>"All its runs"</a></footer> }
    });
    let whose = whose(&task.kind, shown.character_name.as_deref());
    let title = if shown.words.is_empty() { "A schedule that cannot be read".to_owned() } else { shown.words.clone() };
    let when = match shown.next_run {
        Some(at) => view! { " · next "<words::Time at=Some(at)/> }.into_any(),
        None => ().into_any(),
    };
    let sub = view! { <TaskPill view=shown.clone()/>" "{task.kind.label().to_owned()}{whose}{when} };
    let problem = shown.problem.clone().map(|problem| view! { <p class="note warn"><span>{problem}</span></p> });
    let rows = runs.into_iter().enumerate().map(|(place, run)| view! { <RunItem run open=place == 0 with_task=false/> }).collect_view();
    let rows = if shown.last_result.is_none() { view! { <p class="muted">"It has not run yet."</p> }.into_any() } else { rows.into_any() };
    let delete = format!("{}/delete", page_of(&task.id));
    view! {
        <Heading title sub=sub.into_any()><Buttons view=shown.clone()/></Heading>
        {problem}
        <TaskFields form stored=Some(Arc::clone(&task))/>
        <section class="card" id="runs" data-live="task job post">
            <header><h2>"Its runs"</h2></header>
            <div class="body stack">{rows}</div>
            {older}
        </section>
        <p><a class="button quiet danger" href=delete><Icon of=icondata_lu::LuTrash2/>"Delete this schedule…"</a></p>
    }
    .into_any()
}
