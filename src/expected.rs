//! What a caller has seen before it asks for a change, so that nobody overwrites what they have not seen.

use serde::Serialize;

use crate::{
    domain::problem::{Kind, Problem},
    prepared::Body,
};

/// The tags one of which the newest has, for all the caller knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected(Option<String>);

impl Expected {
    /// Whatever there is, is to be changed.
    pub const ANY: Self = Self(None);

    /// As `If-Match` has them: a list of quoted tags, or `*`.
    pub fn tags(list: impl Into<String>) -> Self {
        Self(Some(list.into()).filter(|list| list.trim() != "*"))
    }

    /// Refuses when what is there now, as the API shows it, is not what the caller has seen.
    pub fn check<T: Serialize>(&self, shown: &T) -> Result<(), Problem> {
        if self.0.is_none() { Ok(()) } else { self.check_tags(|tag| tag == &*Body::one(shown).etag) }
    }

    /// The same, for what has tags of its own kind.
    pub fn check_tags(&self, is_newest: impl Fn(&str) -> bool) -> Result<(), Problem> {
        let Some(list) = &self.0 else { return Ok(()) };
        if list.split(',').any(|tag| is_newest(tag.trim())) { Ok(()) } else { Err(stale()) }
    }

    /// Refuses when something has changed since it was checked.
    pub fn check_since<T: PartialEq>(&self, checked: &T, now: &T) -> Result<(), Problem> {
        if self.0.is_none() || checked == now { Ok(()) } else { Err(stale()) }
    }
}

fn stale() -> Problem {
    Problem::new(Kind::Stale, "This was changed in the meantime. Load it again, then repeat the change.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_tags_has_to_be_the_newest() {
        let tag = Body::one(&"now").etag;
        for fits in [Expected::ANY, Expected::tags("*"), Expected::tags(&*tag), Expected::tags(format!("\"before\", {tag}"))] {
            assert_eq!(fits.check(&"now"), Ok(()), "{fits:?}");
        }
        for stale in ["\"before\"", "", "now"] {
            assert_eq!(Expected::tags(stale).check(&"now").unwrap_err().kind, Kind::Stale, "{stale}");
        }
    }

    #[test]
    fn what_changes_after_it_was_checked_is_noticed_when_the_caller_minds() {
        assert_eq!(Expected::ANY.check_since(&1, &2), Ok(()));
        assert!(Expected::tags("\"1\"").check_since(&1, &2).is_err());
    }
}
