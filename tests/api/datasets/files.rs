//! The files behind datasets: across stops and kills, when a person changes them, and for a trainer.

use digital_dalla::service::datasets::folder;
use reqwest::StatusCode;
use serde_json::json;

use super::{add, captions, dataset, jpeg, listed, names, nothing_on_its_way, on_disk, png, root};
use crate::support::TestApp;

/// Does something to the data folder while the server is stopped, and starts it again.
async fn meanwhile(app: TestApp, deed: impl FnOnce(&std::path::Path)) -> TestApp {
    let (comfy, dir) = app.stop().await;
    deed(&dir.path().join("data/datasets"));
    TestApp::start_with(comfy, dir).await
}

#[tokio::test]
async fn a_kill_between_file_and_record_leaves_neither() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    add(&app, &id, &[("kept.png", png(1)), ("kept.txt", "luna".into())]).await;
    let home = id.clone();
    let app = meanwhile(app, move |root| {
        // As it is when the process dies right after the file got its name, and another file was half sent.
        std::fs::create_dir_all(root.join(".pending").join(&home)).unwrap();
        for name in ["lost.png", "kept.png"] {
            std::fs::write(root.join(".pending").join(&home).join(name), b"").unwrap();
        }
        std::fs::write(root.join(&home).join("lost.png"), png(2)).unwrap();
        std::fs::write(root.join(&home).join("lost.txt"), "luna").unwrap();
        std::fs::create_dir_all(root.join(".incoming")).unwrap();
        std::fs::write(root.join(".incoming/half"), &png(3)[..50]).unwrap();
    })
    .await;
    assert_eq!(names(&app, &id).await, ["kept.png"]);
    assert_eq!(on_disk(&app, &id), ["kept.png", "kept.txt"]);
    nothing_on_its_way(&app);
}

#[tokio::test]
async fn a_kill_while_something_is_taken_away_leaves_it_away() {
    let app = TestApp::start().await;
    let (gone, id) = (dataset(&app).await, dataset(&app).await);
    add(&app, &gone, &[("a.png", png(1))]).await;
    add(&app, &id, &[("a.png", png(1)), ("b.png", png(2))]).await;
    let before = (std::fs::read(root(&app).join(&gone).join("a.png")).unwrap(), std::fs::read(root(&app).join(&id).join("b.png")).unwrap());
    app.delete(&format!("/api/lora/datasets/{gone}")).await;
    app.delete(&format!("/api/lora/datasets/{id}/images/b.png")).await;
    let (first, second) = (gone.clone(), id.clone());
    let app = meanwhile(app, move |root| {
        // As it is when the process dies after the record and before the files were moved.
        std::fs::create_dir_all(root.join(&first)).unwrap();
        std::fs::write(root.join(&first).join("a.png"), &before.0).unwrap();
        std::fs::write(root.join(&second).join("b.png"), &before.1).unwrap();
        std::fs::create_dir_all(root.join(".pending").join(&first)).unwrap();
        std::fs::create_dir_all(root.join(".pending").join(&second)).unwrap();
        std::fs::write(root.join(".pending").join(&first).join(".all"), b"").unwrap();
        std::fs::write(root.join(".pending").join(&second).join("b.png"), b"").unwrap();
    })
    .await;
    assert_eq!(on_disk(&app, &id), ["a.png"]);
    assert!(!root(&app).join(&gone).exists());
    assert_eq!(listed(&root(&app).join(".trash")), [""; 0], "what could be undone is forgotten with the process");
}

#[tokio::test]
async fn while_the_list_is_damaged_no_file_is_touched() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    add(&app, &id, &[("a.png", png(1))]).await;
    let home = id.clone();
    let app = meanwhile(app, move |root| {
        std::fs::write(root.parent().unwrap().join("datasets.json"), "[{").unwrap();
        std::fs::create_dir_all(root.join(".pending").join(&home)).unwrap();
        std::fs::write(root.join(".pending").join(&home).join("a.png"), b"").unwrap();
    })
    .await;
    assert_eq!(on_disk(&app, &id), ["a.png"]);
    assert!(root(&app).join(".pending").join(&id).join("a.png").exists());
    app.post("/api/lora/datasets", json!({"characterId": app.luna().await, "name": "Luna"})).await.problem(503);
}

#[tokio::test]
async fn files_that_a_person_changed_are_found() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let files = [("gone.png", png(1)), ("cut.png", png(2)), ("other.png", png(3)), ("turned.png", png(4)), ("same.png", png(5))];
    add(&app, &id, &files).await;
    let home = id.clone();
    let app = meanwhile(app, move |root| {
        let home = root.join(home);
        std::fs::remove_file(home.join("gone.png")).unwrap();
        std::fs::write(home.join("cut.png"), &png(2)[..100]).unwrap();
        std::fs::write(home.join("other.png"), png(6)).unwrap();
        std::fs::write(home.join("turned.png"), jpeg(7)).unwrap();
        // Put there by hand, one of them with a name and a caption of its own.
        std::fs::write(home.join("New One.PNG"), png(8)).unwrap();
        std::fs::write(home.join("New One.txt"), "luna, new").unwrap();
        std::fs::write(home.join("broken.png"), "no picture").unwrap();
    })
    .await;
    // The start finds what is gone or shorter; looking again finds everything. Each waits for the workers to be up.
    tokio::time::timeout(crate::support::PATIENCE, async {
        while super::stored(&app, &id).await["images"][1]["broken"].is_null() {
            app.app.store.changes().recv().await.unwrap();
        }
    })
    .await
    .unwrap();
    let looked = app.post(&format!("/api/lora/datasets/{id}/look-again"), json!({})).await.json();
    assert_eq!((&looked["broken"], &looked["changed"]), (&json!(3), &json!(1)), "{looked}");
    assert_eq!(looked["found"]["added"][0]["name"], "New One.png");
    assert_eq!(looked["found"]["refused"][0]["file"], "broken.png");
    let images = super::stored(&app, &id).await["images"].clone();
    let broken: Vec<_> = images.as_array().unwrap().iter().map(|image| image["broken"].as_str().unwrap_or("")).collect();
    assert_eq!(broken, ["missing", "truncated", "", "not_a_picture", "", ""]);
    assert_eq!(captions(&app, &id).await[5].1, "luna, new");
    assert_eq!(images[5]["addedFrom"], "folder");
    assert!(!on_disk(&app, &id).contains(&"New One.PNG".to_owned()) && on_disk(&app, &id).contains(&"broken.png".to_owned()));

    let problem = folder(&app.app, &id.as_str().into()).await.unwrap_err().to_string();
    assert!(problem.contains("3 of the dataset's pictures cannot be read"), "{problem}");
    std::fs::write(root(&app).join(&id).join("gone.png"), png(1)).unwrap();
    let fixed = app.post(&format!("/api/lora/datasets/{id}/look-again"), json!({})).await.json();
    assert_eq!((&fixed["broken"], &fixed["changed"]), (&json!(2), &json!(1)), "{fixed}");
    let removed = app.post(&format!("/api/lora/datasets/{id}/fix"), json!({"fix": "remove_broken"})).await.json();
    assert_eq!(removed["changed"], 2);
    let problem = folder(&app.app, &id.as_str().into()).await.unwrap_err().to_string();
    assert!(problem.contains("broken.png, which is not part"), "{problem}");
    std::fs::remove_file(root(&app).join(&id).join("broken.png")).unwrap();
    folder(&app.app, &id.as_str().into()).await.unwrap();
}

#[tokio::test]
async fn a_picture_that_is_sent_does_not_take_the_place_of_a_persons_file() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    add(&app, &id, &[("a.png", png(1))]).await;
    std::fs::write(root(&app).join(&id).join("b.png"), png(2)).unwrap();
    add(&app, &id, &[("b.png", png(3))]).await;
    assert_eq!(std::fs::read(root(&app).join(&id).join("b.png")).unwrap(), png(2));
    assert_eq!(names(&app, &id).await, ["a.png", "b-2.png"]);
    let looked = app.post(&format!("/api/lora/datasets/{id}/look-again"), json!({})).await.json();
    assert_eq!(looked["found"]["added"][0]["name"], "b.png", "{looked}");
    assert_eq!(on_disk(&app, &id), ["a.png", "b-2.png", "b.png"]);
}

#[tokio::test]
async fn a_trainer_finds_captions_as_they_are_stored() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let empty = folder(&app.app, &id.as_str().into()).await.unwrap_err().to_string();
    assert!(empty.contains("no pictures"), "{empty}");
    add(
        &app,
        &id,
        &[("a.png", png(1)), ("a.txt", "luna, one".into()), ("b.png", png(2)), ("c.jpg", jpeg(3)), ("c.txt", "luna, three".into())],
    )
    .await;
    let home = root(&app).join(&id);
    std::fs::write(home.join("a.txt"), "something else").unwrap();
    std::fs::write(home.join("b.txt"), "").unwrap();
    std::fs::remove_file(home.join("c.txt")).unwrap();
    std::fs::write(home.join("old.txt"), "nobody").unwrap();
    assert_eq!(folder(&app.app, &id.as_str().into()).await.unwrap(), home);
    assert_eq!(on_disk(&app, &id), ["a.png", "a.txt", "b.png", "c.jpg", "c.txt"]);
    assert_eq!(std::fs::read_to_string(home.join("a.txt")).unwrap(), "luna, one\n");
    std::fs::write(home.join("b.png"), &png(2)[..90]).unwrap();
    let cut = folder(&app.app, &id.as_str().into()).await.unwrap_err().to_string();
    assert!(cut.contains("b.png is not as it was"), "{cut}");
}

#[tokio::test]
async fn approved_pictures_of_the_library_are_copied() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let luna = super::stored(&app, &id).await["characterId"].as_str().unwrap().to_owned();
    let mut made = Vec::new();
    for prompt in ["by the lake", "on a roof", "in a library"] {
        let answer = app.post("/api/generate-image", json!({"characterId": luna, "prompt": prompt})).await.json();
        made.push(answer["content"]["id"].as_str().unwrap().to_owned());
    }
    let other = app.luna().await;
    let others = app.post("/api/generate-image", json!({"characterId": other, "prompt": "far away"})).await.json();
    let others = others["content"]["id"].as_str().unwrap().to_owned();
    for content in [&made[0], &made[1], &others] {
        app.post(&format!("/api/content/{content}/approve"), json!({})).await;
    }
    let path = format!("/api/lora/datasets/{id}/contents");
    let body = json!({"contentIds": [made[0], made[1], made[2], others, "nothing"], "usePrompts": true});
    let received = app.post(&path, body).await.json();
    let why: Vec<_> = received["refused"].as_array().unwrap().iter().map(|one| one["why"].as_str().unwrap()).collect();
    assert_eq!(received["added"].as_array().unwrap().len(), 2, "{received}");
    assert!(why[0].contains("Only approved") && why[1].contains("somebody else") && why[2].contains("no such picture"), "{why:?}");
    let captions = captions(&app, &id).await;
    assert_eq!(
        captions,
        [(format!("{}.png", made[0]), "luna, by the lake".into()), (format!("{}.png", made[1]), "luna, on a roof".into())]
    );
    let again = app.post(&path, json!({"contentIds": [made[0]]})).await;
    assert!(again.problem(409).0.contains("in the dataset already"));
    app.post(&path, json!({"contentIds": []})).await.problem(422);

    // Neither minds what becomes of the other.
    assert_eq!(app.delete(&format!("/api/content/{}", made[0])).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(&format!("/api/lora/datasets/{id}/images/{}.png", made[0])).await.status, StatusCode::OK);
    app.delete(&format!("/api/lora/datasets/{id}")).await;
    assert_eq!(app.get(&format!("/media/{}.png", made[1])).await.status, StatusCode::OK);
    app.is_quiet();
}
