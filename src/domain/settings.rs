//! What a person has set for the whole installation. Holds no secrets.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{model::Family, template::Templates, training::TrainerSettings};

/// The one object in `settings.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Which family a model or LoRA belongs to, where a person knew better; by name as ComfyUI lists it.
    pub model_families: BTreeMap<String, Family>,
    /// The Gemini model that writes; empty means the usual one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub gemini_model: String,
    /// What is written when Gemini cannot be asked; `None` means those we come with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<Templates>,
    /// Whether everything happens except the calls that make posts public; `None` means as the installation began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Whether scheduling and posting stand still.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Minutes between two posts of one account; `None` means 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap_minutes: Option<u32>,
    /// How a picture gets the shape a network wants.
    pub fit: Fit,
    /// How many backups stay when a new one was made; `None` means as many as is usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backups_kept: Option<u32>,
    /// Where notifications are sent; empty means nowhere. Its secret is sealed elsewhere.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub webhook_url: String,
    /// The trainer, where a person has set it.
    #[serde(skip_serializing_if = "TrainerSettings::is_empty")]
    pub trainer: TrainerSettings,
    /// Since when a password is asked for; `None` when none is. The password itself lies with the secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_since: Option<DateTime<Utc>>,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// How a picture gets the shape a network wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Its edges are cut off, the middle stays.
    #[default]
    Crop,
    /// It stays whole between bars of the colour of its edges.
    Pad,
    /// It stays whole over a blurred enlargement of itself.
    Fit,
}

impl Fit {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Crop, Self::Pad, Self::Fit];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Crop => "crop",
            Self::Pad => "pad",
            Self::Fit => "fit",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Crop => "Crop to the middle",
            Self::Pad => "Keep it whole between bars",
            Self::Fit => "Keep it whole over a blurred copy",
        }
    }

    /// The way of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fit| fit.key() == key)
    }
}

impl Settings {
    /// The time between two posts of one account.
    pub fn gap(&self) -> Duration {
        Duration::minutes(self.gap_minutes.unwrap_or(30).into())
    }
}
