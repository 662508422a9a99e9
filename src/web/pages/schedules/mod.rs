//! Schedules: what happens by itself, and what became of it.

pub mod deeds;
pub mod delete;
pub mod edit;
pub mod form;
pub mod list;
pub mod runs;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use leptos::prelude::*;

use crate::{
    domain::task::{TaskId, TaskType},
    web::context,
};

/// Where a task is looked at and changed.
pub fn page_of(id: &TaskId) -> String {
    format!("/schedules/{}", context::encode(id.as_str()))
}

/// For whom a task is, as it follows on what it does: " for Luna", or nothing where it is for nobody.
pub fn whose(kind: &TaskType, name: Option<&str>) -> String {
    match name {
        _ if !kind.needs_character() => String::new(),
        Some(name) => format!(" for {name}"),
        None => " for a deleted character".to_owned(),
    }
}

/// Times as the wall clock of a zone shows them, each with how far away it is.
#[component]
pub fn Times(times: Vec<DateTime<Utc>>, zone: Tz) -> impl IntoView {
    let now = Utc::now();
    let face = crate::domain::times::Times { zone, ..crate::web::context::app().times() };
    let rows = times.into_iter().map(|at| {
        let exact = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let shown = face.with_weekday(at);
        view! { <li><span>{shown}</span>" "<time class="muted" datetime=exact data-relative="">{away(at, now)}</time></li> }
    });
    view! { <ol class="next-times">{rows.collect_view()}</ol> }
}

/// As in "in 3 h".
fn away(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = (at - now).num_minutes().max(0);
    match minutes {
        0..90 => format!("in {} min", minutes.max(1)),
        90..2_880 => format!("in {} h", (minutes + 30) / 60),
        _ => format!("in {} days", (minutes + 720) / 1_440),
    }
}
