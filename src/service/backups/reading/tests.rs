//! Zips as nobody of good will would send them.

use std::{io::Write, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::{
    config::SecretKey,
    service::backups::{Restoring, Step},
    store::OpenOptions,
};

/// A backup as it should be: one character, one picture.
fn good() -> Vec<(String, Vec<u8>)> {
    let characters = b"[\n  {\n    \"id\": \"luna\",\n    \"name\": \"Luna\"\n  }\n]\n".to_vec();
    vec![("characters.json".into(), characters), ("settings.json".into(), b"{}\n".to_vec()), ("media/a.png".into(), vec![7; 3_000])]
}

fn manifest_of(files: &[(String, Vec<u8>)]) -> Value {
    let entries: Vec<_> =
        files.iter().map(|(name, body)| json!({"name": name, "bytes": body.len(), "sha256": hexadecimal(&Sha256::digest(body))})).collect();
    json!({
        "format": 1, "appVersion": "0.1.0", "madeAt": "2026-11-27T08:00:00Z", "extent": "pictures", "counts": {"characters": 1, "settings": 1},
        "files": 1, "bytes": files.iter().map(|(_, body)| body.len()).sum::<usize>(), "entries": entries,
    })
}

fn packed(how: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(how)
}

struct Zip {
    dir: TempDir,
    path: PathBuf,
}

fn zip(files: &[(String, Vec<u8>)], manifest: Option<&Value>) -> Zip {
    write(files, manifest, |name, zip| zip.start_file(name, packed(CompressionMethod::Stored)).unwrap())
}

fn write(files: &[(String, Vec<u8>)], manifest: Option<&Value>, start: impl Fn(&str, &mut ZipWriter<File>)) -> Zip {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("backup.zip");
    let mut zip = ZipWriter::new(File::create(&path).unwrap());
    for (name, body) in files {
        start(name, &mut zip);
        zip.write_all(body).unwrap();
    }
    if let Some(manifest) = manifest {
        zip.start_file(MANIFEST, SimpleFileOptions::default()).unwrap();
        zip.write_all(manifest.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    Zip { dir, path }
}

/// Why it is refused. Whatever it was, a restore of it leaves nothing: neither in the folder, nor beside it, nor above.
fn refused(zip: &Zip) -> String {
    let into = OpenOptions { dir: zip.dir.path().join("home/data"), key: SecretKey::InFile(zip.dir.path().join("key")) };
    let restoring = Restoring { zip: zip.path.clone(), into, now: "2026-11-27T09:00:00Z".parse().unwrap() };
    let words = restoring.restore(&mut |_| {}).expect_err("it is refused").words();
    let left: Vec<_> = std::fs::read_dir(zip.dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| matches!(name.as_str(), "backup.zip" | "home")), "{left:?}");
    if let Ok(mut home) = std::fs::read_dir(zip.dir.path().join("home")) {
        assert!(home.next().is_none(), "nothing stays behind");
    }
    words
}

/// The same, listed in a manifest that is right about it.
fn refused_with(name: &str) -> String {
    let mut files = good();
    files.push((name.into(), b"x".to_vec()));
    refused(&zip(&files, Some(&manifest_of(&files))))
}

#[test]
fn one_that_is_as_it_should_be_is_restored() {
    let files = good();
    let zip = zip(&files, Some(&manifest_of(&files)));
    let dir = zip.dir.path().join("home/data");
    let into = OpenOptions { dir: dir.clone(), key: SecretKey::InFile(zip.dir.path().join("key")) };
    let mut steps = Vec::new();
    let restoring = Restoring { zip: zip.path.clone(), into, now: "2026-11-27T09:00:00Z".parse().unwrap() };
    let restored = restoring.restore(&mut |step| steps.push(step)).unwrap();
    assert_eq!((restored.contents.counts["characters"], restored.before), (1, None));
    for (name, body) in &files {
        assert_eq!(&std::fs::read(dir.join(name)).unwrap(), body, "{name}");
    }
    assert_eq!(
        steps,
        [
            Step::Verifying(1, 3),
            Step::Verifying(2, 3),
            Step::Verifying(3, 3),
            Step::Copying(1, 3),
            Step::Copying(2, 3),
            Step::Copying(3, 3)
        ]
    );
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    for name in [
        "media/../../outside.png",
        "../outside.png",
        "/etc/outside",
        "media//outside.png",
        "media/./outside.png",
        "media\\..\\outside.png",
        "C:/outside.png",
        "media/.lock",
        "media/a\u{0}.png",
        "media/",
        "",
    ] {
        let words = refused_with(name);
        assert!(words.contains("lead out of the data folder"), "{name}: {words}");
    }
}

#[test]
fn what_does_not_belong_into_a_backup_is_refused() {
    for name in ["journal.ndjson", "secret.key", "logins.json", "backups/older.zip", "media", "elsewhere/a.png"] {
        let words = refused_with(name);
        assert!(words.contains("does not know"), "{name}: {words}");
    }
}

#[test]
fn links_and_locked_files_are_refused() {
    let files = good();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("backup.zip");
    let mut link = ZipWriter::new(File::create(&path).unwrap());
    link.add_symlink("media/a.png", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    link.finish().unwrap();
    assert!(refused(&Zip { dir, path }).contains("not a plain file"));

    let device = write(&files, Some(&manifest_of(&files)), |name, zip| {
        zip.start_file(name, SimpleFileOptions::default().unix_permissions(0o644)).unwrap();
    });
    let mut bytes = std::fs::read(&device.path).unwrap();
    // The mode in the central directory of the first file: a character device instead of a file.
    let at = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap() + 38;
    bytes[at + 2..at + 4].copy_from_slice(&0o020_644_u16.to_le_bytes());
    std::fs::write(&device.path, bytes).unwrap();
    assert!(refused(&device).contains("not a plain file"));
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    let mut files = good();
    files.push(("media/b.png".into(), b"other".to_vec()));
    let twice = zip(&files, Some(&manifest_of(&files)));
    let bytes = std::fs::read(&twice.path).unwrap();
    // The writer refuses to write one twice, so the second name is changed afterwards, wherever it stands.
    let mut same = bytes;
    while let Some(at) = memchr::memmem::find(&same, b"media/b.png") {
        same[at..at + 11].copy_from_slice(b"media/a.png");
    }
    std::fs::write(&twice.path, same).unwrap();
    assert!(refused(&twice).contains("twice"));
}

#[test]
fn what_the_manifest_says_has_to_be_true() {
    let files = good();
    let right = manifest_of(&files);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut manifest = right.clone();
        change(&mut manifest);
        refused(&zip(&files, Some(&manifest)))
    };
    for (change, words) in [
        (&(|manifest: &mut Value| manifest["format"] = json!(2)) as &dyn Fn(&mut Value), "newer version"),
        (&|manifest: &mut Value| manifest["format"] = json!("one"), "does not say in which format"),
        (&|manifest: &mut Value| drop(manifest.as_object_mut().unwrap().remove("entries")), "cannot be read"),
        (&|manifest: &mut Value| drop(manifest["entries"].as_array_mut().unwrap().pop()), "does not list"),
        (&|manifest: &mut Value| manifest["entries"][2]["name"] = json!("media/b.png"), "“media/b.png” is missing"),
        (&|manifest: &mut Value| manifest["entries"][2]["bytes"] = json!(1), "not as large as its manifest says"),
        (&|manifest: &mut Value| manifest["bytes"] = json!(1), "does not add up"),
        (&|manifest: &mut Value| manifest["entries"][2]["sha256"] = json!("00"), "is not what was put into the backup"),
        (&|manifest: &mut Value| manifest["counts"]["characters"] = json!(2), "holds 1 records"),
        (&|manifest: &mut Value| manifest["counts"]["prompts"] = json!(0), "“prompts.json” is missing"),
    ] {
        let said = with(change);
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(refused(&zip(&files, None)).contains("no manifest.json"));
}

#[test]
fn a_bomb_is_stopped_by_the_size_it_was_said_to_have() {
    // Says that it is small, and would unpack to far more.
    let mut files = good();
    files[2].1 = vec![0; 8 << 20];
    let mut manifest = manifest_of(&files);
    manifest["entries"][2]["bytes"] = json!(10);
    let small: u64 = files[..2].iter().map(|(_, body)| body.len() as u64).sum::<u64>() + 10;
    manifest["bytes"] = json!(small);
    let bomb = write(&files, Some(&manifest), |name, zip| zip.start_file(name, packed(CompressionMethod::Deflated)).unwrap());
    let mut bytes = std::fs::read(&bomb.path).unwrap();
    // The sizes in the archive itself lie in the same way.
    let size = (8_u32 << 20).to_le_bytes();
    for at in memchr::memmem::find_iter(&bytes.clone(), b"PK\x01\x02").collect::<Vec<_>>() {
        if bytes[at + 24..at + 28] == size {
            bytes[at + 24..at + 28].copy_from_slice(&10_u32.to_le_bytes());
        }
    }
    std::fs::write(&bomb.path, bytes).unwrap();
    let words = refused(&bomb);
    assert!(words.contains("damaged") || words.contains("not what was put"), "{words}");
}

#[test]
fn what_is_no_zip_or_half_of_one_is_refused() {
    let files = good();
    let whole = zip(&files, Some(&manifest_of(&files)));
    let bytes = std::fs::read(&whole.path).unwrap();
    for part in [&b""[..], b"PK\x03\x04", b"not a zip at all", &bytes[..bytes.len() / 2], &bytes[..bytes.len() - 8]] {
        std::fs::write(&whole.path, part).unwrap();
        assert!(refused(&whole).contains("not a zip file, or it is damaged"));
    }
    // Any byte of a picture.
    let mut flipped = bytes.clone();
    let at = memchr::memmem::find(&flipped, &[7; 100]).unwrap();
    flipped[at + 50] ^= 1;
    std::fs::write(&whole.path, flipped).unwrap();
    assert!(refused(&whole).contains("“media/a.png”"));
}

#[test]
fn records_this_version_cannot_read_are_found_before_anything_is_changed() {
    let mut files = good();
    files[0].1 = b"[\n  {\"id\": \"luna\", \"name\": {}}\n]\n".to_vec();
    let words = refused(&zip(&files, Some(&manifest_of(&files))));
    assert!(words.contains("characters.json") && words.contains("line 2"), "{words}");
    files[0].1 = b"[{\"id\": \"luna\"}, ".to_vec();
    assert!(refused(&zip(&files, Some(&manifest_of(&files)))).contains("characters.json cannot be read"));
}
