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

    /// The same, for what is shown with what follows from it: only its own half of the tag counts.
    pub fn check_own<T: Serialize>(&self, own: &T) -> Result<(), Problem> {
        let mine = half(&Body::one(own).etag);
        self.check_tags(|tag| tag.trim_start_matches("W/").trim_matches('"').split('-').next() == Some(mine.as_str()))
    }

    /// The same, for what has tags of another kind.
    pub fn check_tags(&self, is_newest: impl Fn(&str) -> bool) -> Result<(), Problem> {
        let Some(list) = &self.0 else { return Ok(()) };
        if list.split(',').any(|tag| is_newest(tag.trim())) { Ok(()) } else { Err(stale()) }
    }

    /// Refuses when something has changed since it was checked.
    pub fn check_since<T: PartialEq>(&self, checked: &T, now: &T) -> Result<(), Problem> {
        if self.0.is_none() || checked == now { Ok(()) } else { Err(stale()) }
    }
}

/// The body of something that is shown with what follows from it, and so changes more often than it does itself. The
/// first half of its tag is its own.
pub fn body_of<T: Serialize, U: Serialize>(own: &T, shown: &U) -> Body {
    let body = Body::one(shown);
    Body { etag: format!("\"{}-{}\"", half(&Body::one(own).etag), half(&body.etag)).into(), ..body }
}

fn half(tag: &str) -> String {
    tag.trim_matches('"').to_owned()
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
    fn of_what_is_shown_only_its_own_half_counts() {
        let (seen, later) = (body_of(&"set", &"it is nine").etag, body_of(&"set", &"it is ten").etag);
        assert_ne!(seen, later);
        assert_eq!(Expected::tags(&*seen).check_own(&"set"), Ok(()));
        assert!(Expected::tags(&*seen).check_own(&"set anew").is_err());
    }

    #[test]
    fn what_changes_after_it_was_checked_is_noticed_when_the_caller_minds() {
        assert_eq!(Expected::ANY.check_since(&1, &2), Ok(()));
        assert!(Expected::tags("\"1\"").check_since(&1, &2).is_err());
    }
}
