//! The calendar: what is out, what goes out and what is proposed; as a month, a week or a list.

pub mod event;
pub mod grid;
pub mod list;
pub mod moving;
pub mod plan;
pub mod schedule;

use chrono::{NaiveDate, Utc, Weekday};
use leptos::prelude::*;

use self::event::Legend;
use crate::{
    domain::{
        calendar::{self, Span, View},
        character::CharacterId,
        task::TaskId,
    },
    service::calendar::{Entry, between},
    web::{
        components::{icon::Icon, page::Heading},
        context,
    },
};

/// So many of a day are shown among other days: a schedule may run each minute.
const IN_A_DAY: usize = 12;

/// Where the calendar is looked at: that view of those days, of one character or of all.
pub fn address(view: View, at: &str, character: Option<&CharacterId>) -> String {
    let character = character.map(|id| format!("&character={}", context::encode(id.as_str()))).unwrap_or_default();
    format!("/calendar?view={}&at={at}{character}", view.key())
}

/// Where a task is looked at.
pub fn task_page(id: &TaskId) -> String {
    format!("/schedules/{}", context::encode(id.as_str()))
}

/// The days this page is asked for.
fn asked(today: NaiveDate, start: Weekday) -> Span {
    let view = View::from_key(&context::query("view")).unwrap_or_default();
    Span::new(view, calendar::day(&context::query("at")).unwrap_or(today), start)
}

/// The page.
#[component]
pub fn Calendar() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let (now, zone) = (Utc::now(), app.timezone());
    let today = now.with_timezone(&zone).date_naive();
    let start = state.settings.week_start.day();
    let span = asked(today, start);
    let character = context::chosen_character();
    let (from, to) = (calendar::start_of(span.first, zone), calendar::start_of(span.last.succ_opt().unwrap_or(span.last), zone));
    let entries = between(&app, &state, from, to, character.as_ref(), now);
    let chosen = character.clone();
    let here = move |view: View, at: NaiveDate| address(view, &Span::new(view, at, start).address(), chosen.as_ref());
    // Coming from a month that is not this one, its first day is meant.
    let day = if span.view == View::Month && span.days().any(|day| day == today) && same_month(span.at, today) { today } else { span.at };
    let views = View::CHOICE.map(|view| {
        let current = view == span.view || (view == View::List && span.view == View::Day);
        view! { <a href=here(view, day) aria-current=current.then_some("page")><span>{view.label()}</span></a> }
    });
    let query = character.as_ref().map(|id| format!("?character={}", context::encode(id.as_str()))).unwrap_or_default();
    let days = by_day(&entries, &span, zone);
    let legend = entries.clone();
    let (before, now_shown, after) =
        (here(span.view, span.before()), format!("{}#today", here(span.view, today)), here(span.view, span.after()));
    let body = match span.view {
        View::Month => view! { <grid::Month span days today character=character.clone()/> }.into_any(),
        View::Week => view! { <grid::Week span days today character=character.clone()/> }.into_any(),
        View::List | View::Day => view! { <list::List span days today character=character.clone()/> }.into_any(),
    };
    view! {
        <Heading title=span.title() sub=format!("In the time of {zone}").into_any()>
            <nav class="cluster turn" aria-label="Days">
                <a class="button quiet icon-only" rel="prev" href=before aria-label="Before"><Icon of=icondata_lu::LuChevronLeft/></a>
                <a class="button" href=now_shown>"Today"</a>
                <a class="button quiet icon-only" rel="next" href=after aria-label="After"><Icon of=icondata_lu::LuChevronRight/></a>
            </nav>
            <nav class="segmented" aria-label="View">{views}</nav>
            <a class="button" href=format!("/calendar/plan{query}")><Icon of=icondata_lu::LuWandSparkles/>"Plan this week"</a>
            <a class="button primary" href=format!("/calendar/new{query}")><Icon of=icondata_lu::LuPlus/>"Schedule a post"</a>
        </Heading>
        <div id="calendar" class="stack" data-live="post content character settings task">
            {body}
            <Legend entries=legend/>
        </div>
        <moving::Mover/>
    }
}

fn same_month(one: NaiveDate, other: NaiveDate) -> bool {
    one.format("%Y-%m").to_string() == other.format("%Y-%m").to_string()
}

/// The entries of each day, in order.
pub type ByDay = Vec<(NaiveDate, Vec<Entry>)>;

fn by_day(entries: &[Entry], span: &Span, zone: chrono_tz::Tz) -> ByDay {
    let mut days: ByDay = span.days().map(|day| (day, Vec::new())).collect();
    for entry in entries {
        let day = entry.at.with_timezone(&zone).date_naive();
        if let Ok(place) = days.binary_search_by_key(&day, |(day, _)| *day) {
            days[place].1.push(entry.clone());
        }
    }
    days
}
