//! How a prompt is put together, and of what.

use serde::{Deserialize, Serialize};

use super::{character::Character, narrative::Chapter};

/// Where a piece of a prompt comes from, in the order in which the pieces are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The character's base prompt.
    Base,
    /// The word their LoRA was trained on.
    Trigger,
    /// The story arc they are in.
    Arc,
    /// What was asked for this time.
    Request,
    /// The character's style, or the one asked for.
    Style,
    /// The character's mood, or the one asked for.
    Mood,
    /// The whole prompt, written by hand.
    Hand,
}

impl Source {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Trigger => "trigger word",
            Self::Arc => "story arc",
            Self::Request => "request",
            Self::Style => "style",
            Self::Mood => "mood",
            Self::Hand => "written by hand",
        }
    }
}

/// One piece of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Part {
    /// Where it comes from.
    pub source: Source,
    /// Never empty, without commas at its ends.
    pub text: String,
}

/// Longest scene taken from an arc's description, in characters.
const LONGEST_SCENE: usize = 200;

/// The parts of a prompt for `character`: base prompt, trigger word, arc scene, request, style, mood.
/// Empty parts are left out. A trigger word the base prompt already holds is not said twice.
pub fn parts(character: &Character, chapter: Option<Chapter<'_>>, request: &str) -> Vec<Part> {
    let settings = &character.prompt_settings;
    let trigger = if contains_word(&settings.base_prompt, &character.trigger_word) { "" } else { &character.trigger_word };
    let scene = chapter.map(scene).unwrap_or_default();
    [
        (Source::Base, settings.base_prompt.as_str()),
        (Source::Trigger, trigger),
        (Source::Arc, &scene),
        (Source::Request, request),
        (Source::Style, &settings.style),
        (Source::Mood, &settings.mood),
    ]
    .into_iter()
    .map(|(source, text)| Part { source, text: tidy(text) })
    .filter(|part| !part.text.is_empty())
    .collect()
}

/// A prompt written by hand, as its only part.
pub fn by_hand(text: &str) -> Vec<Part> {
    vec![Part { source: Source::Hand, text: tidy(text) }]
}

/// The prompt as it is sent.
pub fn join(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(", ")
}

/// What an arc adds to a picture: the scene of the day, else the first sentence of its description, else its title.
fn scene(Chapter { arc, beat, .. }: Chapter<'_>) -> String {
    if let Some(beat) = beat {
        return beat.chars().take(LONGEST_SCENE).collect();
    }
    let sentence = arc.description.split_inclusive(['.', '!', '?', '\n']).map(str::trim).find(|text| !text.is_empty());
    let text = sentence.unwrap_or(&arc.title).trim_end_matches(['.', '!', '?']);
    text.chars().take(LONGEST_SCENE).collect()
}

fn tidy(text: &str) -> String {
    text.trim_matches(|c: char| c == ',' || c.is_whitespace()).to_owned()
}

fn contains_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !word.is_empty() && text.to_lowercase().split(|c| !part_of_word(c)).any(|found| found == word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn luna() -> Character {
        serde_json::from_value(json!({
            "id": "luna", "name": "Luna", "triggerWord": "luna_character",
            "promptSettings": {"basePrompt": "a portrait, ", "style": "film photo", "mood": ""},
            "narratives": [{"id": "q", "title": "The Crystal Quest", "description": "She looks for a crystal. Then more.", "startDate": "2026-11-01", "endDate": "2026-11-30"}]
        }))
        .unwrap()
    }

    #[test]
    fn parts_are_joined_in_order_without_stray_commas() {
        let luna = luna();
        let today = "2026-11-23".parse().unwrap();
        let parts = parts(&luna, luna.narratives[0].chapter(today), "  walking by the lake ,");
        assert_eq!(join(&parts), "a portrait, luna_character, She looks for a crystal, walking by the lake, film photo");
    }

    #[test]
    fn a_trigger_word_in_the_base_prompt_is_not_repeated() {
        let mut luna = luna();
        luna.prompt_settings.base_prompt = "portrait of Luna_Character".into();
        assert_eq!(join(&parts(&luna, None, "")), "portrait of Luna_Character, film photo");
    }
}
