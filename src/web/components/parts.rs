//! A prompt, shown by its parts.

use leptos::prelude::*;

use crate::domain::prompt::{Part, Source};

/// The parts in order, each in the colour of where it comes from, with a legend.
#[component]
pub fn PromptParts(parts: Vec<Part>) -> impl IntoView {
    let mut legend: Vec<Source> = Vec::new();
    for part in &parts {
        if !legend.contains(&part.source) {
            legend.push(part.source);
        }
    }
    let last = parts.len().saturating_sub(1);
    let spans = parts.into_iter().enumerate().map(|(place, part)| {
        let comma = (place < last).then_some(", ");
        view! { <span class=format!("part {}", class(part.source))>{part.text}</span>{comma} }
    });
    let spans = spans.collect_view();
    view! {
        <p class="prompt-parts">{spans}</p>
        <p class="legend">
            {legend.into_iter().map(|source| view! { <span><i class=format!("part {}", class(source))></i>{source.label()}</span> }).collect_view()}
        </p>
    }
    .into_any()
}

fn class(source: Source) -> &'static str {
    match source {
        Source::Base => "base",
        Source::Trigger => "trigger",
        Source::Arc => "arc",
        Source::Request => "request",
        Source::Style => "style",
        Source::Mood => "mood",
        Source::Hand => "hand",
    }
}
