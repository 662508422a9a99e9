//! The apalis backend over our own job records: it hands out the ids of waiting jobs, the store remembers them.

use std::{
    collections::HashSet,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use apalis::prelude::*;
use apalis_core::backend::{Backend, BackendConfig, finalize::Ephemeral};
use chrono::Utc;

use crate::{domain::job::JobId, state::AppState};

/// Hands out each waiting job once, the oldest first.
pub struct JobQueue {
    app: AppState,
    handed_out: HandedOut,
    /// Ready when there may be a new job.
    news: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// The jobs that workers hold. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct HandedOut(Arc<Mutex<HashSet<JobId>>>);

impl JobQueue {
    /// The queue of everything that waits in the store.
    pub fn new(app: AppState, handed_out: HandedOut) -> Self {
        let news = news(app.clone());
        Self { app, handed_out, news }
    }

    fn next(&self) -> Option<JobId> {
        let state = self.app.store.read();
        let now = Utc::now();
        let mut handed_out = self.handed_out.lock();
        let waiting = ["interrupted", "queued"].into_iter().flat_map(|status| state.jobs.indexed("status", status));
        let next = waiting.filter(|job| job.run_at <= now && !handed_out.contains(&job.id)).min_by_key(|job| job.run_at)?;
        handed_out.insert(next.id.clone());
        Some(next.id.clone())
    }
}

impl HandedOut {
    /// Takes a job back from its worker.
    pub fn give_back(&self, id: &JobId) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<JobId>> {
        // A set of ids cannot be left half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn news(app: AppState) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move { app.new_job.notified().await })
}

impl Backend for JobQueue {
    type Task = Task<JobId>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, context: &mut Context<'_>, _: &WorkerContext) -> Poll<Option<Result<Task<JobId>, Infallible>>> {
        loop {
            if let Some(id) = self.next() {
                let name = TaskId::from_string(id.to_string());
                return Poll::Ready(Some(Ok(TaskBuilder::new(id).task_id(name).build())));
            }
            // A permit that was left in the meantime makes this ready at once, so no news is lost.
            ready!(self.news.as_mut().poll(context));
            self.news = news(self.app.clone());
        }
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for JobQueue {
    type Args = JobId;
    type Id = String;
    // Only ids pass through apalis, as they are; what has to last is in the store.
    type Kind = Ephemeral;
    type Config = ();
    type Layer = tower::layer::util::Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Self::Layer {
        tower::layer::util::Identity::new()
    }
}
