//! Waking runs when what they wait for has come.

use chrono::Utc;
use tokio::sync::broadcast::error::RecvError;

use super::{super::book, posting::outcome};
use crate::{
    domain::{
        job::{Job, JobId, Lane},
        post::Post,
    },
    error::Error,
    state::AppState,
    store::{Changed, Record, State},
};

/// Wakes each run when the job or post it waits for has ended, until the store is closed.
pub async fn follow(app: AppState) {
    let mut changes = app.store.changes();
    loop {
        let woken = match changes.recv().await {
            Ok(changed) => {
                let state = app.store.read();
                changed.iter().flat_map(|change| waiting(&state, change)).collect()
            }
            // Some were not told: all of them look.
            Err(RecvError::Lagged(_)) => {
                let state = app.store.read();
                state.runs.indexed("state", "running").filter_map(|run| run.job_id.clone()).collect()
            }
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = wake(&app, woken).await {
            tracing::warn!(%error, "a run could not be woken; it looks by itself after a while");
        }
    }
}

/// The jobs of the runs that wait for what has changed, when it has ended.
fn waiting(state: &State, change: &Changed) -> Vec<JobId> {
    let ended = match change.collection {
        Job::COLLECTION => state.jobs.get(&change.id).is_none_or(|job| job.status.is_final()),
        Post::COLLECTION => state.posts.get(&change.id).is_none_or(|post| outcome(post).is_some()),
        _ => false,
    };
    let runs = ended.then(|| state.runs.indexed("waits-for", &change.id)).into_iter().flatten();
    runs.filter_map(|run| run.job_id.clone()).collect()
}

async fn wake(app: &AppState, jobs: Vec<JobId>) -> Result<(), Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    app.store.write(move |tx| jobs.iter().try_for_each(|job| book::wake(tx, job.as_str(), Utc::now()))).await?;
    app.wake(Lane::Tasks);
    Ok(())
}
