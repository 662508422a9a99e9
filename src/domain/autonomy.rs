//! How much a character may do on their own.

use serde::{Deserialize, Serialize};

/// What happens between a picture and its post.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// Nothing goes out.
    DraftOnly,
    /// A person approves each picture.
    #[default]
    Review,
    /// It goes out some hours after it was made, unless a person rejects it.
    Veto,
    /// It goes out by itself.
    Auto,
}

/// Hours a person has to say no, unless the character says otherwise.
pub const USUAL_VETO_HOURS: u32 = 12;

impl Autonomy {
    /// From the least to the most.
    pub const ALL: [Self; 4] = [Self::DraftOnly, Self::Review, Self::Veto, Self::Auto];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::DraftOnly => "draft_only",
            Self::Review => "review",
            Self::Veto => "veto",
            Self::Auto => "auto",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::DraftOnly => "Drafts only: nothing goes out",
            Self::Review => "Review: a person approves each picture",
            Self::Veto => "Veto: goes out after some hours unless rejected",
            Self::Auto => "Auto: goes out by itself",
        }
    }

    /// The one of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|autonomy| autonomy.key() == key)
    }
}
