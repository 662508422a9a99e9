//! The journal: a line for each change, on disk before the change is acknowledged.
//!
//! A line is `{"crc":"<8 hex digits>","body":{"seq":N,"batch":B,"ops":[…]}}`; the checksum is the CRC-32 of the
//! body's text, `B` the number of the first line that was made durable together with it.
//!
//! While the journal is in use, zeros stand after its last line: room that is on disk already, so that a sync has
//! to write the line and not the file's new length too.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error::OpenError,
    state::{Operation, State},
};

/// The journal's file.
const JOURNAL: &str = "journal.ndjson";
/// How many zeros are written ahead: room for about a hundred changes, and still a short moment's work.
const ROOM: usize = 1 << 18;

/// The open journal.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Up to here every line is whole.
    good: u64,
    /// Up to here the file's blocks are there; between the two there are only zeros.
    reserved: u64,
    next: u64,
}

#[derive(Deserialize)]
struct Line<'a> {
    crc: &'a str,
    #[serde(borrow)]
    body: &'a RawValue,
}

#[derive(Deserialize)]
struct Body<'a> {
    seq: u64,
    #[serde(default)]
    batch: Option<u64>,
    #[serde(borrow)]
    ops: Vec<Op<'a>>,
}

#[derive(Deserialize)]
struct Op<'a> {
    #[serde(borrow, default)]
    put: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    record: Option<&'a RawValue>,
    #[serde(borrow, default)]
    delete: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<std::borrow::Cow<'a, str>>,
}

impl Journal {
    /// Opens the journal of a folder and replays it into `state`. A torn last line was never acknowledged: it is cut off.
    pub(super) fn open(dir: &Path, state: &mut State) -> Result<(Self, Vec<String>), OpenError> {
        let path = dir.join(JOURNAL);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(OpenError::io(&path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(OpenError::io(&path))?;
        let (good, next, touched) = replay(&path, &bytes, state)?;
        let tail = &bytes[good as usize..];
        if tail.iter().any(|byte| *byte != 0) {
            tracing::warn!(bytes = tail.len(), "the journal's last lines are torn; they were never acknowledged and are dropped");
        }
        if !tail.is_empty() {
            file.set_len(good).map_err(OpenError::io(&path))?;
        }
        Ok((Self { path, file, good, reserved: good, next }, touched))
    }

    /// Appends one line for each change and waits until they are on disk. When that fails, none of them is there.
    pub(super) fn append(&mut self, changes: impl Iterator<Item = Vec<String>>) -> std::io::Result<()> {
        let mut lines = Vec::new();
        let mut next = self.next;
        for operations in changes {
            let body = format!("{{\"seq\":{next},\"batch\":{},\"ops\":[{}]}}", self.next, operations.join(","));
            writeln!(lines, "{{\"crc\":\"{:08x}\",\"body\":{body}}}", crc32fast::hash(body.as_bytes()))?;
            next += 1;
        }
        self.reserve(lines.len())?;
        let written = self.file.write_all_at(&lines, self.good).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.good += lines.len() as u64;
                self.reserved = self.reserved.max(self.good);
                self.next = next;
                Ok(())
            }
            Err(error) => {
                if let Err(error) = self.cut_back() {
                    tracing::warn!(%error, "the journal could not be cut back; it is tried again before the next change");
                }
                Err(error)
            }
        }
    }

    /// Makes room for so many bytes after the last line. Without room on the disk, lines are appended as they come.
    fn reserve(&mut self, bytes: usize) -> std::io::Result<()> {
        // What a failure before left behind must be gone before anything is written in its place.
        if self.file.metadata()?.len() != self.reserved {
            self.cut_back()?;
        }
        if self.good + bytes as u64 <= self.reserved {
            return Ok(());
        }
        let zeros = vec![0; bytes + ROOM];
        match self.file.write_all_at(&zeros, self.reserved) {
            Ok(()) => {
                self.reserved += zeros.len() as u64;
                Ok(())
            }
            Err(_) => self.cut_back(),
        }
    }

    fn cut_back(&mut self) -> std::io::Result<()> {
        // Anything else than what the file's length will be, should the next line fail.
        self.reserved = u64::MAX;
        self.file.set_len(self.good)?;
        self.reserved = self.good;
        Ok(())
    }

    /// How long the journal is, for [`Journal::cut`].
    pub(super) fn len(&self) -> u64 {
        self.good
    }

    /// Drops everything before `end`; lines after it stay.
    pub(super) fn cut(&mut self, end: u64) -> std::io::Result<()> {
        if end == self.good {
            self.file.set_len(0)?;
            (self.good, self.reserved) = (0, 0);
            return self.file.sync_data();
        }
        let mut rest = Vec::new();
        let mut reader = File::open(&self.path)?;
        reader.seek(SeekFrom::Start(end))?;
        reader.take(self.good - end).read_to_end(&mut rest)?;
        let dir = self.path.parent().unwrap_or(Path::new("."));
        let mut shorter = tempfile::NamedTempFile::new_in(dir)?;
        shorter.write_all(&rest)?;
        shorter.as_file().sync_data()?;
        shorter.persist(&self.path)?;
        File::open(dir)?.sync_all()?;
        self.file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        self.good = rest.len() as u64;
        self.reserved = self.good;
        Ok(())
    }
}

/// What the journal of a folder holds now, torn lines and room ahead included; nothing when there is none.
pub(super) fn bytes(dir: &Path) -> Result<Vec<u8>, OpenError> {
    let path = dir.join(JOURNAL);
    match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(OpenError::io(&path)),
    }
}

/// Applies what a journal holds, without touching its file. Answers up to where its lines are whole.
pub(super) fn replay_into(dir: &Path, bytes: &[u8], state: &mut State) -> Result<usize, OpenError> {
    replay(&dir.join(JOURNAL), bytes, state).map(|(good, ..)| good as usize)
}

/// Applies every whole line. Answers where they end, the next number, and which collections they touched.
fn replay(path: &Path, bytes: &[u8], state: &mut State) -> Result<(u64, u64, Vec<String>), OpenError> {
    let (mut good, mut next) = (0, 1);
    let mut touched: Vec<String> = Vec::new();
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let last = good + line.len() == bytes.len();
        let bad = |reason: String| OpenError::BadJournal { file: path.to_owned(), line: number + 1, reason };
        if line == b"\n" {
            good += 1;
            continue;
        }
        if line.iter().all(|byte| *byte == 0) {
            break;
        }
        match read_line(line) {
            Ok(body) => {
                apply(&body, state, &mut touched).map_err(bad)?;
                next = body.seq + 1;
                good += line.len();
            }
            Err(_) if (last || line.contains(&0)) && nothing_later(&bytes[good..], next) => break,
            Err(reason) => return Err(bad(reason)),
        }
    }
    Ok((good as u64, next, touched))
}

/// Whether all lines in `rest` were made durable together with line `next`, or tried to be. A power cut may leave any
/// of a batch's blocks unwritten, so that whole lines can follow on torn ones; none of them was acknowledged.
fn nothing_later(rest: &[u8], next: u64) -> bool {
    let pieces = rest.split(|byte| *byte == 0).flat_map(|piece| piece.split_inclusive(|byte| *byte == b'\n'));
    pieces.filter_map(|line| read_line(line).ok()).all(|body| body.batch.unwrap_or(body.seq) <= next)
}

fn read_line(line: &[u8]) -> Result<Body<'_>, String> {
    let whole = line.strip_suffix(b"\n").ok_or("it has no end")?;
    let line: Line<'_> = serde_json::from_slice(whole).map_err(|error| error.to_string())?;
    let text = line.body.get();
    let sum = format!("{:08x}", crc32fast::hash(text.as_bytes()));
    if sum != line.crc {
        return Err("its checksum does not match".into());
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn apply(body: &Body<'_>, state: &mut State, touched: &mut Vec<String>) -> Result<(), String> {
    for op in &body.ops {
        let (collection, operation) = match (&op.put, op.record, &op.delete, &op.id) {
            (Some(collection), Some(record), None, None) => (collection, Operation::Put(record)),
            (None, None, Some(collection), Some(id)) => (collection, Operation::Delete(id)),
            _ => return Err("it is neither a put nor a delete".into()),
        };
        state.replay(collection, operation)?;
        if !touched.iter().any(|known| known == collection) {
            touched.push(collection.to_string());
        }
    }
    Ok(())
}
