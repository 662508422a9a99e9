//! What a person has set for the whole installation. Holds no secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::Family;

/// The one object in `settings.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Which family a model or LoRA belongs to, where a person knew better; by name as ComfyUI lists it.
    pub model_families: BTreeMap<String, Family>,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}
