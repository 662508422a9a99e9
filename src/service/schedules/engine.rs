//! The tick: what was due since the last one becomes runs.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::book;
use crate::{
    agenda::{Due, Look},
    domain::{
        character::Character,
        job::{Job, Lane},
        run::{Cause, LastTick, Run, RunId, RunState},
        task::{MissedPolicy, Task},
    },
    error::Error,
    state::AppState,
    store::{StoreError, Transaction},
};

/// So late a run is still on time: a busy disk or a short restart is nothing to speak of.
const ON_TIME: Duration = Duration::seconds(60);

/// What a tick has done.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ticked {
    /// Runs whose time has come.
    pub started: Vec<RunId>,
    /// Runs that are made up for.
    pub made_up: Vec<RunId>,
    /// Runs that were missed, and are not made up for.
    pub missed: Vec<RunId>,
    /// Runs that were left out, because of a pause or a resting character.
    pub skipped: Vec<RunId>,
}

/// Stores a run for each task that was due since the last tick, in one step with the tick. What the store does not
/// take is found again by the next one.
pub async fn tick(app: &AppState, now: DateTime<Utc>) -> Result<Ticked, Error> {
    let Some(_turn) = app.agenda.turn() else { return Ok(Ticked::default()) };
    let look = app.agenda.look(&app.store.read(), now, app.timezone());
    if look.is_nothing() {
        app.agenda.looked(now, false);
        return Ok(Ticked::default());
    }
    let ticked = app.store.write(move |tx| store(tx, look, now)).await?;
    app.agenda.looked(now, true);
    if !ticked.started.is_empty() || !ticked.made_up.is_empty() {
        app.wake(Lane::Tasks);
    }
    if !ticked.missed.is_empty() || !ticked.made_up.is_empty() {
        tracing::warn!(missed = ticked.missed.len(), made_up = ticked.made_up.len(), "this server did not run when tasks were due");
    }
    Ok(ticked)
}

/// At the end of the process: notes up to when was looked.
pub async fn wind_up(app: &AppState) -> Result<(), Error> {
    match app.agenda.last() {
        Some(last) => app.store.write(move |tx| note_tick(tx, last)).await,
        None => Ok(()),
    }
}

/// At the start: runs that go on look at once whether what they wait for has come meanwhile, and get a job again where
/// theirs is gone. Answers for how many that was so.
pub async fn recover(app: &AppState, now: DateTime<Utc>) -> Result<usize, Error> {
    app.store
        .write(move |tx| {
            let going: Vec<_> = tx.table::<Run>().indexed("state", "running").cloned().collect();
            let lost = |run: &Run| {
                let job = run.job_id.as_ref().and_then(|id| tx.get::<Job>(id.as_str()));
                job.is_none_or(|job| job.status.is_final())
            };
            let (lost, kept): (Vec<_>, Vec<_>) = going.into_iter().partition(|run| lost(run));
            for job in kept.iter().filter_map(|run| run.job_id.as_ref()) {
                book::wake(tx, job.as_str(), now)?;
            }
            for run in &lost {
                let mut run = Run::clone(run);
                book::enqueue(tx, &mut run, now, now)?;
                tx.put(run)?;
            }
            Ok::<_, Error>(lost.len())
        })
        .await
}

fn store(tx: &mut Transaction, look: Look, now: DateTime<Utc>) -> Result<Ticked, Error> {
    let mut ticked = Ticked::default();
    for due in look.due {
        // As it is now: it may have been changed or deleted since the agenda was read.
        let as_it_was = |task: &Arc<Task>| task.active && task.schedule == due.task.schedule && task.updated_at == due.task.updated_at;
        let Some(task) = tx.get::<Task>(due.task.id.as_str()).filter(as_it_was) else { continue };
        let character = tx.get::<Character>(task.character_id.as_str());
        if character.is_none() && task.kind.needs_character() {
            continue;
        }
        match (look.resumed, character.filter(|character| !character.is_active)) {
            (true, _) => skip(tx, &task, &due, "Everything was paused.", &mut ticked, now)?,
            (false, Some(resting)) => skip(tx, &task, &due, &format!("{} is resting.", resting.name), &mut ticked, now)?,
            (false, None) => run(tx, &task, &due, &mut ticked, now)?,
        }
        book::forget_old(tx, &task.id, now)?;
    }
    note_tick(tx, now)?;
    Ok(ticked)
}

/// A damaged file of ticks must not stop the tasks: then only a stop of this server goes unnoticed.
fn note_tick(tx: &mut Transaction, at: DateTime<Utc>) -> Result<(), Error> {
    match tx.put(LastTick::new(at)) {
        Ok(()) | Err(StoreError::ReadOnly(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn skip(tx: &mut Transaction, task: &Task, due: &Due, why: &str, ticked: &mut Ticked, now: DateTime<Utc>) -> Result<(), Error> {
    for (place, at) in due.times.iter().enumerate() {
        let why = with_before(why, if place == 0 { due.before } else { 0 });
        let run = Run::at(task, *at, Cause::Schedule, RunState::Skipped { why }, now);
        let id = run.id.clone();
        if book::note(tx, run)? {
            ticked.skipped.push(id);
        }
    }
    Ok(())
}

/// Those that are on time are run; what is done about the others is the task's to say.
fn run(tx: &mut Transaction, task: &Task, due: &Due, ticked: &mut Ticked, now: DateTime<Utc>) -> Result<(), Error> {
    let late = due.times.partition_point(|at| *at < now - ON_TIME);
    let (late, on_time) = due.times.split_at(late);
    let made_up = match task.missed_policy {
        MissedPolicy::Skip => 0,
        // One that is on time makes up for those before it.
        MissedPolicy::Once if on_time.is_empty() => late.len().min(1),
        MissedPolicy::Once => 0,
        MissedPolicy::All => late.len(),
    };
    let (missed, made_up) = late.split_at(late.len() - made_up);
    for (place, at) in missed.iter().enumerate() {
        let why = with_before("This server did not run at that time.", if place == 0 { due.before } else { 0 });
        let run = Run::at(task, *at, Cause::Schedule, RunState::Missed { why }, now);
        let id = run.id.clone();
        if book::note(tx, run)? {
            ticked.missed.push(id);
        }
    }
    let mut last = None;
    for (place, (at, cause)) in
        made_up.iter().map(|at| (at, Cause::MadeUp)).chain(on_time.iter().map(|at| (at, Cause::Schedule))).enumerate()
    {
        let run = Run::at(task, *at, cause, RunState::Running { waiting: String::new() }, now);
        let id = run.id.clone();
        // A little apart, so that they begin in this order.
        if book::start(tx, run, now + Duration::milliseconds(place as i64), now)? {
            match cause {
                Cause::MadeUp => ticked.made_up.push(id),
                Cause::Schedule | Cause::Person => ticked.started.push(id),
            }
            last = Some(*at);
        }
    }
    if let Some(last) = last {
        tx.put(Task { last_run: Some(last), ..task.clone() })?;
    }
    Ok(())
}

fn with_before(why: &str, before: usize) -> String {
    match before {
        0 => why.to_owned(),
        _ => format!("{why} It was due more often before."),
    }
}
