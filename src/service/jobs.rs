//! Jobs: looking at them, stopping them, starting them again.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        activity::Actor,
        job::{Job, JobId, JobStatus, Progress, Work},
        problem::{Kind, Problem},
    },
    error::Error,
    state::AppState,
    store::State,
};

/// One job.
pub fn get(app: &AppState, id: &JobId) -> Result<Arc<Job>, Error> {
    app.store.read().jobs.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("job").into())
}

/// Who does what a job does.
pub fn actor(app: &AppState, id: &JobId) -> Actor {
    match app.store.read().jobs.get(id.as_str()) {
        Some(job) => Actor::Job { id: id.clone(), name: job.work.label().to_owned() },
        // Deleted in the meantime: there is nothing left to do.
        None => Actor::Itself,
    }
}

/// Stores a new job, and wakes those who do it.
pub(super) async fn start(app: &AppState, job: Job) -> Result<Job, Error> {
    let stored = job.clone();
    app.store.write(move |tx| tx.put(stored)).await?;
    app.wake(job.work.lane());
    tracing::info!(job.id = %job.id, "a job was asked for");
    Ok(job)
}

/// Waits until a job is done, at most as long as is set; the job goes on when nobody waits.
pub async fn done(app: &AppState, job: &Job) -> Result<Arc<Job>, Error> {
    let Ok(job) = tokio::time::timeout(app.config.wait_limit, ended(app, &job.id)).await else {
        let words = format!("It is not ready yet, and goes on being made: look at /api/jobs/{}.", job.id);
        return Err(Problem::new(Kind::TooSlow, words).into());
    };
    let job = job?;
    match &job.status {
        JobStatus::Done => Ok(job),
        JobStatus::Failed { problem } => Err(problem.clone().into()),
        JobStatus::Cancelled => Err(Problem::conflict("The job was cancelled before it was done.").into()),
        JobStatus::Queued | JobStatus::Running | JobStatus::Interrupted => {
            Err(Problem::new(Kind::Unreachable, "This server is being stopped. The job goes on when it runs again.").into())
        }
    }
}

/// Some jobs of a longer list, newest first.
#[derive(Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub jobs: Vec<Arc<Job>>,
    /// How many there are in all.
    pub total: usize,
    /// Ask with this for what comes after.
    pub next: Option<JobId>,
}

/// Jobs in that status, or all, newest first, after the job `cursor`.
pub fn page(app: &AppState, status: Option<&str>, cursor: Option<&JobId>, limit: usize) -> Result<Page, Error> {
    const KNOWN: [&str; 6] = ["queued", "running", "done", "failed", "cancelled", "interrupted"];
    if status.is_some_and(|status| !KNOWN.contains(&status)) {
        return Err(Problem::invalid("status", format!("Choose from {}.", KNOWN.join(", "))).into());
    }
    let state = app.store.read();
    let start = match cursor {
        None => u64::MAX,
        Some(id) => {
            state.jobs.position_of(id.as_str()).ok_or_else(|| Problem::new(Kind::Malformed, "This cursor leads nowhere any more."))?
        }
    };
    let (walk, total): (Box<dyn Iterator<Item = &Arc<Job>>>, usize) = match status {
        Some(status) => (Box::new(state.jobs.indexed_before("status", status, start)), state.jobs.count("status", status)),
        None => (Box::new(state.jobs.before(start)), state.jobs.len()),
    };
    let mut jobs: Vec<_> = walk.take(limit + 1).cloned().collect();
    let more = jobs.len() > limit;
    jobs.truncate(limit);
    let next = jobs.last().filter(|_| more).map(|job| job.id.clone());
    Ok(Page { jobs, total, next })
}

/// The jobs that have not ended, oldest first, with what is known of their progress.
pub fn unfinished(app: &AppState, state: &State) -> Vec<(Arc<Job>, Option<Progress>)> {
    let mut jobs: Vec<_> = ["running", "interrupted", "queued"]
        .into_iter()
        .flat_map(|status| state.jobs.indexed("status", status))
        // What waits for its time is on the page of posts, and what a run waits for is a job of its own.
        .filter(|job| match job.work {
            Work::Publish(_) => app.live.progress(&job.id).is_some(),
            Work::RunTask(_) => false,
            Work::GenerateImage(_)
            | Work::WriteCaption(_)
            | Work::WritePrompts(_)
            | Work::DescribeImages(_)
            | Work::Train(_)
            | Work::Backup(_) => true,
        })
        .map(|job| (Arc::clone(job), app.live.progress(&job.id)))
        .collect();
    jobs.sort_by_key(|(job, _)| job.created_at);
    jobs
}

/// Waits until a job has ended, or this server is being stopped.
pub async fn ended(app: &AppState, id: &JobId) -> Result<Arc<Job>, Error> {
    let mut changes = app.store.changes();
    loop {
        let job = get(app, id)?;
        if job.status.is_final() || app.stopping.is_cancelled() {
            return Ok(job);
        }
        tokio::select! {
            // Whether a change was missed or is about something else: the store is asked again.
            _ = changes.recv() => {}
            () = app.stopping.cancelled() => {}
        }
    }
}

/// Stops a job. What it has made so far stays. Stopping one that has ended is a conflict.
pub async fn cancel(app: &AppState, id: &JobId, now: DateTime<Utc>) -> Result<Arc<Job>, Error> {
    // The ledger says what becomes of a post; its job follows.
    if let Work::Publish(order) = &get(app, id)?.work {
        super::publishing::cancel(app, &order.post_id, now).await?;
        return get(app, id);
    }
    // So it is with runs.
    if let Work::RunTask(order) = &get(app, id)?.work {
        super::schedules::stop(app, &order.run_id, now).await?;
        return get(app, id);
    }
    if let Work::Train(order) = &get(app, id)?.work {
        super::trainings::stop(app, &order.training_id, now).await?;
        return ended(app, id).await;
    }
    let wanted = id.clone();
    let running = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Job>(wanted.as_str()).ok_or_else(|| Problem::not_found("job"))?;
            let mut job = Job::clone(&stored);
            match job.status {
                JobStatus::Queued | JobStatus::Interrupted => {
                    job.turn(JobStatus::Cancelled, now);
                    tx.put(job)?;
                    Ok(false)
                }
                JobStatus::Running => Ok(true),
                JobStatus::Done | JobStatus::Failed { .. } | JobStatus::Cancelled => {
                    Err(Error::from(Problem::conflict("This job has already ended.")))
                }
            }
        })
        .await?;
    // The worker writes down that it has stopped once ComfyUI has let go of the picture.
    if running && app.live.cancel(id) {
        return ended(app, id).await;
    }
    get(app, id)
}

/// Starts a failed or cancelled job again; pictures it has already made are kept.
pub async fn retry(app: &AppState, id: &JobId, now: DateTime<Utc>) -> Result<Job, Error> {
    let wanted = id.clone();
    let job = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Job>(wanted.as_str()).ok_or_else(|| Problem::not_found("job"))?;
            let mut job = Job::clone(&stored);
            if matches!(job.work, Work::Publish(_)) {
                return Err(Error::from(Problem::conflict("Send the post again instead.")));
            }
            if matches!(job.work, Work::RunTask(_)) {
                return Err(Error::from(Problem::conflict("Run the task again instead.")));
            }
            if matches!(job.work, Work::Train(_)) {
                return Err(Error::from(Problem::conflict("Go on with the training, or train again.")));
            }
            match job.status {
                JobStatus::Failed { .. } | JobStatus::Cancelled => {}
                JobStatus::Done => return Err(Error::from(Problem::conflict("This job is done; there is nothing to repeat."))),
                JobStatus::Queued | JobStatus::Running | JobStatus::Interrupted => {
                    return Err(Error::from(Problem::conflict("This job has not ended yet.")));
                }
            }
            if let Work::GenerateImage(order) = &mut job.work {
                for shot in order.shots.iter_mut().filter(|shot| !shot.done) {
                    shot.sent = None;
                    shot.sendings = 0;
                }
            }
            job.attempts = 0;
            job.put_off(now, now);
            tx.put(job.clone())?;
            Ok(job)
        })
        .await?;
    app.wake(job.work.lane());
    Ok(job)
}

/// Marks the jobs a stop cut off; the workers go on with them.
pub async fn find_interrupted(app: &AppState, now: DateTime<Utc>) -> Result<usize, Error> {
    app.store
        .write(move |tx| {
            let cut_off: Vec<_> = tx.table::<Job>().indexed("status", "running").map(|job| Job::clone(job)).collect();
            let count = cut_off.len();
            for mut job in cut_off {
                job.turn(JobStatus::Interrupted, now);
                tx.put(job)?;
            }
            Ok::<_, Error>(count)
        })
        .await
}

/// Marks a job as failed, unless it has ended already.
pub async fn fail(app: &AppState, id: &JobId, problem: Problem, now: DateTime<Utc>) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| match tx.get::<Job>(id.as_str()) {
            Some(stored) if !stored.status.is_final() => {
                let mut job = Job::clone(&stored);
                if let Work::Publish(order) = &job.work {
                    super::publishing::broke_down(tx, &order.post_id, &problem, now)?;
                }
                if let Work::RunTask(order) = &job.work {
                    super::schedules::broke_down(tx, &order.run_id, &problem, now)?;
                }
                if let Work::Train(order) = &job.work {
                    super::trainings::broke_down(tx, &order.training_id, &problem, now)?;
                }
                job.turn(JobStatus::Failed { problem }, now);
                Ok::<_, Error>(tx.put(job)?)
            }
            Some(_) | None => Ok(()),
        })
        .await
}

/// The newest failed jobs, at most `limit`.
pub fn failed(state: &State, limit: usize) -> Vec<Arc<Job>> {
    state
        .jobs
        .indexed_before("status", "failed", u64::MAX)
        .filter(|job| !matches!(job.work, Work::Publish(_) | Work::RunTask(_)))
        .take(limit)
        .cloned()
        .collect()
}
