//! The one shape in which a failure reaches a person or a caller.

use serde::{Deserialize, Serialize};

/// What happened and what to do about it, in words. Carries no causes, paths or secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// Which sort of failure this is; `api` turns it into a status.
    pub kind: Kind,
    /// A sentence that says what happened and what to do.
    pub message: String,
    /// What is wrong with which field, when fields are to blame.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// The sorts of failure a caller can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The request could not be read at all.
    Malformed,
    /// The request was read, and breaks a rule.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// What was asked does not go with what is stored.
    Conflict,
    /// The caller's copy is out of date (`If-Match`).
    Stale,
    /// The body is larger than allowed.
    TooLarge,
    /// What was sent is of a kind that is not taken.
    Unsupported,
    /// The collection is read-only because its file is damaged.
    ReadOnly,
    /// The disk is full.
    StorageFull,
    /// A service is not configured.
    NotConfigured,
    /// A service cannot be reached.
    Unreachable,
    /// A service answered, and refused or broke.
    Refused,
    /// A service did not answer in time.
    TooSlow,
    /// We are at fault; the log says how.
    Internal,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field's name as it is sent, with dots and indices: `narratives[2].endDate`.
    pub field: String,
    /// A sentence about it.
    pub message: String,
}

impl Problem {
    /// A failure without fields.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), errors: Vec::new() }
    }

    /// One field breaks a rule.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind: Kind::Invalid, message: message.clone(), errors: vec![FieldError { field: field.into(), message }] }
    }

    /// There is no such `what` (a word of the product, as in "character").
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("There is no such {what}. It may have been deleted."))
    }

    /// What was asked does not go with what is stored.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// The word about `field`, if there is one.
    pub fn about(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }
}

/// Collects what is wrong with a request, so that a person hears all of it at once.
#[derive(Debug, Default)]
pub struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    /// Notes that `field` breaks a rule.
    pub fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Notes `message` about `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: impl Into<String>, message: impl Into<String>) {
        if !holds {
            self.wrong(field, message);
        }
    }

    /// Texts in which there is something to be seen: not only spaces, line breaks and letters without a shape.
    pub fn says_something(&mut self, field: impl Into<String>, text: &str, message: impl Into<String>) {
        let unseen = |c: char| {
            c.is_whitespace()
                || c.is_control()
                || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
        };
        self.require(!text.chars().all(unseen), field, message);
    }

    /// Texts of at most `limit` characters.
    pub fn at_most(&mut self, field: impl Into<String>, text: &str, limit: usize) {
        let length = text.chars().count();
        if length > limit {
            self.wrong(field, format!("Keep this to {limit} characters; it has {length}."));
        }
    }

    /// Nothing wrong, or one `Problem` that names every field.
    pub fn finish(self) -> Result<(), Problem> {
        match self.errors.as_slice() {
            [] => Ok(()),
            [only] => Err(Problem { kind: Kind::Invalid, message: only.message.clone(), errors: self.errors }),
            several => {
                let message = format!("{} fields need another look.", several.len());
                Err(Problem { kind: Kind::Invalid, message, errors: self.errors })
            }
        }
    }
}
