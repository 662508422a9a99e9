//! Datasets: pictures that are sent, copied, checked and described, whatever is wrong with them.

mod archives;
mod captions;
mod describing;
mod files;
mod pages;
mod receiving;

use std::{io::Cursor, path::PathBuf};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::{
    Method, StatusCode,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

/// A picture unlike those of other seeds.
fn drawn(seed: u32, width: u32, height: u32) -> DynamicImage {
    let (across, down, phase) = (f64::from(1 + seed % 5), f64::from(1 + seed / 5 % 5), f64::from(seed) * 0.9);
    let wave = |x: u32, y: u32, shift: f64| {
        let (x, y) = (f64::from(x) / f64::from(width) * 6.0, f64::from(y) / f64::from(height) * 6.0);
        ((x * across + phase + shift).sin() * 60.0 + (y * down - phase + shift).cos() * 60.0 + 128.0) as u8
    };
    RgbImage::from_fn(width, height, |x, y| Rgb([wave(x, y, 0.0), wave(x, y, 0.5), wave(x, y, 1.0)])).into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(seed: u32) -> Vec<u8> {
    encoded(&drawn(seed, 96, 120), ImageFormat::Png)
}

fn jpeg(seed: u32) -> Vec<u8> {
    encoded(&drawn(seed, 96, 120), ImageFormat::Jpeg)
}

fn webp(seed: u32) -> Vec<u8> {
    encoded(&drawn(seed, 96, 120), ImageFormat::WebP)
}

/// Makes an empty dataset of Luna and answers its id.
async fn dataset(app: &TestApp) -> String {
    let luna = app.luna().await;
    let made = app.post("/api/lora/datasets", json!({"characterId": luna, "name": "Luna, spring", "triggerWord": "luna"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_str().unwrap().to_owned()
}

fn form(files: &[(&str, Vec<u8>)]) -> Form {
    files.iter().fold(Form::new(), |form, (name, bytes)| form.part("files", Part::bytes(bytes.clone()).file_name((*name).to_owned())))
}

async fn send(app: &TestApp, id: &str, files: &[(&str, Vec<u8>)]) -> Answer {
    Answer::of(app.request(Method::POST, &format!("/api/lora/datasets/{id}/images")).multipart(form(files))).await
}

/// Sends files that are all to be taken.
async fn add(app: &TestApp, id: &str, files: &[(&str, Vec<u8>)]) -> Value {
    let answer = send(app, id, files).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let received = answer.json();
    assert_eq!(received["refused"], json!([]), "{received}");
    received
}

async fn stored(app: &TestApp, id: &str) -> Value {
    app.get(&format!("/api/lora/datasets/{id}")).await.json()
}

/// The names of a dataset's pictures, in order.
async fn names(app: &TestApp, id: &str) -> Vec<String> {
    let dataset = stored(app, id).await;
    dataset["images"].as_array().unwrap().iter().map(|image| image["name"].as_str().unwrap().to_owned()).collect()
}

/// Name and caption of each.
async fn captions(app: &TestApp, id: &str) -> Vec<(String, String)> {
    let dataset = stored(app, id).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    dataset["images"].as_array().unwrap().iter().map(|image| (text(&image["name"]), text(&image["caption"]))).collect()
}

fn root(app: &TestApp) -> PathBuf {
    app.app.store.dir().join("datasets")
}

/// What lies in a dataset's folder, in order.
fn on_disk(app: &TestApp, id: &str) -> Vec<String> {
    listed(&root(app).join(id))
}

fn listed(folder: &std::path::Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// Nothing is left of what was on its way.
fn nothing_on_its_way(app: &TestApp) {
    assert_eq!(listed(&root(app).join(".incoming")), [""; 0], "files that were sent are left");
    for folder in listed(&root(app).join(".pending")) {
        assert_eq!(listed(&root(app).join(".pending").join(&folder)), [""; 0], "marks are left");
    }
}

#[tokio::test]
async fn a_dataset_is_made_changed_and_deleted_with_its_files() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let path = format!("/api/lora/datasets/{id}");
    add(&app, &id, &[("a.png", png(1))]).await;

    let changed = app.patch(&path, json!({"name": " Luna, summer ", "triggerWord": "ohwx luna"})).await.json();
    assert_eq!((changed["name"].as_str(), changed["triggerWord"].as_str()), (Some("Luna, summer"), Some("ohwx luna")));
    let (_, fields) = app.patch(&path, json!({"name": " ", "triggerWord": "a, b"})).await.problem(422);
    assert_eq!(fields, ["name", "triggerWord"]);

    let tag = app.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let fresh = Answer::of(app.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!(fresh.status, StatusCode::NOT_MODIFIED);
    let stale = Answer::of(app.request(Method::PATCH, &path).header("if-match", "\"old\"").json(&json!({"name": "x"}))).await;
    stale.problem(412);

    let listed = app.get("/api/lora/datasets").await.json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["images"], &listed[0]["verdict"]), (1, &json!(1), &json!("mind")));
    assert_eq!(app.get("/api/lora/datasets?characterId=nobody").await.json(), json!([]));

    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    app.get(&path).await.problem(404);
    app.delete(&path).await.problem(404);
    send(&app, &id, &[("a.png", png(1))]).await.problem(404);
    assert_eq!(on_disk(&app, &id), [""; 0]);
    nothing_on_its_way(&app);
    app.is_quiet();
}

#[tokio::test]
async fn a_new_dataset_needs_a_name_and_somebody() {
    let app = TestApp::start().await;
    let luna = app.luna().await;
    for (body, field) in [
        (json!({"characterId": luna}), "name"),
        (json!({"characterId": luna, "name": "x".repeat(81)}), "name"),
        (json!({"characterId": "nobody", "name": "Luna"}), "characterId"),
        (json!({"name": "Luna"}), "characterId"),
        (json!({"characterId": luna, "name": "Luna", "triggerWord": "a,b"}), "triggerWord"),
    ] {
        let (_, fields) = app.post("/api/lora/datasets", body).await.problem(422);
        assert_eq!(fields, [field]);
    }
    let made = app.post("/api/lora/datasets", json!({"characterId": luna, "name": "Луна 🌙"})).await.json();
    assert_eq!(made["triggerWord"], "luna_character", "hers is taken over");
    assert_eq!(app.get("/api/lora/datasets").await.json()[0]["name"], "Луна 🌙");
}
