//! A file whose writes are on disk when they return.
//!
//! They go past the page cache where the file system lets them: the disk then has one thing to do for each write and
//! not two, which is a quarter of the time of a short one.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

/// What is written past the page cache begins and ends at multiples of this, in the file and in memory: enough for
/// every disk there is.
const BLOCK: usize = 4_096;

/// The file.
pub(super) struct DurableFile {
    file: File,
    /// `None` where the file system only writes through the page cache.
    direct: Option<Direct>,
}

/// The same file, past the page cache.
struct Direct {
    file: File,
    /// From `aligned` on: what the file holds from the start of a block, and zeros.
    buffer: Vec<u8>,
    aligned: usize,
    /// Where in the file the buffer's block starts, and how much of it is written. `None` when that is not known.
    tail: Option<(u64, usize)>,
}

impl DurableFile {
    /// The file at that path, which `file` is opened from for reading and writing.
    pub(super) fn new(file: File, path: &Path) -> Self {
        Self { file, direct: Direct::open(path) }
    }

    /// The file itself, for everything but writes that have to be durable.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// How far room has to reach so that these bytes can be written there in the fast way.
    pub(super) fn room_for(bytes: usize, at: u64) -> u64 {
        (at + bytes as u64).next_multiple_of(BLOCK as u64)
    }

    /// Writes the bytes at a place, and returns when they are on disk. Up to `zeros` the file has nothing but zeros from
    /// there on, on disk already.
    pub(super) fn write(&mut self, bytes: &[u8], at: u64, zeros: u64) -> io::Result<()> {
        if let Some(direct) = self.direct.as_mut().filter(|_| Self::room_for(bytes.len(), at) <= zeros) {
            match direct.write(&self.file, bytes, at) {
                // The file system has said yes, and has rules of its own.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => self.direct = None,
                written => return written,
            }
        }
        if let Some(direct) = &mut self.direct {
            // What it remembers of the last block may be of another length of the file, and look as if it went before this.
            direct.tail = None;
        }
        self.file.write_all_at(bytes, at)?;
        self.file.sync_data()
    }
}

impl Direct {
    fn open(path: &Path) -> Option<Self> {
        let file = OpenOptions::new().write(true).custom_flags(past_the_cache()?).open(path).ok()?;
        Some(Self { file, buffer: Vec::new(), aligned: 0, tail: None })
    }

    /// Writes whole blocks: what `cached` has of the first one, the bytes, and zeros.
    fn write(&mut self, cached: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        let inside = (at % BLOCK as u64) as usize;
        let start = at - inside as u64;
        self.fit(inside + bytes.len());
        if self.tail.take() != Some((start, inside)) {
            cached.read_exact_at(&mut self.buffer[self.aligned..][..inside], start)?;
        }
        let end = inside + bytes.len();
        let blocks = &mut self.buffer[self.aligned..][..end.next_multiple_of(BLOCK)];
        blocks[inside..end].copy_from_slice(bytes);
        blocks[end..].fill(0);
        self.file.write_all_at(blocks, start)?;
        let last = end - end % BLOCK;
        blocks.copy_within(last..end, 0);
        self.tail = Some((start + last as u64, end - last));
        Ok(())
    }

    /// Makes the buffer large enough, and lets it begin where a disk can read from.
    fn fit(&mut self, bytes: usize) {
        let wanted = bytes.next_multiple_of(BLOCK);
        if self.buffer.len() < self.aligned + wanted {
            self.buffer = vec![0; wanted * 2 + BLOCK];
            self.aligned = self.buffer.as_ptr().align_offset(BLOCK);
            self.tail = None;
        }
    }
}

/// How a file is opened to be written past the page cache, on systems that know how.
fn past_the_cache() -> Option<i32> {
    #[cfg(target_os = "linux")]
    return Some((rustix::fs::OFlags::DIRECT | rustix::fs::OFlags::DSYNC).bits().cast_signed());
    #[cfg(not(target_os = "linux"))]
    return None;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file with so many zeros, and its content as it should be.
    fn zeros(length: usize) -> (tempfile::TempDir, DurableFile, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, vec![0; length]).unwrap();
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        (dir, DurableFile::new(file, &path), vec![0; length])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_written_is_there_in_either_way(writes in prop::collection::vec((1_usize..9_000, any::<bool>(), any::<bool>()), 1..12)) {
            let (dir, mut file, mut expected) = zeros(1 << 17);
            let mut at = 0;
            for (number, (length, is_direct, goes_back)) in writes.into_iter().enumerate() {
                let bytes = vec![b'a' + number as u8; length];
                let room = if is_direct { expected.len() as u64 } else { 0 };
                file.write(&bytes, at as u64, room).unwrap();
                expected[at..at + length].copy_from_slice(&bytes);
                if goes_back {
                    // As after a failure: what was written is taken back, and zeros follow again.
                    expected[at..].fill(0);
                    file.file().set_len(at as u64).unwrap();
                    file.file().set_len(expected.len() as u64).unwrap();
                } else {
                    at += length;
                }
            }
            prop_assert!(std::fs::read(dir.path().join("file")).unwrap() == expected);
        }
    }

    #[test]
    fn what_was_there_before_the_file_was_emptied_does_not_come_back() {
        let (dir, mut file, expected) = zeros(2 * BLOCK);
        let room = expected.len() as u64;
        file.write(b"old", 0, room).unwrap();
        file.file().set_len(0).unwrap();
        file.write(b"new", 0, 0).unwrap();
        file.file().set_len(room).unwrap();
        file.write(b"er", 3, room).unwrap();
        assert!(std::fs::read(dir.path().join("file")).unwrap().starts_with(b"newer\0"));
    }

    #[test]
    fn nothing_is_written_past_the_room_there_is() {
        let (dir, mut file, _) = zeros(100);
        file.write(b"abc", 10, 100).unwrap();
        assert_eq!(std::fs::metadata(dir.path().join("file")).unwrap().len(), 100);
    }
}
