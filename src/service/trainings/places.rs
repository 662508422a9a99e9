//! Where the files of trainings lie.

use std::path::{Path, PathBuf};

use crate::{
    domain::{problem::Problem, training::TrainingId},
    integrations::trainer::RunFolder,
    state::AppState,
};

/// The folder of one training.
#[derive(Debug, Clone)]
pub(super) struct Places(PathBuf);

/// A log's name as the API has it.
#[derive(Debug, Clone, Copy)]
pub struct LogName<'a>(pub &'a str);

impl Places {
    /// The folder of that training.
    pub(super) fn of(app: &AppState, id: &TrainingId) -> Result<Self, Problem> {
        Ok(Self(root(app).join(plain(id)?)))
    }

    /// The folder itself.
    pub(super) fn home(&self) -> &Path {
        &self.0
    }

    /// The pictures it learns from, as they were when it was asked for.
    pub(super) fn dataset(&self) -> PathBuf {
        self.0.join("dataset")
    }

    /// What the trainer writes.
    pub(super) fn output(&self) -> PathBuf {
        self.0.join("output")
    }

    /// What it draws in between.
    pub(super) fn samples(&self) -> PathBuf {
        self.output().join("sample")
    }

    /// Everything it said.
    pub(super) fn log(&self) -> PathBuf {
        self.0.join("train.log")
    }

    /// How far its log was read, and the numbers in it.
    pub(super) fn metrics(&self) -> PathBuf {
        self.0.join("metrics.json")
    }

    /// What we and the guard of a run know of each other.
    pub(super) fn run(&self, number: u32) -> RunFolder {
        RunFolder::new(self.0.join(format!("run-{number}")))
    }
}

impl LogName<'_> {
    /// The training it is of.
    pub(super) fn training(self) -> Option<TrainingId> {
        self.0.strip_suffix(".log").map(TrainingId::from)
    }
}

/// Where all trainings lie.
pub(super) fn root(app: &AppState) -> PathBuf {
    // The trainer is started in another folder, so the path must not hang on ours.
    let dir = app.store.dir();
    std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()).join("trainings")
}

/// Where tokenizers are kept, so that they are fetched once.
pub(super) fn tokenizers(app: &AppState) -> PathBuf {
    root(app).join("tokenizers")
}

/// The cookie of a run.
pub(super) fn cookie(id: &TrainingId, run: u32) -> String {
    format!("{id}/{run}")
}

/// Ids may be any text; only those that make a plain folder name have files.
fn plain(id: &TrainingId) -> Result<&str, Problem> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let fits = !id.as_str().is_empty() && id.as_str().len() <= 100 && id.as_str().chars().all(letters) && id.as_str() != "tokenizers";
    if fits { Ok(id.as_str()) } else { Err(Problem::not_found("training")) }
}
