//! The days one below the other: the list, and everything of one day.

use std::sync::Arc;

use chrono::NaiveDate;
use leptos::prelude::*;

use super::{ByDay, IN_A_DAY, address, event::Row};
use crate::{
    domain::{
        calendar::{Span, View},
        character::CharacterId,
    },
    web::{components::page::Empty, context},
};

/// The days that hold something.
#[component]
pub fn List(span: Span, days: ByDay, today: NaiveDate, character: Option<CharacterId>) -> impl IntoView {
    let state = context::app().store.read();
    if days.iter().all(|(_, entries)| entries.is_empty()) {
        let words = "Schedule an approved picture, or have drafts made for the days ahead.";
        let title = if span.view == View::Day { "Nothing on this day" } else { "Nothing in these days" };
        return view! {
            <Empty icon=icondata_lu::LuCalendar title words>
                <div class="cluster"><a class="button" href="/calendar/plan">"Plan this week"</a><a class="button primary" href="/calendar/new">"Schedule a post"</a></div>
            </Empty>
        }
        .into_any();
    }
    let filled = days.into_iter().filter(|(_, entries)| !entries.is_empty());
    let sections = filled.map(|(day, entries)| {
        let most = if span.view == View::Day { usize::MAX } else { IN_A_DAY };
        let more = entries.len().saturating_sub(most);
        let href = address(View::Day, &day.to_string(), character.as_ref());
        let more = (more > 0).then(|| view! { <p><a href=href>{format!("{more} more on this day")}</a></p> });
        let entries = entries.into_iter().take(most);
        let rows = entries.map(|entry| view! { <Row entry state=Arc::clone(&state)/> }).collect_view();
        let (which, past) = (word(day, today), day < today);
        // A page of one day says already which.
        let head = (span.view != View::Day).then(|| view! { <header><h2>{day.format("%A %-d %B").to_string()}</h2>{which.map(|word| view! { <span class="muted small">{word}</span> })}</header> });
        view! { <section id=(day == today).then_some("today") class="card day-list" class:past=past aria-current=(day == today).then_some("date")>{head}<div class="body"><ul class="list roomy">{rows}</ul>{more}</div></section> }
    });
    view! { <div class="stack">{sections.collect_view()}</div> }.into_any()
}

fn word(day: NaiveDate, today: NaiveDate) -> Option<&'static str> {
    match (day - today).num_days() {
        -1 => Some("yesterday"),
        0 => Some("today"),
        1 => Some("tomorrow"),
        _ => None,
    }
}
