//! Backups and restores at the command line, beside a running server, and cut off in the middle.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use crate::binary::{Server, arguments, run_typing};

fn backup(dir: &Path, more: &[&str]) -> Output {
    run_typing(dir, &[&["backup"], more].concat(), "")
}

fn restore(dir: &Path, zip: &Path, more: &[&str]) -> Output {
    run_typing(dir, &[&["restore", zip.to_str().unwrap()], more].concat(), "")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), b"\n", &output.stderr].concat()).into_owned()
}

/// Everything below a folder, without what belongs to a running server and to backups.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut folders, mut files) = (vec![folder.to_owned()], BTreeMap::new());
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            if path.is_dir() && name != Path::new("backups") {
                folders.push(path);
            } else if path.is_file() && ![".lock", "journal.ndjson", "restored.json"].iter().any(|skipped| name == Path::new(skipped)) {
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// A data folder with a character, and so many pictures of so many bytes that records speak of.
async fn filled(dir: &Path, pictures: usize, bytes: usize) {
    let server = Server::start(dir);
    assert_eq!(server.create("Luna", "").await.0, 201);
    assert!(server.terminate());
    let media = dir.join("data/media");
    std::fs::create_dir_all(&media).unwrap();
    let content = |number: usize| {
        let id = format!("picture-{number:04}");
        // No two alike, and nothing that could be packed.
        let body: Vec<u8> = (0..bytes).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8 ^ number as u8).collect();
        std::fs::write(media.join(format!("{id}.png")), body).unwrap();
        json!({"id": id, "characterId": "luna", "picture": {"width": 1, "height": 1, "bytes": bytes}, "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"})
    };
    let contents: Vec<Value> = (0..pictures).map(content).collect();
    std::fs::write(dir.join("data/content.json"), serde_json::to_string_pretty(&contents).unwrap()).unwrap();
    // One is changed, so that the array is written by the store.
    let server = Server::start(dir);
    let change = server.request(reqwest::Method::PATCH, "/api/content/picture-0000").json(&json!({"caption": "By the lake"}));
    assert!(change.send().await.unwrap().status().is_success());
    assert!(server.terminate());
}

#[tokio::test]
async fn a_folder_that_was_lost_is_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 3, 50_000).await;
    let zip = dir.path().join("kept.zip");
    let made = backup(dir.path(), &["--to", zip.to_str().unwrap()]);
    assert!(made.status.success() && words(&made).contains("kept.zip is there, and was read again"), "{}", words(&made));
    let again = backup(dir.path(), &["--to", zip.to_str().unwrap()]);
    assert!(!again.status.success() && words(&again).contains("is there already"), "{}", words(&again));
    let before = everything(&dir.path().join("data"));
    std::fs::remove_dir_all(dir.path().join("data")).unwrap();
    let restored = restore(dir.path(), &zip, &[]);
    assert!(restored.status.success(), "{}", words(&restored));
    let mut after = everything(&dir.path().join("data"));
    // Sessions begin anew; what nothing was stored in yet is an empty list.
    after.retain(|name, body| before.contains_key(name) || !matches!(body.as_slice(), b"[]\n" | b"{\n}\n" | b"{}\n"));
    let settings = after.remove(Path::new("settings.json"));
    let mut wanted = before.clone();
    if let Some(stored) = wanted.remove(Path::new("settings.json")) {
        assert_eq!(settings, Some(stored));
    }
    assert_eq!(after.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    assert!(after == wanted, "every byte");

    let server = Server::start(dir.path());
    assert!(server.get("/api/settings").await.contains("\"paused\":\"true\""));
    assert!(server.get("/").await.contains("PAUSED"));
    let refused = restore(dir.path(), &zip, &["--yes"]);
    assert!(!refused.status.success() && words(&refused).contains(&server.pid().to_string()), "{}", words(&refused));
    assert!(server.terminate());
    assert!(!dir.path().join("data/restored.json").exists(), "it was seen");
}

#[tokio::test]
async fn what_was_there_is_moved_aside_only_when_somebody_says_so() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 1, 1_000).await;
    assert!(backup(dir.path(), &[]).status.success());
    let zip = std::fs::read_dir(dir.path().join("data/backups")).unwrap().map(|entry| entry.unwrap().path());
    let zip = zip.into_iter().find(|path| path.extension().is_some_and(|end| end == "zip")).unwrap();
    let server = Server::start(dir.path());
    assert_eq!(server.create("Cortex", "").await.0, 201);
    assert!(server.terminate());
    let newer = everything(&dir.path().join("data"));

    let asked = restore(dir.path(), &zip, &[]);
    assert!(!asked.status.success() && words(&asked).contains("--yes"), "{}", words(&asked));
    assert!(everything(&dir.path().join("data")) == newer, "nothing was changed");

    let elsewhere = dir.path().join("elsewhere");
    let restored = restore(dir.path(), &zip, &["--into", elsewhere.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", words(&restored));
    assert!(everything(&dir.path().join("data")) == newer && elsewhere.join("characters.json").exists());

    // The zip lies in the folder that is moved: backups stay with the data folder.
    let restored = restore(dir.path(), &zip, &["--yes"]);
    let said = words(&restored);
    assert!(restored.status.success() && said.contains("What was there before is in"), "{said}");
    assert!(zip.exists());
    let aside = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let aside: Vec<_> = aside.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("data.before-")).collect();
    assert_eq!(aside.len(), 1);
    assert!(everything(&aside[0]) == newer, "what was there before is whole");
    assert!(!std::fs::read_to_string(dir.path().join("data/characters.json")).unwrap().contains("Cortex"));

    // With another key the secrets are said to be locked, and stay as they are.
    std::fs::write(dir.path().join("other-key"), "OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg=").unwrap();
    let mut other = arguments(dir.path(), &["restore", zip.to_str().unwrap(), "--into", dir.path().join("third").to_str().unwrap()]);
    let locked = other.env("DALLA_SECRET_KEY_FILE", dir.path().join("other-key")).output().unwrap();
    assert!(locked.status.success() && words(&locked).contains("Secrets are locked"), "{}", words(&locked));
    let secrets = |folder: &str| std::fs::read(dir.path().join(folder).join("secrets.json")).unwrap();
    assert_eq!(secrets("third"), secrets("data"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_server_that_writes_shows_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let request = server.request(reqwest::Method::POST, "/api/characters");
    let writing = tokio::spawn(async move {
        let mut names = Vec::new();
        loop {
            let name = format!("N{:05}", names.len());
            let sent = request.try_clone().unwrap().json(&json!({"name": name})).send().await;
            match sent {
                Ok(answer) if answer.status() == 201 => names.push(name),
                _ => return names,
            }
        }
    });
    let mut made = Vec::new();
    for number in 0..6 {
        let zip = dir.path().join(format!("{number}.zip"));
        let at = (dir.path().to_owned(), zip.clone());
        let output = tokio::task::spawn_blocking(move || backup(&at.0, &["--records-only", "--to", at.1.to_str().unwrap()])).await.unwrap();
        assert!(output.status.success(), "{}", words(&output));
        made.push(zip);
    }
    assert!(server.terminate());
    let names = writing.await.unwrap();
    let mut last = 0;
    for (number, zip) in made.iter().enumerate() {
        let into = dir.path().join(format!("restored-{number}"));
        assert!(restore(dir.path(), zip, &["--into", into.to_str().unwrap()]).status.success());
        let characters: Vec<Value> = serde_json::from_slice(&std::fs::read(into.join("characters.json")).unwrap()).unwrap();
        let activity: Vec<Value> = serde_json::from_slice(&std::fs::read(into.join("activity.json")).unwrap()).unwrap();
        let found: Vec<_> = characters.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        // One after the other, without a gap; and the line of activity that is stored in the same step.
        assert_eq!(found, (0..found.len()).map(|number| format!("N{number:05}")).collect::<Vec<_>>());
        assert_eq!(activity.iter().filter(|line| line["kind"] == "characters").count(), found.len());
        assert!(found.len() >= last && found.len() <= names.len() + 1);
        last = found.len();
    }
    assert!(last > 0, "something was written meanwhile");
}

#[tokio::test]
async fn a_restore_that_is_killed_leaves_the_old_folder_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 60, 200_000).await;
    let zip = dir.path().join("kept.zip");
    assert!(backup(dir.path(), &["--to", zip.to_str().unwrap()]).status.success());
    let new = everything(&dir.path().join("data"));
    let mut killed = 0;
    // From the first sight of the folder it unpacks into to the last file, and beyond.
    for files in [0, 1, 20, 60, 62, 75, 80] {
        let server = Server::start(dir.path());
        assert_eq!(server.create(&format!("After {files}"), "").await.0, 201);
        assert!(server.terminate());
        let old = everything(&dir.path().join("data"));
        let mut child = arguments(dir.path(), &["restore", zip.to_str().unwrap(), "--yes"]);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let ended = loop {
            if child.try_wait().unwrap().is_some() {
                break true;
            }
            if unpacked(dir.path()).is_some_and(|count| count >= files) {
                break false;
            }
            std::thread::yield_now();
        };
        if !ended {
            // It may end by itself in this very moment.
            let _ = child.kill();
            killed += 1;
        }
        child.wait().unwrap();
        let now = everything(&dir.path().join("data"));
        let pictures = |all: &BTreeMap<PathBuf, Vec<u8>>| all.keys().filter(|name| name.starts_with("media")).count();
        let is_new = new.iter().all(|(name, body)| now.get(name) == Some(body) || name == Path::new("logins.json"));
        assert!(now == old || is_new, "at {files}: {} pictures", pictures(&now));
        // Nobody takes what is half there for anything else, and the next start works.
        let doctor = run_typing(dir.path(), &["doctor"], "");
        assert!(doctor.status.success(), "{}", words(&doctor));
        if unpacked(dir.path()).is_some() {
            // Right after the swap it is the old folder that has this name.
            let what = if now == old { "A restore was cut off" } else { "What was there before a restore" };
            assert!(words(&doctor).contains(what), "{}", words(&doctor));
        }
        let server = Server::start(dir.path());
        assert!(server.get("/api/characters").await.contains("Luna"));
        assert!(server.terminate());
    }
    assert!(killed >= 4, "only {killed} were cut off");
    // And it can be done again.
    assert!(restore(dir.path(), &zip, &["--yes"]).status.success());
    let now = everything(&dir.path().join("data"));
    assert!(new.iter().all(|(name, body)| now.get(name) == Some(body) || name == Path::new("logins.json")));
}

/// How many files a restore has unpacked, while its folder is there.
fn unpacked(dir: &Path) -> Option<usize> {
    let mut entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let folder = entries.find(|path| path.file_name().unwrap().to_string_lossy().starts_with("data.restoring-"))?;
    let count = |folder: &Path| std::fs::read_dir(folder).map(Iterator::count).unwrap_or_default();
    Some(count(&folder) + count(&folder.join("media")))
}

#[tokio::test]
async fn a_start_into_a_restore_that_was_cut_off_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    // As a file system leaves it that cannot swap two folders at once.
    std::fs::create_dir_all(dir.path().join("data.before-2026-11-27T080000Z")).unwrap();
    std::fs::create_dir_all(dir.path().join("data.restoring-2026-11-27T080000Z")).unwrap();
    let start = run_typing(dir.path(), &[], "");
    assert!(!start.status.success() && words(&start).contains("a restore was cut off right before its end"), "{}", words(&start));
    assert!(!dir.path().join("data").exists(), "no empty folder takes its place");

    // And where a disk is mounted.
    let mounted = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(mounted.path().join("data/.restoring")).unwrap();
    let start = run_typing(mounted.path(), &[], "");
    assert!(!start.status.success() && words(&start).contains("was cut off"), "{}", words(&start));
}

#[tokio::test]
async fn keys_in_clear_text_never_get_into_a_backup() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("data")).unwrap();
    let old = "[{\"id\": \"luna\", \"name\": \"Luna\", \"twitterAppSecret\": \"in-clear-text-0123456789\"}]";
    std::fs::write(dir.path().join("data/characters.json"), old).unwrap();
    let refused = backup(dir.path(), &[]);
    assert!(!refused.status.success() && words(&refused).contains("keys in clear text"), "{}", words(&refused));
    assert!(Server::start(dir.path()).terminate());
    let zip = dir.path().join("x.zip");
    assert!(backup(dir.path(), &["--to", zip.to_str().unwrap()]).status.success());
    let into = dir.path().join("into");
    assert!(restore(dir.path(), &zip, &["--into", into.to_str().unwrap()]).status.success());
    for (name, body) in everything(&into) {
        assert!(!String::from_utf8_lossy(&body).contains("in-clear-text"), "{}", name.display());
    }
    let nowhere = tempfile::tempdir().unwrap();
    assert!(words(&backup(nowhere.path(), &[])).contains("is not there"));
    let mut file = std::fs::File::create(dir.path().join("no.zip")).unwrap();
    file.write_all(b"PK not really").unwrap();
    let refused = restore(dir.path(), &dir.path().join("no.zip"), &["--yes"]);
    assert!(!refused.status.success() && words(&refused).contains("not a zip file"), "{}", words(&refused));
}
