//! The folder backups lie in: a zip each, and beside it a note with what is known of it.
//!
//! What is in the note can be found out again from the zip, all but whether to keep it. So a note that is lost costs
//! nothing but time, and a zip that a person has put there is a backup like the others.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::reading;
use crate::{
    domain::backup::{Backup, Summary, id_of},
    service::media::write_durably,
};

/// How the name of a zip in the making ends, and of the arrays for it. Both begin with a dot.
pub(super) const MAKING: &str = ".making";

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Note {
    keep: bool,
    scheduled: bool,
    verified_at: Option<DateTime<Utc>>,
    trouble: Option<String>,
    /// What follows is about a file of this size; another one is another file.
    bytes: u64,
    contents: Option<Summary>,
}

/// All backups in a folder, the newest first; none when there is no folder.
pub(super) fn list(folder: &Path) -> io::Result<Vec<Backup>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut backups = Vec::new();
    for entry in entries {
        backups.extend(read(&entry?.path())?);
    }
    backups.sort_by(|one, other| (other.made_at(), other.id.as_str()).cmp(&(one.made_at(), one.id.as_str())));
    Ok(backups)
}

/// What is known of a backup; `None` when that file is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Backup>> {
    let Some(id) = path.file_name().and_then(|name| name.to_str()).and_then(id_of) else { return Ok(None) };
    let bytes = match fs::symlink_metadata(path) {
        Ok(about) if about.is_file() => about.len(),
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let noted = fs::read(note_of(path)).ok().and_then(|text| serde_json::from_slice::<Note>(&text).ok());
    let note = noted.unwrap_or_default();
    if note.bytes == bytes {
        let Note { keep, scheduled, verified_at, trouble, contents, .. } = note;
        return Ok(Some(Backup { id, bytes, keep, scheduled, verified_at, trouble, contents }));
    }
    let (contents, trouble) = match reading::manifest(path) {
        Ok(manifest) => (Some(manifest.summary), None),
        Err(broke) => (None, Some(broke.words())),
    };
    Ok(Some(Backup { id, bytes, keep: note.keep, scheduled: note.scheduled, verified_at: None, trouble, contents }))
}

/// Writes down what is known of a backup.
pub(super) fn note(path: &Path, backup: &Backup) -> io::Result<()> {
    let note = Note {
        keep: backup.keep,
        scheduled: backup.scheduled,
        verified_at: backup.verified_at,
        trouble: backup.trouble.clone(),
        bytes: backup.bytes,
        contents: backup.contents.clone(),
    };
    write_durably(&note_of(path), &serde_json::to_vec_pretty(&note)?)
}

/// Removes a backup. Answers whether there was one.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        removed => removed?,
    }
    match fs::remove_file(note_of(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(true),
    }
}

/// Removes what was never finished, and notes of what is not there.
pub(super) fn tidy(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let is_note = path.extension().is_some_and(|end| end == "json");
        let zip = path.with_extension("zip");
        let known = zip.file_name().and_then(|name| name.to_str()).is_some_and(|name| id_of(name).is_some());
        if is_note && known && !zip.exists() {
            fs::remove_file(&path)?;
        } else if entry.file_name().to_str().is_some_and(is_unfinished) {
            if entry.file_type()?.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
    }
    Ok(())
}

/// Whether a file of that name was in the making.
pub fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(MAKING)
}

fn note_of(path: &Path) -> PathBuf {
    path.with_extension("json")
}
