//! Files somebody damaged: left as they are, said plainly, and nothing else suffers.

use crate::binary::{Server, run};

#[tokio::test]
async fn a_damaged_file_is_left_untouched_and_its_collection_is_read_only() {
    for (damage, place) in [
        (&b"[{\"id\": \"a\", \"name\": \"Luna\"}, {\"id\""[..], "line 1"),
        (b"\0\xff\xfegarbage", "line 1"),
        (b"{\"not\": \"a list\"}", "line 1"),
        (b"[\n  7\n]", "line 2"),
        (b"", "line 1"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("data/characters.json");
        std::fs::create_dir(dir.path().join("data")).unwrap();
        std::fs::write(&file, damage).unwrap();
        let server = Server::start(dir.path());
        let page = server.get("/characters").await;
        assert!(page.contains("READ-ONLY STORE") && page.contains("characters.json") && page.contains(place), "{place}: {page}");
        let (status, problem) = server.create("Luna", "").await;
        assert_eq!(status, 503);
        assert!(problem["detail"].as_str().unwrap().contains("characters.json"), "{problem}");
        assert!(server.terminate());
        assert_eq!(std::fs::read(&file).unwrap(), damage, "untouched");
    }
}

#[tokio::test]
async fn a_torn_journal_tail_is_dropped_and_a_bad_line_in_the_middle_stops_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    for name in ["Luna", "Cortex", "Mira"] {
        assert_eq!(server.create(name, "").await.0, 201);
    }
    server.kill();
    let journal = dir.path().join("data/journal.ndjson");
    let whole = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, [&whole[..], b"{\"crc\":\"0000"].concat()).unwrap();
    let mut server = Server::start(dir.path());
    assert!(server.get("/api/characters").await.contains("Mira"));
    server.kill();

    let mut bad = whole;
    let middle = bad.iter().position(|byte| *byte == b'\n').unwrap() + 40;
    bad[middle] ^= 1;
    std::fs::write(&journal, &bad).unwrap();
    let output = run(dir.path(), &[]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && words.contains("journal.ndjson is damaged at line 2"), "{words}");
    assert_eq!(std::fs::read(&journal).unwrap(), bad, "nothing guessed, nothing changed");
}
