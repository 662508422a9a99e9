//! Reading the journal: every whole line is applied, and what was never acknowledged is told from what is damaged.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    error::OpenError,
    state::{Operation, State},
};

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

/// The journal's file in a folder.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("journal.ndjson")
}

/// What the journal of a folder holds now, torn lines and room ahead included; nothing when there is none.
pub(super) fn bytes(dir: &Path) -> Result<Vec<u8>, OpenError> {
    let path = path(dir);
    match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(OpenError::io(&path)),
    }
}

/// Applies what a journal holds, without touching its file. Answers up to where its lines are whole.
pub(super) fn replay_into(dir: &Path, bytes: &[u8], state: &mut State) -> Result<usize, OpenError> {
    replay(&path(dir), bytes, state).map(|(good, ..)| good as usize)
}

/// Applies every whole line. Answers where they end, the next number, and which collections they touched.
pub(super) fn replay(path: &Path, bytes: &[u8], state: &mut State) -> Result<(u64, u64, Vec<String>), OpenError> {
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
    state.forget_old_activity();
    Ok(())
}
