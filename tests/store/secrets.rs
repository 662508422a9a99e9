//! Sealed secrets.

use digital_dalla::store::{SecretState, StoreError};

use crate::support::{key, names, open, open_with};

const SECRET: &str = "EAABsbCS1iHgBAkx9Qd";

#[tokio::test]
async fn a_secret_is_in_no_file_and_shows_its_last_four() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let sealed: Result<(), StoreError> = store.write(|tx| tx.put_secret("luna", "instagramApiKey", &SECRET.into())).await;
    sealed.unwrap();
    for moment in ["in the journal", "in the array"] {
        for file in std::fs::read_dir(dir.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{moment}");
        }
        if moment == "in the journal" {
            store.close().await.unwrap();
        }
    }
    match open(dir.path()).await.mask("luna", "instagramApiKey") {
        SecretState::Set(mask) => assert_eq!(mask.as_str(), "••••x9Qd"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_key_locks_the_secrets_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let sealed: Result<(), StoreError> = store.write(|tx| tx.put_secret("luna", "instagramApiKey", &SECRET.into())).await;
    sealed.unwrap();
    store.close().await.unwrap();
    let before = std::fs::read(dir.path().join("secrets.json")).unwrap();
    let store = open_with(dir.path(), key(2)).await.unwrap();
    assert!(store.health().secrets_locked.is_some());
    assert_eq!(store.mask("luna", "instagramApiKey"), SecretState::Locked);
    let refused: Result<(), StoreError> = store.write(|tx| tx.put_secret("luna", "instagramApiKey", &"other".into())).await;
    assert!(matches!(refused, Err(StoreError::SecretsLocked(_))));
    store.close().await.unwrap();
    assert_eq!(std::fs::read(dir.path().join("secrets.json")).unwrap(), before);
}

#[tokio::test]
async fn keys_in_clear_text_are_sealed_at_the_first_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("characters.json");
    let old =
        format!(r#"[{{"id": "luna", "name": "Luna", "instagramApiKey": "{SECRET}", "twitterAppKey": "", "twitterAccessToken": null}}]"#);
    std::fs::write(&file, &old).unwrap();
    let store = open(dir.path()).await;
    assert!(matches!(store.mask("luna", "instagramApiKey"), SecretState::Set(_)));
    assert_eq!(store.mask("luna", "twitterAppKey"), SecretState::Absent);
    store.close().await.unwrap();
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(!written.contains("ApiKey") && !written.contains(SECRET), "{written}");
}

#[tokio::test]
async fn keys_that_cannot_be_sealed_are_neither_shown_nor_lost() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.close().await.unwrap();
    let file = dir.path().join("characters.json");
    let old = format!(r#"[{{"id": "luna", "name": "Luna", "instagramApiKey": "{SECRET}"}}]"#);
    std::fs::write(&file, &old).unwrap();
    let store = open_with(dir.path(), key(2)).await.unwrap();
    assert_eq!(names(&store), ["Luna"]);
    assert!(!serde_json::to_string(&**store.read().characters.get("luna").unwrap()).unwrap().contains(SECRET));
    assert_eq!(store.health().damaged[0].collection, "characters");
    store.close().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), old);
}
