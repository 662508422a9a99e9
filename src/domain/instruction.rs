//! What a writer is told: each piece with where it comes from, so that a person can see why a character speaks as it does.

use serde::Serialize;
use serde_json::{Value, json};

use super::{caption::Network, character::Character, narrative::Chapter};

/// Where a piece of an instruction comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Ours.
    Rules,
    /// The character's name.
    Name,
    /// Their personality.
    Personality,
    /// Their backstory.
    Backstory,
    /// The story arc they are in.
    Arc,
    /// The scene of the day.
    Beat,
    /// What was asked for.
    Request,
    /// What they said lately.
    Lately,
    /// What the network wants.
    Network,
}

impl Origin {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Name => "name",
            Self::Personality => "personality",
            Self::Backstory => "backstory",
            Self::Arc => "story arc",
            Self::Beat => "scene of the day",
            Self::Request => "request",
            Self::Lately => "last words",
            Self::Network => "network",
        }
    }
}

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Piece {
    /// Where it comes from.
    pub origin: Origin,
    /// Never empty.
    pub text: String,
}

/// Everything a writer is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Instruction {
    /// Who it is to be.
    pub system: Vec<Piece>,
    /// What it is to write.
    pub task: Vec<Piece>,
}

/// Who speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Voice {
    /// Their name.
    pub name: String,
    /// How they speak and think.
    pub personality: String,
    /// Where they come from.
    pub backstory: String,
    /// The word their LoRA was trained on: it must not get into a caption.
    pub trigger_word: String,
}

impl Voice {
    /// A stored character's.
    pub fn of(character: &Character) -> Self {
        Self {
            name: character.name.clone(),
            personality: character.personality.clone(),
            backstory: character.backstory.clone(),
            trigger_word: character.trigger_word.clone(),
        }
    }

    fn pieces(&self, rules: &str) -> Vec<Piece> {
        let personality = match self.personality.trim() {
            "" => "Your voice is plain and friendly; nobody has described it.".to_owned(),
            text => format!("How you speak and think: {text}"),
        };
        let origin = if self.personality.trim().is_empty() { Origin::Rules } else { Origin::Personality };
        let backstory = if self.backstory.trim().is_empty() { String::new() } else { format!("Your story: {}", self.backstory.trim()) };
        pieces([
            (Origin::Name, format!("You are {}, a character with accounts on social networks.", self.name)),
            (origin, personality),
            (Origin::Backstory, backstory),
            (Origin::Rules, rules.to_owned()),
        ])
    }
}

/// What is told to write captions about `request`, `variants` of them. With `looks`, the picture comes along.
pub fn captions(
    voice: &Voice,
    chapter: Option<Chapter<'_>>,
    network: Network,
    request: &str,
    lately: &[String],
    variants: u32,
    looks: bool,
) -> Instruction {
    const RULES: &str = "You write in the first person, as yourself, in the language of the request. No quotation marks around the \
                         caption, no explanations, no links, no emoji in every sentence. Never mention prompts, models or camera \
                         settings, and do not use your name or a technical word as a hashtag.";
    let (arc, beat) = chapter.map(story).unwrap_or_default();
    let wanted = match (looks, request.trim()) {
        (true, "") => "Write about the picture.".to_owned(),
        (true, text) => format!("Write about the picture. It was meant to show: {text}"),
        (false, text) => format!("Write about a picture that shows: {text}"),
    };
    let lately = if lately.is_empty() {
        String::new()
    } else {
        format!("You said this lately; say something new, and begin in another way:\n- {}", lately.join("\n- "))
    };
    let limits = match network {
        Network::Instagram => {
            "It goes to Instagram: one to four short sentences, at most 2,200 characters, and three to five hashtags people look for."
        }
        Network::X => "It goes to X: at most 240 characters, and one or two hashtags, or none.",
    };
    let many = match variants {
        1 => "Write one caption.".to_owned(),
        many => format!("Write {many} captions that differ in mood and first words."),
    };
    let alt = if looks { " Also describe in one plain sentence what is to be seen, for people who cannot see it (altText)." } else { "" };
    let task = pieces([
        (Origin::Arc, arc),
        (Origin::Beat, beat),
        (Origin::Request, wanted),
        (Origin::Lately, lately),
        (Origin::Network, limits.to_owned()),
        (Origin::Rules, format!("{many}{alt}")),
    ]);
    Instruction { system: voice.pieces(RULES), task }
}

/// What is told to write `count` prompts about `theme`. `known` are some that are there already.
pub fn prompts(voice: &Voice, chapter: Option<Chapter<'_>>, theme: &str, known: &[String], count: usize) -> Instruction {
    const RULES: &str = "You think up pictures of this character. Each idea is one line of 8 to 30 words that says what happens, \
                         where, in which light and from where it is seen. No names, no words about quality or cameras; looks are added later.";
    let (arc, beat) = chapter.map(story).unwrap_or_default();
    let theme = if theme.trim().is_empty() { "everyday life".to_owned() } else { theme.trim().to_owned() };
    let known =
        if known.is_empty() { String::new() } else { format!("These are there already; think of others:\n- {}", known.join("\n- ")) };
    let task = pieces([
        (Origin::Arc, arc),
        (Origin::Beat, beat),
        (Origin::Request, format!("Write {count} ideas for pictures about: {theme}")),
        (Origin::Lately, known),
        (Origin::Rules, "Vary place, time of day, action, mood and view.".to_owned()),
    ]);
    Instruction { system: voice.pieces(RULES), task }
}

fn story(chapter: Chapter<'_>) -> (String, String) {
    let Chapter { arc, day, beat } = chapter;
    let about = if arc.description.trim().is_empty() { String::new() } else { format!(" {}", arc.description.trim()) };
    let arc = format!("You are on day {} of {} of the chapter “{}”.{about}", day.day, day.of, arc.title);
    (arc, beat.map(|beat| format!("Today: {}", beat.trim())).unwrap_or_default())
}

/// The schema of an answer with captions.
pub fn captions_schema(variants: u32, looks: bool) -> Value {
    let caption = json!({
        "type": "object",
        "properties": {
            "caption": {"type": "string", "description": "without hashtags"},
            "hashtags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        },
        "required": ["caption", "hashtags"],
    });
    let mut schema = json!({
        "type": "object",
        "properties": {"captions": {"type": "array", "items": caption, "minItems": variants, "maxItems": variants}},
        "required": ["captions"],
    });
    if looks {
        schema["properties"]["altText"] = json!({"type": "string"});
        schema["required"] = json!(["captions", "altText"]);
    }
    schema
}

/// The schema of an answer with prompts.
pub fn prompts_schema(count: usize) -> Value {
    json!({
        "type": "object",
        "properties": {"prompts": {"type": "array", "items": {"type": "string"}, "minItems": count, "maxItems": count}},
        "required": ["prompts"],
    })
}

/// Pieces as they are sent.
pub fn text(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join("\n\n")
}

fn pieces<const N: usize>(all: [(Origin, String); N]) -> Vec<Piece> {
    all.into_iter().filter(|(_, text)| !text.is_empty()).map(|(origin, text)| Piece { origin, text }).collect()
}
