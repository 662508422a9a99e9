//! Backups: a copy of everything stored, in one file that says what is in it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::Id;

/// The id of a backup; also the name of its file, without the ending.
pub type BackupId = Id<Backup>;

/// The version of the way a backup is written.
pub const FORMAT: u32 = 1;
/// How many backups are kept, unless the settings say otherwise.
pub const USUALLY_KEPT: u32 = 7;
/// Most that may be kept.
pub const MOST_KEPT: u32 = 365;

/// How much is put into a backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Records alone: characters, prompts, posts, settings and all the others, without a picture.
    Records,
    /// Records, pictures, datasets, and of trainings their logs and samples.
    #[default]
    Pictures,
    /// That, and what trainings have made: LoRAs, saved states, the pictures they learned from.
    Everything,
}

/// A backup that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackupRequest {
    /// How much is put into it; `pictures` unless said.
    pub extent: Extent,
    /// Whether it stays until a person deletes it.
    pub keep: bool,
}

/// A backup in the making.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupOrder {
    /// Which one it becomes. Fixed beforehand, so that it cannot become two.
    pub backup_id: BackupId,
    /// How much is put into it.
    pub extent: Extent,
    /// Whether it stays until a person deletes it.
    #[serde(default)]
    pub keep: bool,
    /// Whether a schedule asked for it.
    #[serde(default)]
    pub scheduled: bool,
}

/// What a backup says of itself: all but its list of files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BackupSummary)]
pub struct Summary {
    /// The version of the way it is written; see [`FORMAT`].
    pub format: u32,
    /// The version of Digital Dalla that made it.
    pub app_version: String,
    /// The moment it shows.
    pub made_at: DateTime<Utc>,
    /// How much is in it.
    pub extent: Extent,
    /// How many records of each collection.
    pub counts: BTreeMap<String, usize>,
    /// How many files beside those of the collections.
    pub files: usize,
    /// Size of everything in it, unpacked.
    pub bytes: u64,
    /// Files that records speak of, and that were not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// The file `manifest.json` of a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// What it says of itself.
    #[serde(flatten)]
    pub summary: Summary,
    /// Everything else in the file.
    pub entries: Vec<Entry>,
}

/// A file in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its path in the data folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of what is in it, as hexadecimal digits.
    pub sha256: String,
}

/// A backup that lies in the data folder.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// Also the name of its file, without the ending.
    #[schema(value_type = String)]
    pub id: BackupId,
    /// Size of its file.
    pub bytes: u64,
    /// Whether it stays until a person deletes it.
    pub keep: bool,
    /// Whether a schedule asked for it.
    pub scheduled: bool,
    /// When every file in it was last read and found to be as it was written.
    pub verified_at: Option<DateTime<Utc>>,
    /// What is wrong with it, when something is.
    pub trouble: Option<String>,
    /// What is in it; `null` when that cannot be read.
    pub contents: Option<Summary>,
}

impl Extent {
    /// Every extent, the smallest first.
    pub const ALL: [Self; 3] = [Self::Records, Self::Pictures, Self::Everything];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Pictures => "pictures",
            Self::Everything => "everything",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Records => "Records only",
            Self::Pictures => "Records and pictures",
            Self::Everything => "Everything, with LoRAs and saved states",
        }
    }

    /// The extent of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|extent| extent.key() == key)
    }
}

impl BackupOrder {
    /// An order for a backup of now.
    pub fn new(request: &BackupRequest, scheduled: bool, now: DateTime<Utc>) -> Self {
        Self { backup_id: name(now), extent: request.extent, keep: request.keep, scheduled }
    }
}

impl Backup {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        file_name(&self.id)
    }

    /// When it was made, as far as can be told.
    pub fn made_at(&self) -> Option<DateTime<Utc>> {
        self.contents.as_ref().map(|contents| contents.made_at)
    }

    /// Whether it can be relied on.
    pub fn is_good(&self) -> bool {
        self.trouble.is_none() && self.verified_at.is_some()
    }
}

/// The name of a backup made at that time: names sort by time, and two of one second differ.
pub fn name(now: DateTime<Utc>) -> BackupId {
    let short = uuid::Uuid::new_v4().simple().to_string();
    format!("{}-{}", now.format("%Y-%m-%dT%H%M%SZ"), &short[..8]).into()
}

/// The name of a backup's file.
pub fn file_name(id: &BackupId) -> String {
    format!("{id}.zip")
}

/// The backup whose file has that name. Files may be called anything that is a plain name.
pub fn id_of(file: &str) -> Option<BackupId> {
    let stem = file.strip_suffix(".zip")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '(' | ')');
    let fits = !stem.is_empty() && stem.len() <= 120 && !stem.starts_with('.') && stem.chars().all(plain);
    fits.then(|| stem.into())
}

/// The backups there are too many of, when `kept` are to stay: the oldest of those that are good and that nobody has
/// said to keep. `backups` are sorted, the newest first.
pub fn surplus(backups: &[Backup], kept: usize) -> Vec<BackupId> {
    backups.iter().filter(|backup| !backup.keep && backup.is_good()).skip(kept).map(|backup| backup.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(id: &str, keep: bool, good: bool) -> Backup {
        let trouble = (!good).then(|| "Damaged.".to_owned());
        let verified_at = Some(DateTime::UNIX_EPOCH);
        Backup { id: id.into(), bytes: 1, keep, scheduled: false, verified_at, trouble, contents: None }
    }

    #[test]
    fn names_sort_by_time_and_are_plain() {
        let at = |text: &str| text.parse().unwrap();
        let (first, second) = (name(at("2026-11-27T08:59:59Z")), name(at("2026-11-27T09:00:00Z")));
        assert!(first.as_str() < second.as_str() && first.as_str().starts_with("2026-11-27T085959Z-"));
        assert_eq!(id_of(&file_name(&first)), Some(first));
        assert_eq!(id_of("before the move (2).zip").unwrap().as_str(), "before the move (2)");
        for bad in ["../x.zip", "a/b.zip", ".zip", ".hidden.zip", "x.zip.tmp", "x\u{202e}.zip"] {
            assert_eq!(id_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_good_ones_that_nobody_keeps_are_too_many() {
        let backups = [
            backup("e", false, true),
            backup("d", false, false),
            backup("c", true, true),
            backup("b", false, true),
            backup("a", false, true),
        ];
        assert_eq!(surplus(&backups, 1), ["b".into(), "a".into()] as [BackupId; 2]);
        assert_eq!(surplus(&backups, 3), [] as [BackupId; 0]);
    }
}
