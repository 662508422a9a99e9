//! What a training leaves: samples, log, configuration.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    domain::training::{Training, TrainingState},
    integrations::kohya::Sample,
    service::trainings,
    web::{components::icon::Icon, context, words},
};

/// What the trainer has drawn: a row for each epoch, the newest first, a column for each prompt.
#[component]
pub(super) fn Samples(training: Arc<Training>, samples: Vec<Sample>, topics: String) -> impl IntoView {
    let mut rows: Vec<(String, Vec<Sample>)> = Vec::new();
    for sample in samples {
        let when = match (sample.epoch, sample.step) {
            (Some(epoch), _) => format!("Epoch {epoch}"),
            (None, step) => format!("Step {}", step.unwrap_or_default()),
        };
        match rows.last_mut().filter(|(of, _)| *of == when) {
            Some((_, row)) => row.push(sample),
            None => rows.push((when, vec![sample])),
        }
    }
    let prompts = training.plan.sample_prompts.clone();
    let row = |(when, samples): (String, Vec<Sample>)| {
        let pictures = samples.into_iter().map(|sample| {
            let address = format!("/api/lora/train/{}/samples/{}", context::encode(training.id.as_str()), context::encode(&sample.file));
            let shown = address.clone();
            let prompt = prompts.get(sample.prompt).cloned().unwrap_or_default();
            let alt = format!("{when}: {}", words::start(&prompt, 80));
            view! { <a href=address.clone() title=prompt><img src=shown alt=alt loading="lazy" decoding="async"/></a> }
        });
        view! { <div class="sample-row"><h3>{when.clone()}</h3><div class="samples">{pictures.collect_view()}</div></div> }
    };
    let body = if rows.is_empty() {
        view! { <p class="muted">"The first are drawn after the first epoch."</p> }.into_any()
    } else {
        view! { <div class="sample-rows" tabindex="0" role="group" aria-label="Samples by epoch">{rows.into_iter().map(row).collect_view()}</div> }.into_any()
    };
    view! {
        <section class="card" id="samples" data-live=topics>
            <header><h2>"Samples"</h2><p>"The same prompts and the same seed after each epoch: one sees what it learns, and when it learns too much."</p></header>
            <div class="body stack">{body}</div>
        </section>
    }
}

/// The end of everything the trainer said. With script, it follows its end.
#[component]
pub(super) fn Log(training: Arc<Training>, lines: Vec<String>, topics: String) -> impl IntoView {
    let address = format!("/api/lora/logs/{}?tail=5000", training.log_file());
    let body = if lines.is_empty() {
        view! { <p class="muted">"It has not said anything yet. Python takes a moment to start."</p> }.into_any()
    } else {
        view! { <pre class="log" tabindex="0" data-follow="">{lines.join("\n")}</pre> }.into_any()
    };
    view! {
        <section class="card" id="log" data-live=topics>
            <header><h2>"Log"</h2><a href=address>"More of it"</a></header>
            <div class="body">{body}</div>
        </section>
    }
}

/// What the trainer was told, word for word.
#[component]
pub(super) fn Config(training: Arc<Training>) -> impl IntoView {
    let plan = &training.plan;
    let fact = |term: &'static str, value: String| (!value.is_empty()).then(|| view! { <dt>{term}</dt><dd>{value}</dd> });
    let dataset = training.dataset_id.as_ref().map(|id| {
        view! { <dt>"Dataset"</dt><dd><a class="link" href=format!("/datasets/{}", context::encode(id.as_str()))>{training.dataset_name.clone()}</a></dd> }
    });
    let command = trainings::command(&context::app(), &training);
    let resumed: Vec<_> = training.runs.iter().filter_map(|run| run.resumed_from.clone()).collect();
    let file = match &training.state {
        TrainingState::Done { file } => file.name.clone(),
        _ => training.file_name(),
    };
    view! {
        <section class="card">
            <header><h2>"What it was told"</h2></header>
            <div class="body stack">
                <dl class="facts">
                    {dataset}
                    {fact("Pictures", training.pictures.to_string())}
                    {fact("Base model", plan.base_model.clone())}
                    {fact("Trigger word", plan.trigger_word.clone())}
                    {fact("Steps", plan.total_steps(training.pictures).to_string())}
                    {fact("Epochs", plan.epochs.to_string())}
                    {fact("Repeats", plan.repeats.to_string())}
                    {fact("Batch", plan.batch_size.to_string())}
                    {fact("Resolution", plan.resolution.to_string())}
                    {fact("Learning rate", plan.learning_rate.to_string())}
                    {fact("Dim, alpha", format!("{}, {}", plan.network_dim, plan.network_alpha))}
                    {fact("Optimizer", format!("{}, {}", plan.optimizer.name(), plan.precision.key()))}
                    {fact("Seed", plan.seed.to_string())}
                    {fact("Gone on from", resumed.join(", "))}
                    {fact("File", file)}
                    <dt>"Asked for"</dt><dd><words::Time at=Some(training.created_at)/></dd>
                </dl>
                {command.map(|command| view! {
                    <details class="fold command">
                        <summary>"The exact command"</summary>
                        <pre class="log" tabindex="0" id="command">{command}</pre>
                        <p class="js-only"><button type="button" class="button small" data-copy="#command"><Icon of=icondata_lu::LuCopy/>"Copy"</button></p>
                    </details>
                })}
            </div>
        </section>
    }
}
