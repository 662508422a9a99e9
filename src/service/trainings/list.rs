//! Trainings as they are looked at.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    domain::{
        character::CharacterId,
        problem::{Kind, Problem},
        training::{TrainProgress, Training, TrainingId, TrainingState},
    },
    error::Error,
    state::AppState,
    store::State,
};

/// A training as the API shows it: with the newest numbers, and those of older apps beside.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainingView {
    /// The training.
    #[serde(flatten)]
    pub training: Training,
    /// How much is done, 0–100.
    #[serde(rename = "progress")]
    pub percent: u32,
    /// Steps done.
    pub step: u32,
    /// Steps in all.
    pub total_steps: u32,
    /// Which epoch.
    pub epoch: u32,
    /// How many.
    pub total_epochs: u32,
    /// The loss as last told.
    pub loss: Option<f64>,
    /// Until it is done, as far as can be told.
    pub eta_seconds: Option<u32>,
    /// Its log's name.
    pub log_file: String,
    /// Why it waits, when it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
}

/// Some trainings of a longer list, newest first.
#[derive(Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub trainings: Vec<Arc<Training>>,
    /// How many there are in all, where that is known.
    pub total: Option<usize>,
    /// Ask with this for what comes after.
    pub next: Option<TrainingId>,
}

/// One training.
pub fn get(app: &AppState, id: &TrainingId) -> Result<Arc<Training>, Error> {
    app.store.read().trainings.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("training").into())
}

/// Trainings, newest first: of one character or all, after `cursor`.
pub fn page(app: &AppState, character: Option<&CharacterId>, cursor: Option<&TrainingId>, limit: usize) -> Result<Page, Error> {
    let state = app.store.read();
    let lost = || Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.");
    let start = cursor.map_or(Ok(u64::MAX), |id| state.trainings.position_of(id.as_str()).ok_or_else(lost))?;
    let (walk, total): (Box<dyn Iterator<Item = &Arc<Training>>>, _) = match character {
        Some(id) => {
            (Box::new(state.trainings.indexed_before("character", id.as_str(), start)), state.trainings.count("character", id.as_str()))
        }
        None => (Box::new(state.trainings.before(start)), state.trainings.len()),
    };
    let mut trainings: Vec<_> = walk.take(limit.saturating_add(1)).cloned().collect();
    let more = trainings.len() > limit;
    trainings.truncate(limit);
    let next = trainings.last().filter(|_| more).map(|training| training.id.clone());
    Ok(Page { trainings, total: Some(total), next })
}

/// Those that run or wait, in the order they go.
pub fn unfinished(state: &State) -> Vec<Arc<Training>> {
    let of = |key: &'static str| state.trainings.indexed("state", key).cloned().collect::<Vec<_>>();
    let mut queued = of("queued");
    queued.sort_by_key(|training| state.jobs.get(training.job_id.as_str()).map(|job| job.run_at));
    of("running").into_iter().chain(queued).collect()
}

impl TrainingView {
    /// A training with the newest numbers.
    pub fn of(app: &AppState, training: Training) -> Self {
        let progress = progress(app, &training);
        Self {
            percent: progress.percent(),
            step: progress.step,
            total_steps: progress.total_steps,
            epoch: progress.epoch,
            total_epochs: progress.total_epochs,
            loss: progress.loss,
            eta_seconds: progress.eta_seconds,
            log_file: training.log_file(),
            waiting: waiting(app, &training),
            training: Training { progress, ..training },
        }
    }
}

/// The newest numbers of a training.
pub(super) fn progress(app: &AppState, training: &Training) -> TrainProgress {
    app.trainings.get(&training.id).map_or_else(|| training.progress.clone(), |followed| followed.progress.clone())
}

/// Why a training does not train yet.
fn waiting(app: &AppState, training: &Training) -> Option<String> {
    if !matches!(training.state, TrainingState::Queued { .. }) {
        return None;
    }
    // A worker has it, and says what it waits for.
    if let Some(progress) = app.live.progress(&training.job_id) {
        return Some(progress.words);
    }
    let before = unfinished(&app.store.read()).into_iter().take_while(|other| other.id != training.id).last();
    Some(before.map_or_else(|| "Waits for its turn".to_owned(), |before| format!("Waits until {} has ended", before.name)))
}
