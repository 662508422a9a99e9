//! Imports at the command line: told first, done in one go, and not while a server works in the folder.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use crate::binary::{Server, run_typing};

fn import(dir: &Path, from: &Path, more: &[&str]) -> Output {
    run_typing(dir, &[&["import", from.to_str().unwrap()], more].concat(), "")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), b"\n", &output.stderr].concat()).into_owned()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} in {}", words(output)))
}

/// The folder of the Node app, with a picture that is a link out of it.
fn node(dir: &Path) -> PathBuf {
    let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import/node"), dir.join("old-app"));
    std::fs::create_dir_all(to.join("data")).unwrap();
    std::fs::create_dir_all(to.join("public/generated")).unwrap();
    std::fs::copy(from.join("env"), to.join(".env")).unwrap();
    for entry in std::fs::read_dir(from.join("data")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join("data").join(entry.file_name())).unwrap();
    }
    let picture = image::RgbImage::from_fn(40, 50, |x, y| image::Rgb([(x * 5) as u8, (y * 4) as u8, 90]));
    picture.save(to.join("public/generated/luna_1.png")).unwrap();
    let outside = dir.join("outside.jpg");
    picture.save(&outside).unwrap();
    symlink(&outside, to.join("public/generated/luna_2.jpg")).unwrap();
    symlink("/", to.join("everything")).unwrap();
    to
}

#[tokio::test]
async fn a_folder_is_told_of_and_then_imported_while_no_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let from = node(dir.path());
    let told = import(dir.path(), &from, &["--dry-run"]);
    assert!(told.status.success(), "{}", words(&told));
    assert!(
        words(&told).contains("Would come: 3 characters, 4 keys, 5 pictures, 3 prompts, 2 schedules, 1 published post."),
        "{}",
        words(&told)
    );
    assert!(words(&told).contains("It is a link to somewhere else"), "{}", words(&told));
    assert!(!dir.path().join("data").exists(), "a rehearsal makes nothing");
    let told = report(&import(dir.path(), &from, &["--dry-run", "--json"]));

    let server = Server::start(dir.path());
    let refused = import(dir.path(), &from, &[]);
    assert!(!refused.status.success() && words(&refused).contains("is in use by another Digital Dalla"), "{}", words(&refused));
    assert!(import(dir.path(), &from, &["--dry-run"]).status.success(), "looking is possible all the same");
    assert!(server.terminate());

    let output = import(dir.path(), &from, &["--json"]);
    let mut done = report(&output);
    assert_eq!(done["imported"], true);
    done["imported"] = false.into();
    assert_eq!(told, done);
    for secret in ["AIzaNodeGemini", "nodeCortexApp", "IGnode", "sk-node"] {
        assert!(!words(&output).contains(secret) && !told.to_string().contains(secret));
    }
    assert!(!dir.path().join("data/.imports").exists());
    assert!(dir.path().join("data/media/c1.png").is_file() && !dir.path().join("data/media/c2.png").exists());
    let again = import(dir.path(), &from, &[]);
    assert!(words(&again).contains("Imported: nothing."), "{}", words(&again));

    let server = Server::start(dir.path());
    let characters: Value = server.request(reqwest::Method::GET, "/api/characters").send().await.unwrap().json().await.unwrap();
    assert_eq!(characters.as_array().unwrap().len(), 3);
    assert_eq!(characters[0]["instagramApiKey"], "••••6789");
    let activity: Value = server.request(reqwest::Method::GET, "/api/activity").send().await.unwrap().json().await.unwrap();
    let line =
        activity.as_array().unwrap().iter().find(|line| line["words"].as_str().unwrap().starts_with("“old-app” was imported")).unwrap();
    assert_eq!(line["actor"]["kind"], "local");
    assert!(server.terminate());
}

#[test]
fn what_cannot_be_imported_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = import(dir.path(), &dir.path().join("nowhere"), &[]);
    assert!(!nowhere.status.success() && words(&nowhere).contains("nowhere is not there"), "{}", words(&nowhere));
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    let empty = import(dir.path(), &dir.path().join("empty"), &["--dry-run"]);
    assert!(!empty.status.success() && words(&empty).contains("nothing in it that could be imported"), "{}", words(&empty));
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let itself = import(dir.path(), &dir.path().join("data"), &[]);
    assert!(!itself.status.success() && words(&itself).contains("the data folder itself"), "{}", words(&itself));
}
