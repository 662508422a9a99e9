//! A text that was a list once.

use serde::{Deserialize, Deserializer, Serialize};

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

/// The same as it is stored: one text.
pub(super) fn joined<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<TextOrList>::deserialize(deserializer)?.map(TextOrList::into_text).unwrap_or_default())
}
