//! When a task is done: the schedule, and what it says in words before it is stored.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use super::TaskForm;
use crate::{
    domain::task::Task,
    service::schedules,
    web::{
        components::zones::Zones,
        context,
        form::{Field, Form},
        pages::schedules::Times,
    },
};

/// Schedules people ask for most, to start from.
const EXAMPLES: [(&str, &str); 6] = [
    ("0 18 * * *", "Every evening"),
    ("0 9 * * MON-FRI", "Weekday mornings"),
    ("0 9,13,19 * * *", "Three times a day"),
    ("30 10 * * SAT,SUN", "Weekend mornings"),
    ("6h", "Every 6 hours"),
    ("0 12 1 * *", "First of the month"),
];

/// The schedule, with examples to start from, and what it means.
#[component]
pub fn When(form: Form<TaskForm>, stored: Option<Arc<Task>>) -> impl IntoView {
    let values = form.values.clone();
    let zone_help = format!("Whose clock counts. Empty means {}.", context::app().timezone());
    let chips = EXAMPLES.map(|(schedule, words)| {
        view! { <button type="button" class="chip" data-fill="#field-schedule" data-value=schedule title=schedule>{words}</button> }
    });
    let listed = EXAMPLES.map(|(schedule, words)| view! { <option value=schedule>{words}</option> });
    view! {
        <section class="stack">
            <div class="field-row halves">
                <Field name="schedule" label="When" value=values.schedule.clone() wrong=form.wrong("schedule") placeholder="0 18 * * *" list="examples" required=true
                    help="Minute, hour, day of the month, month, weekday; or an interval, as in 6h."/>
                <Field name="timezone" label="Time zone" value=values.timezone.clone() wrong=form.wrong("timezone") optional=true help=zone_help list="zones" placeholder="Europe/Rome"/>
            </div>
            <datalist id="examples">{listed.collect_view()}</datalist>
            <Zones/>
            <div class="chips js-only" role="group" aria-label="Examples">{chips.collect_view()}</div>
            <Preview schedule=values.schedule timezone=values.timezone stored/>
            <details class="fold">
                <summary>"How a schedule is written"</summary>
                <dl class="facts">
                    <dt><code>"0 18 * * *"</code></dt><dd>"every day at 18:00"</dd>
                    <dt><code>"*/15 9-17 * * MON-FRI"</code></dt><dd>"every 15 minutes from 9 to 18, on weekdays"</dd>
                    <dt><code>"30 10 1,15 * *"</code></dt><dd>"on the 1st and 15th at 10:30"</dd>
                    <dt><code>"0 8 L * *"</code></dt><dd>"on the last day of each month at 8:00"</dd>
                    <dt><code>"0 9 * * MON#2"</code></dt><dd>"on the second Monday of the month at 9:00"</dd>
                    <dt><code>"@daily"</code></dt><dd>"also @hourly, @weekly, @monthly, @yearly"</dd>
                    <dt><code>"90m, 6h, 1d"</code></dt><dd>"again and again after so long, counted from now"</dd>
                </dl>
            </details>
        </section>
    }
}

/// A schedule in words with its next times, or what is wrong with it.
#[component]
fn Preview(schedule: String, timezone: String, stored: Option<Arc<Task>>) -> impl IntoView {
    let app = context::app();
    let body = if schedule.trim().is_empty() {
        view! { <p class="muted">"What you write stands here in words, with the next five times."</p> }.into_any()
    } else {
        // Intervals of a stored one go on counting from where they began.
        let unchanged = stored.filter(|task| task.schedule == schedule && task.timezone == timezone);
        let preview = match unchanged {
            Some(task) => schedules::preview_of(&app, &task, Utc::now()),
            None => schedules::preview(&app, &schedule, &timezone, Utc::now()),
        };
        match preview {
            Ok(preview) => {
                let zone = preview.timezone.parse().unwrap_or(app.timezone());
                view! { <p class="strong">{preview.words}</p><Times times=preview.next_runs zone/><p class="muted small">{format!("In the time of {zone}.")}</p> }
                    .into_any()
            }
            Err(problem) => {
                let words = problem.errors.iter().map(|error| view! { <p>{error.message.clone()}</p> }).collect_view();
                view! { <div class="note warn"><div>{words}</div></div> }.into_any()
            }
        }
    };
    view! { <div class="schedule-preview" id="schedule-preview" role="status">{body}</div> }
}
