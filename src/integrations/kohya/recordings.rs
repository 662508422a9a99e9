//! The recordings of real runs, for tests.

use std::path::PathBuf;

use serde::Deserialize;

use crate::domain::training::Ending;

/// A recorded run.
#[derive(Debug, Deserialize)]
pub(super) struct Recording {
    /// What was started.
    pub(super) command: Vec<String>,
    /// Negative when a signal ended it.
    return_code: i32,
    events: Vec<Piece>,
}

#[derive(Debug, Deserialize)]
struct Piece {
    stream: String,
    text: String,
}

impl Recording {
    /// Both streams as they came, one after the other: as they are in our log.
    pub(super) fn merged(&self) -> Vec<u8> {
        self.events.iter().filter(|piece| piece.stream != "mark").flat_map(|piece| piece.text.bytes()).collect()
    }

    /// How it ended.
    pub(super) fn ending(&self) -> Ending {
        match self.return_code {
            code @ 0.. => Ending::Exit { code },
            signal => Ending::Signal { signal: -signal },
        }
    }
}

/// One of them.
pub(super) fn get(name: &str) -> Recording {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The names of all.
pub(super) fn names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = files.filter_map(|file| file.strip_suffix(".json").map(str::to_owned)).collect();
    names.sort();
    assert!(names.len() > 20, "the recordings are there");
    names
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kohya")
}
