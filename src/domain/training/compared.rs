//! Old and new side by side.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::job::JobId;

/// The same prompts with the same seed, drawn once with each LoRA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// The seed of every picture.
    pub seed: u64,
    /// One for each row.
    pub prompts: Vec<String>,
    /// One for each LoRA.
    pub columns: Vec<Column>,
}

/// The pictures of one LoRA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// The LoRA's name as ComfyUI lists it; empty for none.
    pub lora: String,
    /// The job of each row.
    pub jobs: Vec<JobId>,
}
