//! Words that are written for a character: what is asked of a writer, and what came of it.

use serde::{Deserialize, Serialize};

use super::{
    caption::Network,
    character::CharacterId,
    content::ContentId,
    library::PromptId,
    plan::PlanOrder,
    problem::{Checks, Problem},
};

/// Most captions to choose from.
pub const MOST_VARIANTS: u32 = 5;
/// Most prompts one job writes.
pub const MOST_PROMPTS: u32 = 50;
/// Longest text a caption may be asked about.
pub const LONGEST_REQUEST: usize = 10_000;

/// Who wrote a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// Google's model.
    Gemini,
    /// One of the templates, because Gemini could not be asked.
    Template,
    /// A task that ran by itself.
    Task,
    /// A person.
    #[serde(other)]
    Hand,
}

/// A model that can write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct GeminiModel {
    /// As it is asked for.
    pub name: String,
    /// As people call it.
    pub label: String,
    /// What Google says when it will not stay.
    pub warning: Option<String>,
}

/// What one call cost, in tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Usage {
    /// The model that answered.
    pub model: String,
    /// The question, the picture included.
    pub asked: u64,
    /// The answer.
    pub answered: u64,
    /// The thoughts before it.
    pub thought: u64,
}

impl Usage {
    /// All of it.
    pub fn tokens(&self) -> u64 {
        self.asked + self.answered + self.thought
    }
}

/// A request for captions: about a prompt, a picture or an entry of the library, in the voice of a character.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CaptionRequest {
    /// Whose voice. May be left out when the content or the prompt says it.
    #[serde(alias = "character_id", skip_serializing_if = "Option::is_none")]
    pub character_id: Option<CharacterId>,
    /// A name, for a character that is not stored here.
    #[serde(alias = "character_name", skip_serializing_if = "String::is_empty")]
    pub character_name: String,
    /// How that character speaks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub personality: String,
    /// Where that character comes from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub backstory: String,
    /// What happens in the picture.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// The picture. The first caption is stored on it.
    #[serde(alias = "content_id", skip_serializing_if = "Option::is_none")]
    pub content_id: Option<ContentId>,
    /// The entry of the prompt library. The first caption is stored on it.
    #[serde(alias = "prompt_id", skip_serializing_if = "Option::is_none")]
    pub prompt_id: Option<PromptId>,
    /// Where the caption goes.
    pub network: Network,
    /// How many to choose from, 1–5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variants: Option<u32>,
    /// Whether Gemini looks at the picture itself; only with a content.
    #[serde(alias = "use_image")]
    pub use_image: bool,
}

impl CaptionRequest {
    /// How many to choose from.
    pub fn variants(&self) -> u32 {
        self.variants.unwrap_or(1)
    }

    /// Checks what can be checked without looking anything up.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        let about = !self.prompt.trim().is_empty() || self.content_id.is_some() || self.prompt_id.is_some();
        checks.require(about, "prompt", "Say what the caption is about: a prompt, a picture or an entry of the library.");
        checks.at_most("prompt", &self.prompt, LONGEST_REQUEST);
        checks.at_most("characterName", &self.character_name, 80);
        checks.at_most("personality", &self.personality, LONGEST_REQUEST);
        checks.at_most("backstory", &self.backstory, LONGEST_REQUEST);
        checks.require((1..=MOST_VARIANTS).contains(&self.variants()), "variants", "Ask for 1 to 5 captions.");
        let blind = !self.use_image || self.content_id.is_some();
        checks.require(blind, "useImage", "There is no picture to look at: name a content.");
        let somebody = self.character_id.is_some() || !self.character_name.trim().is_empty();
        let known = somebody || self.content_id.is_some() || self.prompt_id.is_some();
        checks.require(known, "characterId", "Say whose voice it is: a character, or a name.");
        checks.finish()
    }
}

/// Captions to be written, and those that were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaptionOrder {
    /// As it was asked for.
    pub request: CaptionRequest,
    /// Whether the first caption is stored where it belongs; else a person chooses.
    pub keep_first: bool,
    /// Ready for the network; empty until they are written.
    #[serde(default)]
    pub captions: Vec<String>,
    /// What is to be seen, when Gemini looked.
    #[serde(default)]
    pub alt_text: String,
    /// Who wrote them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Author>,
    /// What each call cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<Usage>,
}

/// A request for new prompts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PromptsRequest {
    /// Whose prompts.
    #[serde(alias = "character_id")]
    pub character_id: CharacterId,
    /// How many, 1–50.
    pub count: u32,
    /// What they are about; may be empty.
    pub theme: String,
}

impl PromptsRequest {
    /// Checks what can be checked without looking anything up.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.require(!self.character_id.as_str().is_empty(), "characterId", "Choose a character.");
        checks.require((1..=MOST_PROMPTS).contains(&self.count), "count", "Ask for 1 to 50 prompts.");
        checks.at_most("theme", &self.theme, 1_000);
        checks.finish()
    }
}

/// Prompts to be written, and those that were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromptsOrder {
    /// As it was asked for.
    pub request: PromptsRequest,
    /// The entries that were stored so far, in one step with this list.
    #[serde(default)]
    pub written: Vec<PromptId>,
    /// How often the writer was asked.
    #[serde(default)]
    pub rounds: u32,
    /// Who wrote the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Author>,
    /// What each call cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<Usage>,
    /// For which times they are to be drawn, when they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanOrder>,
}

impl PromptsOrder {
    /// How many are still to be written.
    pub fn missing(&self) -> usize {
        (self.request.count as usize).saturating_sub(self.written.len())
    }
}
