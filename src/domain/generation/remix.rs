//! A picture that exists, asked for again with changes.

use serde::{Deserialize, Serialize};

use super::GenerateRequest;
use crate::domain::{model::LoraUse, sent::Sent};

/// What is to be different from a picture that exists. Without anything, the same picture is made again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemixRequest {
    /// What happens in the picture; composed anew with the character's own parts.
    #[serde(default)]
    pub prompt: Option<String>,
    /// The whole prompt, word for word.
    #[serde(default)]
    pub full_prompt: Option<String>,
    /// What must not be in the picture.
    #[serde(default, alias = "negative_prompt")]
    pub negative_prompt: Option<String>,
    /// As ComfyUI lists it.
    #[serde(default)]
    pub model: Option<String>,
    /// In pixels, 64–4096.
    #[serde(default)]
    pub width: Option<u32>,
    /// In pixels, 64–4096.
    #[serde(default)]
    pub height: Option<u32>,
    /// 1–150.
    #[serde(default)]
    pub steps: Option<u32>,
    /// 0–30.
    #[serde(default)]
    pub cfg: Option<f64>,
    /// `null` draws a new one.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    pub seed: Sent<u64>,
    /// How many pictures, 1–8.
    #[serde(default)]
    pub batch: Option<u32>,
    /// Instead of those of the picture.
    #[serde(default)]
    pub loras: Option<Vec<LoraUse>>,
}

impl RemixRequest {
    /// The request that made a picture, with the changes.
    pub fn applied_to(self, mut request: GenerateRequest) -> GenerateRequest {
        if let Some(prompt) = self.prompt {
            request.prompt = prompt;
            request.full_prompt = None;
        }
        if self.model.as_ref().is_some_and(|model| request.model.as_ref() != Some(model)) {
            // Another model may be of another family, with its own scheduler.
            (request.sampler, request.scheduler) = (None, None);
        }
        request.full_prompt = self.full_prompt.or(request.full_prompt);
        request.negative_prompt = self.negative_prompt.or(request.negative_prompt);
        request.model = self.model.or(request.model);
        request.width = self.width.or(request.width);
        request.height = self.height.or(request.height);
        request.steps = self.steps.or(request.steps);
        request.cfg = self.cfg.or(request.cfg);
        self.seed.set_option(&mut request.seed);
        request.batch = self.batch.or(request.batch);
        request.loras = self.loras.or(request.loras);
        request
    }
}
