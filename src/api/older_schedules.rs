//! What older front ends send to the scheduler: `{action, …}` bodies, beside today's task bodies at the same address.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use serde_json::{Map, Value, json};

use super::{
    error::{ProblemDocument, Refusal},
    extract::{self, Expected, Json},
    schedules::{Missed, RunView, made},
};
use crate::{
    domain::{
        problem::Problem,
        task::{Task, TaskChange, TaskId},
    },
    service::schedules::{self, Filter, TaskView},
    state::AppState,
};

/// What an older front end may ask for.
const ACTIONS: [&str; 7] = ["run_now", "add_task", "update_task", "delete_task", "toggle_task", "check_missed", "run_missed_task"];

/// Makes a task; or does what an older front end asks for with `action`: `run_now`, `add_task`, `update_task`,
/// `delete_task`, `toggle_task`, `check_missed` or `run_missed_task`, with `taskId` and `task`.
#[utoipa::path(post, path = "/api/scheduler", tag = "schedules", request_body = TaskChange,
    responses((status = 201, body = TaskView), (status = 200, body = Object), (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn post(State(app): State<AppState>, Json(body): Json<Value>) -> Result<Response, Refusal> {
    let Value::Object(body) = body else {
        return Err(Problem::invalid("body", "Send an object: a task, or an action with what it is about.").into());
    };
    match body.get("action") {
        None => {
            let task = schedules::create(&app, change(&Value::Object(body))?, Utc::now()).await?;
            Ok(made(&app, &task))
        }
        Some(action) => act(&app, action.as_str().unwrap_or_default(), &body).await,
    }
}

async fn act(app: &AppState, action: &str, body: &Map<String, Value>) -> Result<Response, Refusal> {
    let now = Utc::now();
    match action {
        "run_now" if id(body).is_err() => {
            let runs = schedules::run_all(app, None, now).await?;
            let runs: Vec<_> = runs.into_iter().map(|run| RunView::of(app, run)).collect();
            Ok(done(&format!("{} runs have begun.", runs.len()), json!({"runs": runs})))
        }
        "run_now" => {
            let run = schedules::run(app, &id(body)?, now).await?;
            Ok(done("The run has begun.", json!({"run": RunView::of(app, run)})))
        }
        "run_missed_task" => {
            let run = schedules::run_missed(app, &id(body)?, now).await?;
            Ok(done("The run has begun.", json!({"run": RunView::of(app, run)})))
        }
        "add_task" => {
            let task = schedules::create(app, change(&about(body))?, now).await?;
            Ok(done("The task was added.", json!({"task": view(app, &task)})))
        }
        "update_task" => {
            let task = schedules::change(app, &id(body)?, change(&about(body))?, Expected::ANY, now).await?;
            Ok(done("The task was changed.", json!({"task": view(app, &task)})))
        }
        "delete_task" => {
            schedules::delete(app, &id(body)?, Expected::ANY, now).await?;
            Ok(done("The task was deleted.", json!({})))
        }
        "toggle_task" => {
            let id = id(body)?;
            let wanted = ["active", "isActive", "enabled"].iter().find_map(|name| body.get(*name)?.as_bool());
            let active = wanted.unwrap_or(!schedules::get(app, &id)?.active);
            let task = schedules::set_active(app, &id, active, now).await?;
            let words = if active { "The task goes on." } else { "The task is paused." };
            Ok(done(words, json!({"task": view(app, &task)})))
        }
        "check_missed" => {
            let missed = missed(app);
            Ok(done(&format!("{} runs were missed.", missed.len()), json!({"missedRuns": missed})))
        }
        other => Err(Problem::invalid("action", format!("“{other}” is not an action. Choose from {}.", ACTIONS.join(", "))).into()),
    }
}

/// The runs that were missed, and what an older app has noted as missed: newest first.
fn missed(app: &AppState) -> Vec<Missed> {
    let state = app.store.read();
    let filter = Filter { state: Some("missed".into()), ..Filter::default() };
    let runs = schedules::runs(&state, &filter, None, 500).map(|page| page.items).unwrap_or_default();
    let runs =
        runs.iter().map(|run| Missed { task_id: run.task_id.clone(), character_id: run.character_id.clone(), scheduled_time: run.due_at });
    let noted = state.tasks.iter().flat_map(|task| {
        let times = task.missed_before().into_iter();
        times.map(|at| Missed { task_id: task.id.clone(), character_id: task.character_id.clone(), scheduled_time: at })
    });
    let mut missed: Vec<_> = runs.chain(noted).collect();
    missed.sort_by_key(|missed| std::cmp::Reverse(missed.scheduled_time));
    missed
}

fn done(message: &str, mut what: Value) -> Response {
    what["success"] = json!(true);
    what["message"] = json!(message);
    axum::Json(what).into_response()
}

fn view(app: &AppState, task: &Task) -> TaskView {
    schedules::view(app, &app.store.read(), task, Utc::now())
}

fn id(body: &Map<String, Value>) -> Result<TaskId, Problem> {
    let inner = body.get("task").and_then(|task| task.get("id"));
    let named = ["taskId", "task_id", "id"].iter().find_map(|name| body.get(*name)).or(inner);
    let id = named.and_then(|id| serde_json::from_value(id.clone()).ok());
    id.ok_or_else(|| Problem::invalid("taskId", "Say which task."))
}

/// The task that is spoken of: on its own, or among the rest.
fn about(body: &Map<String, Value>) -> Value {
    let apart = ["task", "updates", "data"].iter().find_map(|name| body.get(*name).filter(|value| value.is_object()));
    apart.cloned().unwrap_or_else(|| Value::Object(body.clone()))
}

fn change(body: &Value) -> Result<TaskChange, Refusal> {
    extract::read(body.to_string().as_bytes())
}
