//! Work on a job, whatever its kind: taking it, doing it, and writing down how it ended.

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        job::{Job, JobId, JobStatus, Progress, Work},
        problem::Problem,
    },
    error::Error,
    live::Running,
    state::AppState,
};

/// How the work on a job ended.
#[derive(Debug)]
pub(super) enum Ended {
    Done,
    Cancelled,
    Failed(Problem),
    /// Tried again not before that time; a word says why.
    Later(DateTime<Utc>, String),
    /// It has put itself back into its queue already.
    Parked,
    /// This server is being stopped; the next start goes on.
    Stopped,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes a waiting job and does it. Does nothing when the job does not wait any more.
pub async fn perform(app: &AppState, id: &JobId) -> Result<(), Error> {
    let Some(job) = claim(app, id).await? else { return Ok(()) };
    let running = app.live.begin(id, first_progress(&job));
    let ended = tokio::select! {
        ended = work(app, &job, &running) => ended,
        () = app.stopping.cancelled() => Ended::Stopped,
    };
    update(app, id, move |job| finish(job, ended, Utc::now())).await
}

async fn work(app: &AppState, job: &Job, running: &Running) -> Ended {
    let ended = match &job.work {
        Work::GenerateImage(_) => super::drawing::draw_all(app, &job.id, running).await,
        Work::WriteCaption(_) => super::captions::write(app, &job.id, running).await,
        Work::WritePrompts(_) => super::ideas::write(app, &job.id, running).await,
        Work::DescribeImages(_) => super::datasets::describe(app, &job.id, running).await,
        Work::Publish(_) => super::publishing::work(app, job, running).await,
        Work::RunTask(_) => super::schedules::work(app, job).await,
        Work::Train(_) => super::trainings::work(app, job, running).await,
        Work::Backup(order) => super::backups::work(app, &job.id, order, running).await,
    };
    match ended {
        Ok(()) => Ended::Done,
        Err(ended) => ended,
    }
}

fn finish(job: &mut Job, ended: Ended, now: DateTime<Utc>) {
    match ended {
        Ended::Done => {
            tracing::info!(job.id = %job.id, doing = job.work.label(), "a job is done");
            job.turn(JobStatus::Done, now);
        }
        Ended::Cancelled => job.turn(JobStatus::Cancelled, now),
        Ended::Failed(problem) => {
            tracing::warn!(job.id = %job.id, problem = %problem.message, "a job failed");
            job.turn(JobStatus::Failed { problem }, now);
        }
        Ended::Later(at, why) => {
            tracing::info!(job.id = %job.id, %at, why, "a job waits");
            job.put_off(at, now);
        }
        Ended::Parked => {}
        Ended::Stopped => job.turn(JobStatus::Interrupted, now),
    }
}

async fn claim(app: &AppState, id: &JobId) -> Result<Option<Job>, Error> {
    let wanted = id.clone();
    app.store
        .write(move |tx| {
            let Some(stored) = tx.get::<Job>(wanted.as_str()) else { return Ok(None) };
            if !matches!(stored.status, JobStatus::Queued | JobStatus::Interrupted) {
                return Ok(None);
            }
            let mut job = Job::clone(&stored);
            job.attempts += 1;
            job.turn(JobStatus::Running, Utc::now());
            tx.put(job.clone())?;
            Ok(Some(job))
        })
        .await
}

/// Changes the job, if it is still there.
pub(super) async fn update(app: &AppState, id: &JobId, change: impl FnOnce(&mut Job) + Send + 'static) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let Some(stored) = tx.get::<Job>(id.as_str()) else { return Ok(()) };
            let mut job = Job::clone(&stored);
            change(&mut job);
            job.updated_at = Utc::now();
            Ok::<_, Error>(tx.put(job)?)
        })
        .await
}

/// Changes how far a job is, and tells everyone who watches.
pub(super) fn tell(app: &AppState, id: &JobId, running: &Running, change: impl FnOnce(&mut Progress)) {
    if let Some(progress) = running.update(change) {
        super::watching::tell_progress(app, id, &progress);
    }
}

fn first_progress(job: &Job) -> Progress {
    let (words, unit, pictures, steps) = match &job.work {
        Work::GenerateImage(order) => ("Sending to ComfyUI", "Step", order.shots.len() as u32, order.recipe.steps),
        Work::WriteCaption(_) => ("Asking Gemini", "Caption", 1, 0),
        Work::WritePrompts(order) => ("Asking Gemini", "Prompt", 1, order.request.count),
        Work::DescribeImages(order) => ("Asking Gemini", "Picture", 1, order.names.len() as u32),
        Work::RunTask(_) => ("On it", "Step", 1, 0),
        Work::Publish(_) => ("Looking whether it may go out", "Step", 1, 0),
        Work::Train(_) => ("Getting ready", "Step", 1, 0),
        Work::Backup(_) => ("Looking what there is", "File", 1, 0),
    };
    Progress { words: words.into(), unit, picture: 1, pictures, step: 0, steps, seconds_left: None, preview: 0 }
}
