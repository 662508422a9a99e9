//! Ids that know what they name.

use std::{fmt, hash::Hash, marker::PhantomData, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The id of a `T`. New ones are UUID v7, so they sort by age; any text an older app used is kept as it is.
pub struct Id<T> {
    text: Arc<str>,
    names: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// A fresh id, later in order than every id made before.
    pub fn new() -> Self {
        uuid::Uuid::now_v7().to_string().into()
    }

    /// The id of nothing: what stands in files of older apps where none does.
    pub fn none() -> Self {
        "".into()
    }

    /// Whether it names nothing.
    pub fn is_none(&self) -> bool {
        self.text.is_empty()
    }

    /// The id as it is stored and sent.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T> Default for Id<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<String> for Id<T> {
    fn from(text: String) -> Self {
        Self { text: text.into(), names: PhantomData }
    }
}

impl<T> From<&str> for Id<T> {
    fn from(text: &str) -> Self {
        Self { text: text.into(), names: PhantomData }
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self { text: Arc::clone(&self.text), names: PhantomData }
    }
}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Id<T> {}

impl<T> Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T> Deserialize<'de> for Id<T> {
    /// Older files hold numbers here and there; they are read as their digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber<T>(PhantomData<T>);
        impl<T> serde::de::Visitor<'_> for TextOrNumber<T> {
            type Value = Id<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id<T>, E> {
                Ok(text.into())
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Id<T>, E> {
                Ok(number.to_string().into())
            }
        }
        deserializer.deserialize_any(TextOrNumber(PhantomData))
    }
}

/// An id, or none where there is `null`.
pub(super) fn id_or_null<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Id<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(Id::none))
}

impl<T> utoipa::PartialSchema for Id<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl<T> utoipa::ToSchema for Id<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ids_sort_by_age() {
        let (older, newer) = (Id::<()>::new(), Id::<()>::new());
        assert!(older.as_str() < newer.as_str());
    }

    #[test]
    fn an_old_numeric_id_is_read_as_text() {
        let id: Id<()> = serde_json::from_str("17").unwrap();
        assert_eq!(id.as_str(), "17");
    }
}
