//! Characters with accounts at the simulators, pictures they may post, and posts.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Utc;
use digital_dalla::{
    domain::content::{Content, ContentId, ReviewState},
    error::Error,
    sandbox::{instagram, x},
    service,
};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, imageops::FilterType};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, PATIENCE, TestApp};

/// No two pictures of this process look alike.
static PICTURES: AtomicU32 = AtomicU32::new(1);

impl TestApp {
    /// Posts go out for real, as fast as the account's turn comes.
    pub async fn live(&self) {
        let changed = self.put("/api/settings", json!({"dryRun": "false", "gapMinutes": "0"})).await;
        assert!(changed.status.is_success(), "{}", changed.text);
    }

    /// A character whose accounts are those of that number at the simulators.
    pub async fn persona(&self, number: u64) -> String {
        let [app_key, app_secret, token, token_secret] = x::keys(number);
        let persona = json!({
            "name": format!("Persona {number}"), "instagramApiKey": instagram::token(number), "twitterAppKey": app_key,
            "twitterAppSecret": app_secret, "twitterAccessToken": token, "twitterAccessSecret": token_secret,
        });
        let created = self.post("/api/characters", persona).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
        created.json()["id"].as_str().unwrap().to_owned()
    }

    /// An approved picture of hers with these words.
    pub async fn approved(&self, character: &str, caption: &str) -> String {
        self.picture(character, caption, ReviewState::Approved, (320, 400)).await
    }

    /// A picture of that size, in that state of review.
    pub async fn picture(&self, character: &str, caption: &str, state: ReviewState, size: (u32, u32)) -> String {
        self.picture_of(character, caption, state, painting(PICTURES.fetch_add(1, Ordering::Relaxed), size)).await
    }

    /// The same with this very picture.
    pub async fn picture_of(&self, character: &str, caption: &str, state: ReviewState, picture: RgbImage) -> String {
        let mut png = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut png, ImageFormat::Png).unwrap();
        let id = ContentId::new();
        let picture = service::media::store(&self.app, &id, png.into_inner().into()).await.unwrap();
        let content = json!({
            "id": id, "characterId": character, "caption": caption, "state": state, "picture": picture, "createdAt": Utc::now(), "updatedAt": Utc::now(),
        });
        let content: Content = serde_json::from_value(content).unwrap();
        self.app.store.write(move |tx| Ok::<_, Error>(tx.put(content)?)).await.unwrap();
        id.to_string()
    }

    /// Sends a picture, as the API does for front ends.
    pub async fn send(&self, network: &str, character: &str, content: &str) -> Answer {
        self.post(&format!("/api/post-to-{network}"), json!({"characterId": character, "contentId": content})).await
    }

    /// The same without waiting for it; answers the post's id.
    pub async fn order_post(&self, network: &str, body: Value) -> String {
        let sent = self.request(Method::POST, &format!("/api/post-to-{network}")).header("prefer", "respond-async").json(&body);
        let answer = Answer::of(sent).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        answer.json()["post"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn post_of(&self, id: &str) -> Value {
        self.get(&format!("/api/posts/{id}")).await.json()
    }

    /// Waits until a post is as it should be, and answers it.
    pub async fn until(&self, id: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut changes = self.app.store.changes();
        let stored = || serde_json::to_value(&**self.app.store.read().posts.get(id).expect("the post is there")).unwrap();
        let waited = async {
            loop {
                let post = stored();
                if fits(&post) {
                    return post;
                }
                // Until it has changed, or a change may have been missed.
                while changes.recv().await.is_ok_and(|changed| changed.iter().all(|one| one.id != id)) {}
            }
        };
        match tokio::time::timeout(PATIENCE, waited).await {
            Ok(post) => post,
            Err(_) => panic!("the post is not as it should be: {}", stored()),
        }
    }

    /// Waits until no job is left, and looks whether everything is quiet then.
    pub async fn rests(&self) {
        let is_left = || !service::jobs::unfinished(&self.app, &self.app.store.read()).is_empty();
        // Not by changes of the store: a worker lets go of its post after the last of them.
        let waited = async {
            while is_left() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waited).await.expect("workers come to an end");
        self.is_quiet();
    }

    /// Waits until a post is in that state.
    pub async fn until_state(&self, id: &str, state: &str) -> Value {
        self.until(id, |post| post["state"] == state).await
    }
}

/// A picture of its own kind: coarse noise that a seed decides.
pub fn painting(seed: u32, (width, height): (u32, u32)) -> RgbImage {
    let mut noise = u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        (noise >> 32) as u8
    };
    let coarse = RgbImage::from_fn(24, 24, |_, _| Rgb([next(), next(), next()]));
    DynamicImage::ImageRgb8(coarse).resize_exact(width, height, FilterType::Triangle).to_rgb8()
}
