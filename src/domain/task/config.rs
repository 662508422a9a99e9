//! How a task does what it does.

use std::mem::discriminant;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::TaskType;
use crate::domain::{
    backup::Extent,
    caption::Network,
    dataset::DatasetId,
    generation::{LARGEST_BATCH, LONGEST_PROMPT, check_ranges},
    lenient::text_or_null,
    model::LoraUse,
    problem::{Checks, FieldError, Kind, Problem},
    training::Preset,
};

/// How a task does what it does. What is left out follows the character, and after that the model's family.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskConfig {
    /// What happens in the pictures; empty means an unused prompt of their library, else a new idea. Older: `customPrompt`.
    #[serde(deserialize_with = "text_or_null", skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// What must not be in the pictures, instead of the character's own.
    #[serde(deserialize_with = "text_or_null", skip_serializing_if = "String::is_empty")]
    pub negative_prompt: String,
    /// Instead of the character's own.
    #[serde(deserialize_with = "text_or_null", skip_serializing_if = "String::is_empty")]
    pub style: String,
    /// Instead of the character's own.
    #[serde(deserialize_with = "text_or_null", skip_serializing_if = "String::is_empty")]
    pub mood: String,
    /// As ComfyUI lists it. Older: `fluxModel`.
    #[serde(deserialize_with = "no_empty_text", skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// 1–150.
    #[serde(deserialize_with = "whole_number", skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// 0–30.
    #[serde(deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub cfg: Option<f64>,
    /// In pixels, 64–4096.
    #[serde(deserialize_with = "whole_number", skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In pixels, 64–4096.
    #[serde(deserialize_with = "whole_number", skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Instead of the character's own; an empty list means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loras: Option<Vec<LoraUse>>,
    /// How many pictures, 1–8. A post shows all of them, X the first four.
    #[serde(deserialize_with = "whole_number", skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Whether words are written for it; `true` when left out.
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub generate_caption: Option<bool>,
    /// `true` when left out, but not for the older `generate_and_post_to_twitter`.
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub post_to_instagram: Option<bool>,
    /// `false` when left out, but not for the older `generate_and_post_to_twitter`.
    #[serde(deserialize_with = "flag", skip_serializing_if = "Option::is_none")]
    pub post_to_twitter: Option<bool>,
    /// Whether a person has to approve: `always`, `never`, or `autonomy` for as the character is set.
    #[serde(deserialize_with = "wish", skip_serializing_if = "is_by_autonomy")]
    pub review: ReviewWish,
    /// `train_lora`: a family (`sd15`, `sdxl`, `flux`) for its first base model, or the file's name or path as the settings have it.
    #[serde(deserialize_with = "text_or_null", skip_serializing_if = "String::is_empty")]
    pub base_model: String,
    /// `train_lora`: what it learns from; their newest dataset with pictures when left out.
    #[serde(deserialize_with = "no_empty_text", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub dataset_id: Option<DatasetId>,
    /// `train_lora`: how much time it may take; `balanced` when left out.
    #[serde(deserialize_with = "preset", skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// How much a backup takes along: `records`, `pictures` (when left out) or `everything`.
    #[serde(deserialize_with = "extent", skip_serializing_if = "is_usual_extent")]
    pub extent: Extent,
    /// Which networks that makes. Worked out when it is read.
    #[serde(skip)]
    pub networks: Vec<Network>,
}

/// Whether a person has to approve what a task makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewWish {
    /// As the character is set.
    #[default]
    Autonomy,
    /// Each time, whatever the character may do on their own.
    Always,
    /// Not for this task, whatever is set for the character, except drafts only.
    Never,
}

impl ReviewWish {
    /// Every wish.
    pub const ALL: [Self; 3] = [Self::Autonomy, Self::Always, Self::Never];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Autonomy => "autonomy",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Autonomy => "As set for the character",
            Self::Always => "Always: a person approves each picture",
            Self::Never => "Never: what this task makes needs no approval",
        }
    }
}

/// Names as older apps wrote them, and as we do.
const OLDER: [(&str, &str); 14] = [
    ("customPrompt", "prompt"),
    ("custom_prompt", "prompt"),
    ("negative_prompt", "negativePrompt"),
    ("fluxModel", "model"),
    ("flux_model", "model"),
    ("generate_caption", "generateCaption"),
    ("post_to_instagram", "postToInstagram"),
    ("post_to_twitter", "postToTwitter"),
    ("postToX", "postToTwitter"),
    ("cfgScale", "cfg"),
    ("cfg_scale", "cfg"),
    ("batchSize", "count"),
    ("base_model", "baseModel"),
    ("dataset_id", "datasetId"),
];

/// Today's name of a key.
fn name(key: &str) -> &str {
    OLDER.iter().find(|(older, _)| *older == key).map_or(key, |(_, name)| name)
}

/// Puts what was sent over what is stored, key by key, in today's names; `null` removes a key.
pub(super) fn merge(stored: &mut Map<String, Value>, sent: Map<String, Value>) {
    let mut merged = todays(stored);
    for (key, value) in todays(&sent) {
        match value {
            Value::Null => {
                merged.shift_remove(&key);
            }
            value => {
                let value = as_read(&key, value);
                merged.insert(key, value);
            }
        }
    }
    *stored = merged;
}

/// A value as [`TaskConfig`] has it where it came as another type: a number that was sent as a text, or a text as a
/// number. What is unknown to it stays as it came, and so does what it cannot read, for the check to name.
fn as_read(key: &str, sent: Value) -> Value {
    let alone = Value::Object(Map::from_iter([(key.to_owned(), sent.clone())]));
    let read = serde_json::from_value::<TaskConfig>(alone).and_then(serde_json::to_value);
    match read.ok().and_then(|mut config| config.get_mut(key).map(Value::take)) {
        // A number JSON has no words for is written as `null`.
        Some(read) if !read.is_null() && discriminant(&read) != discriminant(&sent) => read,
        Some(_) | None => sent,
    }
}

/// The same in today's names. Where both are there, today's name counts.
fn todays(config: &Map<String, Value>) -> Map<String, Value> {
    let named = config.iter().filter(|(key, _)| name(key) == key.as_str() || !config.contains_key(name(key)));
    named.map(|(key, value)| (name(key).to_owned(), value.clone())).collect()
}

impl TaskConfig {
    /// Reads a config as it is stored. A value of the wrong type is said by its field.
    pub fn read(kind: &TaskType, config: &Map<String, Value>) -> Result<Self, Problem> {
        let read: Result<Self, _> = serde_path_to_error::deserialize(Value::Object(todays(config)));
        let mut config = read.map_err(|error| {
            let field = format!("config.{}", error.path());
            let message = sentence(&error.into_inner().to_string());
            Problem { kind: Kind::Invalid, message: format!("{field}: {message}"), errors: vec![FieldError { field, message }] }
        })?;
        config.networks = config.networks_of(kind);
        Ok(config)
    }

    fn networks_of(&self, kind: &TaskType) -> Vec<Network> {
        if !kind.posts() {
            return Vec::new();
        }
        let to_x = *kind == TaskType::GenerateAndPostToTwitter;
        let wanted = [(Network::Instagram, self.post_to_instagram.unwrap_or(!to_x)), (Network::X, self.post_to_twitter.unwrap_or(to_x))];
        wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(network, _)| network).collect()
    }

    /// How many pictures.
    pub fn count(&self) -> u32 {
        self.count.unwrap_or(1)
    }

    /// Whether words are written.
    pub fn writes_caption(&self) -> bool {
        self.generate_caption.unwrap_or(true)
    }

    pub(super) fn check(&self, kind: &TaskType, checks: &mut Checks) {
        checks.at_most("config.prompt", &self.prompt, LONGEST_PROMPT);
        checks.at_most("config.negativePrompt", &self.negative_prompt, LONGEST_PROMPT);
        for (field, text) in [("config.style", &self.style), ("config.mood", &self.mood)] {
            checks.at_most(field, text, 1_000);
        }
        check_ranges(
            checks,
            &[("config.width", self.width), ("config.height", self.height)],
            ("config.steps", self.steps),
            ("config.cfg", self.cfg),
        );
        let fits = self.count.is_none_or(|count| (1..=LARGEST_BATCH).contains(&count));
        checks.require(fits, "config.count", format!("Ask for 1 to {LARGEST_BATCH} pictures at once."));
        for (place, lora) in self.loras.as_deref().unwrap_or_default().iter().enumerate() {
            let strong = (-2.0..=2.0).contains(&lora.strength);
            checks.require(strong, format!("config.loras[{place}].strength"), "A LoRA's strength lies between -2 and 2.");
        }
        checks.require(
            *kind != TaskType::TrainLora || !self.base_model.trim().is_empty(),
            "config.baseModel",
            "Choose the model to train on.",
        );
        checks.require(!kind.posts() || !self.networks.is_empty(), "config.postToInstagram", "Choose at least one network it goes to.");
    }
}

fn is_by_autonomy(wish: &ReviewWish) -> bool {
    *wish == ReviewWish::Autonomy
}

fn is_usual_extent(extent: &Extent) -> bool {
    *extent == Extent::default()
}

fn extent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extent, D::Error> {
    let wrong = || serde::de::Error::custom("choose from records, pictures, everything");
    match Loose::deserialize(deserializer).map_err(|_| wrong())? {
        Loose::Null(()) => Ok(Extent::default()),
        Loose::Text(text) => Extent::from_key(text.trim()).ok_or_else(wrong),
        Loose::Flag(_) | Loose::Number(_) => Err(wrong()),
    }
}

fn no_empty_text<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Some(text_or_null(deserializer)?.trim().to_owned()).filter(|text| !text.is_empty()).map(T::from))
}

/// Forms of older apps sent everything as texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Flag(bool),
    Number(f64),
    Text(String),
    Null(()),
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let wrong = || serde::de::Error::custom("write true or false");
    match Loose::deserialize(deserializer).map_err(|_| wrong())? {
        Loose::Flag(flag) => Ok(Some(flag)),
        Loose::Null(()) => Ok(None),
        Loose::Text(text) if text.trim().is_empty() => Ok(None),
        Loose::Text(text) => text.trim().to_lowercase().parse().map(Some).map_err(|_| wrong()),
        Loose::Number(_) => Err(wrong()),
    }
}

fn wish<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReviewWish, D::Error> {
    let wrong = || serde::de::Error::custom("choose from always, never, autonomy");
    match Loose::deserialize(deserializer).map_err(|_| wrong())? {
        Loose::Null(()) => Ok(ReviewWish::default()),
        Loose::Text(text) => ReviewWish::ALL.into_iter().find(|wish| wish.key() == text.trim()).ok_or_else(wrong),
        Loose::Flag(_) | Loose::Number(_) => Err(wrong()),
    }
}

fn preset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Preset>, D::Error> {
    let key: Option<String> = no_empty_text(deserializer)?;
    let wrong = || serde::de::Error::custom("choose from quick, balanced, thorough");
    key.map(|key| Preset::from_key(&key).ok_or_else(wrong)).transpose()
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let wrong = |_| serde::de::Error::custom("write a number");
    match Loose::deserialize(deserializer).map_err(wrong)? {
        Loose::Number(number) => Ok(Some(number)),
        Loose::Null(()) => Ok(None),
        Loose::Text(text) if text.trim().is_empty() => Ok(None),
        Loose::Text(text) => text.trim().parse().map(Some).map_err(|_| serde::de::Error::custom("write a number")),
        Loose::Flag(_) => Err(serde::de::Error::custom("write a number")),
    }
}

fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let wrong = || serde::de::Error::custom("write a whole number");
    match number(deserializer).map_err(|_: D::Error| wrong())? {
        None => Ok(None),
        Some(number) if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) => Ok(Some(number as u32)),
        Some(_) => Err(wrong()),
    }
}

/// serde's words as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is stored of a config that is sent.
    fn stored(sent: Value) -> Map<String, Value> {
        let mut stored = Map::new();
        merge(&mut stored, serde_json::from_value(sent).unwrap());
        stored
    }

    #[test]
    fn a_config_has_its_own_types_whatever_types_were_sent() {
        let config = stored(json!({"steps": " 20 ", "cfg": "6.5", "width": "512", "height": 768, "count": "2", "postToX": "True",
            "style": 7, "mood": 1.5, "model": 3, "prompt": "20", "datasetId": 12, "mystery": "20"}));
        let expected = json!({"steps": 20, "cfg": 6.5, "width": 512, "height": 768, "count": 2, "postToTwitter": true,
            "style": "7", "mood": "1.5", "model": "3", "prompt": "20", "datasetId": "12", "mystery": "20"});
        assert_eq!(Value::Object(config), expected);
    }

    #[test]
    fn what_a_config_cannot_have_stays_as_it_was_sent_and_is_named() {
        let wrong = json!({"steps": ["many", "20.5", true, [20]], "cfg": ["many", "NaN", "-inf", true], "style": [true],
            "postToTwitter": ["x", 1]});
        for (field, values) in wrong.as_object().unwrap() {
            for value in values.as_array().unwrap() {
                let config = stored(json!({ field: value }));
                assert_eq!(config[field], *value);
                let mut checks = Checks::default();
                let named = TaskConfig::read(&TaskType::default(), &config).and_then(|config| {
                    config.check(&TaskType::default(), &mut checks);
                    checks.finish()
                });
                assert_eq!(named.unwrap_err().errors[0].field, format!("config.{field}"), "{value}");
            }
        }
    }
}
