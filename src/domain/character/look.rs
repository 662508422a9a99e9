//! What a character's pictures are made with.

use serde::{Deserialize, Serialize};

use crate::domain::lenient::text_or_null;

/// What goes into each prompt of a character.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PromptSettings {
    /// Comes first in each prompt.
    #[serde(alias = "base_prompt", deserialize_with = "text_or_null")]
    pub base_prompt: String,
    /// What must not be in a picture. FLUX has no use for it.
    #[serde(alias = "negative_prompt", deserialize_with = "text_or_null")]
    pub negative_prompt: String,
    /// As in "cinematic".
    #[serde(deserialize_with = "text_or_null")]
    pub style: String,
    /// As in "serene".
    #[serde(deserialize_with = "text_or_null")]
    pub mood: String,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// What a character's pictures are made with; what is left out follows the model's family.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerationDefaults {
    /// In pixels, 64–4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In pixels, 64–4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// 1–150.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// 0–30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cfg: Option<f64>,
}
