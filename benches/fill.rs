//! Stores full of records, for the benches.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use digital_dalla::{
    config::SecretKey,
    domain::{character::Character, content::Content, library::Prompt, words::Author},
    store::{OpenOptions, Store, StoreError, Transaction},
};
use serde_json::json;

/// Opens the store of a folder.
pub async fn open(dir: &Path) -> Store {
    let key = SecretKey::Given(BASE64_STANDARD.encode([7; 32]).into());
    Store::open(OpenOptions { dir: dir.to_owned(), key }).await.expect("the store opens")
}

/// A content as a real job leaves it, about 1.3 KB of JSON.
pub fn content(number: usize) -> Content {
    let parts = json!([{"source": "base", "text": "portrait of luna_character, silver hair, green eyes"}, {"source": "request", "text": format!("walking along lake {number}")}]);
    let model = ["dreamshaper_8.safetensors", "sd_xl_base_1.0.safetensors"][number % 2];
    let recipe = json!({
        "model": model, "modelKind": "checkpoint", "family": "sd15",
        "loras": [{"name": "luna.safetensors", "strength": 0.8}], "parts": parts, "prompt": format!("portrait of luna_character, silver hair, green eyes, walking along lake {number}"),
        "negativePrompt": "blurry, extra fingers", "width": 512, "height": 768, "steps": 20, "cfg": 7.0, "sampler": "euler", "scheduler": "normal"
    });
    let content = json!({
        "id": format!("01a20a25-871b-7666-be88-{number:012}"), "characterId": format!("character-{}", number % 50), "createdAt": "2026-11-23T08:00:00Z",
        "updatedAt": "2026-11-23T08:00:00Z", "state": "draft", "caption": "", "altText": "", "picture": {"width": 512, "height": 768, "bytes": 320_211},
        "provenance": {"jobId": "01a20a25-871b-7666-be88-000000000000", "recipe": recipe, "seed": number, "request": format!("walking along lake {number}"),
            "server": "127.0.0.1:8188", "promptId": "b6ec797c-5016-4ddd-aaba-4ac61eb036f2", "seconds": 4.1}
    });
    serde_json::from_value(content).expect("a content in our own shape")
}

/// A character with a few kilobytes of text.
pub fn character(number: usize) -> Character {
    let text = "She notices light and weather first. ".repeat(12);
    let character = json!({"id": format!("character-{number}"), "name": format!("Luna {number}"), "personality": text, "backstory": text, "createdAt": "2026-11-23T08:00:00Z"});
    serde_json::from_value(character).expect("a character in our own shape")
}

/// Fills a store with so many prompts, of a sentence each.
#[allow(dead_code, reason = "each bench takes this file as its own module, and not every one fills a library")]
pub async fn prompts(store: &Store, count: usize) {
    for from in (0..count).step_by(5_000) {
        let batch: Vec<Prompt> = (from..count.min(from + 5_000))
            .map(|number| {
                let text =
                    format!("Walking barefoot along a lake at dawn, mist over the water, low sun from behind, wide shot, number-{number}");
                Prompt::new(
                    format!("character-{}", number % 50).as_str().into(),
                    "Luna".into(),
                    text,
                    Author::Gemini,
                    chrono::DateTime::UNIX_EPOCH,
                )
            })
            .collect();
        let put = move |tx: &mut Transaction| batch.into_iter().try_for_each(|prompt| tx.put(prompt));
        store.write(put).await.map_err(|error: StoreError| error).expect("there is room");
    }
}

/// Fills a store with so many contents and characters.
pub async fn fill(store: &Store, contents: usize, characters: usize) {
    for from in (0..contents).step_by(2_000) {
        let batch: Vec<_> = (from..contents.min(from + 2_000)).map(content).collect();
        store
            .write(move |tx| batch.into_iter().try_for_each(|content| tx.put(content)))
            .await
            .map_err(|error: StoreError| error)
            .expect("there is room");
    }
    let all: Vec<_> = (0..characters).map(character).collect();
    store.write(move |tx| all.into_iter().try_for_each(|one| tx.put(one))).await.map_err(|error: StoreError| error).expect("there is room");
}
