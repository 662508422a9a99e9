//! The doctor: says what is wrong and where, and changes nothing.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::binary::{Server, run_typing};

/// Every file of a folder, with its times.
fn seen(dir: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let (mut folders, mut files) = (vec![dir.to_owned()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let changed = std::fs::metadata(&path).unwrap().modified().unwrap();
                files.insert(path.clone(), (std::fs::read(&path).unwrap(), changed));
            }
        }
    }
    files
}

/// Whether everything is well, and what is said, as JSON.
fn doctor(dir: &Path) -> (bool, Value) {
    let before = seen(&dir.join("data"));
    let output = run_typing(dir, &["doctor", "--json"], "");
    assert!(seen(&dir.join("data")) == before, "nothing is changed");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["healthy"], output.status.success());
    (output.status.success(), report)
}

fn find<'a>(report: &'a Value, words: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["what"].as_str().unwrap().contains(words));
    let found = found.unwrap_or_else(|| panic!("{words}: {report:#}"));
    assert!(!found["advice"].as_str().unwrap().is_empty(), "{found}");
    found
}

#[tokio::test]
async fn a_sound_folder_is_well_also_while_a_server_works_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let (well, report) = doctor(dir.path());
    assert!(well);
    find(&report, "is not there");
    let server = Server::start(dir.path());
    assert_eq!(server.create("Luna", "").await.0, 201);
    let output = run_typing(dir.path(), &["doctor"], "");
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && words.contains("Nothing is wrong.") && words.contains(&server.pid().to_string()), "{words}");
    assert!(server.terminate());
    let (well, report) = doctor(dir.path());
    assert!(well, "{report:#}");
    find(&report, "There is no backup");
    assert!(run_typing(dir.path(), &["backup"], "").status.success());
    assert_eq!(doctor(dir.path()).1["findings"], serde_json::json!([]));
}

#[tokio::test]
async fn each_fault_is_said_with_its_place_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    for name in ["Luna", "Cortex", "Mira"] {
        assert_eq!(server.create(name, "").await.0, 201);
    }
    server.kill();
    let data = dir.path().join("data");
    let write = |name: &str, text: &str| {
        let path = data.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    // The journal's last line is torn: harmless.
    let journal = std::fs::read(data.join("journal.ndjson")).unwrap();
    let lines = journal.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    std::fs::write(data.join("journal.ndjson"), [&journal[..lines], b"{\"crc\":\"0000"].concat()).unwrap();
    let (well, report) = doctor(dir.path());
    assert!(well, "{report:#}");
    assert_eq!(find(&report, "never written to their end")["file"], "journal.ndjson");

    write("prompts.json", "[\n  {\"id\": \"a\"},\n  {\"id\" 7}\n]");
    write("posts.json", "{\"not\": \"a list\"}");
    write("runs.json", "[\n  {\"id\": \"a\", \"taskId\": 1},\n  {\"id\": \"a\"},\n  {}\n]");
    write("jobs.json", "[{\"id\": \"a\"}]");
    write(
        "content.json",
        "[{\"id\": \"c1\", \"characterId\": \"gone\", \"picture\": {\"width\": 1, \"height\": 1, \"bytes\": 1}, \"createdAt\": \"2026-01-01T00:00:00Z\", \"updatedAt\": \"2026-01-01T00:00:00Z\"}]",
    );
    write("scheduler.json", "[{\"id\": \"t1\", \"characterId\": \"gone\", \"type\": \"post_next\", \"schedule\": \"6h\"}]");
    write("media/nobody.png", "x");
    write("charactersAb12Cd.tmp", "[");
    write("backups/half.zip", "PK");
    std::fs::create_dir_all(dir.path().join("data.before-2026-01-01T000000Z")).unwrap();
    write("secrets.json", "[]");
    std::fs::set_permissions(data.join("secrets.json"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (well, report) = doctor(dir.path());
    assert!(!well);
    let place = |words: &str| {
        let finding = find(&report, words);
        (finding["file"].as_str().unwrap_or_default().to_owned(), finding["line"].as_u64(), finding["column"].as_u64())
    };
    assert_eq!(place("no whole JSON"), ("prompts.json".into(), Some(3), Some(9)));
    assert_eq!(place("something else than a list").0, "posts.json");
    assert_eq!(place("Two records have the id"), ("runs.json".into(), Some(3), Some(3)));
    assert_eq!(place("number 3 has no id"), ("runs.json".into(), Some(4), Some(3)));
    assert_eq!(place("A record cannot be read").0, "jobs.json");
    assert!(find(&report, "are not there: media/c1.png")["advice"].as_str().unwrap().contains("backup"));
    assert!(find(&report, "nobody.png")["severity"] == "note");
    assert_eq!(place("pictures are of characters that are gone").0, "content.json");
    assert_eq!(place("never run").0, "scheduler.json");
    assert_eq!(place("never finished").0, "charactersAb12Cd.tmp");
    assert_eq!(place("This backup is damaged").0, "backups/half.zip");
    assert!(place("What was there before a restore").0.ends_with("data.before-2026-01-01T000000Z"));
    assert_eq!(place("mode 644").0, "secrets.json");

    // A bad line in the middle is not guessed at.
    let mut bad = journal;
    let middle = bad.iter().position(|byte| *byte == b'\n').unwrap() + 40;
    bad[middle] ^= 1;
    std::fs::write(data.join("journal.ndjson"), &bad).unwrap();
    let (well, report) = doctor(dir.path());
    assert!(!well);
    assert_eq!(find(&report, "middle of the journal")["line"], 2);
}

#[tokio::test]
async fn another_key_locks_the_secrets_and_the_doctor_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    assert_eq!(server.create("Luna", "").await.0, 201);
    assert!(server.terminate());
    let mut command = crate::binary::arguments(dir.path(), &["doctor", "--json"]);
    let output = command
        .env_remove("DALLA_SECRET_KEY_FILE")
        .env("DALLA_SECRET_KEY", "OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg=")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!output.status.success());
    find(&report, "not the one the stored secrets were sealed with");
}
