//! Journals cut anywhere.

use digital_dalla::store::OpenError;

use crate::support::{character, key, names, open, open_with, put};

#[tokio::test]
async fn a_journal_cut_anywhere_in_its_last_line_holds_everything_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    for (id, name) in [("a", "Luna"), ("b", "Cortex 🦊"), ("c", "Mira")] {
        put(&store, character(id, name)).await.unwrap();
    }
    drop(store);
    drop(open(dir.path()).await);
    let whole = std::fs::read(dir.path().join("journal.ndjson")).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in (last..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("journal.ndjson"), &whole[..cut]).unwrap();
        let store = open(dir.path()).await;
        assert_eq!(names(&store), ["Luna", "Cortex 🦊"], "cut at {cut}");
        put(&store, character("d", "Nova")).await.unwrap();
        drop(store);
        assert_eq!(names(&open(dir.path()).await), ["Luna", "Cortex 🦊", "Nova"], "and goes on after {cut}");
    }
}

#[tokio::test]
async fn a_bad_line_before_the_last_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    put(&store, character("a", "Luna")).await.unwrap();
    put(&store, character("b", "Cortex")).await.unwrap();
    drop(store);
    drop(open(dir.path()).await);
    let journal = dir.path().join("journal.ndjson");
    let text = std::fs::read_to_string(&journal).unwrap();
    for bad in [text.replace("Luna", "Lana"), text.replace("\"put\":\"characters\"", "\"put\":\"dragons\""), format!("garbage\n{text}")] {
        std::fs::write(&journal, &bad).unwrap();
        let refused = loop {
            match open_with(dir.path(), key(1)).await.err().unwrap() {
                OpenError::Locked { .. } => tokio::task::yield_now().await,
                refused => break refused,
            }
        };
        assert!(matches!(refused, OpenError::BadJournal { .. }), "{refused}");
        assert_eq!(std::fs::read_to_string(&journal).unwrap(), bad, "left as it is");
    }
}

#[tokio::test]
async fn a_damaged_file_keeps_what_the_journal_holds_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    put(&store, character("a", "Luna")).await.unwrap();
    drop(store);
    drop(open(dir.path()).await);
    let file = dir.path().join("characters.json");
    std::fs::write(&file, "[{\"id\": ").unwrap();
    let store = open(dir.path()).await;
    let damage = store.health().damaged;
    assert_eq!((damage[0].file.as_str(), damage[0].line, damage[0].column), ("characters.json", 1, 8));
    assert!(put(&store, character("b", "Cortex")).await.is_err());
    store.close().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[{\"id\": ");
    std::fs::write(&file, "[]").unwrap();
    assert_eq!(names(&open(dir.path()).await), ["Luna"], "mended, and nothing is lost");
}

/// A line as the journal has it, of the batch that began with `batch`.
fn line(seq: u64, batch: u64, name: &str) -> Vec<u8> {
    let body = format!(r#"{{"seq":{seq},"batch":{batch},"ops":[{{"put":"characters","record":{{"id":"{name}","name":"{name}"}}}}]}}"#);
    format!("{{\"crc\":\"{:08x}\",\"body\":{body}}}\n", crc32fast::hash(body.as_bytes())).into_bytes()
}

/// As a power cut leaves a line whose second half never reached the disk, with room after it.
fn torn(mut line: Vec<u8>) -> Vec<u8> {
    let half = line.len() / 2;
    line[half..].fill(0);
    line
}

#[tokio::test]
async fn room_after_the_last_line_is_not_damage() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("journal.ndjson"), [line(1, 1, "Luna"), vec![0; 5_000]].concat()).unwrap();
    let store = open(dir.path()).await;
    put(&store, character("b", "Cortex")).await.unwrap();
    drop(store);
    assert_eq!(names(&open(dir.path()).await), ["Luna", "Cortex"]);
}

#[tokio::test]
async fn a_batch_torn_in_its_middle_is_dropped_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let journal = [line(1, 1, "Luna"), line(2, 2, "Cortex"), torn(line(3, 2, "Mira")), line(4, 2, "Nova"), vec![0; 100]].concat();
    std::fs::write(dir.path().join("journal.ndjson"), journal).unwrap();
    assert_eq!(names(&open(dir.path()).await), ["Luna", "Cortex"]);
}

#[tokio::test]
async fn a_torn_line_with_acknowledged_ones_after_it_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let journal = [line(1, 1, "Luna"), torn(line(2, 2, "Mira")), line(3, 3, "Nova")].concat();
    std::fs::write(dir.path().join("journal.ndjson"), journal).unwrap();
    let refused = open_with(dir.path(), key(1)).await.err().unwrap();
    assert!(matches!(refused, OpenError::BadJournal { .. }), "{refused}");
}
