//! Folders that others wrote.

use digital_dalla::domain::character::Character;
use serde_json::{Value, json};

use crate::support::{names, open, put};

#[tokio::test]
async fn a_folder_of_an_older_app_opens_as_it_is_and_keeps_what_we_do_not_know() {
    let dir = tempfile::tempdir().unwrap();
    let old = json!([
        {"id": 7, "name": "Luna", "personality": ["dreamy", "kind"], "zodiac": {"sign": "pisces"}, "promptSettings": {"style": "film", "lens": 35}, "createdAt": "2025-01-02 03:04:05"},
        {"id": "cortex", "name": "Cortex", "narratives": [{"title": "Old", "startDate": "2025-03-01T00:00:00.000Z", "endDate": "2025-04-01", "chapters": [1]}], "isActive": null, "backstory": null}
    ]);
    let mut old = old;
    old[1].as_object_mut().unwrap().remove("isActive");
    std::fs::write(dir.path().join("characters.json"), format!("\u{feff}{old}")).unwrap();
    std::fs::write(
        dir.path().join("content.json"),
        r#"[{"id": "p1", "imageUrl": "https://example.org/a.png", "postedToInstagram": true}, {"id": "p2", "characterId": null, "caption": null, "altText": null}]"#,
    )
    .unwrap();
    std::fs::write(dir.path().join("somebodys.json"), "[1, 2]").unwrap();
    let store = open(dir.path()).await;
    assert!(store.health().damaged.is_empty(), "{:?}", store.health().damaged);
    assert_eq!(names(&store), ["Luna", "Cortex"]);
    let mut luna = Character::clone(store.read().characters.get("7").unwrap());
    luna.name = "Luna the Mystic".into();
    put(&store, luna).await.unwrap();
    store.close().await.unwrap();
    let written: Value = serde_json::from_str(&std::fs::read_to_string(dir.path().join("characters.json")).unwrap()).unwrap();
    assert_eq!((&written[0]["zodiac"]["sign"], &written[0]["promptSettings"]["lens"]), (&json!("pisces"), &json!(35)));
    assert_eq!(written[1]["narratives"][0]["chapters"], json!([1]));
    assert_eq!(written[0]["createdAt"], "2025-01-02T03:04:05Z");
    assert_eq!(std::fs::read_to_string(dir.path().join("somebodys.json")).unwrap(), "[1, 2]", "what we do not read we do not touch");
}

#[tokio::test]
async fn two_records_of_one_id_are_not_guessed_about() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("characters.json"), "[\n  {\"id\": \"a\"},\n  {\"id\": \"a\"}\n]").unwrap();
    let damage = open(dir.path()).await.health().damaged.remove(0);
    assert_eq!((damage.line, damage.column, damage.reason.as_str()), (3, 3, "two records have the id a"));
}

#[tokio::test]
async fn prompts_an_older_app_wrote_become_part_of_the_library_once() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("prompts.json"), r#"[{"id": "a", "prompt": "a lake"}]"#).unwrap();
    std::fs::write(dir.path().join("generated-prompts.json"), r#"[{"id": "a", "prompt": "another"}, {"id": 7, "prompt": "a forest"}]"#)
        .unwrap();
    let store = open(dir.path()).await;
    let texts: Vec<_> = store.read().prompts.iter().map(|prompt| prompt.prompt.clone()).collect();
    assert_eq!(texts, ["a lake", "a forest"]);
    store.write(|tx| tx.delete::<digital_dalla::domain::library::Prompt>("7")).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(open(dir.path()).await.read().prompts.len(), 1, "what is deleted stays so");
}
