//! What an import brings and what it cannot bring: told before anything is stored, and exactly what is then done.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::id::Id;

/// Names what was sent and waits for a person's word.
pub type ImportId = Id<ImportReport>;

/// Most records of one import.
pub const MOST_RECORDS: usize = 50_000;
/// For so many minutes what was sent waits.
pub const WAITS_MINUTES: i64 = 60;

/// What comes, record by record, and what cannot.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// What was sent, as its sender calls it.
    pub name: String,
    /// What it is.
    pub origin: Origin,
    /// Whether it is done; else this is what would be done.
    pub imported: bool,
    /// Each kind of thing of which there is something, in the order of [`Kind::ALL`].
    pub kinds: Vec<KindReport>,
    /// What cannot come.
    pub left_out: Vec<LeftOut>,
}

/// Where what was sent comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportOrigin)]
pub enum Origin {
    /// A character's bundle.
    Bundle,
    /// A backup of Digital Dalla.
    Backup,
    /// A data folder, of an older app or of Digital Dalla.
    Folder,
    /// Characters as JSON.
    Json,
}

/// The kinds of things that are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportKind)]
pub enum Kind {
    /// Personas.
    Characters,
    /// Their credentials; only that there are some, never what they are.
    Keys,
    /// Pictures with their words.
    Pictures,
    /// Entries of the prompt library.
    Prompts,
    /// Tasks: they come paused.
    Schedules,
    /// What is out on a network already. Nothing that is to go out.
    Posts,
}

/// What comes of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportOfKind)]
pub struct KindReport {
    /// Which kind.
    pub kind: Kind,
    /// How many come.
    pub new: usize,
    /// How many are there already, just as they are sent.
    pub same: usize,
    /// How many are there already and differ: what is here stays.
    pub kept: usize,
    /// Each of them, in the order of the file.
    pub records: Vec<RecordReport>,
}

/// What becomes of one record.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportOfRecord)]
pub struct RecordReport {
    /// The file it is in.
    pub file: String,
    /// Its id there.
    pub id: String,
    /// Its id here, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becomes: Option<String>,
    /// What a person knows it by.
    pub name: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// What is changed on the way, and why; or how it was settled.
    pub words: Vec<String>,
}

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportOutcome)]
pub enum Outcome {
    /// It comes.
    New,
    /// It is there already, just as it is sent.
    Same,
    /// It is there already and differs: what is here stays.
    Kept,
}

/// Something that cannot come.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ImportLeftOut)]
pub struct LeftOut {
    /// The file it is in.
    pub file: String,
    /// Which record of it: its id, or its place; `null` when it is the file itself.
    pub record: Option<String>,
    /// Why, in a sentence.
    pub why: String,
}

/// What was sent, waiting for a person's word.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// What it waits under.
    pub id: ImportId,
    /// Until when, unless it was imported.
    pub until: DateTime<Utc>,
    /// What it brings, or has brought.
    pub report: ImportReport,
}

impl Kind {
    /// Every kind, in the order in which they are told.
    pub const ALL: [Self; 6] = [Self::Characters, Self::Keys, Self::Pictures, Self::Prompts, Self::Schedules, Self::Posts];

    /// As a page says one of them, and several.
    pub fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Characters => ("character", "characters"),
            Self::Keys => ("key", "keys"),
            Self::Pictures => ("picture", "pictures"),
            Self::Prompts => ("prompt", "prompts"),
            Self::Schedules => ("schedule", "schedules"),
            Self::Posts => ("published post", "published posts"),
        }
    }
}

impl Origin {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bundle => "A character’s bundle",
            Self::Backup => "A backup",
            Self::Folder => "A data folder",
            Self::Json => "Characters as JSON",
        }
    }
}

impl KindReport {
    /// Nothing yet.
    pub fn of(kind: Kind) -> Self {
        Self { kind, new: 0, same: 0, kept: 0, records: Vec::new() }
    }

    /// Adds a record.
    pub fn add(&mut self, record: RecordReport) {
        match record.outcome {
            Outcome::New => self.new += 1,
            Outcome::Same => self.same += 1,
            Outcome::Kept => self.kept += 1,
        }
        self.records.push(record);
    }
}

impl ImportReport {
    /// How many records come.
    pub fn new_records(&self) -> usize {
        self.kinds.iter().map(|kind| kind.new).sum()
    }

    /// What comes, as in "2 characters, 1 key, 14 prompts"; "nothing" when nothing does.
    pub fn what(&self) -> String {
        let count = |kind: &KindReport| {
            let (one, many) = kind.kind.labels();
            format!("{} {}", kind.new, if kind.new == 1 { one } else { many })
        };
        let parts: Vec<_> = self.kinds.iter().filter(|kind| kind.new > 0).map(count).collect();
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
    }
}

/// A text of the sender's as it may be shown: one line, not too long.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    let unseen = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut letters = text.chars().map(|c| if unseen(c) { ' ' } else { c });
    let start: String = letters.by_ref().take(LONGEST).collect();
    let start = start.trim();
    if letters.next().is_some() { format!("{start}…") } else { start.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_is_said_in_a_few_words() {
        let mut report =
            ImportReport { name: "old.zip".into(), origin: Origin::Folder, imported: false, kinds: Vec::new(), left_out: Vec::new() };
        assert_eq!(report.what(), "nothing");
        for (kind, outcomes) in [
            (Kind::Characters, &[Outcome::New, Outcome::Same][..]),
            (Kind::Keys, &[Outcome::Kept]),
            (Kind::Prompts, &[Outcome::New, Outcome::New]),
        ] {
            let mut of = KindReport::of(kind);
            for outcome in outcomes {
                let (file, id, name) = (String::new(), String::new(), String::new());
                of.add(RecordReport { file, id, becomes: None, name, outcome: *outcome, words: Vec::new() });
            }
            report.kinds.push(of);
        }
        assert_eq!((report.what().as_str(), report.new_records()), ("1 character, 2 prompts", 3));
    }

    #[test]
    fn what_a_sender_wrote_is_shown_on_one_line() {
        assert_eq!(shown(" a\nb\u{202e}c "), "a b c");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), 121);
    }
}
