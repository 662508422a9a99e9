//! Files that are sent one by one.

use std::sync::Arc;

use digital_dalla::domain::dataset::{Dataset, DatasetImage};
use image::ImageFormat;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{add, captions, dataset, drawn, encoded, jpeg, names, nothing_on_its_way, on_disk, png, send, webp};
use crate::support::{Answer, TestApp};

#[tokio::test]
async fn pictures_are_known_by_their_bytes_and_come_with_captions() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let files = [
        ("01.png", png(1)),
        ("02.jpeg", jpeg(2)),
        ("really a webp.png", webp(3)),
        ("02.txt", "luna, by the lake\nnot this".into()),
        ("01.TXT", "\u{feff}luna, smiling\r\n".into()),
    ];
    let received = add(&app, &id, &files).await;
    assert_eq!((received["added"].as_array().unwrap().len(), received["captioned"].as_u64()), (3, Some(2)));
    let expected = [("01.png", "luna, smiling"), ("02.jpg", "luna, by the lake"), ("really a webp.webp", "")];
    let captions = captions(&app, &id).await;
    assert_eq!(captions.iter().map(|(name, caption)| (name.as_str(), caption.as_str())).collect::<Vec<_>>(), expected);
    assert_eq!(on_disk(&app, &id), ["01.png", "01.txt", "02.jpg", "02.txt", "really a webp.webp"]);
    nothing_on_its_way(&app);

    let image = &received["added"][0];
    assert_eq!((&image["width"], &image["height"], &image["addedFrom"]), (&json!(96), &json!(120), &json!("upload")));
    let path = format!("/api/lora/datasets/{id}/images/01.png");
    let served = app.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(served.headers()["content-type"], "image/png");
    let tag = served.headers()["etag"].clone();
    assert_eq!(served.bytes().await.unwrap(), png(1));
    let again = Answer::of(app.request(Method::GET, &path).header("if-none-match", tag)).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let thumbnail = app.request(Method::GET, &format!("/media/datasets/{id}/really%20a%20webp.webp/thumb.webp")).send().await.unwrap();
    assert_eq!(thumbnail.headers()["content-type"], "image/webp");
    let thumbnail = thumbnail.bytes().await.unwrap();
    assert_eq!(image::guess_format(&thumbnail).unwrap(), ImageFormat::WebP);
    assert_eq!(app.get(&format!("/media/datasets/{id}/other.png")).await.status, StatusCode::NOT_FOUND);
    app.get(&format!("/api/lora/datasets/{id}/images/other.png")).await.problem(404);
}

#[tokio::test]
async fn a_thumbnail_that_is_gone_is_made_again() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    add(&app, &id, &[("01.png", png(1))]).await;
    std::fs::remove_dir_all(super::root(&app).join(".thumbnails")).unwrap();
    for _ in 0..2 {
        assert_eq!(app.get(&format!("/media/datasets/{id}/01.png/thumb.webp")).await.status, StatusCode::OK);
    }
}

/// The header of a PNG that says it is enormous, with nothing behind it worth the name.
fn bomb() -> Vec<u8> {
    let mut bytes = png(1);
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let checksum = crc32fast::hash(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_why() {
    let app = TestApp::start_set(Arc::new(tempfile::tempdir().unwrap()), |config| config.picture_limit = 1_000_000).await;
    let id = dataset(&app).await;
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 40].to_vec();
    let mut damaged = png(1);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 20].fill(0);
    let large = [png(1), vec![0; 1_000_000]].concat();
    let cases: [(&str, Vec<u8>, u16, &str); 13] = [
        ("empty.png", Vec::new(), 415, "empty"),
        ("text.png", b"this is no picture at all".to_vec(), 415, "no PNG, JPEG or WebP"),
        ("page.webp", b"<script>alert(1)</script>".to_vec(), 415, "no PNG, JPEG or WebP"),
        ("short.png", png(1)[..9].to_vec(), 415, "breaks off"),
        ("cut.png", cut(png(1)), 415, "breaks off"),
        ("cut.jpg", cut(jpeg(1)), 415, "breaks off"),
        ("cut.webp", cut(webp(1)), 415, "breaks off"),
        ("damaged.png", damaged, 415, "no PNG, JPEG or WebP"),
        ("old.bmp", b"BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00".to_vec(), 415, "no PNG, JPEG or WebP"),
        ("bomb.png", bomb(), 413, "8192 pixels"),
        ("wide.png", encoded(&image::DynamicImage::new_luma8(8_193, 1), ImageFormat::Png), 413, "8192 pixels"),
        ("large.png", large, 413, "larger than 1 MB"),
        ("alone.txt", b"luna".to_vec(), 422, "no picture of that name"),
    ];
    for (name, bytes, status, words) in cases {
        let answer = send(&app, &id, &[(name, bytes)]).await;
        let (detail, fields) = answer.problem(status);
        assert!(detail.contains(words) && detail.contains(name), "{name}: {detail}");
        assert_eq!(fields, [name]);
    }
    assert_eq!(names(&app, &id).await, [""; 0]);
    assert_eq!(on_disk(&app, &id), [""; 0]);
    nothing_on_its_way(&app);

    // The good ones of a mixed lot come in, and all that is wrong is told.
    let mixed = [
        ("text.png", b"no picture, in words".to_vec()),
        ("01.png", png(1)),
        ("large.png", [png(2), vec![0; 1_000_000]].concat()),
        ("02.png", png(2)),
    ];
    let received = send(&app, &id, &mixed).await.json();
    assert_eq!(received["added"].as_array().unwrap().len(), 2);
    let refused: Vec<_> = received["refused"].as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(refused, ["text.png", "large.png"]);
    let (_, fields) = send(&app, &id, &mixed[..3]).await.problem(422);
    assert_eq!(fields, ["text.png", "01.png", "large.png"], "the same picture is not taken twice");
}

#[tokio::test]
async fn what_is_no_form_with_files_is_refused() {
    let app = TestApp::start_set(Arc::new(tempfile::tempdir().unwrap()), |config| config.upload_limit = 2_000_000).await;
    let id = dataset(&app).await;
    let path = format!("/api/lora/datasets/{id}/images");
    app.post(&path, json!({"files": []})).await.problem(415);
    let no_boundary = app.request(Method::POST, &path).header("content-type", "multipart/form-data").body("x");
    Answer::of(no_boundary).await.problem(415);
    let cut =
        app.request(Method::POST, &path).header("content-type", "multipart/form-data; boundary=x").body("--x\r\nContent-Disposition: form");
    let (words, _) = Answer::of(cut).await.problem(400);
    assert!(words.contains("broke off"), "{words}");
    send(&app, &id, &[("", Vec::new())]).await.problem(422);
    send(&app, "nothing", &[("01.png", png(1))]).await.problem(404);

    // More than may come at once: what came before the limit stays, and it is said.
    let form = super::form(&[("01.png", png(1)), ("02.png", [png(2), vec![0; 3_000_000]].concat())]);
    let boundary = form.boundary().to_owned();
    let body = reqwest::Body::wrap_stream(form.into_stream());
    let request = app.request(Method::POST, &path).header("content-type", format!("multipart/form-data; boundary={boundary}")).body(body);
    let (words, _) = Answer::of(request).await.problem(413);
    assert!(words.contains("2 MB at once") && words.contains("1 picture had come"), "{words}");
    assert_eq!(names(&app, &id).await, ["01.png"]);
    nothing_on_its_way(&app);
}

#[tokio::test]
async fn names_lead_nowhere_keep_their_letters_and_do_not_clash() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let files = [
        ("../../../outside.png", png(1)),
        (r"C:\fakepath\luna.png", png(2)),
        ("LUNA.webp", webp(3)),
        ("luna.png", png(4)),
        ("ルナ 🌙.png", png(5)),
        ("e\u{301}te\u{301}.png", png(6)),
        ("été.txt", "luna in summer".into()),
        ("<script>.png", png(7)),
        (".png", png(8)),
        ("a\u{202e}gnp.exe", png(9)),
    ];
    add(&app, &id, &files).await;
    let names = names(&app, &id).await;
    assert_eq!(
        names,
        ["outside.png", "luna.png", "LUNA-2.webp", "luna-3.png", "ルナ 🌙.png", "été.png", "script.png", "picture.png", "agnp.png"]
    );
    assert_eq!(captions(&app, &id).await[5].1, "luna in summer");
    let mut there = on_disk(&app, &id);
    there.retain(|name| !name.ends_with(".txt"));
    let mut names = names;
    names.sort_unstable();
    assert_eq!(there, names);
    assert!(!app.app.store.dir().join("outside.png").exists() && !super::root(&app).join("outside.png").exists());
    for name in names {
        let address = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC).to_string();
        assert_eq!(app.get(&format!("/api/lora/datasets/{id}/images/{address}")).await.status, StatusCode::OK, "{name}");
    }
    for name in ["..%2f..%2fdatasets.json", "%2e%2e", "..%5c..%5csecrets.json", ".pending", "luna.txt"] {
        app.get(&format!("/api/lora/datasets/{id}/images/{name}")).await.problem(404);
    }
}

#[tokio::test]
async fn uploads_at_the_same_time_lose_nothing_and_take_nothing_twice() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let lot = |from: u32| (from..from + 6).map(|seed| ("luna.png", png(seed))).collect::<Vec<_>>();
    let (first, second) = (lot(0), lot(3));
    let (one, other) = tokio::join!(send(&app, &id, &first), send(&app, &id, &second));
    let count = |answer: &Answer, part: &str| answer.json()[part].as_array().unwrap().len();
    assert_eq!(count(&one, "added") + count(&other, "added"), 9, "{} {}", one.text, other.text);
    assert_eq!(count(&one, "refused") + count(&other, "refused"), 3, "three pictures were in both");
    let mut names = names(&app, &id).await;
    names.sort_unstable();
    assert_eq!(names.len(), 9);
    assert_eq!(on_disk(&app, &id), names);
    nothing_on_its_way(&app);
}

#[tokio::test]
async fn there_is_room_for_five_hundred() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let full = id.clone();
    app.app
        .store
        .write(move |tx| {
            let mut dataset = Dataset::clone(&tx.get::<Dataset>(&full).unwrap());
            dataset.images =
                (0..499).map(|n| serde_json::from_value::<DatasetImage>(json!({"name": format!("old {n}.png")})).unwrap()).collect();
            tx.put(dataset)
        })
        .await
        .unwrap();
    let received = send(&app, &id, &[("01.png", png(1)), ("02.png", png(2))]).await.json();
    assert_eq!(received["added"].as_array().unwrap().len(), 1);
    assert!(received["refused"][0]["why"].as_str().unwrap().contains("at most 500"), "{received}");
    let (words, _) = send(&app, &id, &[("03.png", png(3))]).await.problem(409);
    assert!(words.contains("at most 500"), "{words}");
    assert_eq!(names(&app, &id).await.len(), 500);
    // Two at once for the last place.
    app.delete(&format!("/api/lora/datasets/{id}/images/01.png")).await;
    let (third, fourth) = ([("03.png", png(3))], [("04.png", png(4))]);
    let (one, other) = tokio::join!(send(&app, &id, &third), send(&app, &id, &fourth));
    assert_eq!([one.status, other.status].iter().filter(|status| status.is_success()).count(), 1);
    assert_eq!(names(&app, &id).await.len(), 500);
    assert_eq!(on_disk(&app, &id).len(), 1, "what found no place leaves no file");
    nothing_on_its_way(&app);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_what_was_complete() {
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let form = super::form(&[("01.png", png(1)), ("02.png", png(2))]);
    let boundary = form.boundary().to_owned();
    let stream = form.into_stream();
    let all: Vec<_> = futures::StreamExt::collect::<Vec<_>>(stream).await.into_iter().map(Result::unwrap).collect();
    let all = all.concat();
    let cut = all[..all.len() - 200].to_vec();
    let path = format!("/api/lora/datasets/{id}/images");
    let request = app.request(Method::POST, &path).header("content-type", format!("multipart/form-data; boundary={boundary}")).body(cut);
    let (words, _) = Answer::of(request).await.problem(400);
    assert!(words.contains("1 picture had come by then"), "{words}");
    assert_eq!(on_disk(&app, &id), ["01.png"]);
    nothing_on_its_way(&app);
}

#[tokio::test]
async fn pictures_of_other_kinds_are_drawn_alike() {
    // A picture that was pressed again looks the same, and the checks say so.
    let app = TestApp::start().await;
    let id = dataset(&app).await;
    let picture = drawn(5, 400, 500);
    add(&app, &id, &[("a.png", encoded(&picture, ImageFormat::Png)), ("b.jpg", encoded(&picture, ImageFormat::Jpeg)), ("c.png", png(9))])
        .await;
    let checks = app.get(&format!("/api/lora/datasets/{id}/checks")).await.json();
    let duplicates = checks.as_array().unwrap().iter().find(|check| check["name"] == "duplicates").unwrap();
    assert_eq!(duplicates["images"], json!(["a.png", "b.jpg"]));
}
