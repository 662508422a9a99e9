//! A month as a table, a week as seven columns. On narrow screens both become the list of their days.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use leptos::prelude::*;

use super::{
    ByDay, IN_A_DAY, address,
    event::{Event, EventCard},
};
use crate::{
    domain::{
        calendar::{Span, View},
        character::CharacterId,
    },
    service::calendar::Entry,
    store::State,
    web::{context, words},
};

/// How many entries a cell of a month shows before it counts.
const IN_A_CELL: usize = 4;

/// The table of a month.
#[component]
pub fn Month(span: Span, days: ByDay, today: NaiveDate, character: Option<CharacterId>) -> impl IntoView {
    let state = context::app().store.read();
    let empty = days.iter().all(|(_, entries)| entries.is_empty());
    let heads = days.iter().take(7).map(|(day, _)| view! { <th scope="col">{day.format("%a").to_string()}</th> }).collect_view();
    let weeks = days.chunks(7).map(|week| {
        let cells = week.iter().cloned().map(|(day, entries)| {
            view! { <Cell day entries today outside=day.month() != span.at.month() character=character.clone() state=Arc::clone(&state)/> }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    view! {
        <section class="card calendar" class:empty-month=empty>
            <table><thead><tr>{heads}</tr></thead><tbody>{weeks.collect_view()}</tbody></table>
            <p class="nothing">"Nothing is planned in these weeks. Schedule an approved picture, or plan this week."</p>
        </section>
    }
    .into_any()
}

#[component]
fn Cell(
    day: NaiveDate,
    entries: Vec<Entry>,
    today: NaiveDate,
    outside: bool,
    character: Option<CharacterId>,
    state: Arc<State>,
) -> impl IntoView {
    let count = entries.len();
    // One more than fits is shown in the place of the word that there is one more.
    let shown = if count > IN_A_CELL { IN_A_CELL - 1 } else { count };
    let href = address(View::Day, &day.to_string(), character.as_ref());
    let more = (count > shown).then(|| view! { <a class="more" href=href.clone()>{format!("+{} more", count - shown)}</a> });
    let label = format!("{}, {}", day.format("%A %-d %B"), words::count(count, "entry", "entries"));
    let (past, filled) = (day < today, count > 0);
    let events = entries.into_iter().take(shown).map(|entry| view! { <li><Event entry state=Arc::clone(&state)/></li> }).collect_view();
    view! {
        <td id=(day == today).then_some("today") class:outside=outside class:past=past class:filled=filled data-day=day.to_string() aria-current=(day == today).then_some("date")>
            <a class="day" href=href aria-label=label><span class="weekday">{day.format("%a").to_string()}</span>{day.day()}</a>
            <ul>{events}</ul>
            {more}
        </td>
    }
    .into_any()
}

/// The seven columns of a week.
#[component]
pub fn Week(span: Span, days: ByDay, today: NaiveDate, character: Option<CharacterId>) -> impl IntoView {
    let state = context::app().store.read();
    let columns = days.into_iter().map(|(day, entries)| {
        let href = address(View::Day, &day.to_string(), character.as_ref());
        let label = format!("{}, {}", day.format("%A %-d %B"), words::count(entries.len(), "entry", "entries"));
        let past = day < today;
        let more = entries.len().saturating_sub(IN_A_DAY);
        let more = (more > 0).then(|| view! { <a class="more" href=href.clone()>{format!("+{more} more")}</a> });
        let cards = entries.into_iter().take(IN_A_DAY).map(|entry| view! { <li><EventCard entry state=Arc::clone(&state)/></li> }).collect_view();
        view! {
            <section id=(day == today).then_some("today") class="column" class:past=past data-day=day.to_string() aria-current=(day == today).then_some("date")>
                <h2><a href=href aria-label=label>{day.format("%a").to_string()}" "<span class="day">{day.day()}</span></a></h2>
                <ul>{cards}</ul>
                {more}
            </section>
        }
    });
    view! { <div class="card calendar week" aria-label=span.title()>{columns.collect_view()}</div> }.into_any()
}
