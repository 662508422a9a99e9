//! Trainings: one LoRA each, from the dataset to a version of the character.

mod compared;
mod extra;
mod loss;
mod plan;
mod progress;
mod request;
mod trainer;
mod version;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    compared::{Column, Comparison},
    loss::{Losses, MOST_POINTS},
    plan::{FluxParts, Given, MOST_STEPS, Optimizer, Plan, Precision},
    progress::{Followed, TrainProgress},
    request::{Preset, TrainRequest},
    trainer::{TrainerSettings, WhileTraining},
    version::{Before, LoraVersion, activate, deactivate, loras_with},
};
use super::{character::CharacterId, dataset::DatasetId, id::Id, job::JobId, post::Named, problem::Problem};

/// The id of a training.
pub type TrainingId = Id<Training>;

/// One LoRA training: what it is to do, how it goes, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Training {
    /// Made by us, or by the page that asks for it, so that two clicks make one training.
    pub id: TrainingId,
    /// For whom.
    pub character_id: CharacterId,
    /// Their name when it was asked for: it stays readable when they are gone.
    pub character_name: String,
    /// The LoRA's name: its file's, without the ending.
    pub name: String,
    /// The dataset its pictures came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_id: Option<DatasetId>,
    /// That dataset's name.
    #[serde(default)]
    pub dataset_name: String,
    /// How many pictures it learns from.
    pub pictures: u32,
    /// Where the plan started from.
    pub preset: Preset,
    /// Everything the trainer is told.
    pub plan: Plan,
    /// How far it is.
    #[serde(flatten)]
    pub state: TrainingState,
    /// The work on it.
    pub job_id: JobId,
    /// Each time a trainer was started for it, oldest first.
    #[serde(default)]
    pub runs: Vec<Run>,
    /// The numbers as they were last stored; while it runs, newer ones are in memory.
    #[serde(default, rename = "numbers")]
    pub progress: TrainProgress,
    /// Words for the person who asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The caller's own name for the request that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub request: Option<Named>,
    /// Old and new side by side, when somebody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

/// How far a training is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "status", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum TrainingState {
    /// Waits for its turn.
    Queued {
        /// The saved state it is to go on from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
    },
    /// A trainer is on it.
    Running {
        /// Whether somebody has asked it to stop.
        #[serde(default)]
        stopping: bool,
    },
    /// The LoRA is there.
    Done {
        /// Its file.
        file: LoraFile,
    },
    /// It ended without a LoRA.
    Failed {
        /// Why, and what to do.
        #[schema(value_type = Object)]
        problem: Problem,
        /// The last lines the trainer wrote.
        #[serde(default)]
        tail: Vec<String>,
    },
    /// Stopped by a person.
    Stopped,
}

/// The file a training made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoraFile {
    /// Its name.
    pub name: String,
    /// How large it is.
    pub bytes: u64,
    /// Whether it lies in ComfyUI's folder; else it is there for download only.
    pub installed: bool,
}

/// One start of a trainer. Stored before it is started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TrainingRun)]
pub struct Run {
    /// From 1.
    pub number: u32,
    /// When it was decided on.
    pub begun_at: DateTime<Utc>,
    /// Where its words begin in the log.
    pub log_from: u64,
    /// The saved state it goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed_from: Option<String>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// How a trainer's process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ending {
    /// By itself.
    Exit {
        /// 0 means well, as far as it knows.
        code: i32,
    },
    /// By a signal.
    Signal {
        /// Its number.
        signal: i32,
    },
    /// It could not be started.
    NotStarted {
        /// What the system said.
        why: String,
    },
    /// It is gone, and nobody saw how: this machine was switched off, or its keeper was killed.
    Vanished,
}

impl TrainingState {
    /// As it is stored and sent.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Running { .. } => "running",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// Whether nothing more happens by itself.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Done { .. } | Self::Failed { .. } | Self::Stopped => true,
            Self::Queued { .. } | Self::Running { .. } => false,
        }
    }
}

impl Training {
    /// Moves to another state.
    pub fn turn(&mut self, state: TrainingState, now: DateTime<Utc>) {
        self.finished_at = state.is_final().then_some(now);
        self.state = state;
        self.updated_at = now;
    }

    /// The run that has not ended, when there is one.
    pub fn open_run(&self) -> Option<&Run> {
        self.runs.last().filter(|run| run.ending.is_none())
    }

    /// Whether somebody has asked it to stop.
    pub fn is_stopping(&self) -> bool {
        matches!(self.state, TrainingState::Running { stopping: true })
    }

    /// The name of the file the trainer is to write.
    pub fn file_name(&self) -> String {
        format!("{}.safetensors", self.name)
    }

    /// Its log's name in the API.
    pub fn log_file(&self) -> String {
        format!("{}.log", self.id)
    }
}

/// A text as a plain file name: small letters, digits and dashes.
pub fn plain_name(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            name.push(letter);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() >= 60 {
            break;
        }
    }
    let name = name.trim_matches('-');
    if name.is_empty() { "lora".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_plain_file_name() {
        assert_eq!(plain_name("Luna the Mystic"), "luna-the-mystic");
        assert_eq!(plain_name("../../etc/passwd"), "etc-passwd");
        assert_eq!(plain_name("🦊"), "lora");
        assert_eq!(plain_name("Ärmel – groß"), "rmel-gro");
        assert!(plain_name(&"x".repeat(500)).len() <= 60);
    }
}
