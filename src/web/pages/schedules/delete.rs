//! Deleting a task.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{page_of, whose};
use crate::{
    domain::task::TaskId,
    service::schedules,
    web::{
        components::page::{Heading, Missing},
        context,
    },
};

/// The page.
#[component]
pub fn Delete() -> impl IntoView {
    let app = context::app();
    let id = use_params_map().with_untracked(|params| params.get("id")).map(TaskId::from);
    let Some(task) = id.and_then(|id| schedules::get(&app, &id).ok()) else { return view! { <Missing what="schedule"/> }.into_any() };
    let view = schedules::view(&app, &app.store.read(), &task, chrono::Utc::now());
    let whose = whose(&task.kind, view.character_name.as_deref());
    let words = if view.words.is_empty() { task.schedule.clone() } else { view.words.clone() };
    view! {
        <Heading title="Delete this schedule?"/>
        <form class="form" method="post" action="/actions/schedules/delete">
            <input type="hidden" name="id" value=task.id.to_string()/>
            <p><b>{words}</b>", "{task.kind.label().to_owned()}{whose}"."</p>
            <p>"A run that is under way is called off. What it has made so far stays, and so do its past runs. This cannot be undone."</p>
            <div class="form-actions">
                <button class="button danger">"Delete schedule"</button>
                <a class="button quiet" href=page_of(&task.id)>"Keep it"</a>
            </div>
        </form>
    }
    .into_any()
}
