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

#[tokio::test]
async fn it_starts_where_the_system_has_no_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere");
    let nowhere = nowhere.to_str().unwrap();
    let bucket = [("DALLA_S3_BUCKET", "pictures"), ("DALLA_S3_ACCESS_KEY_ID", "id"), ("DALLA_S3_SECRET_ACCESS_KEY", "secret")];
    let server = Server::start_with(dir.path(), &[[("SSL_CERT_FILE", nowhere), ("SSL_CERT_DIR", nowhere)].as_slice(), &bucket].concat());
    assert_eq!(server.get("/readyz").await, "ready");
    assert!(server.terminate());
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
        ("DALLA_WAIT_LIMIT", "0"),
        ("DALLA_SANDBOX", "perhaps"),
        ("DALLA_CORS_ORIGINS", "nonsense"),
        ("DALLA_ALLOWED_HOSTS", "http://box.home"),
        ("COMFYUI_STALL_LIMIT", "-1"),
        ("COMFYUI_GONE_LIMIT", "1.5"),
        ("GEMINI_BASE_URL", "generativelanguage.googleapis.com"),
        ("GEMINI_LIMIT", "86401"),
        ("GEMINI_API_KEY", "two words"),
        ("DALLA_DATA_DIR", "/proc/nowhere"),
        ("DALLA_SECRET_KEY", "short"),
        ("DALLA_LOG", "=,="),
    ] {
        let output = run(dir.path(), &[(name, value)]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && words.contains(name), "{name}={value}: {words}");
        assert!(name != "GEMINI_API_KEY" || !words.contains(value), "a key is not shown: {words}");
    }
}

#[tokio::test]
async fn it_ends_well_however_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(dir.path());
        // Somebody watches, and somebody waits for nothing.
        let mut watching = server.request(reqwest::Method::GET, "/api/events").send().await.unwrap();
        assert_eq!(server.create("Luna", "").await.0, 201);
        assert!(watching.chunk().await.unwrap().is_some());
        assert!(server.end(signal), "{signal}");
        while watching.chunk().await.unwrap().is_some() {}
        let array = std::fs::read_to_string(dir.path().join("data/characters.json")).unwrap();
        assert!(array.contains("Luna"), "{array}");
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
