//! The queue of trainings, and those that have ended.

use std::sync::Arc;

use leptos::prelude::*;

use super::{page_of, setup::TrainerMissing};
use crate::{
    domain::{
        character::CharacterId,
        training::{Training, TrainingId, TrainingState},
    },
    service::trainings::{self, TrainingView},
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
        },
        context, words,
    },
};

/// How many trainings a page of the list has.
const PAGE: usize = 30;

/// The page.
#[component]
pub fn Trainings() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let trainer = trainings::trainer(&app, &state);
    let ready = trainer.launcher.is_some() && !trainer.models.is_empty();
    let character = context::chosen_character();
    let cursor = Some(context::query("cursor")).filter(|cursor| !cursor.is_empty()).map(TrainingId::from);
    let page =
        trainings::page(&app, character.as_ref(), cursor.as_ref(), PAGE).or_else(|_| trainings::page(&app, character.as_ref(), None, PAGE));
    let (ended, next) = page.map(|page| (page.trainings, page.next)).unwrap_or_default();
    let now = trainings::unfinished(&state);
    let ended: Vec<_> = ended.into_iter().filter(|training| training.state.is_final()).collect();
    let broken = trainer.launcher.as_ref().and_then(|launcher| app.trainer.last(launcher)).and_then(|seen| seen.seen.err());
    let broken =
        broken.map(|words| view! { <div class="note warn">{words}" "<a class="link" href="/settings#training">"Settings"</a></div> });
    let body = match (ready, now.is_empty(), ended.is_empty()) {
        (false, true, true) => view! { <TrainerMissing/> }.into_any(),
        (true, true, true) => view! { <NothingYet/> }.into_any(),
        _ => view! { <Now trainings=now/><Ended trainings=ended next character=character.clone()/> }.into_any(),
    };
    let new = match &character {
        Some(id) => format!("/training/new?character={}", context::encode(id.as_str())),
        None => "/training/new".to_owned(),
    };
    view! {
        <Heading title="Training">
            {ready.then(|| view! { <a class="button primary" href=new><Icon of=icondata_lu::LuPlus/>"New training"</a> })}
        </Heading>
        <div class="stack" id="trainings" data-live="training job">{broken}{body}</div>
    }
}

#[component]
fn NothingYet() -> impl IntoView {
    view! {
        <Empty icon=icondata_lu::LuDumbbell title="No training yet"
            words="A LoRA teaches a model one face. Gather 15 to 40 pictures of a character in a dataset, then train on them.">
            <div class="cluster">
                <a class="button primary" href="/training/new">"New training"</a>
                <a class="button" href="/datasets">"Datasets"</a>
            </div>
        </Empty>
    }
}

/// What runs and what waits, in the order they go.
#[component]
fn Now(trainings: Vec<Arc<Training>>) -> impl IntoView {
    let rows = trainings.into_iter().map(|training| view! { <Unfinished training/> }).collect_view();
    view! {
        <section class="card"><header><h2>"Now"</h2></header><div class="body">
            {if rows.is_empty() { view! { <p class="muted">"Nothing is being trained."</p> }.into_any() } else { rows.into_any() }}
        </div></section>
    }
}

#[component]
fn Unfinished(training: Arc<Training>) -> impl IntoView {
    let app = context::app();
    let seen = TrainingView::of(&app, Training::clone(&training));
    let live = app.live.progress(&training.job_id);
    let state = if training.open_run().is_some() { "running" } else { "queued" };
    let step = match (&seen.waiting, training.is_stopping()) {
        (Some(words), _) => words.clone(),
        (None, true) => "Stopping".to_owned(),
        (None, false) if seen.step > 0 => format!("Step {} of {}", seen.step, seen.total_steps),
        (None, false) => live.map(|live| live.words).unwrap_or_else(|| "Starting".into()),
    };
    let (value, max) = if seen.step > 0 { (Some(seen.step.to_string()), Some(seen.total_steps.to_string())) } else { (None, None) };
    let left = seen.eta_seconds.map(|left| format!("about {} left", words::seconds(left)));
    let about = format!(
        "{} · {} · {}",
        training.character_name,
        training.plan.family.label(),
        words::count(training.pictures as usize, "picture", "pictures")
    );
    view! {
        <article class="job" data-job=training.job_id.to_string() data-state=state>
            <p class="job-title"><a class="strong" href=page_of(&training.id)>{training.name.clone()}</a></p>
            <span class="job-step">{step}</span>
            <progress class="bar" value=value max=max aria-label="Progress"></progress>
            <span class="job-left">{left}</span>
            <p class="clip small">{about}</p>
            <form method="post" action="/actions/training/stop" class="job-cancel">
                <input type="hidden" name="id" value=training.id.to_string()/>
                <button class="button small" disabled=training.is_stopping()><Icon of=icondata_lu::LuX/>"Stop"</button>
            </form>
        </article>
    }
}

/// Those that have ended, newest first.
#[component]
fn Ended(trainings: Vec<Arc<Training>>, next: Option<TrainingId>, character: Option<CharacterId>) -> impl IntoView {
    if trainings.is_empty() {
        return ().into_any();
    }
    let rows = trainings.into_iter().map(|training| view! { <Row training/> }).collect_view();
    let next = next.map(|id| {
        let whose = character.map(|id| format!("&character={}", context::encode(id.as_str()))).unwrap_or_default();
        let href = format!("/training?cursor={}{whose}", context::encode(id.as_str()));
        view! { <a class="button" rel="next" href=href>"Older trainings"<Icon of=icondata_lu::LuArrowRight/></a> }
    });
    view! {
        <section class="card"><header><h2>"Before"</h2></header><div class="body"><ul class="list roomy">{rows}</ul></div></section>
        {next}
    }
    .into_any()
}

#[component]
fn Row(training: Arc<Training>) -> impl IntoView {
    let active = in_use(&training).then(|| view! { <Pill tone="info" words="In use"/> });
    let about = format!("{} · {} · {}", training.character_name, training.plan.family.label(), training.preset.label());
    let how = match &training.state {
        TrainingState::Failed { problem, .. } => words::start(&problem.message, 160),
        TrainingState::Stopped => format!("Stopped at step {} of {}", training.progress.step, training.progress.total_steps),
        TrainingState::Done { file } => format!("{}, {} steps", words::bytes(file.bytes), words::grouped(training.progress.step as usize)),
        TrainingState::Queued { .. } | TrainingState::Running { .. } => String::new(),
    };
    view! {
        <li>
            <TrainingPill state=training.state.clone()/>
            <div><a class="strong" href=page_of(&training.id)>{training.name.clone()}</a><p>{about}</p><p class="small">{how}</p></div>
            <span class="end muted">{active}<words::Time at=training.finished_at/></span>
        </li>
    }
}

/// Whether her pictures are made with what it made.
pub(super) fn in_use(training: &Training) -> bool {
    let state = context::app().store.read();
    let owner = state.characters.get(training.character_id.as_str());
    owner.is_some_and(|owner| owner.lora_versions.iter().any(|version| version.training_id == training.id && version.active))
}

/// A training's state: a dot and a word.
#[component]
pub fn TrainingPill(state: TrainingState) -> impl IntoView {
    let (tone, words) = match state {
        TrainingState::Queued { .. } => ("", "Queued"),
        TrainingState::Running { stopping: true } => ("run", "Stopping"),
        TrainingState::Running { stopping: false } => ("run", "Training"),
        TrainingState::Done { .. } => ("ok", "Done"),
        TrainingState::Failed { .. } => ("bad", "Failed"),
        TrainingState::Stopped => ("", "Stopped"),
    };
    view! { <Pill tone words/> }
}
