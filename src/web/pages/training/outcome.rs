//! What a training made: its LoRA, putting it to work, and old beside new.

use std::sync::Arc;

use leptos::prelude::*;

use super::list::in_use;
use crate::{
    domain::{
        job::{JobId, JobStatus},
        training::{Comparison, Training, TrainingState},
    },
    service,
    web::{
        components::{icon::Icon, page::Pill, picture::alt},
        context, words,
    },
};

/// The LoRA, and what can be done with it.
#[component]
pub(super) fn Result(training: Arc<Training>) -> impl IntoView {
    let TrainingState::Done { file } = training.state.clone() else { return ().into_any() };
    let app = context::app();
    let there = app.store.read().characters.get(training.character_id.as_str()).is_some();
    let used = in_use(&training);
    let button = |action: &'static str, class: &'static str, icon: icondata_core::Icon, label: String| {
        let id = training.id.to_string();
        view! { <form method="post" action=format!("/actions/training/{action}")><input type="hidden" name="id" value=id/><button class=class><Icon of=icon/>{label}</button></form> }
    };
    let deeds = there.then(|| {
        let use_it = if used {
            button("rollback", "button", icondata_lu::LuUndo2, "Go back to what was before".to_owned()).into_any()
        } else {
            button("promote", "button primary", icondata_lu::LuCheck, format!("Use it for {}", training.character_name)).into_any()
        };
        view! { {use_it}{button("compare", "button", icondata_lu::LuColumns2, if used { "Compare with what was before" } else { "Compare with what is in use" }.to_owned())} }
    });
    let notes = training.notes.iter().map(|note| view! { <p class="note info">{note.clone()}</p> }).collect_view();
    let place = if file.installed {
        view! { <Pill tone="ok" words="In ComfyUI's folder"/> }
    } else {
        view! { <Pill tone="warn" words="For download"/> }
    };
    view! {
        <section class="card"><header><h2>"The LoRA"</h2></header><div class="body stack">
            <div class="cluster"><span class="mono">{file.name.clone()}</span><span class="muted">{words::bytes(file.bytes)}</span>{place}{used.then(|| view! { <Pill tone="info" words="In use"/> })}</div>
            {notes}
            <div class="cluster">
                {deeds}
                <a class="button" href=format!("/api/lora/train/{}/file", context::encode(training.id.as_str())) download=""><Icon of=icondata_lu::LuDownload/>"Download"</a>
            </div>
        </div></section>
    }
    .into_any()
}

/// Old beside new: a row for each prompt.
#[component]
pub(super) fn Compared(comparison: Comparison) -> impl IntoView {
    let heads = comparison.columns.iter().enumerate().map(|(place, column)| {
        let name = if column.lora.is_empty() { "Without a LoRA".to_owned() } else { column.lora.clone() };
        let which = if place == 0 { "Before" } else { "With this one" };
        view! { <div class="compare-head"><b>{which}</b><span class="muted small clip" title=name.clone()>{name.clone()}</span></div> }
    });
    let rows = comparison.prompts.iter().enumerate().map(|(row, prompt)| {
        let cells = comparison.columns.iter().map(|column| view! { <Cell job=column.jobs.get(row).cloned()/> }).collect_view();
        view! { <p class="compare-prompt muted small">{prompt.clone()}</p>{cells} }
    });
    view! {
        <section class="card" id="compared" data-live="content job">
            <header><h2>"Old beside new"</h2><p>{format!("The same prompts with seed {}.", comparison.seed)}</p></header>
            <div class="body"><div class="compare">{heads.collect_view()}{rows.collect_view()}</div></div>
        </section>
    }
}

#[component]
fn Cell(job: Option<JobId>) -> impl IntoView {
    let app = context::app();
    let job = job.and_then(|id| service::jobs::get(&app, &id).ok());
    let Some(job) = job else { return view! { <div class="compare-cell"><span class="muted small">"Deleted"</span></div> }.into_any() };
    match service::images::contents(&app, &job).into_iter().next() {
        Some(content) => {
            let (width, height) = content.picture.as_ref().map_or((1, 1), |picture| (picture.width, picture.height));
            let href = format!("/content/{}", context::encode(content.id.as_str()));
            view! { <a class="compare-cell" href=href><img src=content.image_url() width=width height=height alt=alt(&content) loading="lazy"/></a> }.into_any()
        }
        None => {
            let words = match &job.status {
                JobStatus::Failed { problem } => problem.message.clone(),
                JobStatus::Cancelled => "Cancelled".to_owned(),
                JobStatus::Done => "Deleted".to_owned(),
                JobStatus::Queued | JobStatus::Running | JobStatus::Interrupted => {
                    app.live.progress(&job.id).map_or_else(|| "Waits for its turn".to_owned(), |progress| progress.words)
                }
            };
            view! { <div class="compare-cell"><span class="muted small">{words}</span></div> }.into_any()
        }
    }
}
