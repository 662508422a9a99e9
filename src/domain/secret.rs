//! What may be told about a secret: that it is there, and its last four characters.

use serde::{Deserialize, Serialize};

/// Dots that stand for the part of a secret nobody sees again.
const DOTS: &str = "••••";

/// A secret as pages and the API show it: `••••` and the last four characters, or eight dots when the
/// secret is shorter than twelve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(value_type = String, examples("••••x9Qd"))]
pub struct Mask(String);

impl Mask {
    /// The mask of `secret`.
    pub fn of(secret: &str) -> Self {
        let length = secret.chars().count();
        if length < 12 {
            return Self(DOTS.repeat(2));
        }
        Self(DOTS.chars().chain(secret.chars().skip(length - 4)).collect())
    }

    /// The mask as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_four_characters_are_shown_of_long_secrets_only() {
        assert_eq!(Mask::of("EAABsbCS1iHgBAkx9Qd").as_str(), "••••x9Qd");
        assert_eq!(Mask::of("short-token").as_str(), "••••••••");
    }
}
