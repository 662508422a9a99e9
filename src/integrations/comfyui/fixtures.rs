//! Recorded answers and frames, for tests.

use std::{fs, path::PathBuf};

use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/comfyui").join(name)
}

/// The text of a recording.
pub(super) fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// A recording in one piece.
pub(super) fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

/// The names of all recordings in a folder, without their endings.
pub(super) fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(path(folder)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
