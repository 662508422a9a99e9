//! The doctor: looks at a data folder and says everything that is wrong with it, and what to do. Changes nothing, and
//! looks also while a server works in the folder.

mod arrays;
mod files;
mod references;
mod surroundings;

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::store::{self, OpenError, OpenOptions};

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something is broken or lost, or will be.
    Wrong,
    /// Harmless, and good to know.
    Note,
}

/// One thing the doctor has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file or folder it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1, where it is a place in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What was seen.
    pub what: String,
    /// What to do.
    pub advice: String,
}

/// What the doctor says of a folder.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The folder.
    pub folder: String,
    /// When it was looked at.
    pub at: DateTime<Utc>,
    /// Whether nothing is wrong.
    pub healthy: bool,
    /// What was seen, the worst first.
    pub findings: Vec<Finding>,
}

impl Finding {
    fn new(severity: Severity, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { severity, file: None, line: None, column: None, what: what.into(), advice: advice.into() }
    }

    fn wrong(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Severity::Wrong, what, advice)
    }

    fn note(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Severity::Note, what, advice)
    }

    fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    fn at(mut self, line: usize, column: usize) -> Self {
        (self.line, self.column) = ((line > 0).then_some(line), (line > 0).then_some(column));
        self
    }
}

/// Looks at a folder. Blocks.
pub fn look(options: &OpenOptions, now: DateTime<Utc>) -> Report {
    let dir = &options.dir;
    let mut findings = surroundings::restores(dir);
    if dir.is_dir() {
        findings.extend(arrays::look(dir));
        findings.extend(contents(options, &findings));
        findings.extend(surroundings::look(dir, now));
    } else if findings.iter().all(|finding| finding.severity != Severity::Wrong) {
        let words = format!("{} is not there.", dir.display());
        findings.push(Finding::note(
            words,
            "The first start makes it. If it should be there, look whether DALLA_DATA_DIR names the right folder.",
        ));
    }
    findings.sort_by_key(|finding| finding.severity);
    let healthy = findings.iter().all(|finding| finding.severity != Severity::Wrong);
    Report { folder: dir.display().to_string(), at: now, healthy, findings }
}

/// What follows from the records, as far as they can be read.
fn contents(options: &OpenOptions, seen: &[Finding]) -> Vec<Finding> {
    let peeked = match store::peek(options) {
        Ok(peeked) => peeked,
        Err(error) => return vec![unreadable(&error)],
    };
    let mut findings = Vec::new();
    for damage in peeked.damaged {
        // Faults that anybody would see are told of already, each with its place.
        if !seen.iter().any(|finding| finding.file.as_ref() == Some(&damage.file) && finding.severity == Severity::Wrong) {
            let what = format!("A record cannot be read: {}.", damage.reason);
            findings.push(Finding::wrong(what, arrays::MEND).in_file(damage.file).at(damage.line, damage.column));
        }
    }
    if peeked.torn > 0 {
        let what = format!("The journal ends in {} bytes that were never written to their end.", peeked.torn);
        let advice = "Nothing: nobody was told that they were stored, and the next start drops them.";
        findings.push(Finding::note(what, advice).in_file("journal.ndjson"));
    }
    if peeked.clear_keys {
        let what = "Characters hold keys in clear text, as older apps left them.";
        findings.push(
            Finding::wrong(what, "Start Digital Dalla once: it seals them, and takes them out of the file.").in_file("characters.json"),
        );
    }
    if let Some(why) = peeked.secrets_locked {
        findings.push(Finding::wrong(why, "Put the secret key back where it was (DALLA_SECRET_KEY, DALLA_SECRET_KEY_FILE or the file in the user's config folder), or enter the keys again."));
    }
    findings.extend(references::look(&peeked.state));
    findings.extend(files::look(&peeked.state, &options.dir));
    findings
}

fn unreadable(error: &OpenError) -> Finding {
    match error {
        OpenError::BadJournal { line, reason, .. } => {
            let advice = "Do not remove the file: it may hold changes that are nowhere else. Restore the last backup, or mend the line by hand with the server stopped; keep a copy of the file.";
            Finding::wrong(format!("A line in the middle of the journal is damaged: {reason}."), advice)
                .in_file("journal.ndjson")
                .at(*line, 1)
        }
        OpenError::Busy { .. } => Finding::note(error.to_string(), "Look again in a while."),
        other => Finding::wrong(other.to_string(), "See whether this user may read the folder."),
    }
}

/// A few names out of many.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

fn show(path: &Path) -> String {
    path.display().to_string()
}
