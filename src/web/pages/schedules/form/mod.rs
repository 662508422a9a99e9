//! The form of a task.

mod pictures;
mod training;
mod typed;
mod when;

use std::sync::Arc;

use leptos::prelude::*;

pub use self::typed::TaskForm;
use self::{pictures::Pictures, training::Training, when::When};
use super::page_of;
use crate::{
    domain::{
        backup::Extent,
        task::{MissedPolicy, Task, TaskType},
    },
    web::{
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary, sent},
    },
};

/// The fields, of a new task or of a stored one.
#[component]
pub fn TaskFields(form: Form<TaskForm>, #[prop(optional_no_strip)] stored: Option<Arc<Task>>) -> impl IntoView {
    let app = context::app();
    let people: Vec<_> = app.store.read().characters.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    let values = form.values.clone();
    let extents = Extent::ALL.map(|extent| (extent.key().to_owned(), extent.label().to_owned())).to_vec();
    let action = if stored.is_none() { "/actions/schedules/create" } else { "/actions/schedules/save" };
    let here = stored.as_ref().map_or_else(|| "/schedules/new".to_owned(), |task| page_of(&task.id));
    let back = stored.as_ref().map_or_else(|| "/schedules".to_owned(), |task| page_of(&task.id));
    let hidden = stored.as_ref().map(|task| view! { <input type="hidden" name="id" value=task.id.to_string()/> });
    view! {
        <form class="form task-form" method="post" action=action data-guard="" data-submit-key="" data-live-preview="#schedule-preview">
            {hidden}
            <ProblemSummary problem=form.problem.clone()/>
            <div class="field-row halves">
                <Choice name="kind" about="type" label="What" value=values.kind.clone() options=kinds(&values.kind) wrong=form.wrong("type")/>
                <div class="for-characters"><Choice name="characterId" label="For whom" value=values.character_id.clone() options=vec![OptionGroup::plain(people)] wrong=form.wrong("characterId")/></div>
                <div class="for-backups"><Choice name="extent" about="config.extent" label="How much" value=values.extent.clone() options=vec![OptionGroup::plain(extents)] wrong=form.wrong("config.extent")/></div>
            </div>
            <When form=form.clone() stored/>
            <Networks form=form.clone()/>
            <Pictures form=form.clone()/>
            <Training form=form.clone()/>
            <Missed form=form.clone()/>
            <label class="check">
                <input type="checkbox" name=sent("active") checked=values.active.is_some()/>
                <span>"Active: it runs by itself"</span>
            </label>
            <div class="form-actions">
                <button class="button primary">"Save schedule"</button>
                <button class="button noscript" formmethod="get" formaction=here>"Show when it runs"</button>
                <a class="button quiet" href=back>"Back"</a>
            </div>
        </form>
    }
}

/// The types there are, and the one it has when that is another.
fn kinds(current: &str) -> Vec<OptionGroup> {
    let mut options: Vec<_> = TaskType::OFFERED.map(|kind| (kind.key().to_owned(), kind.label().to_owned())).to_vec();
    let current = TaskType::from_key(current);
    if !current.key().is_empty() && !TaskType::OFFERED.contains(&current) {
        options.push((current.key().to_owned(), format!("{} ({})", current.label(), current.key())));
    }
    vec![OptionGroup::plain(options)]
}

#[component]
fn Networks(form: Form<TaskForm>) -> impl IntoView {
    let values = form.values.clone();
    let wrong = form.wrong("config.postToInstagram");
    view! {
        <section class="stack for-posts">
            <fieldset class="checks">
                <legend>"Where it is posted"</legend>
                <label class="check"><input type="checkbox" name=sent("postToInstagram") id="field-config-postToInstagram" checked=values.post_to_instagram.is_some()/><span>"Instagram"</span></label>
                <label class="check"><input type="checkbox" name=sent("postToTwitter") checked=values.post_to_twitter.is_some()/><span>"X"</span></label>
                {wrong.map(|wrong| view! { <p class="error">{wrong}</p> })}
            </fieldset>
        </section>
    }
}

#[component]
fn Missed(form: Form<TaskForm>) -> impl IntoView {
    let values = form.values.clone();
    let policies = MissedPolicy::ALL.map(|policy| (policy.key().to_owned(), policy.label().to_owned())).to_vec();
    let open = form.wrong("missedWindowHours").is_some();
    let chosen = MissedPolicy::from_key(&values.missed_policy).unwrap_or_default();
    view! {
        <details class="fold" open=open>
            <summary>"When this server was off "<span class="muted">{chosen.label().to_lowercase()}</span></summary>
            <div class="field-row halves">
                <Choice name="missedPolicy" label="Runs that were missed" value=values.missed_policy options=vec![OptionGroup::plain(policies)] wrong=form.wrong("missedPolicy")/>
                <Field name="missedWindowHours" label="Of the last hours" kind=Kind::Number value=values.missed_window_hours wrong=form.wrong("missedWindowHours")
                    help="Older ones are left out."/>
            </div>
        </details>
    }
}
