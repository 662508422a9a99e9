//! What records are found by.

use std::{fmt, sync::Arc};

use uuid::{Uuid, fmt::Hyphenated};

/// An id, or another text that records are found by.
///
/// Most are UUIDs. As numbers they lie in the maps themselves, so that a part of a map is copied without touching
/// anything that lies elsewhere: a change of the store copies many such parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A UUID, written as we write them; these come before all others.
    Uuid([u8; 16]),
    /// Anything else.
    Text(Arc<str>),
}

impl Key {
    /// None comes before it.
    pub(super) const FIRST: Self = Self::Uuid([0; 16]);
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        // Two texts must never be the same key, so other ways to write a UUID are texts.
        let as_we_write_it = text.len() == Hyphenated::LENGTH && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        match Uuid::try_parse_ascii(text.as_bytes()) {
            Ok(uuid) if as_we_write_it => Self::Uuid(uuid.into_bytes()),
            Ok(_) | Err(_) => Self::Text(text.into()),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(bytes) => Uuid::from_bytes(*bytes).fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_we_write_ourselves_is_a_number() {
        let uuid = "0193a5f2-6b1c-7e3a-9d42-0123456789ab";
        assert!(matches!(Key::from(uuid), Key::Uuid(_)));
        let others =
            [uuid.to_uppercase(), uuid.replace('-', ""), format!("{{{uuid}}}"), format!("urn:uuid:{uuid}"), "17".into(), String::new()];
        for other in others {
            assert!(matches!(Key::from(other.as_str()), Key::Text(_)), "{other}");
            assert_eq!(Key::from(other.as_str()).to_string(), other);
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_text(text in "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|.{0,40}") {
            prop_assert_eq!(Key::from(text.as_str()).to_string(), text);
        }
    }
}
