//! Where a restored folder is unpacked, and how it comes into its place.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use rustix::{
    fs::{CWD, RenameFlags, renameat_with},
    io::Errno,
};

use super::{
    FOLDER,
    making::sync,
    mending::INSIDE,
    reading::Broke,
    restoring::{RESTORED, refused},
};

/// What may lie in a folder that nobody has stored anything in yet.
const BARE: [&str; 4] = [".lock", FOLDER, INSIDE, "lost+found"];

/// Where a restored folder is unpacked, and what it becomes.
pub(super) enum Place {
    /// Beside the data folder, to be swapped with it.
    Beside {
        /// The data folder.
        data: PathBuf,
        /// Where it is unpacked.
        unpacked: PathBuf,
        /// What the folder that is there now will be called; `None` when there is nothing in it.
        before: Option<PathBuf>,
    },
    /// In a data folder that is empty and cannot be renamed, as where a disk is mounted.
    Inside {
        /// The data folder.
        data: PathBuf,
        /// Where it is unpacked.
        unpacked: PathBuf,
    },
}

impl Place {
    /// The place for a data folder.
    pub(super) fn of(data: &Path, now: DateTime<Utc>) -> Result<Self, Broke> {
        let looking = |source| Broke::File { doing: "Looking at the data folder", source };
        let bare = is_bare(data).map_err(looking)?;
        let data = data.to_owned();
        if !is_mounted(&data).map_err(looking)? {
            let stamp = now.format("%Y-%m-%dT%H%M%SZ");
            let before = (!bare).then(|| beside(&data, &format!("before-{stamp}")));
            return Ok(Self::Beside { unpacked: beside(&data, &format!("restoring-{stamp}")), before, data });
        }
        if bare {
            return Ok(Self::Inside { unpacked: data.join(INSIDE), data });
        }
        Err(refused(format!(
            "{} is where a disk or volume is mounted, so it cannot be moved away as a whole. Empty it, or restore into another folder with \
             --into and name that one in DALLA_DATA_DIR.",
            data.display()
        )))
    }

    pub(super) fn unpacked(&self) -> &Path {
        match self {
            Self::Beside { unpacked, .. } | Self::Inside { unpacked, .. } => unpacked,
        }
    }

    pub(super) fn before(&self) -> Option<&Path> {
        match self {
            Self::Beside { before, .. } => before.as_deref(),
            Self::Inside { .. } => None,
        }
    }

    /// Puts it in its place. Answers where what was there before is. Backups stay with the data folder.
    pub(super) fn swap(self) -> io::Result<Option<PathBuf>> {
        match self {
            Self::Inside { data, unpacked } => move_up(&data, &unpacked).map(|()| None),
            Self::Beside { data, unpacked, before } => {
                let parent = data.parent().unwrap_or(Path::new("/")).to_owned();
                if !data.exists() {
                    renameat_with(CWD, &unpacked, CWD, &data, RenameFlags::NOREPLACE)?;
                    sync(&parent)?;
                    return Ok(None);
                }
                exchange(&unpacked, &data, before.as_deref())?;
                sync(&parent)?;
                // From here on what was unpacked is the data folder, and the old one has the other name.
                let old = before.as_deref().unwrap_or(&unpacked);
                keep_backups(old, &data)?;
                if before.is_none() {
                    fs::remove_dir_all(old)?;
                }
                sync(&parent)?;
                Ok(before)
            }
        }
    }
}

/// Whether nothing was stored in a folder yet, or only by a restore that was cut off.
pub(super) fn is_bare(data: &Path) -> io::Result<bool> {
    if data.join(INSIDE).exists() {
        return Ok(true);
    }
    let mut entries = match fs::read_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        entries => entries?,
    };
    entries.try_fold(true, |bare, entry| Ok(bare && BARE.iter().any(|name| entry.as_ref().is_ok_and(|entry| entry.file_name() == *name))))
}

/// Moves the backups of one folder into another that has none.
pub(super) fn keep_backups(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (from.join(FOLDER), to.join(FOLDER));
    if from.is_dir() && !to.exists() { fs::rename(from, to) } else { Ok(()) }
}

/// A folder beside another: `data` and `before-x` give `data.before-x`.
pub(super) fn beside(data: &Path, ending: &str) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    data.with_file_name(format!("{name}.{ending}"))
}

/// Both folders change their names at once, then the old one gets its own. Where a file system cannot do that, there
/// is a moment without a data folder; the next start sees that and says what to do.
fn exchange(unpacked: &Path, data: &Path, before: Option<&Path>) -> io::Result<()> {
    match renameat_with(CWD, unpacked, CWD, data, RenameFlags::EXCHANGE) {
        Ok(()) => before.map_or(Ok(()), |before| fs::rename(unpacked, before)),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            let aside = before.map_or_else(|| unpacked.with_extension("old"), Path::to_owned);
            fs::rename(data, &aside)?;
            fs::rename(unpacked, data)?;
            if before.is_none() { fs::rename(aside, unpacked) } else { Ok(()) }
        }
        Err(error) => Err(error.into()),
    }
}

/// Moves everything out of a folder into the one it is in. The folder goes last: as long as it is there, nobody takes
/// the outer one for whole.
fn move_up(data: &Path, unpacked: &Path) -> io::Result<()> {
    for entry in fs::read_dir(unpacked)? {
        let entry = entry?;
        if entry.file_name() != RESTORED {
            fs::rename(entry.path(), data.join(entry.file_name()))?;
        }
    }
    fs::rename(unpacked.join(RESTORED), data.join(RESTORED))?;
    sync(data)?;
    fs::remove_dir_all(unpacked)?;
    sync(data)
}

/// Whether a folder is on another disk than the one it is in.
fn is_mounted(data: &Path) -> io::Result<bool> {
    let device = |path: &Path| fs::metadata(path).map(|about| about.dev());
    match (device(data), data.parent().map(device)) {
        (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        (Ok(own), Some(Ok(outer))) => Ok(own != outer),
        (Ok(_), None) => Ok(true),
        (Err(error), _) | (_, Some(Err(error))) => Err(error),
    }
}
