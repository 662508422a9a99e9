//! The journal: a line for each change, on disk before the change is acknowledged.
//!
//! A line is `{"crc":"<8 hex digits>","body":{"seq":N,"batch":B,"ops":[…]}}`; the checksum is the CRC-32 of the
//! body's text, `B` the number of the first line that was made durable together with it.
//!
//! While the journal is in use, zeros stand after its last line: room that is on disk already, so that a sync has
//! to write the line and not the file's new length too.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{durable::DurableFile, error::OpenError, replay, state::State};

/// How many zeros are written ahead: room for a few hundred changes, and still a short moment's work.
const ROOM: usize = 1 << 19;

/// With less than this left, it is time to write more of them: room for what is likely to come before the next moment
/// in which nobody waits.
const SCARCE: usize = 1 << 15;

/// What a line has around its operations is not longer than this.
const AROUND: usize = 128;

/// The open journal.
pub(super) struct Journal {
    path: PathBuf,
    file: DurableFile,
    /// Up to here every line is whole.
    good: u64,
    /// Up to here the file's blocks are on disk; between the two there are only zeros.
    reserved: u64,
    /// Whether a failure left something behind that must be gone before anything is written in its place. Noted, not
    /// looked up: asking for a file's length makes the next write store a new time of change, a third of a sync's time.
    is_torn: bool,
    next: u64,
}

impl Journal {
    /// Opens the journal of a folder and replays it into `state`. A torn last line was never acknowledged: it is cut off.
    pub(super) fn open(dir: &Path, state: &mut State) -> Result<(Self, Vec<String>), OpenError> {
        let path = replay::path(dir);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(OpenError::io(&path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(OpenError::io(&path))?;
        let (good, next, touched) = replay::replay(&path, &bytes, state)?;
        let tail = &bytes[good as usize..];
        if tail.iter().any(|byte| *byte != 0) {
            tracing::warn!(bytes = tail.len(), "the journal's last lines are torn; they were never acknowledged and are dropped");
        }
        if !tail.is_empty() {
            file.set_len(good).map_err(OpenError::io(&path))?;
        }
        let file = DurableFile::new(file, &path);
        Ok((Self { path, file, good, reserved: good, is_torn: false, next }, touched))
    }

    /// Appends one line for each change, of the operations it did with commas between them, and waits until they are on
    /// disk. When that fails, none of them is there.
    pub(super) fn append(&mut self, changes: &[Vec<u8>]) -> std::io::Result<()> {
        let mut lines = Vec::with_capacity(changes.iter().map(|operations| operations.len() + AROUND).sum());
        let mut next = self.next;
        for operations in changes {
            write_line(&mut lines, next, self.next, operations)?;
            next += 1;
        }
        self.reserve(lines.len())?;
        match self.file.write(&lines, self.good, self.reserved) {
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
        if self.is_torn {
            self.cut_back()?;
        }
        if self.has_room(bytes) { Ok(()) } else { self.extend(bytes + ROOM) }
    }

    /// Makes room for the changes to come while nobody waits, so that few of them have to.
    pub(super) fn reserve_ahead(&mut self) {
        if self.is_torn || self.has_room(SCARCE) {
            return;
        }
        if let Err(error) = self.extend(ROOM) {
            // Without room, lines are appended as they come; this is worse, and the next change tries it again.
            tracing::warn!(%error, "what was written ahead of the journal could not be taken back");
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        DurableFile::room_for(bytes, self.good) <= self.reserved
    }

    fn extend(&mut self, bytes: usize) -> std::io::Result<()> {
        let end = DurableFile::room_for(bytes, self.good);
        let zeros = vec![0; (end - self.reserved) as usize];
        let file = self.file.file();
        match file.write_all_at(&zeros, self.reserved).and_then(|()| file.sync_data()) {
            Ok(()) => {
                self.reserved = end;
                Ok(())
            }
            Err(_) => self.cut_back(),
        }
    }

    fn cut_back(&mut self) -> std::io::Result<()> {
        self.is_torn = true;
        self.file.file().set_len(self.good)?;
        self.reserved = self.good;
        self.is_torn = false;
        Ok(())
    }

    /// How long the journal is, for [`Journal::cut`].
    pub(super) fn len(&self) -> u64 {
        self.good
    }

    /// Drops everything before `end`; lines after it stay.
    pub(super) fn cut(&mut self, end: u64) -> std::io::Result<()> {
        if end == self.good {
            self.file.file().set_len(0)?;
            (self.good, self.reserved) = (0, 0);
            return self.file.file().sync_data();
        }
        let mut rest = vec![0; (self.good - end) as usize];
        self.file.file().read_exact_at(&mut rest, end)?;
        let dir = self.path.parent().unwrap_or(Path::new("."));
        let mut shorter = tempfile::NamedTempFile::new_in(dir)?;
        shorter.write_all(&rest)?;
        shorter.as_file().sync_data()?;
        // From here on this is the journal, whatever fails below.
        self.file = DurableFile::new(shorter.persist(&self.path)?, &self.path);
        self.good = rest.len() as u64;
        self.reserved = self.good;
        File::open(dir)?.sync_all()
    }
}

fn write_line(lines: &mut Vec<u8>, number: u64, batch: u64, operations: &[u8]) -> std::io::Result<()> {
    lines.extend_from_slice(b"{\"crc\":\"");
    let checksum = lines.len();
    lines.extend_from_slice(b"00000000\",\"body\":");
    let body = lines.len();
    write!(lines, "{{\"seq\":{number},\"batch\":{batch},\"ops\":[")?;
    lines.extend_from_slice(operations);
    lines.extend_from_slice(b"]}");
    let crc = crc32fast::hash(&lines[body..]);
    write!(&mut lines[checksum..][..8], "{crc:08x}")?;
    lines.extend_from_slice(b"}\n");
    Ok(())
}
