//! What holds for every archive that somebody sends: which names are passed over, which lead out, how much may come
//! out of it. What an archive says of itself may be a lie; what counts is what really comes out.

use std::io::{self, Read, Write};

use zip::result::ZipError;

use crate::domain::problem::{Kind, Problem};

/// What is said of an archive that cannot be read.
pub(super) const DAMAGED: &str = "The archive is damaged, or breaks off. Pack it again.";
/// What is said of something in it that cannot be read.
pub(super) const DAMAGED_ENTRY: &str = "It is damaged in the archive.";
/// What is said of a path that leads out.
pub(super) const LEADS_OUT: &str = "Its path leads out of the archive.";
/// What is said of a locked entry.
pub(super) const LOCKED: &str = "It is locked with a password.";
/// What is said of other ways to pack.
pub(super) const UNKNOWN_PACKING: &str = "It is packed in a way that cannot be read.";

/// So many times its packed size something may grow, once it is larger than [`SMALL`]: texts stay far below it.
const MOST_GROWTH: u64 = 400;
/// What is smaller does no harm, however it was packed.
const SMALL: u64 = 4 << 20;

/// Why an archive cannot be read on.
pub(super) enum Failure {
    /// The archive.
    Archive(Problem),
    /// Our disk.
    Disk(io::Error),
}

/// Why something did not come out.
pub(super) enum Copying {
    /// There is more than may be.
    TooLarge,
    /// It is damaged.
    Read,
    /// Our disk.
    Write(io::Error),
}

/// Whether a file begins like a zip.
pub(super) fn is_one(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// What it means that the archive's own order cannot be read.
pub(super) fn damaged(error: ZipError) -> Failure {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof && error.kind() != io::ErrorKind::InvalidData => {
            Failure::Disk(error)
        }
        _ => Failure::Archive(Problem::new(Kind::Unsupported, DAMAGED)),
    }
}

/// Fills `start` as far as there is something.
pub(super) fn read_start(body: &mut impl Read, start: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < start.len() {
        match body.read(&mut start[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

/// Copies at most `limit` bytes, by what really comes out: what the archive says of sizes may be a lie.
pub(super) fn copy(from: &mut impl Read, to: &mut impl Write, limit: u64) -> Result<u64, Copying> {
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

/// How much may come out of something that has that size when it is packed.
pub(super) fn most_out_of(packed: u64) -> u64 {
    packed.saturating_mul(MOST_GROWTH).max(SMALL)
}

/// What systems leave in archives without being asked.
pub(super) fn is_junk(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| *part != "." && *part != "..");
    parts.any(|part| part == "__MACOSX" || part.starts_with('.') || matches!(part, "Thumbs.db" | "desktop.ini"))
}

/// Whether a path would lead out of the folder it is unpacked in. Nothing of ours would follow it; a person who sent
/// it should know.
pub(super) fn leads_out(path: &str) -> bool {
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

    #[test]
    fn no_more_comes_out_than_may() {
        let mut out = Vec::new();
        assert!(matches!(copy(&mut io::repeat(0), &mut out, 1_000), Err(Copying::TooLarge)) && out.len() <= 1_000);
        assert!(most_out_of(1_000) == SMALL && most_out_of(1 << 20) == 400 << 20);
    }
}
