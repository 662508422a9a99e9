//! A job: how far it is, and what can be done about it.

use std::sync::Arc;

use leptos::prelude::*;

use super::{icon::Icon, page::Pill};
use crate::{
    domain::{
        job::{Job, JobStatus, Lane, Progress, Work},
        training::TrainingId,
    },
    web::{context, pages::jobs::page_of, words},
};

/// A job as a card: bar with step n/N, time left, preview, cancel; or how it ended and the next step.
#[component]
pub fn JobCard(job: Arc<Job>) -> impl IntoView {
    let app = context::app();
    let progress = app.live.progress(&job.id);
    let name = job.character_id.as_ref().and_then(|id| app.store.read().characters.get(id.as_str()).map(|one| one.name.clone()));
    let title = format!("{}, {}", name.unwrap_or_else(|| nobody(&job)), words::start(&subject(&job), 60));
    let preview = progress.as_ref().filter(|progress| progress.preview > 0).map(|progress| {
        view! { <img src=format!("/api/jobs/{}/preview?n={}", job.id, progress.preview) alt="Preview"/> }
    });
    let (id, state) = (job.id.to_string(), job.status.key());
    let made_by = maker(&job);
    view! {
        <article class="job" data-job=id.clone() data-state=state>
            {job.images().is_some().then(|| view! { <div class="job-preview">{preview}</div> })}
            <p class="job-title"><a class="strong" href=page_of(&job)>{title}</a></p>
            <JobProgress job=Arc::clone(&job) progress/>
            <JobActions job/>
            <p class="clip small" title=made_by.clone()>{made_by.clone()}</p>
        </article>
    }
    .into_any()
}

/// Who is named where no character is.
fn nobody(job: &Job) -> String {
    if matches!(job.work, Work::Backup(_)) { "Backup".to_owned() } else { "Someone".to_owned() }
}

/// What a job is about, in words.
pub fn subject(job: &Job) -> String {
    match &job.work {
        Work::GenerateImage(order) if order.request.prompt.is_empty() => order.recipe.prompt.clone(),
        Work::GenerateImage(order) => order.request.prompt.clone(),
        Work::WriteCaption(order) => format!("captions for {}", order.request.network.label()),
        Work::WritePrompts(order) => words::count(order.request.count as usize, "prompt", "prompts"),
        Work::DescribeImages(order) => format!("captions of {}", words::count(order.names.len(), "picture", "pictures")),
        Work::Publish(order) => super::post::title(&order.post_id),
        Work::RunTask(_) => "a task".to_owned(),
        Work::Backup(order) => order.extent.label().to_lowercase(),
        Work::Train(order) => format!("training of {}", training_name(&order.training_id)),
    }
}

fn training_name(id: &TrainingId) -> String {
    context::app().store.read().trainings.get(id.as_str()).map_or_else(|| "a LoRA".to_owned(), |training| training.name.clone())
}

fn maker(job: &Job) -> String {
    match &job.work {
        Work::GenerateImage(order) => {
            format!("{} · seed {}", order.recipe.model, order.shots.first().map(|shot| shot.seed).unwrap_or_default())
        }
        Work::WriteCaption(_) | Work::WritePrompts(_) | Work::DescribeImages(_) => "Gemini".to_owned(),
        Work::Publish(order) => super::post::place(&order.post_id).to_owned(),
        Work::RunTask(_) => "Schedules".to_owned(),
        Work::Backup(order) => crate::domain::backup::file_name(&order.backup_id),
        Work::Train(_) => "Trainer".to_owned(),
    }
}

/// The bar of a job that has not ended, or how it ended.
#[component]
pub fn JobProgress(job: Arc<Job>, progress: Option<Progress>) -> impl IntoView {
    match &job.status {
        JobStatus::Queued => view! { <p class="job-step">{waiting(&job)}</p><progress class="bar"></progress> }.into_any(),
        JobStatus::Interrupted => {
            view! { <p class="job-step">"Cut off by a restart; goes on by itself"</p><progress class="bar"></progress> }.into_any()
        }
        JobStatus::Running => running(progress).into_any(),
        JobStatus::Done => view! { <Pill tone="ok" words="Done"/> }.into_any(),
        JobStatus::Cancelled => view! { <Pill tone="" words="Cancelled"/> }.into_any(),
        JobStatus::Failed { problem } => {
            view! { <Pill tone="bad" words="Failed"/><p class="job-problem">{problem.message.clone()}</p> }.into_any()
        }
    }
}

fn waiting(job: &Job) -> String {
    let again = job.attempts > 0 && job.run_at > chrono::Utc::now();
    match job.work.lane() {
        Lane::Write if again => {
            let at = context::app().times().to_the_second(job.run_at);
            format!("Gemini has no room for it now; it is asked again at {at}")
        }
        Lane::Write => "Waiting for Gemini".to_owned(),
        Lane::Draw => "Waiting for a free ComfyUI".to_owned(),
        Lane::Publish => "Waiting for its time".to_owned(),
        Lane::Tasks => "Waiting for its pictures, words or posts".to_owned(),
        Lane::Housekeeping => "Waiting for its turn".to_owned(),
        Lane::Train => "Waiting until the training before it has ended".to_owned(),
    }
}

fn running(progress: Option<Progress>) -> impl IntoView {
    let step = progress.as_ref().map(step_words).unwrap_or_else(|| "Starting".into());
    let left = progress.as_ref().and_then(|progress| progress.seconds_left).map(|left| format!("about {} left", words::seconds(left)));
    let (value, max) = match &progress {
        Some(progress) if progress.step > 0 => (Some(progress.step.to_string()), Some(progress.steps.to_string())),
        Some(_) | None => (None, None),
    };
    view! {
        <span class="job-step">{step}</span>
        <progress class="bar" value=value max=max aria-label="Progress"></progress>
        <span class="job-left">{left}</span>
    }
}

/// In the words the script uses for the events.
fn step_words(progress: &Progress) -> String {
    let step =
        if progress.step > 0 { format!("{} {} of {}", progress.unit, progress.step, progress.steps) } else { progress.words.clone() };
    if progress.pictures > 1 { format!("{step} · picture {} of {}", progress.picture, progress.pictures) } else { step }
}

/// What can be done about a job: stop it, or start it again.
#[component]
pub fn JobActions(job: Arc<Job>) -> impl IntoView {
    let id = job.id.to_string();
    match job.status {
        JobStatus::Queued | JobStatus::Running | JobStatus::Interrupted => view! {
            <form method="post" action="/actions/jobs/cancel" class="job-cancel">
                <input type="hidden" name="id" value=id/>
                <button class="button small"><Icon of=icondata_lu::LuX/>"Cancel"</button>
            </form>
        }
        .into_any(),
        JobStatus::Failed { .. } | JobStatus::Cancelled => view! {
            <form method="post" action="/actions/jobs/retry">
                <input type="hidden" name="id" value=id/>
                <button class="button small"><Icon of=icondata_lu::LuRotateCcw/>"Try again"</button>
            </form>
        }
        .into_any(),
        JobStatus::Done => ().into_any(),
    }
}
