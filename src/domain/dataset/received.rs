//! What became of files that were sent to a dataset.

use serde::Serialize;

use super::DatasetImage;
use crate::domain::problem::{FieldError, Kind, Problem};

/// How many refused files are named in one sentence.
const NAMED: usize = 3;

/// What became of files that were sent together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// The pictures that are in the dataset now.
    pub added: Vec<DatasetImage>,
    /// How many pictures got their caption from a text file.
    pub captioned: usize,
    /// The files that were not taken, each with why.
    pub refused: Vec<RefusedFile>,
}

/// A file that was not taken.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RefusedFile {
    /// As it was called.
    pub file: String,
    /// Why, and what to do.
    pub why: String,
    /// The sort of failure.
    #[serde(skip)]
    pub kind: Kind,
}

impl Received {
    /// Notes that a file was not taken.
    pub fn refuse(&mut self, file: &str, problem: Problem) {
        // A name is shown, so it is kept short; what cannot be seen in it is shown as a mark.
        let file = file.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        self.refused.push(RefusedFile { file, why: problem.message, kind: problem.kind });
    }

    /// Whether something came of it.
    pub fn is_something(&self) -> bool {
        !self.added.is_empty() || self.captioned > 0
    }

    /// What came, in a sentence.
    pub fn came(&self) -> String {
        match (self.added.len(), self.captioned) {
            (0, 0) => "Nothing was added.".to_owned(),
            (0, captions) => format!("{} read.", count(captions, "caption", "captions")),
            (pictures, 0) => format!("{} added.", count(pictures, "picture", "pictures")),
            (pictures, captions) => {
                format!("{} added, {} read.", count(pictures, "picture", "pictures"), count(captions, "caption", "captions"))
            }
        }
    }

    /// What came of it, in a few sentences.
    pub fn words(&self) -> String {
        let added = self.came();
        if self.refused.is_empty() {
            return added;
        }
        let named: Vec<_> = self.refused.iter().take(NAMED).map(|one| format!("{}: {}", one.file, one.why)).collect();
        let more = self.refused.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" And {} more.", count(more, "file", "files")) } else { String::new() };
        format!("{added} {} not taken. {}{more}", count(self.refused.len(), "file was", "files were"), named.join(" "))
    }

    /// The files that were not taken, as a failure; `None` when all were.
    pub fn left_out(&self) -> Option<Problem> {
        if self.refused.is_empty() {
            return self.problem();
        }
        let words = format!("{} not taken.", count(self.refused.len(), "file was", "files were"));
        Some(Problem { kind: Kind::Invalid, message: words, errors: self.errors() })
    }

    fn errors(&self) -> Vec<FieldError> {
        self.refused.iter().map(|one| FieldError { field: one.file.clone(), message: one.why.clone() }).collect()
    }

    /// The failure it is when nothing came of it.
    pub fn problem(&self) -> Option<Problem> {
        if self.is_something() {
            return None;
        }
        let Some(first) = self.refused.first() else {
            return Some(Problem::invalid("files", "Choose at least one picture."));
        };
        let kind = if self.refused.iter().all(|one| one.kind == first.kind) { first.kind } else { Kind::Invalid };
        Some(Problem { kind, message: self.words(), errors: self.errors() })
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_taken_is_named() {
        let mut received = Received::default();
        assert_eq!(received.problem().unwrap().kind, Kind::Invalid);
        for n in 1..=5 {
            received.refuse(&format!("{n}.png"), Problem::new(Kind::Unsupported, "It is no picture."));
        }
        assert_eq!(received.problem().unwrap().kind, Kind::Unsupported);
        let words = received.words();
        assert!(words.starts_with("Nothing was added. 5 files were not taken. 1.png: It is no picture."), "{words}");
        assert!(words.ends_with("And 2 files more."), "{words}");
        received.refuse("6.png", Problem::new(Kind::TooLarge, "It is too large."));
        assert_eq!(received.problem().unwrap().kind, Kind::Invalid);
        received.captioned = 1;
        assert_eq!(received.problem(), None);
    }
}
