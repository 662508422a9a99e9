//! Archives: pictures and captions out of a zip, whatever its maker had in mind.
//!
//! No name in an archive becomes a path of ours, nothing is unpacked further than it may be large, and what is no
//! picture by its first bytes is not unpacked at all.

use std::{
    fs::File,
    io::{BufReader, Write},
    path::PathBuf,
};

use tempfile::TempPath;
use tokio::sync::mpsc;
use zip::{read::ZipFileEntry, unstable::read::ZipIterable};

use super::{
    files,
    receiving::{LARGEST_TEXT, NO_PICTURE, has_ending, too_large},
    whole,
};
pub(super) use crate::service::archives::{Failure, is_one};
use crate::{
    domain::problem::{Kind, Problem},
    service::archives::{Copying, DAMAGED_ENTRY, LEADS_OUT, LOCKED, UNKNOWN_PACKING, copy, damaged, is_junk, leads_out, read_start},
};

/// Most entries of an archive, folders and others included.
const MOST_ENTRIES: usize = 5_000;
/// How many unpacked files may wait to be looked at.
const AHEAD: usize = 2;

/// How large what comes out may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// One picture.
    pub(super) picture: u64,
    /// All of it.
    pub(super) all: u64,
}

/// Something out of an archive.
pub(super) enum Entry {
    Picture { path: String, part: TempPath },
    Text { path: String, text: Vec<u8> },
    Refused { path: String, problem: Problem },
}

/// Unpacks an archive on a thread of its own, a few files ahead of whoever takes them.
pub(super) fn unpack(archive: TempPath, root: PathBuf, limits: Limits) -> mpsc::Receiver<Result<Entry, Failure>> {
    let (entries, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let unpacking = Unpacking { root, limits, left: limits.all };
        if let Err(failure) = unpacking.run(&archive, |entry| entries.blocking_send(Ok(entry)).is_ok()) {
            // Nobody may be listening any more.
            let _ = entries.blocking_send(Err(failure));
        }
    });
    receiver
}

struct Unpacking {
    root: PathBuf,
    limits: Limits,
    left: u64,
}

impl Unpacking {
    fn run(mut self, archive: &TempPath, mut hand_on: impl FnMut(Entry) -> bool) -> Result<(), Failure> {
        let index = BufReader::new(File::open(archive).map_err(Failure::Disk)?);
        let mut bodies = BufReader::new(File::open(archive).map_err(Failure::Disk)?);
        let mut zip = ZipIterable::try_new(index, zip::read::Config::default()).map_err(damaged)?;
        if zip.len() > MOST_ENTRIES {
            let words = format!("It holds {} files; at most {MOST_ENTRIES} are unpacked.", zip.len());
            return Err(Failure::Archive(Problem::new(Kind::TooLarge, words)));
        }
        for entry in zip.files().map_err(damaged)? {
            let entry = entry.map_err(damaged)?;
            if let Some(entry) = self.one(entry, &mut bodies)?
                && !hand_on(entry)
            {
                break;
            }
        }
        Ok(())
    }

    /// What an entry holds; `None` for what nobody wants to hear of.
    fn one<'a>(&mut self, entry: ZipFileEntry<'a>, bodies: &'a mut BufReader<File>) -> Result<Option<Entry>, Failure> {
        let path = entry.name().map(|name| name.replace('\\', "/")).unwrap_or_else(|_| String::from_utf8_lossy(entry.name_raw()).into());
        if entry.is_dir() || path.ends_with('/') || is_junk(&path) {
            return Ok(None);
        }
        let refuse = |kind: Kind, words: &str| Ok(Some(Entry::Refused { path: path.clone(), problem: Problem::new(kind, words) }));
        if leads_out(&path) {
            return refuse(Kind::Invalid, LEADS_OUT);
        }
        if entry.encrypted() {
            return refuse(Kind::Unsupported, LOCKED);
        }
        if entry.is_symlink() {
            return refuse(Kind::Unsupported, NO_PICTURE);
        }
        let Ok(mut body) = entry.with_reader(bodies, zip::read::ZipReadOptions::new()) else {
            return refuse(Kind::Unsupported, UNKNOWN_PACKING);
        };
        let is_text = has_ending(&path, "txt");
        let mut start = [0; 12];
        let Ok(length) = read_start(&mut body, &mut start) else { return refuse(Kind::Unsupported, DAMAGED_ENTRY) };
        let start = &start[..length];
        if is_one(start) {
            return refuse(Kind::Unsupported, "An archive within an archive is not opened.");
        }
        if length == 0 {
            return refuse(Kind::Unsupported, "The file is empty.");
        }
        if !is_text && whole::format(start).is_none() {
            return refuse(Kind::Unsupported, NO_PICTURE);
        }
        let limit = if is_text { LARGEST_TEXT } else { self.limits.picture };
        let (mut file, part) = files::new_part(&self.root).map_err(Failure::Disk)?;
        file.write_all(start).map_err(Failure::Disk)?;
        let copied = copy(&mut body, &mut file, limit.min(self.left).saturating_sub(length as u64));
        match copied {
            Ok(more) => self.left = self.left.saturating_sub(length as u64 + more),
            Err(Copying::TooLarge) if self.left < limit => {
                let words = format!("What it holds is larger than {} MB when it is unpacked.", self.limits.all / 1_000_000);
                return Err(Failure::Archive(Problem::new(Kind::TooLarge, words)));
            }
            Err(Copying::TooLarge) => {
                self.left = self.left.saturating_sub(limit);
                let problem = too_large(limit);
                return Ok(Some(Entry::Refused { path, problem }));
            }
            Err(Copying::Read) => return refuse(Kind::Unsupported, DAMAGED_ENTRY),
            Err(Copying::Write(error)) => return Err(Failure::Disk(error)),
        }
        if !is_text {
            return Ok(Some(Entry::Picture { path, part }));
        }
        let text = std::fs::read(&part).map_err(Failure::Disk)?;
        Ok(Some(Entry::Text { path, text }))
    }
}
