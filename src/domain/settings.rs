//! What a person has set for the whole installation. Holds no secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{model::Family, template::Templates};

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
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}
