//! What pictures are made by.

use serde::{Deserialize, Serialize};

use crate::domain::{
    model::{Family, LoraUse, ModelKind},
    prompt::Part,
};

/// Everything a picture is made by: with the same recipe and seed it can be made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recipe {
    /// As ComfyUI lists it.
    pub model: String,
    /// How the model is loaded.
    pub model_kind: ModelKind,
    /// The model's family.
    pub family: Family,
    /// Applied in this order.
    #[serde(default)]
    pub loras: Vec<LoraUse>,
    /// The pieces of the prompt and where each comes from.
    pub parts: Vec<Part>,
    /// The pieces, joined: what ComfyUI was told.
    pub prompt: String,
    /// Empty for FLUX, which has no use for one.
    #[serde(default)]
    pub negative_prompt: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Sampling steps.
    pub steps: u32,
    /// Classifier-free guidance.
    pub cfg: f64,
    /// FLUX only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f64>,
    /// As ComfyUI names it.
    pub sampler: String,
    /// As ComfyUI names it.
    pub scheduler: String,
    /// The files a diffusion model needs beside itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companions: Option<Companions>,
}

/// What a FLUX diffusion model needs beside itself, as ComfyUI lists the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Companions {
    /// The T5 text encoder.
    pub t5: String,
    /// The CLIP-L text encoder.
    pub clip_l: String,
    /// The VAE.
    pub vae: String,
}

/// A recipe, and words about what was changed on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What the pictures are made by.
    pub recipe: Recipe,
    /// Sentences for the person who asked.
    pub notes: Vec<String>,
}
