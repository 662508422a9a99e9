//! The arrays: whether they can be read, and what each record needs.

use std::{collections::HashMap, io::ErrorKind, path::Path};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Finding;
use crate::{
    domain::task::Task,
    store::{self, Record},
};

/// What to do about a file that cannot be read.
pub(super) const MEND: &str = "Stop the server, mend the file there or restore the last backup, and start again. Until then it is left as it is, and nothing is stored in it.";

/// The one file that is no array.
const SETTINGS: &str = "settings";
/// Most records that are named singly.
const NAMED: usize = 20;

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

pub(super) fn look(dir: &Path) -> Vec<Finding> {
    let ours = store::copied().map(|name| format!("{name}.json"));
    let older = Task::OLDER_FILE.filter(|_| !dir.join(format!("{}.json", Task::COLLECTION)).exists()).map(|name| format!("{name}.json"));
    ours.chain(["logins.json".to_owned()]).chain(older).flat_map(|file| one(dir, &file)).collect()
}

fn one(dir: &Path, file: &str) -> Vec<Finding> {
    let bytes = match std::fs::read(dir.join(file)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let advice = "See whether this user may read the file, and whether the disk is sound.";
            return vec![Finding::wrong(format!("It cannot be read: {error}."), advice).in_file(file)];
        }
    };
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(error) => {
            let (line, column) = place(&bytes[..error.valid_up_to()]);
            return vec![Finding::wrong("It is not UTF-8 text from here on.", MEND).in_file(file).at(line, column)];
        }
    };
    if file.strip_suffix(".json") == Some(SETTINGS) {
        let read: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
        return read.err().map(|error| unreadable(file, "one object", &error)).into_iter().collect();
    }
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(records) => records_of(file, text, &records),
        Err(error) => vec![unreadable(file, "a list of records", &error)],
    }
}

fn unreadable(file: &str, wanted: &str, error: &serde_json::Error) -> Finding {
    let said = error.to_string();
    let reason = said.split(" at line ").next().unwrap_or(&said);
    let what = match error.classify() {
        serde_json::error::Category::Data => format!("It holds something else than {wanted}: {reason}."),
        _ => format!("It is no whole JSON: {reason}."),
    };
    Finding::wrong(what, MEND).in_file(file).at(error.line(), error.column())
}

/// Records without an id, and ids that are there twice.
fn records_of(file: &str, text: &str, records: &[&RawValue]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(records.len());
    for (number, record) in records.iter().enumerate() {
        let raw = record.get();
        let id = match serde_json::from_str::<Named<'_>>(raw) {
            Ok(named) => named.id.map(RawValue::get).filter(|id| !matches!(*id, "null" | "\"\"")),
            Err(_) => None,
        };
        let (what, advice) = match id.map(|id| (id, seen.insert(id, number))) {
            Some((_, None)) => continue,
            Some((id, Some(first))) => (
                format!("Two records have the id {id}: number {} and number {}.", first + 1, number + 1),
                "Stop the server and remove one of them from the file, or give it another id.",
            ),
            None => (
                format!("Record number {} has no id.", number + 1),
                "Stop the server and give it an id that no other has, or remove it from the file.",
            ),
        };
        // Where the record begins in the text it was read from.
        let start = raw.as_ptr() as usize - text.as_ptr() as usize;
        let (line, column) = place(&text.as_bytes()[..start]);
        findings.push(Finding::wrong(what, advice).in_file(file).at(line, column));
    }
    if findings.len() > NAMED {
        let more = findings.len() - NAMED;
        findings.truncate(NAMED);
        findings.push(Finding::wrong(format!("{more} more records have no id, or one that is there twice."), MEND).in_file(file));
    }
    findings
}

/// Line and column of what follows `before`, both from 1.
fn place(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<(usize, usize, String)> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("characters.json"), text).unwrap();
        look(dir.path()).into_iter().map(|finding| (finding.line.unwrap(), finding.column.unwrap(), finding.what)).collect()
    }

    #[test]
    fn every_fault_has_its_place() {
        assert_eq!(findings("[]"), []);
        assert_eq!(findings("[\n  {\"id\": 1},\n  {\"id\": \"1\"}\n]"), []);
        let of = |text: &str| findings(text).remove(0);
        assert_eq!((of("[\n  {\"id\" 7}\n]").0, of("[\n  {\"id\" 7}\n]").1), (2, 9));
        assert!(of("{\"a\": 1}").2.contains("something else than a list"));
        assert!(of("").2.contains("no whole JSON"));
        let found = findings("[\n  {\"id\": \"a\"},\n  {\"name\": \"Luna\"}, {\"id\": \"a\"},\n  7\n]");
        let places: Vec<_> = found.iter().map(|(line, column, _)| (*line, *column)).collect();
        assert_eq!(places, [(3, 3), (3, 21), (4, 3)]);
        assert!(found[0].2.contains("number 2 has no id") && found[1].2.contains("number 1 and number 3"));
    }
}
