//! The list of tasks: in words, when each runs next, how it went last.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use super::{page_of, runs::RunPill, whose};
use crate::{
    domain::{
        caption::Network,
        character::CharacterId,
        run::RunState,
        task::{Task, TaskId},
    },
    service::{
        schedules::{self, TaskView},
        settings,
    },
    state::AppState,
    store::State,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
            sure::Sure,
        },
        context, words,
    },
};

/// How many tasks a page of the list has.
const PAGE: usize = 50;

/// The page.
#[component]
pub fn Schedules() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let character = context::chosen_character();
    let paused = state.settings.paused;
    let (action, button) = if paused { ("/actions/posting/resume", "Resume all") } else { ("/actions/posting/pause", "Pause all") };
    let icon = if paused {
        view! { <Icon of=icondata_lu::LuPlay/> }
    } else {
        view! { <Icon of=icondata_lu::LuPause/> }
    };
    let new = match &character {
        Some(id) => format!("/schedules/new?character={}", context::encode(id.as_str())),
        None => "/schedules/new".to_owned(),
    };
    let some = !state.tasks.is_empty();
    let all = some.then(|| {
        view! {
            <form method="post" action=action><input type="hidden" name="back" value=context::here()/><button class="button">{icon}{button}</button></form>
            <RunAll state=Arc::clone(&state) character=character.clone()/>
            <a class="button primary" href=new><Icon of=icondata_lu::LuPlus/>"New schedule"</a>
        }
    });
    view! {
        <Heading title="Schedules">{all}</Heading>
        <div class="stack" id="schedules" data-live="task character settings">
            <Standing app=app.clone()/>
            <Tasks app state character/>
        </div>
    }
}

/// What a person should know before reading the list.
#[component]
fn Standing(app: AppState) -> impl IntoView {
    let behind = schedules::behind(&app, Utc::now()).map(|why| view! { <p class="note bad"><span>{why}</span></p> });
    let report = schedules::missed_report(&app).map(|report| {
        let (missed, made_up) = (report.missed(), report.made_up());
        let words = match (missed, made_up) {
            (0, made_up) => {
                format!("{} missed while this server did not run, and made up for.", words::count(made_up, "run was", "runs were"))
            }
            (missed, 0) => format!("{} missed while this server did not run.", words::count(missed, "run was", "runs were")),
            (missed, made_up) => {
                format!(
                    "{} missed while this server did not run; {made_up} of them made up for.",
                    words::count(missed + made_up, "run was", "runs were")
                )
            }
        };
        view! { <p class="note info"><span>{words}</span><a class="button small" href="/schedules/runs?state=missed">"See which"</a></p> }
    });
    view! { {behind}{report} }
}

/// Runs all active tasks now. Where something may go public by it, that is asked first.
#[component]
fn RunAll(state: Arc<State>, character: Option<CharacterId>) -> impl IntoView {
    let active = match &character {
        None => state.tasks.count("active", "true"),
        Some(id) => state.tasks.indexed("character", id.as_str()).filter(|task| task.active).count(),
    };
    let question = format!("Run {} now?", words::count(active, "schedule", "schedules"));
    view! {
        <form method="post" action="/actions/schedules/run-all">
            <input type="hidden" name="character" value=character.map(|id| id.to_string()).unwrap_or_default()/>
            <input type="hidden" name="back" value=context::here()/>
            <Sure words="Yes, all of them"/>
            <button class="button" data-confirm=question data-confirm-tone="primary" data-confirm-do="Run all"
                data-confirm-text="Each is run once, whatever its time. Those that post do so, as far as review and dry run let them.">
                <Icon of=icondata_lu::LuListChecks/>"Run all now"
            </button>
        </form>
    }
}

/// Tasks in a list, of one character or of all.
#[component]
pub fn Tasks(app: AppState, state: Arc<State>, character: Option<CharacterId>) -> impl IntoView {
    let cursor = Some(context::query("cursor")).filter(|cursor| !cursor.is_empty()).map(TaskId::from);
    let page = schedules::list(&state, character.as_ref(), cursor.as_ref(), PAGE)
        .or_else(|_| schedules::list(&state, character.as_ref(), None, PAGE));
    let Ok(page) = page else { return ().into_any() };
    if page.items.is_empty() {
        let new = character.map(|id| format!("/schedules/new?character={}", context::encode(id.as_str())));
        return view! {
            <Empty icon=icondata_lu::LuAlarmClock title="Nothing happens by itself yet"
                words="A schedule makes a picture with its words and posts it, or posts the next approved one: every evening, on weekdays, every six hours.">
                <a class="button primary" href=new.unwrap_or_else(|| "/schedules/new".into())>"Make a schedule"</a>
            </Empty>
        }
        .into_any();
    }
    let now = Utc::now();
    let rows = page.items.iter().map(|task| {
        let view = schedules::view(&app, &state, task, now);
        view! { <Row view/> }
    });
    let rows = rows.collect_view();
    let next = page.next.as_ref().map(|cursor| {
        let whose = character.as_ref().map(|id| format!("&character={}", context::encode(id.as_str()))).unwrap_or_default();
        let href = format!("{}?cursor={}{whose}", context::path(), context::encode(cursor));
        view! { <a class="button" rel="next" href=href>"More schedules"<Icon of=icondata_lu::LuArrowRight/></a> }
    });
    view! {
        <section class="card"><div class="body"><ul class="list roomy">{rows}</ul></div></section>
        <div class="cluster">{next}<a class="button quiet" href="/schedules/runs"><Icon of=icondata_lu::LuHistory/>"All runs"</a></div>
    }
    .into_any()
}

/// One task in a row.
#[component]
fn Row(view: TaskView) -> impl IntoView {
    let task = &view.task;
    let whose = whose(&task.kind, view.character_name.as_deref());
    let title = if view.words.is_empty() { task.schedule.clone() } else { view.words.clone() };
    let zone = (!task.timezone.is_empty()).then(|| view! { <span class="tag">{task.timezone.clone()}</span> });
    let networks = networks(task).into_iter().map(|network| view! { <span class="tag">{network.label()}</span> }).collect_view();
    let next = match (&view.problem, view.next_run) {
        (Some(problem), _) => view! { <p class="small">{problem.clone()}</p> }.into_any(),
        (None, Some(at)) => view! { <p class="small">"Next "<words::Time at=Some(at)/></p> }.into_any(),
        (None, None) => view! { <p class="small">"Paused"</p> }.into_any(),
    };
    let last = view.last_result.clone().map(|last| {
        view! { <p class="small last-run"><RunPill state=last.state.clone()/>" "<words::Time at=Some(last.due_at)/></p> }
    });
    view! {
        <li data-id=task.id.to_string()>
            <TaskPill view=view.clone()/>
            <div>
                <a class="strong" href=page_of(&task.id)>{title}</a>
                <p>{task.kind.label().to_owned()}{whose}" "{networks}{zone}</p>
                {next}
                {last}
            </div>
            <span class="end"><Buttons view=view.clone()/></span>
        </li>
    }
}

fn networks(task: &Task) -> Vec<Network> {
    task.config().map(|config| config.networks).unwrap_or_default()
}

/// Whether a task runs by itself.
#[component]
pub fn TaskPill(view: TaskView) -> impl IntoView {
    let last = view.last_result.as_ref().map(|last| &last.state);
    let (tone, words) = match (&view.problem, view.task.active, last) {
        (_, _, Some(RunState::Running { .. })) => ("run", "Running"),
        (_, false, _) => ("", "Paused"),
        (Some(_), true, _) => ("warn", "Stands still"),
        (None, true, _) => ("ok", "Active"),
    };
    view! { <Pill tone words/> }
}

/// What can be done with a task at once.
#[component]
pub fn Buttons(view: TaskView) -> impl IntoView {
    let app = context::app();
    let task = &view.task;
    let id = task.id.to_string();
    let (action, label) = if task.active { ("/actions/schedules/pause", "Pause") } else { ("/actions/schedules/resume", "Resume") };
    let icon = if task.active {
        view! { <Icon of=icondata_lu::LuPause/> }
    } else {
        view! { <Icon of=icondata_lu::LuPlay/> }
    };
    let can_run = task.kind.why_not().is_none() && (view.character_name.is_some() || !task.kind.needs_character());
    let ask = asks(&app, &view);
    let run = can_run.then(|| {
        view! {
            <form method="post" action="/actions/schedules/run">
                <input type="hidden" name="id" value=id.clone()/><input type="hidden" name="back" value=context::here()/>
                {ask.is_some().then(|| view! { <Sure words="Yes, also if it posts"/> })}
                <button class="button" data-confirm=ask.as_ref().map(|_| "Run it now?") data-confirm-text=ask data-confirm-tone="primary"><Icon of=icondata_lu::LuCirclePlay/>"Run now"</button>
            </form>
        }
    });
    view! {
        {run}
        <form method="post" action=action>
            <input type="hidden" name="id" value=task.id.to_string()/><input type="hidden" name="back" value=context::here()/>
            <button class="button">{icon}{label}</button>
        </form>
    }
}

/// What running it now may make public, when it may.
pub fn asks(app: &AppState, view: &TaskView) -> Option<String> {
    let networks = networks(&view.task);
    if networks.is_empty() || settings::is_dry_run(app, &app.store.read()) {
        return None;
    }
    let where_to = networks.iter().map(|network| network.label()).collect::<Vec<_>>().join(" and ");
    let name = view.character_name.clone().unwrap_or_default();
    Some(format!("It posts to {where_to} for {name}, as soon as review lets it."))
}
