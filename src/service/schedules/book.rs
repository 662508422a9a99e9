//! Runs as they are kept: begun, called off, and forgotten after a while.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use crate::{
    agenda::BACK,
    domain::{
        character::CharacterId,
        job::{Job, JobStatus, RunOrder, Work},
        problem::Problem,
        run::{Cause, Run, RunId, RunState},
        task::{Task, TaskId},
    },
    error::Error,
    store::Transaction,
};

/// How many runs of a task are kept at least; more as long as the clock might be set back to them.
const KEPT: usize = 300;

/// Stores a run with a job that does it, unless that minute has one already. Answers whether it was stored.
pub(super) fn start(tx: &mut Transaction, mut run: Run, run_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool, Error> {
    if tx.get::<Run>(run.id.as_str()).is_some() {
        return Ok(false);
    }
    if run.cause == Cause::Schedule {
        supersede(tx, &run, now)?;
    }
    enqueue(tx, &mut run, run_at, now)?;
    tx.put(run)?;
    Ok(true)
}

/// Stores a run that does not happen, unless that minute has one already. Answers whether it was stored.
pub(super) fn note(tx: &mut Transaction, run: Run) -> Result<bool, Error> {
    let new = tx.get::<Run>(run.id.as_str()).is_none();
    if new {
        tx.put(run)?;
    }
    Ok(new)
}

/// Gives a run a job that does it.
pub(super) fn enqueue(tx: &mut Transaction, run: &mut Run, run_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Error> {
    let work = Work::RunTask(RunOrder { run_id: run.id.clone() });
    let whose = Some(run.character_id.clone()).filter(|id| !id.is_none());
    let mut job = Job::queued(work, whose, Vec::new(), now);
    job.run_at = run_at;
    run.job_id = Some(job.id.clone());
    Ok(tx.put(job)?)
}

/// Runs that have not ended, of one task or of all tasks of a character.
pub(super) fn going(tx: &Transaction, character: &CharacterId, task: Option<&TaskId>) -> Vec<Arc<Run>> {
    let going = tx.table::<Run>().indexed("going", character.as_str());
    going.filter(|run| task.is_none_or(|task| run.task_id == *task)).cloned().collect()
}

/// One of the same task that has not begun by now never will.
fn supersede(tx: &mut Transaction, next: &Run, now: DateTime<Utc>) -> Result<(), Error> {
    for run in going(tx, &next.character_id, Some(&next.task_id)) {
        if run.cause == Cause::Schedule && !run.has_begun() {
            call_off(tx, &run, "It had not begun when the next one was due.", now)?;
        }
    }
    Ok(())
}

/// Ends a run that has not ended, with a word, and lets go of its job.
pub(super) fn call_off(tx: &mut Transaction, run: &Run, why: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let mut run = run.clone();
    if let Some(step) = run.open_step_mut() {
        step.end(why, true, now);
    }
    run.end(RunState::Skipped { why: why.to_owned() }, now);
    dismiss(tx, &run, now)?;
    tx.put(run)?;
    Ok(())
}

/// Lets go of the job of a run. One that runs finds out when it next writes.
fn dismiss(tx: &mut Transaction, run: &Run, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(stored) = run.job_id.as_ref().and_then(|id| tx.get::<Job>(id.as_str())) else { return Ok(()) };
    if matches!(stored.status, JobStatus::Queued | JobStatus::Interrupted) {
        let mut job = Job::clone(&stored);
        job.turn(JobStatus::Cancelled, now);
        tx.put(job)?;
    }
    Ok(())
}

/// The oldest run of the character that waits for its turn gets it now.
pub(super) fn next_please(tx: &mut Transaction, character: &CharacterId, now: DateTime<Utc>) -> Result<(), Error> {
    let waiting = going(tx, character, None).into_iter().filter(|run| !run.has_begun());
    let oldest = waiting.min_by_key(|run| (run.due_at, run.created_at));
    match oldest.and_then(|run| run.job_id.clone()) {
        Some(job) => wake(tx, job.as_str(), now),
        None => Ok(()),
    }
}

/// A job that waits is to be looked at now.
pub(super) fn wake(tx: &mut Transaction, job: &str, now: DateTime<Utc>) -> Result<(), Error> {
    if let Some(stored) = tx.get::<Job>(job).filter(|job| matches!(job.status, JobStatus::Queued) && job.run_at > now) {
        let mut job = Job::clone(&stored);
        job.put_off(now, now);
        tx.put(job)?;
    }
    Ok(())
}

/// Forgets the oldest runs of a task that has many, with their jobs.
pub(super) fn forget_old(tx: &mut Transaction, task: &TaskId, now: DateTime<Utc>) -> Result<(), Error> {
    let count = tx.table::<Run>().count("task", task.as_str());
    let oldest: Vec<_> = {
        let runs = tx.table::<Run>();
        let oldest = runs.positions_of("task", task.as_str()).take(count.saturating_sub(KEPT)).filter_map(|position| runs.at(position));
        oldest.filter(|run| !run.state.goes_on() && run.due_at < now - BACK - Duration::days(1)).cloned().collect()
    };
    for run in oldest {
        if let Some(job) = &run.job_id {
            tx.delete::<Job>(job.as_str())?;
        }
        tx.delete::<Run>(run.id.as_str())?;
    }
    Ok(())
}

/// A character is deleted: her tasks go along, and what they were doing is called off.
pub(in crate::service) fn forget_all(tx: &mut Transaction, character: &CharacterId, now: DateTime<Utc>) -> Result<(), Error> {
    for run in going(tx, character, None) {
        call_off(tx, &run, "The character was deleted.", now)?;
    }
    let tasks: Vec<_> = tx.table::<Task>().indexed("character", character.as_str()).map(|task| task.id.clone()).collect();
    tasks.iter().try_for_each(|task| tx.delete::<Task>(task.as_str()).map(drop))?;
    Ok(())
}

/// The worker on a run broke down.
pub(in crate::service) fn broke_down(tx: &mut Transaction, id: &RunId, problem: &Problem, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(stored) = tx.get::<Run>(id.as_str()).filter(|run| run.state.goes_on()) else { return Ok(()) };
    let mut run = Run::clone(&stored);
    run.end(RunState::Failed { problem: problem.clone() }, now);
    let character = run.character_id.clone();
    tx.put(run)?;
    next_please(tx, &character, now)
}
