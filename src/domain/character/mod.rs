//! Personas.

mod change;
mod checks;
mod credential;
mod look;
mod text_or_list;
mod view;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    change::{CharacterChange, PromptSettingsChange},
    checks::{LONGEST_TEXT, MOST_NARRATIVES},
    credential::{Credential, NewSecret},
    look::{GenerationDefaults, PromptSettings},
    text_or_list::TextOrList,
    view::CharacterView,
};
use super::{
    autonomy::{Autonomy, USUAL_VETO_HOURS},
    id::Id,
    lenient::{null_as_default, text_or_null},
    model::LoraUse,
    moment,
    narrative::{self, Chapter, Narrative},
    training::LoraVersion,
};

/// The id of a character.
pub type CharacterId = Id<Character>;

/// A persona: profile, voice, look, story arcs, accounts. Its credentials are sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Character {
    /// Made by us; ids of older apps are kept.
    pub id: CharacterId,
    /// 1–80 characters.
    #[serde(default)]
    pub name: String,
    /// How they speak and think.
    #[serde(default, deserialize_with = "text_or_list::joined")]
    pub personality: String,
    /// Where they come from.
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
    /// When they were created.
    #[serde(default, with = "moment::lenient")]
    pub created_at: Option<DateTime<Utc>>,
    /// When they were last changed.
    #[serde(default, with = "moment::lenient")]
    pub updated_at: Option<DateTime<Utc>>,
    /// The checkpoint or diffusion model their pictures are made with, as ComfyUI lists it.
    #[serde(default, deserialize_with = "text_or_null")]
    pub preferred_model: String,
    /// The word their LoRA was trained on.
    #[serde(default, deserialize_with = "text_or_null")]
    pub trigger_word: String,
    /// What goes into each of their prompts.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prompt_settings: PromptSettings,
    /// Their story arcs.
    #[serde(default, deserialize_with = "narrative::with_ids")]
    pub narratives: Vec<Narrative>,
    /// The id of their Instagram account, as the network gives it.
    #[serde(default, deserialize_with = "text_or_null")]
    pub instagram_account_id: String,
    /// The id of their X account.
    #[serde(default, deserialize_with = "text_or_null")]
    pub twitter_account_id: String,
    /// Their time zone (IANA); empty means the one from the settings.
    #[serde(default, deserialize_with = "text_or_null")]
    pub timezone: String,
    /// Their LoRAs, applied in this order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub loras: Vec<LoraUse>,
    /// The LoRAs that were trained for them, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_default")]
    pub lora_versions: Vec<LoraVersion>,
    /// What their pictures are made with unless a request says otherwise.
    #[serde(default, deserialize_with = "null_as_default")]
    pub defaults: GenerationDefaults,
    /// How much they may do on their own.
    #[serde(default, deserialize_with = "null_as_default")]
    pub autonomy: Autonomy,
    /// Hours a person has to say no, where they go out on their own unless somebody does; 1–168.
    #[serde(default = "usual_veto_hours")]
    pub veto_hours: u32,
    /// Their posts are rehearsals, whatever is set for all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: serde_json::Map<String, serde_json::Value>,
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

    /// Their own time zone, or the given one.
    pub fn zone(&self, otherwise: chrono_tz::Tz) -> chrono_tz::Tz {
        self.timezone.parse().unwrap_or(otherwise)
    }

    /// What day it is where they live.
    pub fn today(&self, now: DateTime<Utc>, otherwise: chrono_tz::Tz) -> NaiveDate {
        now.with_timezone(&self.zone(otherwise)).date_naive()
    }

    /// The arc they are in.
    pub fn active_narrative(&self, now: DateTime<Utc>, otherwise: chrono_tz::Tz) -> Option<&Narrative> {
        narrative::active(&self.narratives, self.today(now, otherwise))
    }

    /// Where they are in their story.
    pub fn chapter(&self, now: DateTime<Utc>, otherwise: chrono_tz::Tz) -> Option<Chapter<'_>> {
        self.active_narrative(now, otherwise)?.chapter(self.today(now, otherwise))
    }

    /// Marks those of the trained LoRAs that their pictures are made with.
    pub fn mark_versions(&mut self) {
        for version in &mut self.lora_versions {
            version.active = self.loras.iter().any(|lora| lora.name == version.name);
        }
    }
}

fn yes() -> bool {
    true
}

fn usual_veto_hours() -> u32 {
    USUAL_VETO_HOURS
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
}
