//! What a request changes of a character.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Character, GenerationDefaults, NewSecret, PromptSettings, TextOrList};
use crate::domain::{
    autonomy::{Autonomy, USUAL_VETO_HOURS},
    model::LoraUse,
    narrative::{Narrative, NarrativeId},
    sent::Sent,
};

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
    /// Whether they are offered for new pictures.
    #[schema(value_type = Option<bool>)]
    #[serde(alias = "is_active")]
    pub is_active: Sent<bool>,
    /// As ComfyUI lists it.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "preferred_model")]
    pub preferred_model: Sent<String>,
    /// The word their LoRA was trained on.
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
    /// The id of their Instagram account.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "instagram_account_id")]
    pub instagram_account_id: Sent<String>,
    /// The id of their X account.
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
    /// How much they may do on their own.
    #[schema(value_type = Option<Autonomy>)]
    pub autonomy: Sent<Autonomy>,
    /// 1–168.
    #[schema(value_type = Option<u32>)]
    #[serde(alias = "veto_hours")]
    pub veto_hours: Sent<u32>,
    /// Their posts are rehearsals, whatever is set for all.
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

impl Character {
    /// Applies what was sent, tidied; the result still has to pass [`Character::check`].
    pub fn apply(&mut self, change: CharacterChange, now: DateTime<Utc>) {
        change.name.set_trimmed(&mut self.name);
        match change.personality {
            Sent::Absent => {}
            Sent::Null => self.personality.clear(),
            Sent::Value(text) => self.personality = text.into_text(),
        }
        change.backstory.set(&mut self.backstory);
        without_at(change.instagram_handle).set(&mut self.instagram_handle);
        without_at(change.twitter_handle).set(&mut self.twitter_handle);
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
}

/// Handles are stored without the `@` people type.
fn without_at(handle: Sent<String>) -> Sent<String> {
    handle.map(|text| text.trim().trim_start_matches('@').to_owned())
}

/// Arcs that come without an id get one.
fn with_new_ids(mut arcs: Vec<Narrative>) -> Vec<Narrative> {
    arcs.iter_mut().filter(|arc| arc.id.is_none()).for_each(|arc| arc.id = NarrativeId::new());
    arcs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name() {
        let now = Utc::now();
        let luna = json!({"id": "a", "name": "Luna", "backstory": "Born by the lake", "promptSettings": {"style": "film"}});
        let mut luna: Character = serde_json::from_value(luna).unwrap();
        let change = serde_json::from_value(json!({"instagramHandle": " @luna.mystic ", "promptSettings": {"mood": "calm"}})).unwrap();
        luna.apply(change, now);
        assert_eq!(luna.instagram_handle, "luna.mystic");
        assert_eq!(luna.backstory, "Born by the lake");
        assert_eq!((luna.prompt_settings.style.as_str(), luna.prompt_settings.mood.as_str()), ("film", "calm"));
        luna.check().unwrap();
    }
}
