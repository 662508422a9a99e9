//! The apalis backend over our own job records: it hands out the ids of waiting jobs, the store remembers them.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use apalis::prelude::*;
use apalis_core::backend::{Backend, BackendConfig, finalize::Ephemeral};
use chrono::{DateTime, Utc};

use crate::{
    domain::job::{JobId, Lane},
    state::AppState,
};

/// Hands out each waiting job of a lane once, the oldest first.
pub struct JobQueue {
    app: AppState,
    lane: Lane,
    /// How many jobs of the lane may be worked on at the same time now.
    room: fn(&AppState) -> usize,
    handed_out: HandedOut,
    /// When the first of those that wait is due, as far as it was known when `news` was made.
    due: Option<DateTime<Utc>>,
    /// Ready when there may be a new job.
    news: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// The jobs that workers hold, each with its lane. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct HandedOut(Arc<Mutex<HashMap<JobId, Lane>>>);

impl JobQueue {
    /// The queue of everything in that lane that waits in the store, of which `room` jobs are handed out at most. When
    /// there is more room, the lane has to be woken.
    pub fn new(app: AppState, lane: Lane, room: fn(&AppState) -> usize, handed_out: HandedOut) -> Self {
        let news = news(app.clone(), lane, None);
        Self { app, lane, room, handed_out, due: None, news }
    }

    /// The next job, or when the next one is due.
    fn next(&self) -> Result<JobId, Option<DateTime<Utc>>> {
        let state = self.app.store.read();
        let mut handed_out = self.handed_out.lock();
        if handed_out.values().filter(|lane| **lane == self.lane).count() >= (self.room)(&self.app) {
            return Err(None);
        }
        let waiting = state.jobs.indexed("waiting", self.lane.key()).filter(|job| !handed_out.contains_key(&job.id));
        match waiting.min_by_key(|job| job.run_at) {
            Some(next) if next.run_at <= Utc::now() => {
                handed_out.insert(next.id.clone(), self.lane);
                Ok(next.id.clone())
            }
            later => Err(later.map(|job| job.run_at)),
        }
    }
}

impl HandedOut {
    /// Takes a job back from its worker.
    pub fn give_back(&self, id: &JobId) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Lane>> {
        // A map of ids cannot be left half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ready when there is a new job in the lane, or at `due`.
fn news(app: AppState, lane: Lane, due: Option<DateTime<Utc>>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let Some(due) = due else { return app.bell(lane).notified().await };
        let wait = (due - Utc::now()).to_std().unwrap_or_default();
        tokio::select! {
            () = app.bell(lane).notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    })
}

impl Backend for JobQueue {
    type Task = Task<JobId>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, context: &mut Context<'_>, _: &WorkerContext) -> Poll<Option<Result<Task<JobId>, Infallible>>> {
        loop {
            let due = match self.next() {
                Ok(id) => {
                    let name = TaskId::from_string(id.to_string());
                    return Poll::Ready(Some(Ok(TaskBuilder::new(id).task_id(name).build())));
                }
                Err(due) => due,
            };
            if due != self.due {
                self.due = due;
                self.news = news(self.app.clone(), self.lane, due);
            }
            // A permit that was left in the meantime makes this ready at once, so no news is lost.
            ready!(self.news.as_mut().poll(context));
            self.news = news(self.app.clone(), self.lane, due);
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
