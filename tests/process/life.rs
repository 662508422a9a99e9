//! From the start to a clean stop.

use crate::binary::{Server, run};

#[tokio::test]
async fn it_starts_with_nothing_and_leaves_arrays_for_people() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    assert!(server.get("/").await.contains("Start with a character"));
    assert_eq!(server.create("Luna", "").await.0, 201);
    assert!(server.terminate(), "it ends well when told to");
    let array = std::fs::read_to_string(dir.path().join("data/characters.json")).unwrap();
    assert!(array.starts_with("[\n  {\n    \"id\": "), "{array}");
    assert_eq!(std::fs::metadata(dir.path().join("data/journal.ndjson")).unwrap().len(), 0);
}

#[test]
fn a_wrong_setting_stops_the_start_and_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("DALLA_LISTEN", "everywhere"),
        ("DALLA_LISTEN", "0.0.0.0:3000"),
        ("COMFYUI_URL", "not a url"),
        ("DALLA_TIMEZONE", "Mars/Base"),
        ("DALLA_WAIT_LIMIT", "soon"),
        ("DALLA_SECRET_KEY", "short"),
        ("DALLA_LOG", "=,="),
    ] {
        let output = run(dir.path(), &[(name, value)]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && words.contains(name), "{name}={value}: {words}");
    }
}

#[tokio::test]
async fn a_second_server_on_the_folder_is_refused_with_the_pid_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let first = Server::start(dir.path());
    let second = run(dir.path(), &[]);
    let words = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && words.contains(&first.pid().to_string()), "{words}");
    assert_eq!(first.create("Luna", "").await.0, 201);
}
