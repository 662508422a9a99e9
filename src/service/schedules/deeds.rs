//! What people do with tasks and runs.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{book, view::Preview};
use crate::{
    domain::{
        character::{Character, CharacterId},
        job::Lane,
        problem::{Checks, Problem},
        run::{Run, RunId},
        schedule::{Clock, Schedule},
        sent::Sent,
        task::{Task, TaskChange, TaskId},
    },
    error::Error,
    expected::Expected,
    state::AppState,
    store::Transaction,
};

/// How many next times a person is shown.
const SHOWN: usize = 5;

/// Makes a task.
pub async fn create(app: &AppState, change: TaskChange, now: DateTime<Utc>) -> Result<Task, Error> {
    app.store
        .write(move |tx| {
            let mut task = Task::new(now);
            task.apply(change, now);
            check(tx, &task)?;
            tx.put(task.clone())?;
            Ok::<_, Error>(task)
        })
        .await
}

/// Changes a task. What is not sent stays.
pub async fn change(app: &AppState, id: &TaskId, change: TaskChange, expected: Expected, now: DateTime<Utc>) -> Result<Task, Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Task>(id.as_str()).ok_or_else(|| Problem::not_found("task"))?;
            expected.check_own(&*stored)?;
            let mut task = Task::clone(&stored);
            task.apply(change, now);
            check(tx, &task)?;
            if !task.active {
                call_off(tx, &task, "The task was paused.", false, now)?;
            }
            tx.put(task.clone())?;
            Ok::<_, Error>(task)
        })
        .await
}

/// All that is wrong with a task, its character included.
fn check(tx: &Transaction, task: &Task) -> Result<(), Problem> {
    let mut checks = Checks::default();
    let named = task.kind.needs_character() && !task.character_id.is_none();
    let there = tx.get::<Character>(task.character_id.as_str()).is_some();
    checks.require(!named || there, "characterId", "There is no such character.");
    if let Err(problem) = task.check() {
        problem.errors.into_iter().for_each(|error| checks.wrong(error.field, error.message));
    }
    checks.finish()
}

/// Deletes a task, and calls off what it was doing. What it has made stays.
pub async fn delete(app: &AppState, id: &TaskId, expected: Expected, now: DateTime<Utc>) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let task = tx.get::<Task>(id.as_str()).ok_or_else(|| Problem::not_found("task"))?;
            expected.check_own(&*task)?;
            call_off(tx, &task, "The task was deleted.", true, now)?;
            tx.delete::<Task>(id.as_str())?;
            Ok::<_, Error>(())
        })
        .await?;
    app.wake(Lane::Tasks);
    Ok(())
}

/// Calls off the runs of a task: all, or those that have not begun.
fn call_off(tx: &mut Transaction, task: &Task, why: &str, all: bool, now: DateTime<Utc>) -> Result<(), Error> {
    for run in book::going(tx, &task.character_id, Some(&task.id)) {
        if all || !run.has_begun() {
            book::call_off(tx, &run, why, now)?;
        }
    }
    book::next_please(tx, &task.character_id, now)
}

/// Pauses a task, or lets it go on.
pub async fn set_active(app: &AppState, id: &TaskId, active: bool, now: DateTime<Utc>) -> Result<Task, Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Task>(id.as_str()).ok_or_else(|| Problem::not_found("task"))?;
            let mut task = Task::clone(&stored);
            task.apply(TaskChange { active: Sent::Value(active), ..TaskChange::default() }, now);
            if active {
                // An older one may not be fit to run.
                check(tx, &task)?;
            } else {
                call_off(tx, &task, "The task was paused.", false, now)?;
            }
            tx.put(task.clone())?;
            Ok::<_, Error>(task)
        })
        .await
}

/// Runs a task now, whatever its schedule says.
pub async fn run(app: &AppState, id: &TaskId, now: DateTime<Utc>) -> Result<Run, Error> {
    let id = id.clone();
    let run = app
        .store
        .write(move |tx| {
            let task = tx.get::<Task>(id.as_str()).ok_or_else(|| Problem::not_found("task"))?;
            by_hand(tx, &task, now)
        })
        .await?;
    app.wake(Lane::Tasks);
    Ok(run)
}

fn by_hand(tx: &mut Transaction, task: &Task, now: DateTime<Utc>) -> Result<Run, Error> {
    if let Some(why) = task.kind.why_not() {
        return Err(Problem::invalid("type", why).into());
    }
    task.config()?;
    if task.kind.needs_character() && tx.get::<Character>(task.character_id.as_str()).is_none() {
        return Err(Problem::conflict("The character of this task was deleted.").into());
    }
    let run = Run::by_hand(task, now);
    let id = run.id.clone();
    book::start(tx, run, now, now)?;
    tx.put(Task { last_run: Some(now), ..task.clone() })?;
    let run = tx.get::<Run>(id.as_str()).ok_or_else(|| Problem::not_found("run"))?;
    Ok(Run::clone(&run))
}

/// Runs every active task now, of one character or of all. Those that cannot be run are left out.
pub async fn run_all(app: &AppState, character: Option<CharacterId>, now: DateTime<Utc>) -> Result<Vec<Run>, Error> {
    let runs = app
        .store
        .write(move |tx| {
            let active = tx.table::<Task>().indexed("active", "true");
            let wanted = active.filter(|task| character.as_ref().is_none_or(|id| task.character_id == *id));
            let mut wanted: Vec<_> = wanted.cloned().collect();
            wanted.reverse();
            let mut runs = Vec::new();
            for task in wanted {
                match by_hand(tx, &task, now) {
                    Ok(run) => runs.push(run),
                    Err(Error::Problem(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok::<_, Error>(runs)
        })
        .await?;
    app.wake(Lane::Tasks);
    Ok(runs)
}

/// Makes up for what an older app has noted as missed: runs the task once, and forgets the notes.
pub async fn run_missed(app: &AppState, id: &TaskId, now: DateTime<Utc>) -> Result<Run, Error> {
    let id = id.clone();
    let run = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Task>(id.as_str()).ok_or_else(|| Problem::not_found("task"))?;
            let task = Task { missed_runs: Value::Null, ..Task::clone(&stored) };
            by_hand(tx, &task, now)
        })
        .await?;
    app.wake(Lane::Tasks);
    Ok(run)
}

/// Stops a run. What it has made so far stays.
pub async fn stop(app: &AppState, id: &RunId, now: DateTime<Utc>) -> Result<(), Error> {
    let wanted = id.clone();
    let under_way = app
        .store
        .write(move |tx| {
            let run = tx.get::<Run>(wanted.as_str()).ok_or_else(|| Problem::not_found("run"))?;
            if !run.state.goes_on() {
                return Err(Error::from(Problem::conflict("This run has already ended.")));
            }
            book::call_off(tx, &run, "A person stopped it.", now)?;
            book::next_please(tx, &run.character_id, now)?;
            Ok(run.open_step().and_then(|step| step.job_id.clone()))
        })
        .await?;
    app.wake(Lane::Tasks);
    if let Some(job) = under_way {
        // One that ended in the meantime needs no stopping.
        let _ = Box::pin(crate::service::jobs::cancel(app, &job, now)).await;
    }
    Ok(())
}

/// Stops all scheduling and posting, until they are resumed. What is being made is finished.
pub async fn pause_all(app: &AppState) -> Result<(), Error> {
    crate::service::publishing::pause(app).await
}

/// Goes on with scheduling and posting. What was due in between is left out.
pub async fn resume_all(app: &AppState, now: DateTime<Utc>) -> Result<(), Error> {
    crate::service::publishing::resume(app, now).await
}

/// The schedule of a task in words, with its next times.
pub fn preview_of(app: &AppState, task: &Task, now: DateTime<Utc>) -> Result<Preview, Problem> {
    let clock = task.clock(app.timezone());
    Ok(shown(&task.rule()?, &clock, now))
}

/// A schedule in words, with its next times. Intervals count from now.
pub fn preview(app: &AppState, schedule: &str, timezone: &str, now: DateTime<Utc>) -> Result<Preview, Problem> {
    let mut checks = Checks::default();
    let zone = match timezone.trim() {
        "" => Some(app.timezone()),
        name => name.parse().ok(),
    };
    checks.require(zone.is_some(), "timezone", "This is not a time zone. Use an IANA name, as in Europe/Rome.");
    let parsed = Schedule::parse(schedule);
    if let Err(problem) = &parsed {
        checks.wrong("schedule", problem.message.clone());
    }
    checks.finish()?;
    Ok(shown(&parsed?, &Clock { zone: zone.unwrap_or(app.timezone()), origin: now }, now))
}

fn shown(schedule: &Schedule, clock: &Clock, now: DateTime<Utc>) -> Preview {
    Preview { words: schedule.words(), next_runs: schedule.times_after(now, clock).take(SHOWN).collect(), timezone: clock.zone.to_string() }
}
