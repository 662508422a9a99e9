//! The plan of a training: the request with every gap filled, which is everything the trainer is told.

use serde::{Deserialize, Serialize};

use super::request::{Preset, TrainRequest};
use crate::domain::model::Family;

/// Most steps of one training.
pub const MOST_STEPS: u32 = 100_000;

/// Everything the trainer is told, but for where things lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The family of the base model.
    pub family: Family,
    /// The base model's file.
    pub base_model: String,
    /// The files FLUX needs beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flux: Option<FluxParts>,
    /// The word the character answers to.
    pub trigger_word: String,
    /// Pixels a side.
    pub resolution: u32,
    /// Pictures at a time.
    pub batch_size: u32,
    /// How often each picture is shown in one epoch.
    pub repeats: u32,
    /// How often it goes through all pictures.
    pub epochs: u32,
    /// Steps in all, where those were asked for instead of epochs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// How fast it learns.
    pub learning_rate: f64,
    /// How much the LoRA can hold.
    pub network_dim: u32,
    /// How much of it counts.
    pub network_alpha: f64,
    /// The same seed makes the same LoRA.
    pub seed: u32,
    /// Epochs between files in between.
    pub save_every: u32,
    /// Whether the state is saved too.
    pub save_state: bool,
    /// Drawn after each epoch.
    #[serde(default)]
    pub sample_prompts: Vec<String>,
    /// How numbers are kept.
    pub precision: Precision,
    /// What changes the weights.
    pub optimizer: Optimizer,
    /// More arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_args: Vec<String>,
}

/// The files FLUX needs beside its model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FluxParts {
    /// The CLIP-L text encoder.
    pub clip_l: String,
    /// The T5-XXL text encoder.
    pub t5xxl: String,
    /// The autoencoder.
    pub ae: String,
}

/// How numbers are kept while training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// For cards since 2020.
    #[default]
    Bf16,
    /// For older cards.
    Fp16,
    /// Full precision.
    No,
}

/// What changes the weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Works everywhere.
    #[default]
    AdamW,
    /// Takes less memory; needs bitsandbytes.
    AdamW8bit,
    /// Takes the least memory.
    Adafactor,
}

impl Precision {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Bf16, Self::Fp16, Self::No];

    /// As the trainer calls it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp16 => "fp16",
            Self::No => "no",
        }
    }
}

impl Optimizer {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::AdamW, Self::AdamW8bit, Self::Adafactor];

    /// As the trainer calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AdamW => "AdamW",
            Self::AdamW8bit => "AdamW8bit",
            Self::Adafactor => "Adafactor",
        }
    }

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::AdamW => "adamw",
            Self::AdamW8bit => "adamw8bit",
            Self::Adafactor => "adafactor",
        }
    }
}

/// What a preset means for a family.
struct Recipe {
    steps: u32,
    epochs: u32,
    dim: u32,
    alpha: f64,
    resolution: u32,
}

fn recipe(family: Family, preset: Preset) -> Recipe {
    let recipe = |steps, epochs, dim, alpha, resolution| Recipe { steps, epochs, dim, alpha, resolution };
    match (family, preset) {
        (Family::Sd15, Preset::Quick) => recipe(600, 5, 16, 8.0, 512),
        (Family::Sd15, Preset::Balanced) => recipe(1_500, 10, 32, 16.0, 512),
        (Family::Sd15, Preset::Thorough) => recipe(3_000, 15, 64, 32.0, 640),
        (Family::Sdxl, Preset::Quick) => recipe(500, 5, 16, 8.0, 768),
        (Family::Sdxl, Preset::Balanced) => recipe(1_500, 10, 32, 16.0, 1_024),
        (Family::Sdxl, Preset::Thorough) => recipe(2_500, 12, 64, 32.0, 1_024),
        (Family::Flux, Preset::Quick) => recipe(400, 4, 8, 8.0, 512),
        (Family::Flux, Preset::Balanced) => recipe(1_200, 8, 16, 16.0, 768),
        (Family::Flux, Preset::Thorough) => recipe(2_000, 10, 32, 32.0, 1_024),
    }
}

/// What the settings and the dataset add to a request.
#[derive(Debug, Clone)]
pub struct Given {
    /// The family of the base model.
    pub family: Family,
    /// The base model's file.
    pub base_model: String,
    /// The files FLUX needs beside it.
    pub flux: Option<FluxParts>,
    /// The word the character answers to.
    pub trigger_word: String,
    /// How many pictures there are to learn from.
    pub pictures: u32,
}

impl Plan {
    /// The request with every gap filled.
    pub fn of(request: &TrainRequest, given: Given) -> Self {
        let Given { family, base_model, flux, trigger_word, pictures } = given;
        let usual = recipe(family, request.preset);
        let batch_size = request.batch_size.unwrap_or(1);
        let epochs = request.epochs.unwrap_or(usual.epochs);
        // So many showings of each picture that the preset's steps come together.
        let shown = (usual.steps * batch_size).div_ceil(usual.epochs * pictures.max(1));
        let repeats = request.repeats.unwrap_or(shown.clamp(1, 1_000));
        let dim = request.network_dim.unwrap_or(usual.dim);
        // Another size keeps the preset's proportion.
        let alpha = request.network_alpha.unwrap_or(usual.alpha / f64::from(usual.dim) * f64::from(dim));
        let samples = request.sample_prompts.clone().unwrap_or_else(|| usual_samples(&trigger_word));
        let mut plan = Self {
            family,
            base_model,
            flux,
            trigger_word,
            resolution: request.resolution.unwrap_or(usual.resolution),
            batch_size,
            repeats,
            epochs,
            steps: request.steps,
            learning_rate: request.learning_rate.unwrap_or(1e-4),
            network_dim: dim,
            network_alpha: alpha,
            seed: request.seed.unwrap_or(42),
            save_every: request.save_every.unwrap_or(1),
            save_state: request.save_state.unwrap_or(true),
            sample_prompts: samples.into_iter().map(|prompt| prompt.trim().to_owned()).filter(|prompt| !prompt.is_empty()).collect(),
            precision: request.precision.unwrap_or_default(),
            optimizer: request.optimizer.unwrap_or_default(),
            extra_args: request.extra_args.clone(),
        };
        if let Some(steps) = plan.steps {
            plan.epochs = steps.div_ceil(plan.steps_per_epoch(pictures));
        }
        plan
    }

    /// How many steps one epoch has.
    pub fn steps_per_epoch(&self, pictures: u32) -> u32 {
        (pictures * self.repeats).div_ceil(self.batch_size).max(1)
    }

    /// How many steps the training has.
    pub fn total_steps(&self, pictures: u32) -> u32 {
        self.steps.unwrap_or_else(|| self.steps_per_epoch(pictures).saturating_mul(self.epochs))
    }

    /// About how many bytes it writes at most: the LoRA, those in between, and two saved states.
    pub fn bytes(&self) -> u64 {
        // Measured on files of sd-scripts at half precision.
        let for_each_dim: u64 = match self.family {
            Family::Sd15 => 1_200_000,
            Family::Sdxl => 5_500_000,
            Family::Flux => 19_000_000,
        };
        let lora = for_each_dim * u64::from(self.network_dim);
        let files = u64::from(self.epochs / self.save_every.max(1)) + 1;
        // Weights and optimizer at full precision.
        let states = if self.save_state { 3 * 6 * lora } else { 0 };
        lora * files + states
    }
}

fn usual_samples(trigger: &str) -> Vec<String> {
    let who = if trigger.is_empty() { "a person" } else { trigger };
    vec![format!("{who}, portrait, looking at the camera"), format!("{who}, full body, standing in a street")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(request: serde_json::Value, family: Family, pictures: u32) -> Plan {
        let mut request = request;
        request["characterId"] = "a".into();
        request["baseModel"] = family.key().into();
        let request: TrainRequest = serde_json::from_value(request).unwrap();
        Plan::of(&request, Given { family, base_model: "base.safetensors".into(), flux: None, trigger_word: "luna".into(), pictures })
    }

    #[test]
    fn a_preset_takes_about_as_long_however_many_pictures_there_are() {
        for family in Family::ALL {
            for preset in Preset::ALL {
                let wanted = recipe(family, preset).steps;
                for pictures in [1, 7, 20, 60] {
                    let plan = plan(serde_json::json!({"preset": preset}), family, pictures);
                    let steps = plan.total_steps(pictures);
                    assert!(steps >= wanted && steps <= wanted * 3 / 2, "{family:?} {preset:?} {pictures}: {steps} of {wanted}");
                }
            }
        }
    }

    #[test]
    fn what_is_asked_for_comes_before_the_preset() {
        let plan =
            plan(serde_json::json!({"steps": 100, "repeats": 2, "batchSize": 4, "networkDim": 8, "samplePrompts": []}), Family::Sd15, 10);
        assert_eq!((plan.steps_per_epoch(10), plan.total_steps(10), plan.epochs), (5, 100, 20));
        assert_eq!((plan.network_dim, plan.network_alpha), (8, 4.0));
        assert!(plan.sample_prompts.is_empty());
    }
}
