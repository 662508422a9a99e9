//! Looking at tasks and runs.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    domain::{
        character::CharacterId,
        content::ContentId,
        problem::{Kind, Problem},
        run::{Run, RunId, RunState},
        task::{Task, TaskId},
    },
    error::Error,
    prepared::Body,
    service::settings,
    state::AppState,
    store::State,
};

/// How many next times a task is shown with.
const NEXT: usize = 5;

/// A task with what follows from it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// As it is stored.
    #[serde(flatten)]
    pub task: Task,
    /// The name of its character; `null` when she is deleted.
    pub character_name: Option<String>,
    /// Its schedule in words; empty when it cannot be read.
    pub words: String,
    /// When it runs next; `null` when it does not.
    pub next_run: Option<DateTime<Utc>>,
    /// When it runs next, five times.
    pub next_runs: Vec<DateTime<Utc>>,
    /// Why it does not run although it is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Its last run.
    pub last_result: Option<LastResult>,
}

/// How the last run of a task went.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastResult {
    /// Which run.
    pub run_id: RunId,
    /// The minute it was for.
    pub due_at: DateTime<Utc>,
    /// How it stands.
    #[serde(flatten)]
    pub state: RunState,
}

/// A schedule before it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// In words.
    pub words: String,
    /// When it runs next, five times.
    pub next_runs: Vec<DateTime<Utc>>,
    /// Whose wall clock counts.
    pub timezone: String,
}

/// How scheduling stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// `Running`, `Paused`, or `Stopped` when the clock is far behind the last tick.
    pub status: &'static str,
    /// Whether scheduling and posting stand still.
    pub paused: bool,
    /// Whether posts are rehearsals.
    pub dry_run: bool,
    /// The time zone of the installation.
    pub timezone: String,
    /// Up to when was looked for what is due.
    pub last_tick: Option<DateTime<Utc>>,
    /// Why nothing is scheduled, when that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// All tasks, oldest first.
    pub tasks: Vec<TaskView>,
    /// How many there are of each sort.
    pub summary: Summary,
}

/// How many tasks and missed runs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// All tasks.
    pub total: usize,
    /// Those that happen by themselves.
    pub active: usize,
    /// Those that are paused.
    pub inactive: usize,
    /// Runs that were missed and not made up for.
    pub missed_runs: usize,
}

/// Which runs are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of which task.
    pub task: Option<TaskId>,
    /// In which state.
    pub state: Option<String>,
    /// Of which character.
    pub character: Option<CharacterId>,
}

/// Some records of a longer list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub items: Vec<Arc<T>>,
    /// How many there are in all, where that is known.
    pub total: Option<usize>,
    /// Ask with this for what comes after.
    pub next: Option<String>,
}

/// One task.
pub fn get(app: &AppState, id: &TaskId) -> Result<Arc<Task>, Error> {
    app.store.read().tasks.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("task").into())
}

/// One run.
pub fn run_of(app: &AppState, id: &RunId) -> Result<Arc<Run>, Error> {
    app.store.read().runs.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("run").into())
}

/// Tasks, oldest first, of one character or of all, after the task `cursor`.
pub fn list(state: &State, character: Option<&CharacterId>, cursor: Option<&TaskId>, limit: usize) -> Result<Page<Task>, Problem> {
    let table = &state.tasks;
    let after = cursor.map(|id| table.position_of(id.as_str()).ok_or_else(lost)).transpose()?;
    let positions: Box<dyn Iterator<Item = _>> = match character {
        None => Box::new(table.positions()),
        Some(id) => Box::new(table.positions_of("character", id.as_str())),
    };
    let behind = positions.filter(|position| after.is_none_or(|after| *position > after));
    let mut items: Vec<_> = behind.filter_map(|position| table.at(position)).take(limit.saturating_add(1)).cloned().collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let total = Some(character.map_or(table.len(), |id| table.count("character", id.as_str())));
    let next = items.last().filter(|_| more).map(|task| task.id.to_string());
    Ok(Page { items, total, next })
}

/// Runs, newest first, after the run `cursor`.
pub fn runs(state: &State, filter: &Filter, cursor: Option<&RunId>, limit: usize) -> Result<Page<Run>, Problem> {
    let known = RunState::KEYS.map(|(key, _)| key);
    if let Some(wanted) = filter.state.as_deref().filter(|wanted| !known.contains(wanted)) {
        return Err(Problem::invalid("state", format!("“{wanted}” is not a state. Choose from {}.", known.join(", "))));
    }
    let table = &state.runs;
    let start = cursor.map_or(Ok(u64::MAX), |id| table.position_of(id.as_str()).ok_or_else(lost))?;
    let wanted_state = filter.state.as_deref();
    // The narrowest index is walked, and the rest is looked at on the way.
    let (key, value) = match (&filter.task, &filter.character, wanted_state) {
        (Some(task), _, _) => ("task", task.as_str()),
        (None, Some(character), _) => ("character", character.as_str()),
        (None, None, Some(state)) => ("state", state),
        (None, None, None) => ("", ""),
    };
    let walk: Box<dyn Iterator<Item = &Arc<Run>>> = match key {
        "" => Box::new(table.before(start)),
        key => Box::new(table.indexed_before(key, value, start)),
    };
    let wanted = walk.filter(|run| {
        filter.task.as_ref().is_none_or(|task| run.task_id == *task)
            && filter.character.as_ref().is_none_or(|character| run.character_id == *character)
            && wanted_state.is_none_or(|state| run.state.key() == state)
    });
    let mut items: Vec<_> = wanted.take(limit.saturating_add(1)).cloned().collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let filters = usize::from(filter.task.is_some()) + usize::from(filter.character.is_some()) + usize::from(wanted_state.is_some());
    let total = match filters {
        0 => Some(table.len()),
        1 => Some(table.count(key, value)),
        _ => None,
    };
    let next = items.last().filter(|_| more).map(|run| run.id.to_string());
    Ok(Page { items, total, next })
}

/// The run that made a picture.
pub fn of_content(state: &State, id: &ContentId) -> Option<Arc<Run>> {
    state.runs.indexed("content", id.as_str()).filter(|run| run.kind.generates()).last().cloned()
}

/// A task with what follows from it.
pub fn view(app: &AppState, state: &State, task: &Task, now: DateTime<Utc>) -> TaskView {
    let character = state.characters.get(task.character_id.as_str());
    let rule = task.rule();
    let resting = character.filter(|character| !character.is_active).map(|character| format!("{} is resting.", character.name));
    let gone = (character.is_none() && task.kind.needs_character()).then(|| "Its character is gone.".to_owned());
    let unreadable = rule.as_ref().err().map(|problem| problem.message.clone());
    let problem = task.kind.why_not().or(unreadable).or(gone).or_else(|| task.config().err().map(|problem| problem.message)).or(resting);
    let next_runs: Vec<_> = match &rule {
        Ok(schedule) if task.active && problem.is_none() => schedule.times_after(now, &task.clock(app.timezone())).take(NEXT).collect(),
        Ok(_) | Err(_) => Vec::new(),
    };
    let last = state.runs.indexed("task", task.id.as_str()).next();
    TaskView {
        character_name: character.map(|character| character.name.clone()),
        words: rule.map(|schedule| schedule.words_in(app.times().hours)).unwrap_or_default(),
        next_run: next_runs.first().copied(),
        next_runs,
        problem,
        last_result: last.map(|run| LastResult { run_id: run.id.clone(), due_at: run.due_at, state: run.state.clone() }),
        task: task.clone(),
    }
}

/// How scheduling stands, with all tasks. Made once for each state of the store and each minute.
pub fn status(app: &AppState, now: DateTime<Utc>) -> Body {
    let state = app.store.read();
    app.prepared.schedules.get(&versions(app, &state, now), || Body::one(&standing(app, &state, now)))
}

/// All tasks as the API shows them, oldest first. Made once for each state of the store and each minute.
pub fn all(app: &AppState, now: DateTime<Utc>) -> Body {
    let state = app.store.read();
    let views = || state.tasks.iter().map(|task| view(app, &state, task, now)).collect::<Vec<_>>();
    app.prepared.tasks.get(&versions(app, &state, now), || Body::list(&views()))
}

/// What the answers are made from. When a task runs next changes with the minute at most.
fn versions(app: &AppState, state: &State, now: DateTime<Utc>) -> [u64; 8] {
    let minutes = |at: DateTime<Utc>| at.timestamp().div_euclid(60).unsigned_abs();
    [
        state.tasks.version(),
        state.runs.version(),
        state.characters.version(),
        u64::from(state.settings.paused),
        u64::from(settings::is_dry_run(app, state)),
        minutes(now),
        app.agenda.last().map_or(0, minutes),
        xxhash_rust::xxh3::xxh3_64(format!("{:?}", app.times()).as_bytes()),
    ]
}

fn standing(app: &AppState, state: &State, now: DateTime<Utc>) -> Status {
    let paused = state.settings.paused;
    let problem = behind(app, now);
    Status {
        status: match (&problem, paused) {
            (Some(_), _) => "Stopped",
            (None, true) => "Paused",
            (None, false) => "Running",
        },
        paused,
        dry_run: settings::is_dry_run(app, state),
        timezone: app.timezone().to_string(),
        last_tick: app.agenda.last(),
        problem,
        tasks: state.tasks.iter().map(|task| view(app, state, task, now)).collect(),
        summary: summary(state),
    }
}

/// How many tasks and missed runs there are.
pub fn summary(state: &State) -> Summary {
    let (total, active) = (state.tasks.len(), state.tasks.count("active", "true"));
    let noted: usize = state.tasks.iter().map(|task| task.missed_before().len()).sum();
    Summary { total, active, inactive: total - active, missed_runs: state.runs.count("state", "missed") + noted }
}

/// Why nothing is scheduled: the clock is far behind the last tick.
pub fn behind(app: &AppState, now: DateTime<Utc>) -> Option<String> {
    app.agenda.is_behind(now).map(|behind| {
        format!(
            "The clock of this machine is {} days behind the last time tasks were looked at. So that nothing runs twice, nothing is scheduled \
             until it has caught up. If the clock is right now, pause and resume to start from here.",
            behind.num_days()
        )
    })
}

fn lost() -> Problem {
    Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.")
}
