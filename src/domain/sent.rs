//! What a request says of one field.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field of a change: left out (keep what is stored), `null` (clear it), or a new value.
///
/// Use with `#[serde(default)]`, or a missing field is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Sent<T> {
    /// The request does not speak of it.
    #[default]
    Absent,
    /// The request clears it.
    Null,
    /// The request sets it.
    Value(T),
}

impl<T> Sent<T> {
    /// Whether the request does not speak of it.
    pub fn is_absent(&self) -> bool {
        matches!(self, Sent::Absent)
    }

    /// The new value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Sent::Value(value) => Some(value),
            Sent::Absent | Sent::Null => None,
        }
    }

    /// The same with the value changed by `change`.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Sent<U> {
        match self {
            Sent::Absent => Sent::Absent,
            Sent::Null => Sent::Null,
            Sent::Value(value) => Sent::Value(change(value)),
        }
    }

    /// The same with `usual` where it is cleared.
    pub fn or(self, usual: T) -> Self {
        match self {
            Sent::Null => Sent::Value(usual),
            Sent::Absent | Sent::Value(_) => self,
        }
    }

    /// Puts what was sent into an optional field.
    pub fn set_option(self, field: &mut Option<T>) {
        match self {
            Sent::Absent => {}
            Sent::Null => *field = None,
            Sent::Value(value) => *field = Some(value),
        }
    }

    /// Puts what was sent into a field that has an empty form.
    pub fn set(self, field: &mut T)
    where
        T: Default,
    {
        match self {
            Sent::Absent => {}
            Sent::Null => *field = T::default(),
            Sent::Value(value) => *field = value,
        }
    }
}

impl Sent<String> {
    /// Puts a text into a field, without the spaces around it.
    pub(super) fn set_trimmed(self, field: &mut String) {
        self.map(|text| text.trim().to_owned()).set(field);
    }
}

impl<T> From<T> for Sent<T> {
    fn from(value: T) -> Self {
        Sent::Value(value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sent<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            Some(value) => Sent::Value(value),
            None => Sent::Null,
        })
    }
}

impl<T: Serialize> Serialize for Sent<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Change {
        #[serde(default)]
        name: Sent<String>,
    }

    #[test]
    fn left_out_null_and_set_are_three_things() {
        let read = |text| serde_json::from_str::<Change>(text).unwrap().name;
        assert_eq!(read("{}"), Sent::Absent);
        assert_eq!(read(r#"{"name":null}"#), Sent::Null);
        assert_eq!(read(r#"{"name":"Luna"}"#), Sent::Value("Luna".into()));
    }
}
