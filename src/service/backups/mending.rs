//! Restores that were cut off: telling them from whole folders, and clearing them away.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{restoring::RESTORED, swapping::beside};
use crate::store;

/// The mark in a folder that was not unpacked to its end.
pub(super) const UNFINISHED: &str = ".unfinished";
/// Where a restore unpacks in a data folder that cannot be renamed.
pub(super) const INSIDE: &str = ".restoring";

/// A folder beside the data folder that a restore has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftover {
    /// Half unpacked: of no use.
    Half(PathBuf),
    /// Unpacked to its end, and not yet put in its place.
    Whole(PathBuf),
    /// What was in the data folder before a restore.
    Before(PathBuf),
}

/// Why the server must not start on a folder: a restore into it was cut off, and something has to be done first.
pub fn unfinished(dir: &Path) -> Option<String> {
    let again = "Run `digital-dalla restore` again with the same backup";
    if dir.join(INSIDE).exists() {
        return Some(format!("A restore into {} was cut off. {again}: nothing else was in the folder.", dir.display()));
    }
    if dir.exists() {
        return None;
    }
    let leftovers = leftovers(dir).ok()?;
    let before = leftovers.iter().rev().find_map(|leftover| match leftover {
        Leftover::Before(path) => Some(path),
        Leftover::Half(_) | Leftover::Whole(_) => None,
    })?;
    let whole = leftovers.iter().any(|leftover| matches!(leftover, Leftover::Whole(_)));
    whole.then(|| {
        format!(
            "{} is not there: a restore was cut off right before its end. {again}, or go back to what was there before with: mv {} {}",
            dir.display(),
            before.display(),
            dir.display()
        )
    })
}

/// What restores have left beside a data folder, in the order of their names.
pub fn leftovers(dir: &Path) -> io::Result<Vec<Leftover>> {
    let dir = std::path::absolute(dir)?;
    let Some(parent) = dir.parent() else { return Ok(Vec::new()) };
    let starts = |ending: &str| beside(&dir, ending).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (before, restoring) = (starts("before-"), starts("restoring-"));
    let entries = match fs::read_dir(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if !entry.file_type()?.is_dir() {
            continue;
        }
        if name.starts_with(&before) {
            found.push(Leftover::Before(path));
        } else if name.starts_with(&restoring) && path.join(UNFINISHED).exists() {
            found.push(Leftover::Half(path));
        } else if name.starts_with(&restoring) {
            // Right after the swap the old folder has this name for a moment; the new one carries a note.
            let new = path.join(RESTORED).exists() || !dir.exists();
            found.push(if new { Leftover::Whole(path) } else { Leftover::Before(path) });
        }
    }
    found.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(found)
}

impl Leftover {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Half(path) | Self::Whole(path) | Self::Before(path) => path,
        }
    }
}

/// Removes what earlier restores into this folder have left half done. Only for whoever holds the folder, or where
/// there is none.
pub(super) fn clear(dir: &Path) -> io::Result<()> {
    for leftover in leftovers(dir)? {
        if let Leftover::Half(path) = leftover {
            fs::remove_dir_all(path)?;
        }
    }
    if !dir.join(INSIDE).exists() {
        return Ok(());
    }
    // The folder was bare when that restore began, so all of this is its own.
    for name in store::copied().map(|name| format!("{name}.json")).chain(["media", "datasets", "trainings", RESTORED].map(str::to_owned)) {
        let path = dir.join(name);
        match fs::symlink_metadata(&path) {
            Ok(about) if about.is_dir() => fs::remove_dir_all(path)?,
            Ok(_) => fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    fs::remove_dir_all(dir.join(INSIDE))
}
