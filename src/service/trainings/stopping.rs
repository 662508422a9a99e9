//! Stopping trainings.

use chrono::{DateTime, Utc};

use super::list::get;
use crate::{
    domain::{
        character::CharacterId,
        job::{Job, JobStatus},
        problem::Problem,
        training::{Training, TrainingId, TrainingState},
    },
    error::Error,
    state::AppState,
};

/// Asks a training to stop. One that waits is stopped at once; a running one when its trainer has ended, and that it is
/// to end is remembered whatever happens to us. What it has saved stays.
pub async fn stop(app: &AppState, id: &TrainingId, now: DateTime<Utc>) -> Result<Training, Error> {
    let wanted = id.clone();
    let training = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Training>(wanted.as_str()).ok_or_else(|| Problem::not_found("training"))?;
            let mut training = Training::clone(&stored);
            match training.state {
                TrainingState::Queued { .. } => {
                    training.turn(TrainingState::Stopped, now);
                    // A worker that has it already sees for itself.
                    if let Some(waiting) = tx.get::<Job>(training.job_id.as_str()).filter(|job| job.status != JobStatus::Running) {
                        let mut job = Job::clone(&waiting);
                        job.turn(JobStatus::Cancelled, now);
                        tx.put(job)?;
                    }
                }
                TrainingState::Running { .. } => training.turn(TrainingState::Running { stopping: true }, now),
                TrainingState::Done { .. } | TrainingState::Failed { .. } | TrainingState::Stopped => {
                    return Err(Error::from(Problem::conflict("This training has already ended.")));
                }
            }
            tx.put(training.clone())?;
            Ok(training)
        })
        .await?;
    app.live.cancel(&training.job_id);
    Ok(training)
}

/// The same, and waits until nothing of it runs any more.
pub async fn stopped(app: &AppState, id: &TrainingId, now: DateTime<Utc>) -> Result<Training, Error> {
    stop(app, id, now).await?;
    let mut changes = app.store.changes();
    loop {
        let training = get(app, id)?;
        if training.state.is_final() || app.stopping.is_cancelled() {
            return Ok(Training::clone(&training));
        }
        tokio::select! {
            // Whether a change was missed or is about something else: the store is asked again.
            _ = changes.recv() => {}
            () = app.stopping.cancelled() => {}
        }
    }
}

/// Asks all trainings of a character to stop.
pub(in crate::service) async fn stop_all(app: &AppState, character: &CharacterId, now: DateTime<Utc>) {
    let state = app.store.read();
    let hers: Vec<_> = state
        .trainings
        .indexed("character", character.as_str())
        .filter(|training| !training.state.is_final())
        .map(|training| training.id.clone())
        .collect();
    for id in hers {
        // One that ended in the meantime needs no stopping.
        let _ = stop(app, &id, now).await;
    }
}
