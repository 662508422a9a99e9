//! What is asked of a training.

use serde::{Deserialize, Serialize};

use super::plan::{Optimizer, Precision};
use crate::domain::{
    character::CharacterId,
    dataset::DatasetId,
    problem::{Checks, Problem},
};

/// How much time a training may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// To see whether the pictures are good enough.
    Quick,
    /// For most characters.
    #[default]
    Balanced,
    /// For the last bit of likeness.
    Thorough,
}

/// A request for a training. What is left out follows the preset and the model's family.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainRequest {
    /// For whom.
    #[serde(alias = "character_id")]
    pub character_id: CharacterId,
    /// A family (`sd15`, `sdxl`, `flux`) for its first base model, or the file's name or path as the settings have it.
    #[serde(alias = "base_model")]
    pub base_model: String,
    /// The dataset to learn from.
    #[serde(default, alias = "dataset_id", skip_serializing_if = "Option::is_none")]
    pub dataset_id: Option<DatasetId>,
    /// Pictures to learn from instead: paths this server gave out, or files below one of the folders the settings
    /// allow. They become a dataset.
    #[serde(default, alias = "image_paths", skip_serializing_if = "Vec::is_empty")]
    pub image_paths: Vec<String>,
    /// The LoRA's name; left out, it is made from the character's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The word the character answers to; left out, the dataset's or the character's own.
    #[serde(default, alias = "trigger_word", skip_serializing_if = "Option::is_none")]
    pub trigger_word: Option<String>,
    /// How much time it may take.
    #[serde(default)]
    pub preset: Preset,
    /// How often it goes through all pictures, 1–1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// How many steps in all, instead of epochs; 1–100000.
    #[serde(default, alias = "max_train_steps", skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// As in 0.0001.
    #[serde(default, alias = "learning_rate", skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// How much the LoRA can hold, 1–512.
    #[serde(default, alias = "network_dim", skip_serializing_if = "Option::is_none")]
    pub network_dim: Option<u32>,
    /// How much of it counts, mostly half of it or all; up to 512.
    #[serde(default, alias = "network_alpha", skip_serializing_if = "Option::is_none")]
    pub network_alpha: Option<f64>,
    /// Pictures at a time, 1–32.
    #[serde(default, alias = "batch_size", skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// Pictures are brought to about this many pixels a side, 256–2048 in steps of 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<u32>,
    /// How often each picture is shown in one epoch, 1–1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
    /// The same seed makes the same LoRA, as far as the card allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Epochs between files in between, 1–1000.
    #[serde(default, alias = "save_every", skip_serializing_if = "Option::is_none")]
    pub save_every: Option<u32>,
    /// Whether the state is saved too, so that it can be gone on from.
    #[serde(default, alias = "save_state", skip_serializing_if = "Option::is_none")]
    pub save_state: Option<bool>,
    /// Drawn after each epoch, at most eight; an empty list for none.
    #[serde(default, alias = "sample_prompts", skip_serializing_if = "Option::is_none")]
    pub sample_prompts: Option<Vec<String>>,
    /// How numbers are kept while training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// What changes the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<Optimizer>,
    /// More arguments for the trainer, one a place: `["--min_snr_gamma", "5"]`. They never pass through a shell.
    #[serde(default, alias = "extra_args", skip_serializing_if = "Vec::is_empty")]
    pub extra_args: Vec<String>,
}

impl Preset {
    /// Every preset, the shortest first.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Balanced, Self::Thorough];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Balanced => "balanced",
            Self::Thorough => "thorough",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Quick => "Quick",
            Self::Balanced => "Balanced",
            Self::Thorough => "Thorough",
        }
    }

    /// What it is for.
    pub fn words(self) -> &'static str {
        match self {
            Self::Quick => "To see whether the pictures are good enough",
            Self::Balanced => "For most characters",
            Self::Thorough => "For the last bit of likeness",
        }
    }

    /// The preset of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.key() == key)
    }
}

impl TrainRequest {
    /// Checks what can be checked without knowing anything else.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.require(!self.base_model.trim().is_empty(), "baseModel", "Choose the model to train on.");
        if let Some(name) = &self.name {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let fits = !name.is_empty() && name.len() <= 80 && name.chars().all(plain) && !name.starts_with(['.', '-']);
            checks.require(fits, "name", "A LoRA's name has at most 80 letters, digits, dots, dashes and underscores, as in luna-v2.");
        }
        if let Some(word) = &self.trigger_word {
            checks.at_most("triggerWord", word, 100);
            checks.require(!word.chars().any(char::is_control), "triggerWord", "The trigger word stands in one line.");
        }
        self.check_numbers(&mut checks);
        self.check_lists(&mut checks);
        checks.finish()
    }

    fn check_numbers(&self, checks: &mut Checks) {
        for (field, number, least, most) in [
            ("epochs", self.epochs, 1, 1_000),
            ("steps", self.steps, 1, super::plan::MOST_STEPS),
            ("networkDim", self.network_dim, 1, 512),
            ("batchSize", self.batch_size, 1, 32),
            ("repeats", self.repeats, 1, 1_000),
            ("saveEvery", self.save_every, 1, 1_000),
        ] {
            let fits = number.is_none_or(|number| (least..=most).contains(&number));
            checks.require(fits, field, format!("Choose {least} to {most}."));
        }
        let resolution = self.resolution.is_none_or(|pixels| (256..=2_048).contains(&pixels) && pixels.is_multiple_of(64));
        checks.require(resolution, "resolution", "Choose 256 to 2048 pixels, a multiple of 64.");
        let rate = self.learning_rate.is_none_or(|rate| rate > 0.0 && rate <= 10.0);
        checks.require(rate, "learningRate", "A learning rate is a small number above 0, as in 0.0001.");
        let alpha = self.network_alpha.is_none_or(|alpha| alpha > 0.0 && alpha <= 512.0);
        checks.require(alpha, "networkAlpha", "Choose a number above 0, up to 512.");
    }

    fn check_lists(&self, checks: &mut Checks) {
        let prompts = self.sample_prompts.as_deref().unwrap_or_default();
        checks.require(prompts.len() <= 8, "samplePrompts", "At most 8 prompts: each is drawn after every epoch.");
        for prompt in prompts.iter().take(8) {
            checks.at_most("samplePrompts", prompt, 1_000);
        }
        checks.require(self.image_paths.len() <= 2_000, "imagePaths", "At most 2000 pictures.");
        super::extra::check(&self.extra_args, checks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(request: serde_json::Value) -> Vec<String> {
        let request: TrainRequest = serde_json::from_value(request).unwrap();
        request.check().err().map(|problem| problem.errors.into_iter().map(|error| error.field).collect()).unwrap_or_default()
    }

    #[test]
    fn names_of_older_clients_are_understood() {
        let request: TrainRequest = serde_json::from_value(serde_json::json!({
            "character_id": "a", "base_model": "sd15", "image_paths": ["/x.png"], "learning_rate": 1e-4, "network_dim": 8
        }))
        .unwrap();
        assert_eq!((request.image_paths.len(), request.network_dim, request.preset), (1, Some(8), Preset::Balanced));
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let fields = wrong(serde_json::json!({
            "characterId": "a", "baseModel": " ", "name": "../x", "epochs": 0, "steps": 1_000_000, "learningRate": 0.0, "networkAlpha": -1.0,
            "resolution": 500, "samplePrompts": ["1", "2", "3", "4", "5", "6", "7", "8", "9"], "extraArgs": ["--output_dir", "/etc"]
        }));
        let all = ["baseModel", "name", "epochs", "steps", "resolution", "learningRate", "networkAlpha", "samplePrompts", "extraArgs"];
        assert_eq!(fields, all);
    }
}
