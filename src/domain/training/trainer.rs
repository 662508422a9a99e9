//! What a person has set about training. What is left out follows flags and environment.

use serde::{Deserialize, Serialize};

/// What is set about training.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainerSettings {
    /// The folder of sd-scripts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kohya_dir: String,
    /// The Python that has its requirements.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kohya_python: String,
    /// A trainer of one's own instead.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trainer_command: String,
    /// Base models, by family; the first is the usual one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sd15_models: Vec<String>,
    /// Of SDXL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sdxl_models: Vec<String>,
    /// Of FLUX.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flux_models: Vec<String>,
    /// The CLIP-L text encoder that FLUX needs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub flux_clip_l: String,
    /// The T5-XXL text encoder that FLUX needs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub flux_t5xxl: String,
    /// The autoencoder that FLUX needs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub flux_ae: String,
    /// ComfyUI's folder of LoRAs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comfyui_lora_dir: String,
    /// Folders whose pictures may be trained on by their paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_folders: Vec<String>,
    /// What pictures do while a training runs.
    pub generation_while_training: WhileTraining,
}

/// What pictures do while a training runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhileTraining {
    /// They wait: both on one card are slow, or too much for it.
    #[default]
    Wait,
    /// They go on: there is room for both, or ComfyUI has a card of its own.
    GoOn,
}

impl WhileTraining {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Wait, Self::GoOn];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::GoOn => "go_on",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Wait => "They wait until it has ended",
            Self::GoOn => "They go on beside it",
        }
    }

    /// The choice of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.key() == key)
    }
}

impl TrainerSettings {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
