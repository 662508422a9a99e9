//! The pictures as networks get them: their shape, and nothing in them but the picture.

use digital_dalla::domain::content::ReviewState;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::json;

use crate::support::TestApp;

async fn posted(app: &TestApp, luna: &str, network: &str, size: (u32, u32)) -> (RgbImage, Vec<u8>) {
    let half = |_: u32, y: u32| if y < size.1 / 2 { Rgb([220, 30, 30]) } else { Rgb([30, 30, 220]) };
    let picture = RgbImage::from_fn(size.0, size.1, half);
    let content = app.picture_of(luna, "", ReviewState::Approved, picture).await;
    let body = json!({"characterId": luna, "contentId": content, "caption": format!("As {content}")});
    let sent = app.post(&format!("/api/post-to-{network}"), body).await;
    let id = sent.json()["post"]["id"].as_str().unwrap().to_owned();
    // These pictures look alike.
    let sent = if sent.status == 409 { app.post(&format!("/api/posts/{id}/publish"), json!({"anyway": true})).await } else { sent };
    assert_eq!(sent.status, 200, "{}", sent.text);
    let jpeg = match network {
        "instagram" => app.instagram.picture(&app.instagram.posts().last().unwrap().pictures[0]),
        _ => app.x.picture(&app.x.posts().last().unwrap().media[0]),
    };
    let jpeg = jpeg.unwrap().to_vec();
    (image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap().to_rgb8(), jpeg)
}

#[tokio::test]
async fn a_tall_picture_is_cut_or_kept_whole_as_is_set() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    app.put("/api/settings", json!({"fit": "crop"})).await;
    assert_eq!(posted(&app, &luna, "instagram", (540, 960)).await.0.dimensions(), (540, 675));
    app.put("/api/settings", json!({"fit": "pad"})).await;
    let (padded, _) = posted(&app, &luna, "instagram", (540, 960)).await;
    assert_eq!(padded.dimensions(), (768, 960), "4:5, and nothing is cut off");
    let (top, bottom) = (padded.get_pixel(384, 10), padded.get_pixel(384, 950));
    assert!(top[0] > 180 && bottom[2] > 180, "the whole picture is in the middle");
    app.put("/api/settings", json!({"fit": "fit"})).await;
    assert_eq!(posted(&app, &luna, "instagram", (540, 960)).await.0.dimensions(), (768, 960));
    // X takes every shape.
    assert_eq!(posted(&app, &luna, "twitter", (540, 960)).await.0.dimensions(), (540, 960));
}

#[tokio::test]
async fn nothing_but_the_picture_leaves_the_house() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let drawer = app.luna().await;
    // As ComfyUI made it, with the whole workflow in its metadata.
    let made = app.post("/api/generate-image", json!({"characterId": drawer, "prompt": "a very particular lighthouse"})).await.json();
    let content = made["content"]["id"].as_str().unwrap().to_owned();
    let png = std::fs::read(app.app.store.dir().join(format!("media/{content}.png"))).unwrap();
    let contains = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(contains(&png, "very particular lighthouse"), "the original keeps it");
    app.patch(
        &format!("/api/characters/{drawer}"),
        json!({"autonomy": "auto", "instagramApiKey": digital_dalla::sandbox::instagram::token(4)}),
    )
    .await;
    assert_eq!(app.send("instagram", &drawer, &content).await.status, 200);
    let jpeg = app.instagram.picture(&app.instagram.posts()[0].pictures[0]).unwrap();
    assert!(!contains(&jpeg, "lighthouse") && !contains(&jpeg, "Exif") && !contains(&jpeg, "http"));
    let (_, jpeg) = posted(&app, &luna, "instagram", (400, 500)).await;
    let markers: Vec<u8> = jpeg.windows(2).filter(|pair| pair[0] == 0xFF && pair[1] >= 0xC0).map(|pair| pair[1]).collect();
    assert!(!markers.iter().any(|marker| (0xE1..=0xEF).contains(marker) || *marker == 0xFE), "{markers:x?}");
}

#[tokio::test]
async fn the_public_address_leads_to_that_picture_and_to_nothing_else() {
    let app = TestApp::start().await;
    app.live().await;
    let luna = app.persona(1).await;
    let (_, jpeg) = posted(&app, &luna, "instagram", (400, 500)).await;
    let content = app.contents().await[0]["id"].as_str().unwrap().to_owned();
    let id = content.clone().into();
    let now = chrono::Utc::now();
    let url = digital_dalla::service::handoff::offer(&app.app, &id, Default::default(), now).await.unwrap();
    let path = url.strip_prefix(&app.url).unwrap();
    assert!(url.is_ascii() && path.starts_with("/public/media/") && path.ends_with(&format!("/{content}.jpg")), "{url}");
    let answer = app.client.get(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (200, "image/jpeg"));
    assert_eq!(answer.bytes().await.unwrap().to_vec(), jpeg);
    assert_eq!(app.client.head(&url).send().await.unwrap().status(), 200);
    let other = app.approved(&luna, "Not this one.").await;
    let token = path.split('/').nth(3).unwrap();
    let other_end = if token.ends_with('0') { '1' } else { '0' };
    let forged = format!("{}{other_end}", &token[..token.len() - 1]);
    for wrong in [
        path.replace(&content, &other),
        path.replace(".jpg", ".png"),
        path.replace(token, &forged),
        path.replace("-crop-", "-pad-"),
        path.replace(token, "x"),
        "/public/media/x/../../secrets.json".to_owned(),
    ] {
        assert_eq!(app.get(&wrong).await.status, 404, "{wrong}");
    }
    let old = digital_dalla::service::handoff::offer(&app.app, &id, Default::default(), now - chrono::Duration::hours(7)).await.unwrap();
    assert_eq!(app.get(old.strip_prefix(&app.url).unwrap()).await.status, 404, "it has ended");
}
