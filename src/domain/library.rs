//! The prompt library: ideas for pictures, used or not.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    character::CharacterId,
    content::ContentId,
    id::{Id, id_or_null},
    lenient::{null_as_default, text_or_null},
    moment,
    problem::{Checks, Problem},
    sent::Sent,
    words::Author,
};

/// The id of an entry.
pub type PromptId = Id<Prompt>;

/// From this share of common words on, two prompts say the same.
const SAME: f64 = 0.8;

/// An entry of the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// Made by us; ids of older apps are kept.
    pub id: PromptId,
    /// For whom.
    #[serde(default = "CharacterId::none", deserialize_with = "id_or_null")]
    pub character_id: CharacterId,
    /// Their name when it was written.
    #[serde(default, deserialize_with = "text_or_null")]
    pub character_name: String,
    /// What happens in the picture.
    #[serde(default, deserialize_with = "text_or_null")]
    pub prompt: String,
    /// Words to go out with such a picture; may be empty.
    #[serde(default, deserialize_with = "text_or_null")]
    pub caption: String,
    /// When it was written.
    #[serde(default, with = "moment::lenient")]
    pub created_at: Option<DateTime<Utc>>,
    /// Whether a picture was made from it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub used: bool,
    /// When it was first used.
    #[serde(default, with = "moment::lenient", skip_serializing_if = "Option::is_none")]
    pub used_at: Option<DateTime<Utc>>,
    /// The first picture that was made from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<ContentId>,
    /// Who wrote it.
    #[serde(default = "by_hand", skip_serializing_if = "is_by_hand")]
    pub source: Author,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// What a request says of an entry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PromptChange {
    /// 1–10,000 characters.
    #[schema(value_type = Option<String>)]
    pub prompt: Sent<String>,
    /// At most 2,200 characters.
    #[schema(value_type = Option<String>)]
    pub caption: Sent<String>,
    /// Whether a picture was made from it.
    #[schema(value_type = Option<bool>)]
    pub used: Sent<bool>,
}

/// A new entry, as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NewPrompt {
    /// For whom.
    #[serde(alias = "character_id")]
    pub character_id: CharacterId,
    /// 1–10,000 characters.
    pub prompt: String,
    /// At most 2,200 characters.
    pub caption: String,
}

impl Prompt {
    /// A new entry.
    pub fn new(character_id: CharacterId, character_name: String, prompt: String, source: Author, now: DateTime<Utc>) -> Self {
        Self {
            id: PromptId::new(),
            character_id,
            character_name,
            prompt,
            caption: String::new(),
            created_at: Some(now),
            used: false,
            used_at: None,
            content_id: None,
            source,
            extra: serde_json::Map::new(),
        }
    }

    /// Applies what was sent; the result still has to pass [`Prompt::check`].
    pub fn apply(&mut self, change: PromptChange, now: DateTime<Utc>) {
        change.prompt.set_trimmed(&mut self.prompt);
        change.caption.set_trimmed(&mut self.caption);
        if let Sent::Value(used) = change.used {
            self.set_used(used, now);
        }
    }

    /// Notes that a picture was made from it, or takes that back.
    pub fn set_used(&mut self, used: bool, now: DateTime<Utc>) {
        self.used_at = if used { self.used_at.or(Some(now)) } else { None };
        if !used {
            self.content_id = None;
        }
        self.used = used;
    }

    /// Checks what a person may write on it.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.says_something("prompt", &self.prompt, "Say what happens in the picture.");
        checks.at_most("prompt", &self.prompt, super::generation::LONGEST_PROMPT);
        checks.at_most("caption", &self.caption, 2_200);
        checks.finish()
    }
}

/// Tells prompts that say the same, though not in the same order or with the same small words.
#[derive(Debug, Default)]
pub struct Known(Vec<Words>);

/// The words of a prompt that say something, each by its hash, in order: a library of many thousands is compared.
type Words = Box<[u64]>;

impl Known {
    /// Those that are there already.
    pub fn of<'a>(prompts: impl Iterator<Item = &'a str>) -> Self {
        Self(prompts.map(words).collect())
    }

    /// Adds a prompt, unless it is empty or one that says the same is known. Answers whether it was added.
    pub fn add(&mut self, prompt: &str) -> bool {
        let new = words(prompt);
        if new.is_empty() || self.0.iter().any(|known| is_same(known, &new)) {
            return false;
        }
        self.0.push(new);
        true
    }
}

fn is_same(one: &Words, other: &Words) -> bool {
    let (fewer, more) = if one.len() < other.len() { (one, other) } else { (other, one) };
    // However many they have in common: it cannot be enough.
    if (fewer.len() as f64) < SAME * more.len() as f64 {
        return false;
    }
    let common = fewer.iter().filter(|word| more.binary_search(word).is_ok()).count();
    let all = fewer.len() + more.len() - common;
    all > 0 && common as f64 >= SAME * all as f64
}

fn words(text: &str) -> Words {
    const SMALL: [&str; 12] = ["a", "an", "the", "of", "in", "on", "at", "with", "and", "her", "his", "to"];
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && !SMALL.contains(word));
    let mut words: Vec<_> = words.map(|word| xxh3_64(word.as_bytes())).collect();
    words.sort_unstable();
    words.dedup();
    words.into()
}

fn by_hand() -> Author {
    Author::Hand
}

fn is_by_hand(author: &Author) -> bool {
    *author == Author::Hand
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_that_say_the_same_are_known() {
        let mut known = Known::of(["Walking barefoot along a lake at dawn, mist over the water"].into_iter());
        assert!(!known.add("walking barefoot along the lake at dawn; mist over water"));
        assert!(known.add("Reading a map of crystals by candle light"));
        assert!(!known.add("reading the map of crystals, by candle light"));
        assert!(!known.add("  …  "));
    }

    #[test]
    fn an_entry_of_an_older_app_is_read_and_keeps_what_we_do_not_know() {
        let old = serde_json::json!({"id": 7, "characterId": "luna", "prompt": "a lake", "caption": null, "used": null, "rating": 5});
        let prompt: Prompt = serde_json::from_value(old).unwrap();
        assert_eq!((prompt.source, prompt.used, prompt.caption.as_str()), (Author::Hand, false, ""));
        assert_eq!(serde_json::to_value(&prompt).unwrap()["rating"], 5);
    }
}
