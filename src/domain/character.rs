//! Personas.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    autonomy::{Autonomy, USUAL_VETO_HOURS},
    id::Id,
    model::LoraUse,
    moment,
    narrative::{self, Chapter, Narrative, NarrativeId},
    problem::{Checks, Problem},
    secret::Mask,
    sent::Sent,
    training::LoraVersion,
};

/// The id of a character.
pub type CharacterId = Id<Character>;

/// Most story arcs one character may have.
pub const MOST_NARRATIVES: usize = 200;
/// Longest text in characters, of personality, backstory and the prompt settings.
pub const LONGEST_TEXT: usize = 10_000;

/// A persona: profile, voice, look, story arcs, accounts. Its credentials are sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Character {
    /// Made by us; ids of older apps are kept.
    pub id: CharacterId,
    /// 1–80 characters.
    #[serde(default)]
    pub name: String,
    /// How she speaks and thinks.
    #[serde(default, deserialize_with = "text_or_list")]
    pub personality: String,
    /// Where she comes from.
    #[serde(default, deserialize_with = "text_or_null")]
    pub backstory: String,
    /// Without `@`; letters, digits, `.` and `_`, at most 30.
    #[serde(default, deserialize_with = "text_or_null")]
    pub instagram_handle: String,
    /// Without `@`; letters, digits and `_`, at most 15.
    #[serde(default, deserialize_with = "text_or_null")]
    pub twitter_handle: String,
    /// Resting characters are not offered for new pictures.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// When she was created.
    #[serde(default, with = "moment::lenient")]
    pub created_at: Option<DateTime<Utc>>,
    /// When she was last changed.
    #[serde(default, with = "moment::lenient")]
    pub updated_at: Option<DateTime<Utc>>,
    /// The checkpoint or diffusion model her pictures are made with, as ComfyUI lists it.
    #[serde(default, deserialize_with = "text_or_null")]
    pub preferred_model: String,
    /// The word her LoRA was trained on.
    #[serde(default, deserialize_with = "text_or_null")]
    pub trigger_word: String,
    /// What goes into each of her prompts.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prompt_settings: PromptSettings,
    /// Her story arcs.
    #[serde(default, deserialize_with = "narrative::with_ids")]
    pub narratives: Vec<Narrative>,
    /// The id of her Instagram account, as the network gives it.
    #[serde(default, deserialize_with = "text_or_null")]
    pub instagram_account_id: String,
    /// The id of her X account.
    #[serde(default, deserialize_with = "text_or_null")]
    pub twitter_account_id: String,
    /// Her time zone (IANA); empty means the one from the settings.
    #[serde(default, deserialize_with = "text_or_null")]
    pub timezone: String,
    /// Her LoRAs, applied in this order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub loras: Vec<LoraUse>,
    /// The LoRAs that were trained for her, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub lora_versions: Vec<LoraVersion>,
    /// What her pictures are made with unless a request says otherwise.
    #[serde(default, deserialize_with = "null_as_default")]
    pub defaults: GenerationDefaults,
    /// How much she may do by herself.
    #[serde(default, deserialize_with = "null_as_default")]
    pub autonomy: Autonomy,
    /// Hours a person has to say no, where she goes out by herself unless somebody does; 1–168.
    #[serde(default = "usual_veto_hours")]
    pub veto_hours: u32,
    /// Her posts are rehearsals, whatever is set for all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

fn usual_veto_hours() -> u32 {
    USUAL_VETO_HOURS
}

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

/// A credential of a character. The names are those of the JSON contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Credential {
    /// Instagram access token.
    InstagramApiKey,
    /// X API key.
    TwitterAppKey,
    /// X API key secret.
    TwitterAppSecret,
    /// X access token.
    TwitterAccessToken,
    /// X access token secret.
    TwitterAccessSecret,
}

impl Credential {
    /// Every credential, in the order of the contract.
    pub const ALL: [Self; 5] =
        [Self::InstagramApiKey, Self::TwitterAppKey, Self::TwitterAppSecret, Self::TwitterAccessToken, Self::TwitterAccessSecret];

    /// The field's name in the contract.
    pub fn field(self) -> &'static str {
        match self {
            Self::InstagramApiKey => "instagramApiKey",
            Self::TwitterAppKey => "twitterAppKey",
            Self::TwitterAppSecret => "twitterAppSecret",
            Self::TwitterAccessToken => "twitterAccessToken",
            Self::TwitterAccessSecret => "twitterAccessSecret",
        }
    }

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::InstagramApiKey => "Instagram access token",
            Self::TwitterAppKey => "X API key",
            Self::TwitterAppSecret => "X API key secret",
            Self::TwitterAccessToken => "X access token",
            Self::TwitterAccessSecret => "X access token secret",
        }
    }
}

/// A character as the API shows it: with masks where credentials are.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CharacterView {
    /// The stored character.
    #[serde(flatten)]
    pub character: Character,
    /// Instagram access token.
    pub instagram_api_key: Option<Mask>,
    /// X API key.
    pub twitter_app_key: Option<Mask>,
    /// X API key secret.
    pub twitter_app_secret: Option<Mask>,
    /// X access token.
    pub twitter_access_token: Option<Mask>,
    /// X access token secret.
    pub twitter_access_secret: Option<Mask>,
}

/// What a request says of a character, to create one or to change one. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = CharacterInput)]
pub struct CharacterChange {
    /// 1–80 characters; needed to create one.
    #[schema(value_type = Option<String>)]
    pub name: Sent<String>,
    /// At most 10,000 characters. Older clients send a list.
    #[schema(value_type = Option<String>)]
    pub personality: Sent<TextOrList>,
    /// At most 10,000 characters.
    #[schema(value_type = Option<String>)]
    pub backstory: Sent<String>,
    /// With or without `@`.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "instagram_handle")]
    pub instagram_handle: Sent<String>,
    /// With or without `@`.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "twitter_handle")]
    pub twitter_handle: Sent<String>,
    /// Whether she is offered for new pictures.
    #[schema(value_type = Option<bool>)]
    #[serde(alias = "is_active")]
    pub is_active: Sent<bool>,
    /// As ComfyUI lists it.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "preferred_model")]
    pub preferred_model: Sent<String>,
    /// The word her LoRA was trained on.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "trigger_word")]
    pub trigger_word: Sent<String>,
    /// Merged field by field.
    #[schema(value_type = Option<PromptSettings>)]
    #[serde(alias = "prompt_settings")]
    pub prompt_settings: Sent<PromptSettingsChange>,
    /// Replaces all arcs; those without an id get one.
    #[schema(value_type = Option<Vec<Narrative>>)]
    pub narratives: Sent<Vec<Narrative>>,
    /// The id of her Instagram account.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "instagram_account_id")]
    pub instagram_account_id: Sent<String>,
    /// The id of her X account.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "twitter_account_id")]
    pub twitter_account_id: Sent<String>,
    /// IANA name, as in `Europe/Rome`.
    #[schema(value_type = Option<String>)]
    pub timezone: Sent<String>,
    /// Replaces all LoRAs.
    #[schema(value_type = Option<Vec<LoraUse>>)]
    pub loras: Sent<Vec<LoraUse>>,
    /// Replaces all defaults.
    #[schema(value_type = Option<GenerationDefaults>)]
    pub defaults: Sent<GenerationDefaults>,
    /// How much she may do by herself.
    #[schema(value_type = Option<Autonomy>)]
    pub autonomy: Sent<Autonomy>,
    /// 1–168.
    #[schema(value_type = Option<u32>)]
    #[serde(alias = "veto_hours")]
    pub veto_hours: Sent<u32>,
    /// Her posts are rehearsals, whatever is set for all.
    #[schema(value_type = Option<bool>)]
    #[serde(alias = "dry_run")]
    pub dry_run: Sent<bool>,
    /// Secret. The mask keeps it, `null` or an empty text clears it.
    #[schema(value_type = Option<String>)]
    pub instagram_api_key: Sent<NewSecret>,
    /// Secret, as above.
    #[schema(value_type = Option<String>)]
    pub twitter_app_key: Sent<NewSecret>,
    /// Secret, as above.
    #[schema(value_type = Option<String>)]
    pub twitter_app_secret: Sent<NewSecret>,
    /// Secret, as above.
    #[schema(value_type = Option<String>)]
    pub twitter_access_token: Sent<NewSecret>,
    /// Secret, as above.
    #[schema(value_type = Option<String>)]
    pub twitter_access_secret: Sent<NewSecret>,
}

/// What a request says of the prompt settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PromptSettingsChange {
    #[serde(alias = "base_prompt")]
    #[expect(missing_docs, reason = "the fields are those of `PromptSettings`")]
    pub base_prompt: Sent<String>,
    #[serde(alias = "negative_prompt")]
    #[expect(missing_docs, reason = "the fields are those of `PromptSettings`")]
    pub negative_prompt: Sent<String>,
    #[expect(missing_docs, reason = "the fields are those of `PromptSettings`")]
    pub style: Sent<String>,
    #[expect(missing_docs, reason = "the fields are those of `PromptSettings`")]
    pub mood: Sent<String>,
}

/// A secret on its way in. Does not print, and is written out as `null`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct NewSecret(pub String);

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSecret")
    }
}

impl Serialize for NewSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

/// A text that older clients send as a list of words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text, or a list of texts")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TextOrList {
    Text(String),
    List(Vec<String>),
}

impl TextOrList {
    /// One text; the members of a list are joined with commas.
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::List(words) => words.join(", "),
        }
    }
}

impl Character {
    /// A character of whom nothing is known yet.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            id: CharacterId::new(),
            name: String::new(),
            personality: String::new(),
            backstory: String::new(),
            instagram_handle: String::new(),
            twitter_handle: String::new(),
            is_active: true,
            created_at: Some(now),
            updated_at: Some(now),
            preferred_model: String::new(),
            trigger_word: String::new(),
            prompt_settings: PromptSettings::default(),
            narratives: Vec::new(),
            instagram_account_id: String::new(),
            twitter_account_id: String::new(),
            timezone: String::new(),
            loras: Vec::new(),
            lora_versions: Vec::new(),
            defaults: GenerationDefaults::default(),
            autonomy: Autonomy::default(),
            veto_hours: USUAL_VETO_HOURS,
            dry_run: false,
            extra: serde_json::Map::new(),
        }
    }

    /// Her own time zone, or the given one.
    pub fn zone(&self, otherwise: chrono_tz::Tz) -> chrono_tz::Tz {
        self.timezone.parse().unwrap_or(otherwise)
    }

    /// What day it is where she lives.
    pub fn today(&self, now: DateTime<Utc>, otherwise: chrono_tz::Tz) -> NaiveDate {
        now.with_timezone(&self.zone(otherwise)).date_naive()
    }

    /// The arc she is in.
    pub fn active_narrative(&self, now: DateTime<Utc>, otherwise: chrono_tz::Tz) -> Option<&Narrative> {
        narrative::active(&self.narratives, self.today(now, otherwise))
    }

    /// Where she is in her story.
    pub fn chapter(&self, now: DateTime<Utc>, otherwise: chrono_tz::Tz) -> Option<Chapter<'_>> {
        self.active_narrative(now, otherwise)?.chapter(self.today(now, otherwise))
    }

    /// Applies what was sent, tidied; the result still has to pass [`Character::check`].
    pub fn apply(&mut self, change: CharacterChange, now: DateTime<Utc>) {
        change.name.set_trimmed(&mut self.name);
        match change.personality {
            Sent::Absent => {}
            Sent::Null => self.personality.clear(),
            Sent::Value(text) => self.personality = text.into_text(),
        }
        change.backstory.set(&mut self.backstory);
        change.instagram_handle.set_handle(&mut self.instagram_handle);
        change.twitter_handle.set_handle(&mut self.twitter_handle);
        if let Sent::Value(active) = change.is_active {
            self.is_active = active;
        }
        change.preferred_model.set_trimmed(&mut self.preferred_model);
        change.trigger_word.set_trimmed(&mut self.trigger_word);
        match change.prompt_settings {
            Sent::Absent => {}
            Sent::Null => self.prompt_settings = PromptSettings::default(),
            Sent::Value(settings) => {
                settings.base_prompt.set(&mut self.prompt_settings.base_prompt);
                settings.negative_prompt.set(&mut self.prompt_settings.negative_prompt);
                settings.style.set(&mut self.prompt_settings.style);
                settings.mood.set(&mut self.prompt_settings.mood);
            }
        }
        change.narratives.map(with_new_ids).set(&mut self.narratives);
        change.instagram_account_id.set_trimmed(&mut self.instagram_account_id);
        change.twitter_account_id.set_trimmed(&mut self.twitter_account_id);
        change.timezone.set_trimmed(&mut self.timezone);
        change.autonomy.set(&mut self.autonomy);
        change.veto_hours.or(USUAL_VETO_HOURS).set(&mut self.veto_hours);
        change.dry_run.set(&mut self.dry_run);
        change.loras.set(&mut self.loras);
        self.mark_versions();
        change.defaults.set(&mut self.defaults);
        self.updated_at = Some(now);
    }

    /// Checks a change of her. What was wrong before, as in files of older apps, does not stand in the way of the rest.
    pub fn check_since(&self, before: &Self) -> Result<(), Problem> {
        let Err(problem) = self.check() else { return Ok(()) };
        let known = before.check().err().map(|problem| problem.errors).unwrap_or_default();
        let mut checks = Checks::default();
        let new = problem.errors.into_iter().filter(|error| !known.contains(error));
        new.for_each(|error| checks.wrong(error.field, error.message));
        checks.finish()
    }

    /// Marks those of her trained LoRAs that her pictures are made with.
    pub fn mark_versions(&mut self) {
        for version in &mut self.lora_versions {
            version.active = self.loras.iter().any(|lora| lora.name == version.name);
        }
    }

    /// Checks everything about her that is ours to check.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.says_something("name", &self.name, "Give the character a name.");
        checks.at_most("name", &self.name, 80);
        checks.require(!self.name.chars().any(char::is_control), "name", "A name is one line of plain text.");
        self.check_texts(&mut checks);
        self.check_accounts(&mut checks);
        self.check_look(&mut checks);
        checks.require(
            self.narratives.len() <= MOST_NARRATIVES,
            "narratives",
            format!("A character has at most {MOST_NARRATIVES} story arcs; these are {}.", self.narratives.len()),
        );
        let mut seen = std::collections::HashSet::new();
        for (place, arc) in self.narratives.iter().enumerate().take(MOST_NARRATIVES) {
            arc.check(&format!("narratives[{place}]"), &mut checks);
            checks.require(seen.insert(arc.id.as_str()), format!("narratives[{place}].id"), "Two arcs have this id.");
        }
        checks.finish()
    }

    fn check_texts(&self, checks: &mut Checks) {
        let settings = &self.prompt_settings;
        for (field, text) in [
            ("personality", &self.personality),
            ("backstory", &self.backstory),
            ("promptSettings.basePrompt", &settings.base_prompt),
            ("promptSettings.negativePrompt", &settings.negative_prompt),
            ("promptSettings.style", &settings.style),
            ("promptSettings.mood", &settings.mood),
        ] {
            checks.at_most(field, text, LONGEST_TEXT);
        }
        for (field, text) in [("triggerWord", &self.trigger_word), ("preferredModel", &self.preferred_model)] {
            checks.at_most(field, text, 500);
        }
        checks.require((1..=168).contains(&self.veto_hours), "vetoHours", "Choose 1 to 168 hours.");
        checks.require(
            self.timezone.is_empty() || self.timezone.parse::<chrono_tz::Tz>().is_ok(),
            "timezone",
            "This is not a time zone. Use an IANA name, as in Europe/Rome.",
        );
    }

    fn check_accounts(&self, checks: &mut Checks) {
        let instagram = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
        let handle = &self.instagram_handle;
        checks.require(
            handle.chars().all(instagram)
                && handle.len() <= 30
                && !handle.starts_with('.')
                && !handle.ends_with('.')
                && !handle.contains(".."),
            "instagramHandle",
            "An Instagram handle has at most 30 letters, digits, dots and underscores, without a dot at either end or two in a row.",
        );
        let x = |c: char| c.is_ascii_alphanumeric() || c == '_';
        checks.require(
            self.twitter_handle.chars().all(x) && self.twitter_handle.len() <= 15,
            "twitterHandle",
            "An X handle has at most 15 letters, digits and underscores.",
        );
        for (field, id) in [("instagramAccountId", &self.instagram_account_id), ("twitterAccountId", &self.twitter_account_id)] {
            checks.require(
                id.chars().all(|c| c.is_ascii_digit()) && id.len() <= 40,
                field,
                "An account id is a number, as the network shows it to developers.",
            );
        }
    }

    fn check_look(&self, checks: &mut Checks) {
        checks.require(self.loras.len() <= 10, "loras", "At most 10 LoRAs can be combined.");
        for (place, lora) in self.loras.iter().enumerate() {
            checks.require(!lora.name.trim().is_empty(), format!("loras[{place}].name"), "Name the LoRA.");
            checks.require(
                (-2.0..=2.0).contains(&lora.strength),
                format!("loras[{place}].strength"),
                "A LoRA's strength lies between -2 and 2.",
            );
        }
        let GenerationDefaults { width, height, steps, cfg } = self.defaults;
        super::generation::check_ranges(
            checks,
            &[("defaults.width", width), ("defaults.height", height)],
            ("defaults.steps", steps),
            ("defaults.cfg", cfg),
        );
    }
}

impl CharacterChange {
    /// What the request says of each credential.
    pub fn credentials(&self) -> [(Credential, &Sent<NewSecret>); 5] {
        [
            (Credential::InstagramApiKey, &self.instagram_api_key),
            (Credential::TwitterAppKey, &self.twitter_app_key),
            (Credential::TwitterAppSecret, &self.twitter_app_secret),
            (Credential::TwitterAccessToken, &self.twitter_access_token),
            (Credential::TwitterAccessSecret, &self.twitter_access_secret),
        ]
    }
}

impl Sent<String> {
    pub(super) fn set_trimmed(self, field: &mut String) {
        self.map(|text| text.trim().to_owned()).set(field);
    }

    /// Handles are stored without the `@` people type.
    fn set_handle(self, field: &mut String) {
        self.map(|text| text.trim().trim_start_matches('@').to_owned()).set(field);
    }
}

/// Arcs that come without an id get one.
fn with_new_ids(mut arcs: Vec<Narrative>) -> Vec<Narrative> {
    arcs.iter_mut().filter(|arc| arc.id.is_none()).for_each(|arc| arc.id = NarrativeId::new());
    arcs
}

fn yes() -> bool {
    true
}

pub(super) fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text")]
    enum Loose {
        Text(String),
        Number(serde_json::Number),
        Null(()),
    }
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Text(text) => text,
        Loose::Number(number) => number.to_string(),
        Loose::Null(()) => String::new(),
    })
}

fn text_or_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<TextOrList>::deserialize(deserializer)?.map(TextOrList::into_text).unwrap_or_default())
}

pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn old(value: serde_json::Value) -> Character {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_character_of_an_older_app_needs_only_its_id() {
        let luna = old(
            json!({"id": 3, "name": "Luna", "personality": ["dreamy", "kind"], "createdAt": "2025-01-02T03:04:05", "zodiac": "pisces"}),
        );
        assert_eq!(luna.id.as_str(), "3");
        assert_eq!(luna.personality, "dreamy, kind");
        assert!(luna.is_active);
        assert_eq!(luna.created_at.unwrap().to_rfc3339(), "2025-01-02T03:04:05+00:00");
        assert_eq!(serde_json::to_value(&luna).unwrap()["zodiac"], "pisces");
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name() {
        let now = Utc::now();
        let mut luna = old(json!({"id": "a", "name": "Luna", "backstory": "Born by the lake", "promptSettings": {"style": "film"}}));
        let change = serde_json::from_value(json!({"instagramHandle": " @luna.mystic ", "promptSettings": {"mood": "calm"}})).unwrap();
        luna.apply(change, now);
        assert_eq!(luna.instagram_handle, "luna.mystic");
        assert_eq!(luna.backstory, "Born by the lake");
        assert_eq!((luna.prompt_settings.style.as_str(), luna.prompt_settings.mood.as_str()), ("film", "calm"));
        luna.check().unwrap();
    }

    #[test]
    fn her_day_begins_and_ends_where_she_lives() {
        let mut luna = old(json!({"id": "a", "narratives": [{"title": "Quest", "startDate": "2026-11-01", "endDate": "2026-11-30"}]}));
        let at = |time: &str| time.parse::<DateTime<Utc>>().unwrap();
        let active = |luna: &Character, time: &str| luna.chapter(at(time), chrono_tz::Tz::UTC).map(|chapter| chapter.day.day);
        assert_eq!((active(&luna, "2026-11-30T23:59:59Z"), active(&luna, "2026-12-01T00:00:00Z")), (Some(30), None));
        luna.timezone = "America/Los_Angeles".into();
        assert_eq!((active(&luna, "2026-11-01T06:59:59Z"), active(&luna, "2026-11-01T07:00:00Z")), (None, Some(1)), "summer time still");
        assert_eq!((active(&luna, "2026-12-01T07:59:59Z"), active(&luna, "2026-12-01T08:00:00Z")), (Some(30), None));
        luna.timezone = "Pacific/Kiritimati".into();
        assert_eq!((active(&luna, "2026-10-31T10:00:00Z"), active(&luna, "2026-11-30T10:00:00Z")), (Some(1), None));
    }

    #[test]
    fn what_an_older_app_left_wrong_stands_in_nobodys_way() {
        let before = old(
            json!({"id": "a", "name": "Luna", "narratives": [{"title": null}, {"title": "Quest", "id": ""}], "backstory": "x".repeat(10_001)}),
        );
        assert_eq!(before.narratives.iter().map(|arc| arc.id.as_str()).collect::<Vec<_>>(), ["arc-1", "arc-2"]);
        let mut luna = before.clone();
        luna.apply(serde_json::from_value(json!({"name": "Lana"})).unwrap(), Utc::now());
        luna.check_since(&before).unwrap();
        luna.apply(serde_json::from_value(json!({"triggerWord": "x".repeat(501), "backstory": "y".repeat(10_002)})).unwrap(), Utc::now());
        let problem = luna.check_since(&before).unwrap_err();
        assert_eq!(problem.errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["backstory", "triggerWord"]);
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let mut nobody = Character::new(Utc::now());
        nobody.twitter_handle = "way_too_long_for_x".into();
        nobody.timezone = "Mars/Base".into();
        nobody.backstory = "x".repeat(10_001);
        let problem = nobody.check().unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "backstory", "timezone", "twitterHandle"]);
    }
}
