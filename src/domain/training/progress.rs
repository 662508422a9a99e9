//! How far a training is, in numbers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::loss::Losses;

/// How far a training is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainProgress {
    /// What the trainer is doing, in words.
    pub words: String,
    /// Steps done, those before a resumed state included.
    pub step: u32,
    /// Steps in all; 0 while not known.
    pub total_steps: u32,
    /// Which epoch, from 1; 0 while not known.
    pub epoch: u32,
    /// How many epochs.
    pub total_epochs: u32,
    /// The loss as the trainer last told it, a mean over the epoch.
    pub loss: Option<f64>,
    /// The first step whose loss was no number. From then on nothing is learned.
    pub nan_since: Option<u32>,
    /// How long a step takes.
    pub seconds_per_step: Option<f64>,
    /// Until the last step, as the trainer reckons.
    pub eta_seconds: Option<u32>,
    /// When the trainer last said anything.
    pub heard_at: Option<DateTime<Utc>>,
}

/// What is known of a run's output so far; written down now and then, so that a restart goes on from there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Followed {
    /// Which run of the training.
    pub run: u32,
    /// How far its log has been read; always the beginning of a line.
    pub offset: u64,
    /// Steps a resumed run leaves out.
    pub skipped: u32,
    /// The numbers.
    pub progress: TrainProgress,
    /// The curve.
    pub losses: Losses,
}

impl TrainProgress {
    /// How much is done, 0–100.
    pub fn percent(&self) -> u32 {
        let done = u64::from(self.step) * 100 / u64::from(self.total_steps.max(1));
        u32::try_from(done.min(100)).unwrap_or(100)
    }
}
