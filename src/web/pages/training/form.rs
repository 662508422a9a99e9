//! The form of a new training: what is typed, and the request it makes.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        character::CharacterId,
        dataset::DatasetId,
        problem::{Checks, Problem},
        training::{Optimizer, Precision, Preset, TrainRequest, Training, TrainingId},
    },
    web::pages::characters::look::number,
};

/// What is typed. Everything is text until it is checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainForm {
    /// What the training is to be called by us.
    pub(super) id: String,
    pub(super) character_id: String,
    pub(super) dataset_id: String,
    pub(super) base_model: String,
    pub(super) name: String,
    pub(super) trigger_word: String,
    pub(super) preset: String,
    pub(super) epochs: String,
    pub(super) steps: String,
    pub(super) learning_rate: String,
    pub(super) network_dim: String,
    pub(super) network_alpha: String,
    pub(super) batch_size: String,
    pub(super) resolution: String,
    pub(super) repeats: String,
    pub(super) seed: String,
    pub(super) save_every: String,
    pub(super) save_state: String,
    pub(super) precision: String,
    pub(super) optimizer: String,
    /// One a line. `None`: as usual.
    pub(super) sample_prompts: Option<String>,
    pub(super) extra_args: String,
}

/// The form as it stands in a URL, for the preview.
#[derive(Deserialize)]
struct InQuery {
    form: TrainForm,
}

impl TrainForm {
    /// What was typed so far, when the page is asked for with it.
    pub(super) fn from_query() -> Option<Self> {
        let parts = use_context::<axum::http::request::Parts>()?;
        let query = parts.uri.query().filter(|query| query.contains("form%5B") || query.contains("form["))?;
        serde_qs::Config::new(5, false).deserialize_str::<InQuery>(query).ok().map(|typed| typed.form)
    }

    /// The same again, under another name.
    pub(super) fn again(training: &Training) -> Self {
        let plan = &training.plan;
        let save_state = if plan.save_state { "yes" } else { "no" };
        Self {
            id: TrainingId::new().to_string(),
            character_id: training.character_id.to_string(),
            dataset_id: training.dataset_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            base_model: plan.base_model.clone(),
            name: String::new(),
            trigger_word: plan.trigger_word.clone(),
            preset: training.preset.key().into(),
            epochs: if plan.steps.is_some() { String::new() } else { plan.epochs.to_string() },
            steps: plan.steps.map(|steps| steps.to_string()).unwrap_or_default(),
            learning_rate: plan.learning_rate.to_string(),
            network_dim: plan.network_dim.to_string(),
            network_alpha: plan.network_alpha.to_string(),
            batch_size: plan.batch_size.to_string(),
            resolution: plan.resolution.to_string(),
            repeats: plan.repeats.to_string(),
            seed: plan.seed.to_string(),
            save_every: plan.save_every.to_string(),
            save_state: save_state.into(),
            precision: plan.precision.key().into(),
            optimizer: plan.optimizer.key().into(),
            sample_prompts: Some(plan.sample_prompts.join("\n")),
            extra_args: shlex::try_join(plan.extra_args.iter().map(String::as_str)).unwrap_or_default(),
        }
    }

    /// The id the training is to have. Only ids as we make them: it becomes a folder's name.
    pub(super) fn id(&self) -> TrainingId {
        match uuid::Uuid::parse_str(&self.id) {
            Ok(id) => id.to_string().into(),
            Err(_) => TrainingId::new(),
        }
    }

    /// Whether anything of what is folded away was typed.
    pub(super) fn is_expert(&self) -> bool {
        let typed = [
            &self.epochs,
            &self.steps,
            &self.learning_rate,
            &self.network_dim,
            &self.network_alpha,
            &self.batch_size,
            &self.resolution,
            &self.repeats,
            &self.seed,
            &self.save_every,
            &self.precision,
            &self.optimizer,
            &self.extra_args,
        ];
        typed.into_iter().any(|text| !text.is_empty()) || self.save_state == "no"
    }

    /// The request this makes.
    pub(super) fn request(&self) -> Result<TrainRequest, Problem> {
        let mut checks = Checks::default();
        let extra = shlex::split(&self.extra_args);
        checks.require(extra.is_some(), "extraArgs", "A quotation mark is not closed.");
        let request = TrainRequest {
            character_id: CharacterId::from(self.character_id.as_str()),
            base_model: self.base_model.clone(),
            dataset_id: some(&self.dataset_id).map(DatasetId::from),
            image_paths: Vec::new(),
            name: some(&self.name),
            trigger_word: some(&self.trigger_word),
            preset: Preset::from_key(&self.preset).unwrap_or_default(),
            epochs: number("epochs", &self.epochs, &mut checks),
            steps: number("steps", &self.steps, &mut checks),
            learning_rate: number("learningRate", &self.learning_rate, &mut checks),
            network_dim: number("networkDim", &self.network_dim, &mut checks),
            network_alpha: number("networkAlpha", &self.network_alpha, &mut checks),
            batch_size: number("batchSize", &self.batch_size, &mut checks),
            resolution: number("resolution", &self.resolution, &mut checks),
            repeats: number("repeats", &self.repeats, &mut checks),
            seed: number("seed", &self.seed, &mut checks),
            save_every: number("saveEvery", &self.save_every, &mut checks),
            save_state: some(&self.save_state).map(|choice| choice != "no"),
            sample_prompts: self.sample_prompts.as_ref().map(|text| lines(text)),
            precision: Precision::ALL.into_iter().find(|one| one.key() == self.precision),
            optimizer: Optimizer::ALL.into_iter().find(|one| one.key() == self.optimizer),
            extra_args: extra.unwrap_or_default(),
        };
        checks.finish()?;
        Ok(request)
    }
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
