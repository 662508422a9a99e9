//! What is acknowledged is stored; what fails leaves nothing.

use std::os::unix::fs::PermissionsExt;

use chrono::DateTime;
use digital_dalla::{
    domain::{
        activity::{Activity, ActivityId, Actor, KEPT},
        character::Character,
        content::Content,
    },
    store::{OpenError, Store, StoreError},
};

use crate::support::{character, content, key, names, open, open_with, put};

#[tokio::test]
async fn what_is_acknowledged_is_read_at_once_and_after_every_kind_of_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    put(&store, character("a", "Luna")).await.unwrap();
    assert_eq!(names(&store), ["Luna"]);
    drop(store);
    let store = open(dir.path()).await;
    assert_eq!(names(&store), ["Luna"], "after a crash");
    put(&store, character("b", "Cortex")).await.unwrap();
    store.close().await.unwrap();
    assert!(matches!(put(&store, character("c", "Mira")).await, Err(StoreError::Closed)));
    assert_eq!(names(&open(dir.path()).await), ["Luna", "Cortex"], "after a clean stop");
}

#[tokio::test]
async fn activity_that_was_forgotten_stays_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let line = |n: usize| Activity {
        id: ActivityId::new(),
        at: DateTime::UNIX_EPOCH,
        actor: Actor::Local,
        kind: "prompts".into(),
        subject: None,
        character_id: None,
        words: format!("line {n}"),
    };
    store.write(move |tx| (0..KEPT).try_for_each(|n| tx.put(line(n)))).await.unwrap();
    for n in 0..150 {
        put(&store, character(&n.to_string(), "Luna")).await.unwrap();
    }
    let words = |store: &Store| store.read().activity.iter().map(|line| line.words.clone()).collect::<Vec<_>>();
    let before = words(&store);
    assert_eq!((before.len(), before[0].as_str()), (KEPT + 50, "line 100"));
    drop(store);
    assert_eq!(words(&open(dir.path()).await), before);
}

#[tokio::test]
async fn a_change_is_all_or_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let failed: Result<(), StoreError> = store
        .write(|tx| {
            tx.put(character("a", "Luna"))?;
            tx.put(content("p", "a", "draft"))?;
            Err(StoreError::DiskFull)
        })
        .await;
    assert!(failed.is_err());
    let panicked: Result<(), StoreError> = store
        .write(|tx| {
            tx.put(character("b", "Cortex"))?;
            panic!("a change breaks down")
        })
        .await;
    assert!(matches!(panicked, Err(StoreError::Panicked)));
    put(&store, character("c", "Mira")).await.unwrap();
    drop(store);
    let store = open(dir.path()).await;
    assert_eq!((names(&store), store.read().content.len()), (vec!["Mira".to_owned()], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_lose_nothing_and_see_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    put(&store, character("counter", "0")).await.unwrap();
    let writers = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..50 {
                let counted: Result<(), StoreError> = store
                    .write(|tx| {
                        let mut counter = Character::clone(&*tx.get::<Character>("counter").unwrap());
                        counter.name = (counter.name.parse::<u32>().unwrap() + 1).to_string();
                        tx.put(counter)
                    })
                    .await;
                counted.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    drop(store);
    assert_eq!(names(&open(dir.path()).await), ["800"]);
}

#[tokio::test]
async fn a_snapshot_does_not_move() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    put(&store, character("a", "Luna")).await.unwrap();
    let before = store.read();
    put(&store, character("a", "Luna the Mystic")).await.unwrap();
    let deleted: Result<bool, StoreError> = store.write(|tx| tx.delete::<Content>("nothing")).await;
    assert!(!deleted.unwrap());
    assert_eq!(before.characters.get("a").unwrap().name, "Luna");
    assert!(store.read().characters.version() > before.characters.version());
}

#[tokio::test]
async fn arrays_keep_their_order_and_are_for_people() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    for (id, name) in [("b", "Luna"), ("a", "Cortex"), ("b", "Luna the Mystic")] {
        put(&store, character(id, name)).await.unwrap();
    }
    store.close().await.unwrap();
    assert_eq!(names(&open(dir.path()).await), ["Luna the Mystic", "Cortex"]);
    let array = std::fs::read_to_string(dir.path().join("characters.json")).unwrap();
    assert!(array.starts_with("[\n  {\n    \"id\": \"b\",\n    \"name\": \"Luna the Mystic\""), "{array}");
    let mode = std::fs::metadata(dir.path().join("secrets.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn one_server_has_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let _store = open(dir.path()).await;
    match open_with(dir.path(), key(1)).await {
        Err(OpenError::Locked { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{:?}", other.err()),
    }
}
