//! Runs: what each did, step by step, with what it made.

use std::sync::Arc;

use leptos::prelude::*;

use super::{page_of, whose};
use crate::{
    domain::{
        character::CharacterId,
        run::{Run, RunId, RunState, RunStep},
        task::TaskId,
    },
    service::schedules::{self, Filter},
    store::State,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
            post::PostPill,
        },
        context,
        pages::{
            jobs, posts,
            training::{self, list::TrainingPill},
        },
        words,
    },
};

/// How many runs a page of the list has.
const PAGE: usize = 30;

/// The page.
#[component]
pub fn Runs() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let chosen = context::query("state");
    let shown = RunState::KEYS.iter().map(|(key, _)| *key).find(|key| *key == chosen);
    let task = Some(context::query("task")).filter(|id| !id.is_empty()).map(TaskId::from);
    let filter = Filter { task: task.clone(), state: shown.map(str::to_owned), character: context::chosen_character() };
    let cursor = Some(context::query("cursor")).filter(|cursor| !cursor.is_empty()).map(RunId::from);
    let page = schedules::runs(&state, &filter, cursor.as_ref(), PAGE).or_else(|_| schedules::runs(&state, &filter, None, PAGE));
    let list = match page {
        Ok(page) if page.items.is_empty() => view! {
            <Empty icon=icondata_lu::LuHistory title="No runs here" words="Each time a schedule is due, or you run it by hand, what it did stands here.">
                <a class="button primary" href="/schedules">"Schedules"</a>
            </Empty>
        }
        .into_any(),
        Ok(page) => {
            let rows = page.items.iter().map(|run| view! { <RunItem run=Arc::clone(run) open=false with_task=true/> }).collect_view();
            let next = page.next.map(|cursor| {
                let href = address(shown, &filter, Some(&cursor));
                view! { <a class="button" rel="next" href=href>"Older runs"<Icon of=icondata_lu::LuArrowRight/></a> }
            });
            view! { <section class="card"><div class="body stack">{rows}</div></section>{next} }.into_any()
        }
        Err(_) => ().into_any(),
    };
    let sub = task
        .map(|id| view! { "Of one schedule. "<a href=page_of(&id)>"See it"</a>" · "<a href="/schedules/runs">"All runs"</a> }.into_any());
    view! {
        <Heading title="Runs" sub=sub.unwrap_or_else(|| "What schedules did, newest first.".into_any())><a class="button quiet" href="/schedules">"Schedules"</a></Heading>
        <div class="stack" id="all-runs" data-live="task job post">
            <Tabs state=Arc::clone(&state) shown filter/>
            {list}
        </div>
    }
}

fn address(shown: Option<&str>, filter: &Filter, cursor: Option<&str>) -> String {
    let pairs = [
        ("state", shown.unwrap_or_default().to_owned()),
        ("task", filter.task.as_ref().map(TaskId::to_string).unwrap_or_default()),
        ("character", filter.character.as_ref().map(CharacterId::to_string).unwrap_or_default()),
        ("cursor", cursor.unwrap_or_default().to_owned()),
    ];
    let query: Vec<_> =
        pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key}={}", context::encode(value))).collect();
    if query.is_empty() { "/schedules/runs".to_owned() } else { format!("/schedules/runs?{}", query.join("&")) }
}

/// All, and each state that has runs.
#[component]
fn Tabs(state: Arc<State>, shown: Option<&'static str>, filter: Filter) -> impl IntoView {
    let narrowed = filter.task.is_some() || filter.character.is_some();
    let tab = |key: Option<&'static str>, label: &'static str, count: usize| {
        let here = (key == shown).then_some("page");
        let count = (!narrowed).then(|| view! { <span class="count">{words::grouped(count)}</span> });
        view! { <a href=address(key, &filter, None) aria-current=here>{label}{count}</a> }
    };
    let some = RunState::KEYS.into_iter().map(|(key, label)| (key, label, state.runs.count("state", key)));
    let some = some.filter(|(key, _, count)| *count > 0 || Some(*key) == shown);
    let tabs = some.map(|(key, label, count)| tab(Some(key), label, count)).collect_view();
    view! { <nav class="tabs" aria-label="Which runs">{tab(None, "All", state.runs.len())}{tabs}</nav> }
}

/// How a run stands, as dot and word.
#[component]
pub fn RunPill(state: RunState) -> impl IntoView {
    let (tone, words) = match &state {
        RunState::Running { waiting } if !waiting.is_empty() => ("info", "Waiting"),
        RunState::Running { .. } => ("run", "Running"),
        RunState::Ok => ("ok", "Done"),
        RunState::DryRun => ("", "Dry run"),
        RunState::Failed { .. } => ("bad", "Failed"),
        RunState::Missed { .. } => ("warn", "Missed"),
        RunState::Skipped { .. } => ("", "Left out"),
    };
    view! { <Pill tone words/> }
}

/// A run with its steps, folded.
#[component]
pub fn RunItem(run: Arc<Run>, open: bool, with_task: bool) -> impl IntoView {
    let state = context::app().store.read();
    let whose = whose(&run.kind, state.characters.get(run.character_id.as_str()).map(|one| one.name.as_str()));
    let about = with_task.then(|| {
        let what = format!("{}{whose}", run.kind.label());
        let there = state.tasks.get(run.task_id.as_str()).is_some();
        if there {
            view! { <p><a href=page_of(&run.task_id)>{what}</a></p> }.into_any()
        } else {
            view! { <p>{what}", of a deleted schedule"</p> }.into_any()
        }
    });
    let summary = with_task.then(|| view! { <span class="clip">{format!("{}{whose}", run.kind.label())}</span> });
    let why = Some(run.state.words().to_owned()).filter(|why| !why.is_empty()).map(|why| view! { <p>{why}</p> });
    let steps = run.steps.iter().map(|step| view! { <Step step=step.clone() state=Arc::clone(&state)/> }).collect_view();
    let steps = (!run.steps.is_empty()).then(|| view! { <ul class="list">{steps}</ul> });
    view! {
        <details class="run" data-id=run.id.to_string() open=open>
            <summary><RunPill state=run.state.clone()/><words::Time at=Some(run.due_at)/><span class="muted">{run.cause.label()}</span>{summary}</summary>
            <div class="stack">
                {about}
                {why}
                {steps}
                <RunDeeds run=Arc::clone(&run) state=Arc::clone(&state)/>
            </div>
        </details>
    }
    .into_any()
}

#[component]
fn RunDeeds(run: Arc<Run>, state: Arc<State>) -> impl IntoView {
    if run.state.goes_on() {
        return view! {
            <form method="post" action="/actions/schedules/stop">
                <input type="hidden" name="id" value=run.id.to_string()/><input type="hidden" name="back" value=context::here()/>
                <button class="button small"><Icon of=icondata_lu::LuX/>"Stop"</button>
            </form>
        }
        .into_any();
    }
    let again = matches!(run.state, RunState::Failed { .. } | RunState::Missed { .. } | RunState::Skipped { .. });
    if !again || state.tasks.get(run.task_id.as_str()).is_none() {
        return ().into_any();
    }
    view! {
        <form method="post" action="/actions/schedules/run">
            <input type="hidden" name="id" value=run.task_id.to_string()/><input type="hidden" name="back" value=context::here()/>
            <button class="button small"><Icon of=icondata_lu::LuCirclePlay/>"Run it now"</button>
        </form>
    }
    .into_any()
}

/// One step, with what it made.
#[component]
fn Step(step: RunStep, state: Arc<State>) -> impl IntoView {
    let (tone, word) = match (step.ended_at.is_some(), step.failed) {
        (false, _) => ("run", "…"),
        (true, true) => ("bad", "Failed"),
        (true, false) => ("ok", "Done"),
    };
    let label = match step.network {
        Some(network) => format!("{}: {}", step.deed.label(), network.label()),
        None => step.deed.label().to_owned(),
    };
    let pictures = step.contents.iter().filter_map(|id| state.content.get(id.as_str())).filter(|content| content.picture.is_some());
    let pictures = pictures.map(|content| {
        let href = format!("/content/{}", context::encode(content.id.as_str()));
        view! { <a href=href><img class="thumb" src=content.thumbnail_url() alt=format!("Picture: {}", words::start(content.title(), 60)) loading="lazy"/></a> }
    });
    let pictures = pictures.collect_view();
    let prompt = step.prompt_id.as_ref().filter(|id| state.prompts.get(id.as_str()).is_some()).map(|id| {
        view! { <a href=format!("/prompts/{}", context::encode(id.as_str()))>"The prompt"</a> }
    });
    let post = step.post_id.as_ref().and_then(|id| state.posts.get(id.as_str())).map(|post| {
        view! { <a href=posts::page_of(&post.id)>"The post"</a>" "<PostPill state=post.state.clone()/> }
    });
    let training = step.training_id.as_ref().and_then(|id| state.trainings.get(id.as_str())).map(|training| {
        view! { <a href=training::page_of(&training.id)>"The training"</a>" "<TrainingPill state=training.state.clone()/> }
    });
    let job = step.ended_at.is_none().then(|| step.job_id.as_ref().and_then(|id| state.jobs.get(id.as_str()))).flatten().map(|job| {
        view! { <a href=jobs::page_of(job)>"Watch it"</a> }
    });
    view! {
        <li>
            <Pill tone words=word/>
            <div>
                <b>{label}</b>
                <p>{step.outcome.clone()}</p>
                <div class="cluster small">{pictures}{prompt}{post}{training}{job}</div>
            </div>
            <span class="end muted"><words::Time at=Some(step.started_at)/></span>
        </li>
    }
}
