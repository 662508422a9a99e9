//! What running jobs are doing right now: progress, preview pictures, and the means to stop them. Never stored.

mod trainings;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

pub use self::trainings::LiveTrainings;
use crate::domain::job::{JobId, Progress};

/// How many previews of jobs that have ended are kept: a page that was just sent may still ask for one.
const KEPT: usize = 16;

/// The running jobs. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct LiveJobs(Arc<Mutex<Jobs>>);

#[derive(Debug, Default)]
struct Jobs {
    running: HashMap<JobId, Live>,
    /// The last previews of jobs that have ended, oldest first.
    ended: VecDeque<(JobId, Preview)>,
}

#[derive(Debug)]
struct Live {
    cancel: CancellationToken,
    progress: Progress,
    preview: Option<Preview>,
}

/// An unfinished picture.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Its media type.
    pub mime: &'static str,
    /// The picture.
    pub bytes: Bytes,
}

/// A job that is running; it no longer is when this is dropped.
#[derive(Debug)]
pub struct Running {
    jobs: LiveJobs,
    id: JobId,
    /// Fires when a person stops the job.
    pub cancel: CancellationToken,
}

impl LiveJobs {
    /// Notes that a job has begun.
    pub fn begin(&self, id: &JobId, progress: Progress) -> Running {
        let cancel = CancellationToken::new();
        self.lock().running.insert(id.clone(), Live { cancel: cancel.clone(), progress, preview: None });
        Running { jobs: self.clone(), id: id.clone(), cancel }
    }

    /// How far a job is; `None` when it is not running.
    pub fn progress(&self, id: &JobId) -> Option<Progress> {
        self.lock().running.get(id).map(|live| live.progress.clone())
    }

    /// The newest preview picture of a job that runs, or has ended not long ago.
    pub fn preview(&self, id: &JobId) -> Option<Preview> {
        let jobs = self.lock();
        let kept = || jobs.ended.iter().rev().find(|(ended, _)| ended == id).map(|(_, preview)| preview.clone());
        jobs.running.get(id).and_then(|live| live.preview.clone()).or_else(kept)
    }

    /// Stops a job. Answers whether it was running.
    pub fn cancel(&self, id: &JobId) -> bool {
        self.lock().running.get(id).inspect(|live| live.cancel.cancel()).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        // Nothing in here can be left half done, so a panic elsewhere does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Changes what is known of the job, and answers how it stands now.
    pub fn update(&self, change: impl FnOnce(&mut Progress)) -> Option<Progress> {
        let mut jobs = self.jobs.lock();
        let live = jobs.running.get_mut(&self.id)?;
        change(&mut live.progress);
        Some(live.progress.clone())
    }

    /// Shows a new preview picture.
    pub fn show(&self, preview: Preview) {
        if let Some(live) = self.jobs.lock().running.get_mut(&self.id) {
            live.preview = Some(preview);
            live.progress.preview += 1;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut jobs = self.jobs.lock();
        let preview = jobs.running.remove(&self.id).and_then(|live| live.preview);
        if let Some(preview) = preview {
            jobs.ended.push_back((self.id.clone(), preview));
            if jobs.ended.len() > KEPT {
                jobs.ended.pop_front();
            }
        }
    }
}
