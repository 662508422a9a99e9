//! What running jobs are doing right now: progress, preview pictures, and the means to stop them. Never stored.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::domain::job::{JobId, Progress};

/// The running jobs. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct LiveJobs(Arc<Mutex<HashMap<JobId, Live>>>);

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
        self.lock().insert(id.clone(), Live { cancel: cancel.clone(), progress, preview: None });
        Running { jobs: self.clone(), id: id.clone(), cancel }
    }

    /// How far a job is; `None` when it is not running.
    pub fn progress(&self, id: &JobId) -> Option<Progress> {
        self.lock().get(id).map(|live| live.progress.clone())
    }

    /// The newest preview picture of a job.
    pub fn preview(&self, id: &JobId) -> Option<Preview> {
        self.lock().get(id).and_then(|live| live.preview.clone())
    }

    /// Stops a job. Answers whether it was running.
    pub fn cancel(&self, id: &JobId) -> bool {
        self.lock().get(id).inspect(|live| live.cancel.cancel()).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Live>> {
        // Nothing in here can be left half done, so a panic elsewhere does no harm.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Changes what is known of the job, and answers how it stands now.
    pub fn update(&self, change: impl FnOnce(&mut Progress)) -> Option<Progress> {
        let mut jobs = self.jobs.lock();
        let live = jobs.get_mut(&self.id)?;
        change(&mut live.progress);
        Some(live.progress.clone())
    }

    /// Shows a new preview picture.
    pub fn show(&self, preview: Preview) {
        if let Some(live) = self.jobs.lock().get_mut(&self.id) {
            live.preview = Some(preview);
            live.progress.preview += 1;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.jobs.lock().remove(&self.id);
    }
}
