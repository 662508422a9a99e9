//! One training: how far it is, its curve, what it draws, what it says, and what can be done about it.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{
    curve::{Curve, Scale},
    kept::{Config, Log, Samples},
    list::TrainingPill,
    new::again_at,
    outcome::{Compared, Result},
    page_of,
};
use crate::{
    domain::training::{Training, TrainingId, TrainingState},
    service::trainings::{self, Sight, TrainingView},
    web::{
        components::{
            icon::Icon,
            page::{Heading, Missing},
        },
        context, words,
    },
};

/// How many lines of the log a page shows.
const LINES: usize = 200;

fn this_training() -> Option<Arc<Training>> {
    let id = use_params_map().with_untracked(|params| params.get("id")).map(TrainingId::from)?;
    trainings::get(&context::app(), &id).ok()
}

/// The page.
#[component]
pub fn Detail() -> impl IntoView {
    let Some(training) = this_training() else { return view! { <Missing what="training"/> }.into_any() };
    let app = context::app();
    let sight = AsyncDerived::new({
        let (app, training) = (app.clone(), Arc::clone(&training));
        move || {
            let (app, training) = (app.clone(), Arc::clone(&training));
            async move { trainings::sight(&app, &training, LINES).await.unwrap_or_default() }
        }
    });
    let scale = Scale::from_query(&context::query("scale"));
    view! {
        <Suspense fallback=|| ()>
            {move || {
                let training = Arc::clone(&training);
                Suspend::new(async move { page(training, sight.await, scale) })
            }}
        </Suspense>
    }
    .into_any()
}

fn page(training: Arc<Training>, sight: Sight, scale: Scale) -> impl IntoView {
    let topics = format!("training:{} job:{}", training.id, training.job_id);
    let sub = view! {
        <a href=format!("/characters/{}/look", context::encode(training.character_id.as_str()))>{training.character_name.clone()}</a>
        {format!(" · {} · {}", training.plan.family.label(), training.preset.label())}
    };
    let compared = training.comparison.clone();
    let has_samples = !training.plan.sample_prompts.is_empty();
    let again = again_at(&training.id);
    let delete = training.state.is_final().then(|| {
        view! { <a class="button danger" href=format!("{}/delete", page_of(&training.id))><Icon of=icondata_lu::LuTrash2/>"Delete"</a> }
    });
    view! {
        <Heading title=training.name.clone() sub=sub.into_any()>
            <a class="button" href=again><Icon of=icondata_lu::LuCopy/>"Train again"</a>
            {delete}
        </Heading>
        <div class="stack training">
            <div class="stack" id="run" data-live=topics.clone()>
                <Standing training=Arc::clone(&training) sight=sight.clone()/>
                <Result training=Arc::clone(&training)/>
            </div>
            {compared.map(|comparison| view! { <Compared comparison/> })}
            <section class="card" id="curve" data-live=topics.clone()>
                <header><h2>"Loss"</h2><Scales training=training.id.clone() scale/></header>
                <div class="body"><Curve losses=sight.followed.losses.clone() total=training.progress.total_steps scale/></div>
            </section>
            {has_samples.then(|| view! { <Samples training=Arc::clone(&training) samples=sight.samples.clone() topics=topics.clone()/> })}
            <Log training=Arc::clone(&training) lines=sight.log.clone() topics=topics/>
            <Config training/>
        </div>
    }
}

/// How far it is, in words and numbers, and what can be done.
#[component]
fn Standing(training: Arc<Training>, sight: Sight) -> impl IntoView {
    let app = context::app();
    let seen = TrainingView::of(&app, Training::clone(&training));
    let body = match &training.state {
        TrainingState::Queued { .. } | TrainingState::Running { .. } => view! { <Running seen=seen.clone() training=Arc::clone(&training)/> }.into_any(),
        TrainingState::Failed { problem, tail } => view! {
            <p class="problem-words">{problem.message.clone()}</p>
            {(!tail.is_empty()).then(|| view! { <details class="fold"><summary>"Its last lines"</summary><pre class="log" tabindex="0">{tail.join("\n")}</pre></details> })}
        }
        .into_any(),
        TrainingState::Stopped => view! { <p>{format!("Stopped at step {} of {}.", seen.step, seen.total_steps)}</p> }.into_any(),
        TrainingState::Done { .. } => ().into_any(),
    };
    let resume = sight.state.as_ref().map(|state| {
        let words = format!("Go on from step {}", state.step);
        view! {
            <form method="post" action="/actions/training/resume">
                <input type="hidden" name="id" value=training.id.to_string()/>
                <button class="button primary"><Icon of=icondata_lu::LuPlay/>{words}</button>
            </form>
        }
    });
    let waits = matches!(training.state, TrainingState::Failed { .. } | TrainingState::Stopped) && sight.state.is_none();
    let no_state = waits.then(|| view! { <p class="small muted">"There is no saved state to go on from."</p> });
    let took = training.runs.first().zip(training.finished_at).map(|(run, end)| (end - run.begun_at).num_seconds());
    let took = took.and_then(|seconds| u32::try_from(seconds).ok()).map(|seconds| format!("took {}", words::seconds(seconds)));
    view! {
        <section class="card"><div class="body stack">
            <div class="cluster"><TrainingPill state=training.state.clone()/><span class="muted small">{took}</span></div>
            {body}
            <Figures seen training=Arc::clone(&training)/>
            {resume}{no_state}
        </div></section>
    }
}

#[component]
fn Running(seen: TrainingView, training: Arc<Training>) -> impl IntoView {
    let app = context::app();
    let live = app.live.progress(&training.job_id);
    let words = match (&seen.waiting, training.is_stopping()) {
        (Some(words), _) => words.clone(),
        (None, true) => "It stops, and what it has saved stays".to_owned(),
        (None, false) => live.map(|live| live.words).unwrap_or_else(|| "Taken up again after a restart".into()),
    };
    let (value, max) = if seen.step > 0 { (Some(seen.step.to_string()), Some(seen.total_steps.to_string())) } else { (None, None) };
    let state = if training.open_run().is_some() { "running" } else { "queued" };
    let left = seen.eta_seconds.filter(|_| !training.is_stopping()).map(|left| format!("about {} left", words::seconds(left)));
    let quiet = quiet(&seen);
    view! {
        <div class="trainer-run" data-job=training.job_id.to_string() data-state=state>
            <p class="job-words">{words}</p>
            <progress class="bar" value=value max=max aria-label="Progress"></progress>
            <p class="cluster muted small"><span class="job-step">{(seen.step > 0).then(|| format!("Step {} of {}", seen.step, seen.total_steps))}</span><span class="job-left">{left}</span></p>
        </div>
        {quiet.map(|words| view! { <p class="note warn">{words}</p> })}
        <form method="post" action="/actions/training/stop">
            <input type="hidden" name="id" value=training.id.to_string()/>
            <button class="button danger" disabled=training.is_stopping()><Icon of=icondata_lu::LuSquare/>"Stop"</button>
        </form>
    }
}

/// A trainer that says nothing for long may hang; loading takes minutes, too.
fn quiet(seen: &TrainingView) -> Option<String> {
    const LONG: i64 = 10;
    let heard = seen.training.progress.heard_at.filter(|_| seen.training.open_run().is_some())?;
    let minutes = (chrono::Utc::now() - heard).num_minutes();
    (minutes >= LONG).then(|| {
        format!("The trainer has said nothing for {minutes} minutes. If its log shows no reason, stop it and go on from the saved state.")
    })
}

#[component]
fn Figures(seen: TrainingView, training: Arc<Training>) -> impl IntoView {
    let progress = &seen.training.progress;
    if progress.step == 0 {
        return ().into_any();
    }
    let pace = progress.seconds_per_step.map(|pace| if pace >= 1.0 { format!("{pace:.1} s") } else { format!("{:.2} s", pace) });
    let figure = |value: String, label: &'static str| view! { <div class="figure"><b>{value}</b><span>{label}</span></div> };
    let nan = progress.nan_since.map(|step| {
        view! { <p class="note bad">{format!("From step {step} on the loss is no number: nothing is learned any more. Stop it, and train again with a lower learning rate.")}</p> }
    });
    let nan = (!training.state.is_final()).then_some(nan).flatten();
    view! {
        {nan}
        <div class="figures">
            {figure(format!("{}%", seen.percent), "done")}
            {figure(format!("{} / {}", words::grouped(seen.step as usize), words::grouped(seen.total_steps as usize)), "steps")}
            {(seen.epoch > 0).then(|| figure(format!("{} / {}", seen.epoch, seen.total_epochs), "epochs"))}
            {seen.loss.map(|loss| figure(format!("{loss:.4}"), "loss"))}
            {pace.map(|pace| figure(pace, "a step"))}
        </div>
    }
    .into_any()
}

/// Which scale the curve has: links, so that they work without script and stay in the address.
#[component]
fn Scales(training: TrainingId, scale: Scale) -> impl IntoView {
    let here = page_of(&training);
    let link = |query: &str, words: &'static str, is: bool| view! { <a href=format!("{here}{query}#curve") aria-current=is.then_some("true")><span>{words}</span></a> };
    view! { <nav class="segmented end" aria-label="Scale">{link("", "Linear", scale == Scale::Linear)}{link("?scale=log", "Log", scale == Scale::Log)}</nav> }
}

/// Asks before a training is deleted.
#[component]
pub fn Delete() -> impl IntoView {
    let Some(training) = this_training() else { return view! { <Missing what="training"/> }.into_any() };
    let stays = match &training.state {
        TrainingState::Done { file } if file.installed => format!(" The copy {} in ComfyUI's folder stays.", file.name),
        TrainingState::Done { .. } => " The LoRA goes too, and it is nowhere else unless you have downloaded it.".to_owned(),
        _ => String::new(),
    };
    view! {
        <Heading title=format!("Delete {}?", training.name)/>
        <form class="form" method="post" action="/actions/training/delete">
            <input type="hidden" name="id" value=training.id.to_string()/>
            <p>{format!("Its log, samples, saved states and files go. This cannot be undone.{stays}")}</p>
            <div class="form-actions">
                <button class="button danger">"Delete training"</button>
                <a class="button quiet" href=page_of(&training.id)>"Keep it"</a>
            </div>
        </form>
    }
    .into_any()
}
