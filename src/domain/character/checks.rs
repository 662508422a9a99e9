//! What has to be right about a character.

use super::{Character, GenerationDefaults};
use crate::domain::{
    generation,
    problem::{Checks, Problem},
};

/// Most story arcs one character may have.
pub const MOST_NARRATIVES: usize = 200;
/// Longest text in characters, of personality, backstory and the prompt settings.
pub const LONGEST_TEXT: usize = 10_000;

impl Character {
    /// Checks a change of a character. What was wrong before, as in files of older apps, does not stand in the way of the rest.
    pub fn check_since(&self, before: &Self) -> Result<(), Problem> {
        let Err(problem) = self.check() else { return Ok(()) };
        let known = before.check().err().map(|problem| problem.errors).unwrap_or_default();
        let mut checks = Checks::default();
        let new = problem.errors.into_iter().filter(|error| !known.contains(error));
        new.for_each(|error| checks.wrong(error.field, error.message));
        checks.finish()
    }

    /// Checks everything about a character that is ours to check.
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
        generation::check_ranges(
            checks,
            &[("defaults.width", width), ("defaults.height", height)],
            ("defaults.steps", steps),
            ("defaults.cfg", cfg),
        );
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_older_app_left_wrong_stands_in_nobodys_way() {
        let narratives = json!([{"title": null}, {"title": "Quest", "id": ""}]);
        let before = json!({"id": "a", "name": "Luna", "narratives": narratives, "backstory": "x".repeat(10_001)});
        let before: Character = serde_json::from_value(before).unwrap();
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
