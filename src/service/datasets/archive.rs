//! Archives: pictures and captions out of a zip, whatever its maker had in mind.
//!
//! No name in an archive becomes a path of ours, nothing is unpacked further than it may be large, and what is no
//! picture by its first bytes is not unpacked at all.

use std::{
    fs::File,
    io::{self, BufReader, Read, Write},
    path::PathBuf,
};

use tempfile::TempPath;
use tokio::sync::mpsc;
use zip::{read::ZipFileEntry, result::ZipError, unstable::read::ZipIterable};

use super::{
    files,
    receiving::{LARGEST_TEXT, NO_PICTURE, has_ending, too_large},
    whole,
};
use crate::domain::problem::{Kind, Problem};

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

/// Why nothing more comes out.
pub(super) enum Failure {
    /// The archive.
    Archive(Problem),
    /// Our disk.
    Disk(io::Error),
}

/// Whether a file begins like a zip.
pub(super) fn is_one(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
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
            return refuse(Kind::Invalid, "Its path leads out of the archive.");
        }
        if entry.encrypted() {
            return refuse(Kind::Unsupported, "It is locked with a password.");
        }
        if entry.is_symlink() {
            return refuse(Kind::Unsupported, NO_PICTURE);
        }
        let Ok(mut body) = entry.with_reader(bodies, zip::read::ZipReadOptions::new()) else {
            return refuse(Kind::Unsupported, "It is packed in a way that cannot be read.");
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

const DAMAGED_ENTRY: &str = "It is damaged in the archive.";

fn damaged(error: ZipError) -> Failure {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof && error.kind() != io::ErrorKind::InvalidData => {
            Failure::Disk(error)
        }
        _ => Failure::Archive(Problem::new(Kind::Unsupported, "The archive is damaged, or breaks off. Pack it again.")),
    }
}

/// Fills `start` as far as there is something.
fn read_start(body: &mut impl Read, start: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < start.len() {
        match body.read(&mut start[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

enum Copying {
    TooLarge,
    Read,
    Write(io::Error),
}

/// Copies at most `limit` bytes, by what really comes out: what the archive says of sizes may be a lie.
fn copy(from: &mut impl Read, to: &mut impl Write, limit: u64) -> Result<u64, Copying> {
    let mut buffer = vec![0; 64 << 10];
    let mut copied = 0;
    loop {
        let length = from.read(&mut buffer).map_err(|_| Copying::Read)?;
        if length == 0 {
            return Ok(copied);
        }
        copied += length as u64;
        if copied > limit {
            return Err(Copying::TooLarge);
        }
        to.write_all(&buffer[..length]).map_err(Copying::Write)?;
    }
}

/// What systems leave in archives without being asked.
fn is_junk(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| *part != "." && *part != "..");
    parts.any(|part| part == "__MACOSX" || part.starts_with('.') || matches!(part, "Thumbs.db" | "desktop.ini"))
}

/// Whether a path would lead out of the folder it is unpacked in. Nothing of ours would follow it; a person who sent
/// it should know.
fn leads_out(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    path.starts_with('/') || drive || path.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_told_from_others() {
        assert!(leads_out("../a.png") && leads_out("/etc/a.png") && leads_out("C:/a.png") && leads_out("a/../../b.png"));
        assert!(!leads_out("a/b.png") && !leads_out("a..b.png") && !leads_out("..a/b.png"));
    }

    #[test]
    fn what_systems_leave_is_passed_over() {
        assert!(is_junk("__MACOSX/._luna.png") && is_junk("set/.DS_Store") && is_junk("set/Thumbs.db") && is_junk("._luna.png"));
        assert!(!is_junk("set/luna.png") && !is_junk("../luna.png") && !is_junk("./luna.png"));
    }
}
