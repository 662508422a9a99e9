//! Imports: what others wrote is told first, comes exactly as told, and never twice; what would do harm is refused.

mod bundles;
mod folders;
mod keys;
mod page;
mod refused;

use std::{
    io::{Cursor, Read, Write},
    path::Path,
    sync::Arc,
};

use digital_dalla::domain::post::PostState;
use image::{ImageFormat, RgbImage};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::support::{Answer, TestApp, cast::painting};

/// Everything in the fixtures that nobody may ever see.
const SECRETS: [&str; 8] = [
    "AIzaNodeGeminiKey0123456789",
    "nodeCortexAppKey0123456789",
    "nodeCortexAppSecret0123456789",
    "IGnodeForAll0123456789",
    "IGnodeLunaToken0123456789",
    "sk-node-somebody-elses",
    "EAABpythonToken0123456789",
    "pythonNovaAppKey0123456789",
];

type Files = Vec<(String, Vec<u8>)>;

/// The files of a fixture, as the older app had them.
fn fixture(name: &str) -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name);
    let mut files = vec![(".env".to_owned(), std::fs::read(folder.join("env")).unwrap())];
    for entry in std::fs::read_dir(folder.join("data")).unwrap() {
        let entry = entry.unwrap();
        files.push((format!("data/{}", entry.file_name().to_str().unwrap()), std::fs::read(entry.path()).unwrap()));
    }
    files
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The Node app with its pictures: one PNG, one JPEG, one that breaks off.
fn node() -> Files {
    let mut files = fixture("node");
    let whole = encoded(&painting(7_001, (64, 80)), ImageFormat::Png);
    files.push(("public/generated/broken.png".into(), whole[..whole.len() / 2].to_vec()));
    files.push(("public/generated/luna_1.png".into(), whole));
    files.push(("public/generated/luna_2.jpg".into(), encoded(&painting(7_002, (96, 64)), ImageFormat::Jpeg)));
    files.push(("node_modules/left-pad/characters.json".into(), b"[{\"id\": \"nobody\"}]".to_vec()));
    files
}

fn python() -> Files {
    let mut files = fixture("python");
    files.push(("data/output/nova.png".into(), encoded(&painting(7_003, (48, 48)), ImageFormat::Png)));
    files
}

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn named(files: &[(&str, &str)]) -> Vec<u8> {
    packed(&files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect::<Vec<_>>())
}

impl TestApp {
    async fn send_import(&self, bytes: Vec<u8>, dry_run: bool) -> Answer {
        let form = Form::new().part("file", Part::bytes(bytes).file_name("old.zip"));
        Answer::of(self.request(Method::POST, &format!("/api/characters/import?dryRun={dry_run}")).multipart(form)).await
    }

    async fn import(&self, bytes: Vec<u8>, dry_run: bool) -> Value {
        let answer = self.send_import(bytes, dry_run).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        answer.json()
    }

    /// Everything that could have come, as it is stored.
    fn stored(&self) -> Value {
        let state = self.app.store.read();
        let secrets: Vec<_> = state.secrets.iter().map(|secret| secret.id.clone()).collect();
        json!({
            "characters": state.characters.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "tasks": state.tasks.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "prompts": state.prompts.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "content": state.content.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "posts": state.posts.iter().map(|one| json!(**one)).collect::<Vec<_>>(),
            "secrets": secrets,
        })
    }

    fn pictures(&self) -> Vec<String> {
        let media = self.app.store.dir().join("media");
        let mut names: Vec<_> =
            std::fs::read_dir(media).into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Nothing of an import lies about.
    fn nothing_waits(&self) {
        let left = std::fs::read_dir(self.app.store.dir().join(".imports")).into_iter().flatten().count();
        assert_eq!(left, 0, "something of an import lies about");
    }
}

/// How many of a kind are new, the same, and kept.
fn counts(report: &Value, kind: &str) -> [u64; 3] {
    let of = report["kinds"].as_array().unwrap().iter().find(|of| of["kind"] == kind);
    of.map_or([0; 3], |of| ["new", "same", "kept"].map(|name| of[name].as_u64().unwrap()))
}

/// What is said of a record.
fn record<'a>(report: &'a Value, kind: &str, id: &str) -> &'a Value {
    let of = report["kinds"].as_array().unwrap().iter().find(|of| of["kind"] == kind).unwrap();
    of["records"].as_array().unwrap().iter().find(|record| record["id"] == id).unwrap_or_else(|| panic!("{id} in {of:#}"))
}

/// Why something was left out.
fn why(report: &Value, record: &str) -> String {
    let left = report["leftOut"].as_array().unwrap();
    let one = left.iter().find(|one| one["record"] == record || one["file"] == record);
    one.unwrap_or_else(|| panic!("{record} in {left:#?}"))["why"].as_str().unwrap().to_owned()
}

fn without_imported(mut report: Value) -> Value {
    report["imported"] = json!(null);
    report
}
