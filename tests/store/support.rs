//! Opening stores, and small records.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use digital_dalla::{
    config::SecretKey,
    domain::{character::Character, content::Content},
    store::{OpenError, OpenOptions, Store, StoreError},
};
use serde_json::json;

pub fn key(byte: u8) -> SecretKey {
    SecretKey::Given(BASE64_STANDARD.encode([byte; 32]).into())
}

/// Opens the store of a folder. One that was just dropped lets go of it a moment later.
pub async fn open(dir: &Path) -> Store {
    loop {
        match open_with(dir, key(1)).await {
            Err(OpenError::Locked { .. }) => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}

pub async fn open_with(dir: &Path, key: SecretKey) -> Result<Store, OpenError> {
    Store::open(OpenOptions { dir: dir.to_owned(), key }).await
}

pub fn character(id: &str, name: &str) -> Character {
    serde_json::from_value(json!({"id": id, "name": name})).unwrap()
}

pub fn content(id: &str, character: &str, state: &str) -> Content {
    serde_json::from_value(json!({"id": id, "characterId": character, "state": state})).unwrap()
}

pub async fn put(store: &Store, character: Character) -> Result<(), StoreError> {
    store.write(move |tx| tx.put(character)).await
}

pub fn names(store: &Store) -> Vec<String> {
    store.read().characters.iter().map(|one| one.name.clone()).collect()
}
