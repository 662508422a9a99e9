//! How values are read that older apps wrote as something else.

use serde::{Deserialize, Deserializer};

/// A text; a number is read as one, and `null` as an empty one.
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

/// A value; `null` is read as the empty one.
pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
