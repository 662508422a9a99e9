//! Captions by hand and by tool, checks and their fixes, and taking all of it back.

use image::ImageFormat;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{add, captions, dataset, drawn, encoded, names, on_disk, png};
use crate::support::TestApp;

async fn check(app: &TestApp, id: &str, name: &str) -> Value {
    let checks = app.get(&format!("/api/lora/datasets/{id}/checks?family=sd15")).await.json();
    checks.as_array().unwrap().iter().find(|check| check["name"] == name).cloned().unwrap()
}

async fn three(app: &TestApp) -> String {
    let id = dataset(app).await;
    let files = [
        ("1.png", png(1)),
        ("1.txt", "luna, smile, red hat".into()),
        ("2.png", png(2)),
        ("2.txt", "by the lake, Smile".into()),
        ("3.png", png(3)),
    ];
    add(app, &id, &files).await;
    id
}

#[tokio::test]
async fn a_caption_is_changed_and_stands_beside_its_picture() {
    let app = TestApp::start().await;
    let id = three(&app).await;
    let path = format!("/api/lora/datasets/{id}/images/3.png");
    let changed = app.patch(&path, json!({"caption": "  luna,\n reading <b>\u{0} "})).await.json();
    assert_eq!(changed["caption"], "luna, reading <b>");
    let file = super::root(&app).join(&id).join("3.txt");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "luna, reading <b>\n");
    app.patch(&path, json!({"caption": ""})).await;
    assert!(!file.exists(), "a trainer breaks off at an empty caption file");
    let (_, fields) = app.patch(&path, json!({"caption": "x".repeat(2_001)})).await.problem(422);
    assert_eq!(fields, ["caption"]);
    app.patch(&path, json!({})).await.problem(422);
    app.patch(&format!("/api/lora/datasets/{id}/images/4.png"), json!({"caption": "x"})).await.problem(404);
}

#[tokio::test]
async fn tools_change_many_captions_and_can_be_taken_back() {
    let app = TestApp::start().await;
    let id = three(&app).await;
    let path = format!("/api/lora/datasets/{id}/captions");
    let now = async || captions(&app, &id).await.into_iter().map(|(_, caption)| caption).collect::<Vec<_>>();
    let before = now().await;

    let prefixed = app.post(&path, json!({"tool": "prefix"})).await.json();
    assert_eq!(prefixed["changed"], 1, "one has it already, one has no words");
    assert_eq!(now().await, ["luna, smile, red hat", "luna, by the lake, Smile", ""]);
    let removed = app.post(&path, json!({"tool": "remove_tag", "tag": "smile"})).await.json();
    assert_eq!(now().await, ["luna, red hat", "luna, by the lake", ""]);
    let one = app.post(&path, json!({"tool": "replace", "find": "luna", "replace": "ohwx", "names": ["2.png", "9.png"]})).await.json();
    assert_eq!(one["changed"], 1);
    assert_eq!(now().await, ["luna, red hat", "ohwx, by the lake", ""]);
    let text = std::fs::read_to_string(super::root(&app).join(&id).join("2.txt")).unwrap();
    assert_eq!(text, "ohwx, by the lake\n");
    assert_eq!(app.post(&path, json!({"tool": "replace", "find": "nowhere"})).await.json(), json!({"changed": 0}));

    for undo in [one, removed, prefixed] {
        let answer = app.post("/api/lora/datasets/undo", json!({"undo": undo["undo"]})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        app.post("/api/lora/datasets/undo", json!({"undo": undo["undo"]})).await.problem(409);
    }
    assert_eq!(now().await, before);
    for (body, field) in [
        (json!({"tool": "replace"}), "find"),
        (json!({"tool": "remove_tag", "tag": " "}), "tag"),
        (json!({"tool": "remove_tag", "tag": "a, b"}), "tag"),
        (json!({"tool": "sing"}), "tool"),
    ] {
        let (_, fields) = app.post(&path, body).await.problem(422);
        assert_eq!(fields, [field]);
    }
    app.patch(&format!("/api/lora/datasets/{id}/images/3.png"), json!({"caption": "x".repeat(2_000)})).await;
    let (words, _) = app.post(&path, json!({"tool": "prefix"})).await.problem(409);
    assert!(words.contains("3.png") && words.contains("Nothing was changed"), "{words}");
    app.patch(&format!("/api/lora/datasets/{id}"), json!({"triggerWord": ""})).await;
    let (_, fields) = app.post(&path, json!({"tool": "prefix"})).await.problem(422);
    assert_eq!(fields, ["words"]);
}

#[tokio::test]
async fn each_check_has_a_fix_and_each_removal_can_be_taken_back() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let picture = drawn(5, 640, 800);
    let files = [
        ("small.png", png(1)),
        ("large.png", encoded(&picture, ImageFormat::Png)),
        ("large.txt", "a woman by the lake".into()),
        ("again.jpg", encoded(&picture.thumbnail(600, 750), ImageFormat::Jpeg)),
        ("other.png", encoded(&drawn(9, 640, 640), ImageFormat::Png)),
    ];
    add(&app, &id, &files).await;
    let path = format!("/api/lora/datasets/{id}/fix");
    assert_eq!(check(&app, &id, "size").await["images"], json!(["small.png"]));
    assert_eq!(check(&app, &id, "duplicates").await["images"], json!(["large.png", "again.jpg"]));
    assert_eq!(check(&app, &id, "captions").await["images"], json!(["small.png", "again.jpg", "other.png"]));
    assert_eq!(check(&app, &id, "trigger").await["images"], json!(["large.png"]));

    let small = app.post(&path, json!({"fix": "remove_small", "family": "sd15"})).await.json();
    let alike = app.post(&path, json!({"fix": "remove_duplicates"})).await.json();
    assert_eq!((&small["changed"], &alike["changed"]), (&json!(1), &json!(1)));
    assert_eq!(names(&app, &id).await, ["large.png", "other.png"]);
    assert_eq!(on_disk(&app, &id), ["large.png", "large.txt", "other.png"]);
    app.post(&path, json!({"fix": "prefix_trigger"})).await;
    let filled = app.post(&path, json!({"fix": "caption_with_trigger"})).await.json();
    let expected = [("large.png", "luna, a woman by the lake"), ("other.png", "luna")];
    assert_eq!(captions(&app, &id).await.iter().map(|(name, caption)| (name.as_str(), caption.as_str())).collect::<Vec<_>>(), expected);
    for name in ["files", "size", "duplicates", "captions", "trigger"] {
        assert_eq!(check(&app, &id, name).await["verdict"], "good", "{name}");
    }
    for fix in ["remove_small", "remove_duplicates", "remove_broken", "prefix_trigger", "caption_with_trigger"] {
        app.post(&path, json!({"fix": fix, "family": "sd15"})).await.problem(409);
    }

    // A name that was given anew meanwhile is not taken away by what comes back.
    add(&app, &id, &[("small.png", png(3))]).await;
    for undo in [&filled, &alike, &small] {
        let answer = app.post("/api/lora/datasets/undo", json!({"undo": undo["undo"]})).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let mut back = names(&app, &id).await;
    back.sort_unstable();
    assert_eq!(back, ["again.jpg", "large.png", "other.png", "small-2.png", "small.png"]);
    let mut there = on_disk(&app, &id);
    there.retain(|name| !name.ends_with(".txt"));
    assert_eq!(there, back);
    assert_eq!(app.get(&format!("/media/datasets/{id}/small-2.png/thumb.webp")).await.status, StatusCode::OK);
    super::nothing_on_its_way(&app);
}

#[tokio::test]
async fn the_trigger_word_of_the_character_can_be_taken_over() {
    let app = TestApp::start().await;
    let id = three(&app).await;
    app.patch(&format!("/api/lora/datasets/{id}"), json!({"triggerWord": ""})).await;
    assert_eq!(check(&app, &id, "trigger").await["fixes"], json!(["take_trigger"]));
    app.post(&format!("/api/lora/datasets/{id}/fix"), json!({"fix": "take_trigger"})).await;
    assert_eq!(super::stored(&app, &id).await["triggerWord"], "luna_character");
}

#[tokio::test]
async fn a_deleted_dataset_can_be_brought_back_with_its_files() {
    let app = TestApp::start().await;
    let id = three(&app).await;
    let before = (super::stored(&app, &id).await, on_disk(&app, &id));
    let token =
        digital_dalla::service::datasets::delete(&app.app, &id.as_str().into(), digital_dalla::expected::Expected::ANY, chrono::Utc::now())
            .await
            .unwrap();
    assert_eq!(on_disk(&app, &id), [""; 0]);
    let back = app.post("/api/lora/datasets/undo", json!({"undo": token})).await.json();
    assert_eq!((back["datasetId"].as_str(), back["words"].as_str()), (Some(id.as_str()), Some("Luna, spring is back.")));
    assert_eq!((super::stored(&app, &id).await, on_disk(&app, &id)), before);
    assert_eq!(app.get(&format!("/media/datasets/{id}/1.png/thumb.webp")).await.status, StatusCode::OK);
    super::nothing_on_its_way(&app);
}

#[tokio::test]
async fn only_the_last_removals_are_kept() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let mut undo = Vec::new();
    for seed in 0..18 {
        add(&app, &id, &[("a.png", png(seed))]).await;
        let removed = app.post(&format!("/api/lora/datasets/{id}/images/delete"), json!({"names": ["a.png"]})).await.json();
        undo.push(removed["undo"].clone());
    }
    assert_eq!(super::listed(&super::root(&app).join(".trash")).len(), 16);
    app.post("/api/lora/datasets/undo", json!({"undo": undo[0]})).await.problem(409);
    assert_eq!(app.post("/api/lora/datasets/undo", json!({"undo": undo[17]})).await.status, StatusCode::OK);
    let (_, fields) = app.post(&format!("/api/lora/datasets/{id}/images/delete"), json!({"names": ["b.png"]})).await.problem(422);
    assert_eq!(fields, ["names"]);
}
