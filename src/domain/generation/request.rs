//! What is asked of a picture.

use serde::{Deserialize, Serialize};

use crate::domain::{
    character::CharacterId,
    library::PromptId,
    model::LoraUse,
    problem::{Checks, Problem},
};

/// Longest prompt, in characters.
pub const LONGEST_PROMPT: usize = 10_000;
/// Most pictures of one request.
pub const LARGEST_BATCH: u32 = 8;
/// Smallest and largest side of a picture, in pixels.
pub const SIDES: std::ops::RangeInclusive<u32> = 64..=4096;
/// Fewest and most sampling steps.
pub const STEPS: std::ops::RangeInclusive<u32> = 1..=150;
/// Least and greatest cfg and guidance.
pub const SCALE: std::ops::RangeInclusive<f64> = 0.0..=30.0;

/// A request for one or more pictures. Everything but the character may be left out: it then follows the
/// character, and after that the model's family.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GenerateRequest {
    /// Whose picture.
    #[serde(alias = "character_id")]
    pub character_id: CharacterId,
    /// What happens in the picture; joined with the character's own parts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// The whole prompt, word for word, instead of the composed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_prompt: Option<String>,
    /// What must not be in the picture, instead of the character's own.
    #[serde(default, alias = "negative_prompt", skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// As ComfyUI lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// In pixels, 64–4096; rounded to a multiple of 8, and the answer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In pixels, 64–4096; rounded to a multiple of 8, and the answer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// 1–150.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// 0–30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cfg: Option<f64>,
    /// FLUX only, 0–30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f64>,
    /// As ComfyUI lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampler: Option<String>,
    /// As ComfyUI lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// 0 to 2^64-1; left out, one is drawn. The pictures of a batch count up from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How many pictures, 1–8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Instead of the character's own; an empty list means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loras: Option<Vec<LoraUse>>,
    /// The entry of the prompt library it is made from; that entry is then marked as used.
    #[serde(default, alias = "prompt_id", skip_serializing_if = "Option::is_none")]
    pub prompt_id: Option<PromptId>,
}

impl GenerateRequest {
    /// Checks what can be checked without knowing the models.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        self.check_each(&mut checks);
        checks.finish()
    }

    /// The same beside other checks, so that all is said at once.
    pub fn check_each(&self, checks: &mut Checks) {
        checks.at_most("prompt", &self.prompt, LONGEST_PROMPT);
        checks.at_most("fullPrompt", self.full_prompt.as_deref().unwrap_or_default(), LONGEST_PROMPT);
        checks.at_most("negativePrompt", self.negative_prompt.as_deref().unwrap_or_default(), LONGEST_PROMPT);
        check_ranges(checks, &[("width", self.width), ("height", self.height)], ("steps", self.steps), ("cfg", self.cfg));
        checks.require(self.guidance.is_none_or(|value| SCALE.contains(&value)), "guidance", "Guidance lies between 0 and 30.");
        checks.require(
            self.batch.is_none_or(|batch| (1..=LARGEST_BATCH).contains(&batch)),
            "batch",
            format!("Ask for 1 to {LARGEST_BATCH} pictures at once."),
        );
        let loras = self.loras.as_deref().unwrap_or_default();
        checks.require(loras.len() <= 10, "loras", "At most 10 LoRAs can be combined.");
        for (place, lora) in loras.iter().enumerate() {
            let strong = (-2.0..=2.0).contains(&lora.strength);
            checks.require(strong, format!("loras[{place}].strength"), "A LoRA's strength lies between -2 and 2.");
        }
    }
}

/// Checks the numbers that characters and requests share; each comes with its field's name.
pub(crate) fn check_ranges(checks: &mut Checks, sides: &[(&str, Option<u32>)], steps: (&str, Option<u32>), cfg: (&str, Option<f64>)) {
    for (field, side) in sides {
        checks.require(side.is_none_or(|side| SIDES.contains(&side)), *field, "A side is 64 to 4096 pixels long.");
    }
    checks.require(steps.1.is_none_or(|count| STEPS.contains(&count)), steps.0, "Use 1 to 150 steps.");
    checks.require(cfg.1.is_none_or(|value| SCALE.contains(&value)), cfg.0, "Cfg lies between 0 and 30.");
}
