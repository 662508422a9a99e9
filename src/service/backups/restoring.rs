//! Putting a backup back: looked through first, unpacked beside the data folder, and swapped with it in one step. What
//! was there before stays under another name.
//!
//! Cut off at any moment, the data folder is the old one or the new one, whole. A folder that was not unpacked to its
//! end carries a mark, so that nobody takes it for either.

use std::{
    fs::{self, File, OpenOptions as FileOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{
    making::{Step, megabytes, sync},
    mending::{self, UNFINISHED},
    reading::{self, Broke, Opened},
    swapping::{self, Place},
};
use crate::{
    domain::{
        backup::Summary,
        problem::{Kind, Problem},
    },
    service::disk::free,
    store::{self, OpenOptions},
};

/// The note in a restored folder, until the first start has read it.
pub(super) const RESTORED: &str = "restored.json";

/// How much is left on the disk.
const RESERVE: u64 = 64 << 20;

/// A backup that is to be put back.
pub struct Restoring {
    /// The zip.
    pub zip: PathBuf,
    /// The folder it becomes, and the key its secrets are opened with.
    pub into: OpenOptions,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What came of it.
#[derive(Debug)]
pub struct Restored {
    /// What was put back.
    pub contents: Summary,
    /// Where what was there before is now, when there was something.
    pub before: Option<PathBuf>,
    /// Why its secrets cannot be read, when they cannot.
    pub secrets_locked: Option<String>,
}

/// What a restored folder says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RestoredNote {
    /// The zip's name.
    pub(super) backup: String,
    /// The moment it shows.
    pub(super) made_at: DateTime<Utc>,
    /// When it was put back.
    pub(super) restored_at: DateTime<Utc>,
    /// Where what was there before is.
    pub(super) before: Option<PathBuf>,
}

impl Restoring {
    /// Whether there is anything in the folder that a restore moves away.
    pub fn replaces_something(&self) -> Result<bool, Broke> {
        swapping::is_bare(&self.into.dir).map(|bare| !bare).map_err(Broke::file("Looking at the data folder"))
    }

    /// Looks the backup through, puts it in the folder's place, and moves what was there away. Blocks.
    pub fn restore(&self, told: &mut dyn FnMut(Step)) -> Result<Restored, Broke> {
        let dir = std::path::absolute(&self.into.dir).map_err(Broke::file("Finding the data folder"))?;
        // Nobody may write in it meanwhile.
        let _hold = if dir.exists() { Some(store::hold(&dir).map_err(|error| refused(error.to_string()))?) } else { None };
        let never = CancellationToken::new();
        let mut opened = Opened::new(&self.zip)?;
        let all = opened.manifest.entries.len();
        reading::verify(&self.zip, &never, &mut |done| told(Step::Verifying(done, all)))?;
        let place = Place::of(&dir, self.now)?;
        room(&dir, &opened.manifest.summary)?;
        mending::clear(&dir).map_err(Broke::file("Removing a restore that was cut off"))?;
        let unpacked = Unpacked::begin(place.unpacked())?;
        opened.each(&never, &mut |done| told(Step::Copying(done, all)), &mut |entry, body| {
            unpack(&unpacked.0.join(&entry.name), body, entry.bytes)
        })?;
        let contents = opened.manifest.summary;
        let note = RestoredNote {
            backup: self.zip.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            made_at: contents.made_at,
            restored_at: self.now,
            before: place.before().map(Path::to_owned),
        };
        fs::write(unpacked.0.join(RESTORED), serde_json::to_vec_pretty(&note).unwrap_or_default())
            .map_err(Broke::file("Writing what was restored"))?;
        let secrets_locked = self.can_be_opened(&unpacked.0)?;
        unpacked.finish()?;
        let before = place.swap().map_err(Broke::file("Putting the restored folder in its place"))?;
        Ok(Restored { contents, before, secrets_locked })
    }

    /// Whether this version reads what was unpacked. Answers why its secrets are locked, when they are.
    fn can_be_opened(&self, unpacked: &Path) -> Result<Option<String>, Broke> {
        let options = OpenOptions { dir: unpacked.to_owned(), key: self.into.key.clone() };
        let peeked = store::peek(&options).map_err(|error| refused(error.to_string()))?;
        match peeked.damaged.first() {
            None => Ok(peeked.secrets_locked),
            Some(damage) => Err(refused(format!(
                "This version cannot read {} of the backup (line {}, column {}): {}. Nothing was changed.",
                damage.file, damage.line, damage.column, damage.reason
            ))),
        }
    }
}

/// A folder that is being filled. It is removed when it is dropped before its end.
struct Unpacked(PathBuf);

impl Unpacked {
    fn begin(folder: &Path) -> Result<Self, Broke> {
        let making = |source| Broke::File { doing: "Making a folder for the restored files", source };
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(making)?;
        }
        fs::DirBuilder::new().mode(0o700).create(folder).map_err(making)?;
        File::create_new(folder.join(UNFINISHED)).map_err(making)?;
        Ok(Self(folder.to_owned()))
    }

    /// Everything in it is on the disk, and the mark is gone.
    fn finish(self) -> Result<(), Broke> {
        let finishing = |source| Broke::File { doing: "Writing the restored files", source };
        sync_all_in(&self.0).map_err(finishing)?;
        fs::remove_file(self.0.join(UNFINISHED)).map_err(finishing)?;
        sync(&self.0).map_err(finishing)?;
        std::mem::forget(self);
        Ok(())
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a restore that failed leaves a folder behind");
        }
    }
}

/// Makes everything in a folder last: in one call for all files of the disk, for thousands of single ones take minutes.
#[cfg(target_os = "linux")]
fn sync_all_in(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

/// Makes everything in a folder last: one by one, where the system has no call for all.
#[cfg(not(target_os = "linux"))]
fn sync_all_in(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { sync_all_in(&entry.path())? } else { sync(&entry.path())? }
    }
    sync(folder)
}

fn unpack(path: &Path, body: &mut dyn io::Read, bytes: u64) -> Result<(), Broke> {
    let unpacking = |source| Broke::File { doing: "Writing a restored file", source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unpacking)?;
    }
    let mut file = FileOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(unpacking)?;
    let copied = io::copy(body, &mut file).map_err(unpacking)?;
    // What is too short is found out with the checksum, too; here it is said of the right file.
    if copied == bytes { Ok(()) } else { Err(refused(format!("{} breaks off in the backup.", path.display()))) }
}

fn room(dir: &Path, contents: &Summary) -> Result<(), Broke> {
    let free = free(dir).map_err(Broke::file("Looking how much room there is"))?;
    if free >= contents.bytes.saturating_add(RESERVE) {
        return Ok(());
    }
    let words = format!(
        "The disk has too little room: what is in the backup needs {}, and {} are free. Nothing was changed.",
        megabytes(contents.bytes),
        megabytes(free)
    );
    Err(Problem::new(Kind::StorageFull, words).into())
}

pub(super) fn refused(words: String) -> Broke {
    Broke::Problem(Problem::conflict(words))
}
