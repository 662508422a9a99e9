//! The result goes to work: promoted, rolled back, compared.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::stage::Stage;

async fn her(stage: &Stage, id: &str) -> Value {
    stage.app.get(&format!("/api/characters/{id}")).await.json()
}

async fn trained(stage: &Stage, character: &str) -> String {
    stage.behave(None);
    let id = stage.train(character, json!({})).await;
    let done = stage.ended(&id).await;
    assert_eq!(done["status"], "done", "{done:#}");
    id
}

#[tokio::test]
async fn a_version_goes_to_work_in_pictures_and_back() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let (one, two) = (trained(&stage, &luna).await, trained(&stage, &luna).await);
    let versions = her(&stage, &luna).await["loraVersions"].clone();
    assert_eq!((versions[0]["trainingId"].as_str(), versions[0]["active"].as_bool()), (Some(one.as_str()), Some(false)));
    assert_eq!(
        (versions[0]["family"].as_str(), versions[0]["baseModel"].as_str(), versions[0]["triggerWord"].as_str()),
        (Some("sd15"), Some("dreamshaper_8.safetensors"), Some("luna woman"))
    );

    for id in [&one, &two] {
        let promoted = stage.app.post(&format!("/api/lora/train/{id}/promote"), json!({})).await;
        assert_eq!(promoted.status, StatusCode::OK, "{}", promoted.text);
    }
    let now = her(&stage, &luna).await;
    assert_eq!(now["loras"], json!([{"name": "luna-v2.safetensors", "strength": 1.0}]));
    assert_eq!(now["triggerWord"], "luna woman");
    let made = stage.app.post("/api/generate-image", json!({"characterId": luna, "prompt": "a lake"})).await.json();
    assert_eq!(made["content"]["provenance"]["recipe"]["loras"][0]["name"], "luna-v2.safetensors", "{made}");

    assert_eq!(stage.app.post(&format!("/api/lora/train/{two}/rollback"), json!({})).await.status, StatusCode::OK);
    assert_eq!(her(&stage, &luna).await["loras"][0]["name"], "luna-v1.safetensors");
    assert_eq!(stage.app.post(&format!("/api/lora/train/{one}/rollback"), json!({})).await.status, StatusCode::OK);
    let before = her(&stage, &luna).await;
    assert_eq!((before["loras"].clone(), before["triggerWord"].as_str()), (json!([]), Some("luna_character")));
    stage.app.post(&format!("/api/lora/train/{one}/rollback"), json!({})).await.problem(409);
}

#[tokio::test]
async fn a_version_that_would_do_nothing_is_refused() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let id = trained(&stage, &luna).await;
    stage.app.patch(&format!("/api/characters/{luna}"), json!({"preferredModel": "sd_xl_base_1.0.safetensors"})).await;
    let (words, _) = stage.app.post(&format!("/api/lora/train/{id}/promote"), json!({})).await.problem(409);
    assert!(words.contains("is SDXL, and this LoRA is for SD 1.5"), "{words}");
    stage.app.patch(&format!("/api/characters/{luna}"), json!({"preferredModel": "dreamshaper_8.safetensors"})).await;
    std::fs::remove_file(stage.trainer.loras().join("luna-v1.safetensors")).unwrap();
    digital_dalla::service::models::look(&stage.app.app, chrono::Utc::now()).await;
    let (words, _) = stage.app.post(&format!("/api/lora/train/{id}/promote"), json!({})).await.problem(409);
    assert!(words.contains("ComfyUI does not have luna-v1.safetensors yet"), "{words}");
}

#[tokio::test]
async fn old_and_new_are_drawn_with_the_same_prompts_and_the_same_seed() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let (one, two) = (trained(&stage, &luna).await, trained(&stage, &luna).await);
    stage.app.post(&format!("/api/lora/train/{one}/promote"), json!({})).await;
    let answer = stage.app.post(&format!("/api/lora/train/{two}/compare"), json!({})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let comparison = answer.json()["comparison"].clone();
    assert_eq!(
        (comparison["columns"][0]["lora"].as_str(), comparison["columns"][1]["lora"].as_str()),
        (Some("luna-v1.safetensors"), Some("luna-v2.safetensors"))
    );
    let mut drawn = Vec::new();
    for column in comparison["columns"].as_array().unwrap() {
        for job in column["jobs"].as_array().unwrap() {
            let job = stage.app.ended(job.as_str().unwrap()).await;
            assert_eq!(job["status"], "done", "{job}");
            drawn.push((job["request"]["prompt"].clone(), job["shots"][0]["seed"].clone(), job["recipe"]["loras"][0]["name"].clone()));
        }
    }
    let half = drawn.len() / 2;
    assert_eq!(half, comparison["prompts"].as_array().unwrap().len());
    for (old, new) in drawn[..half].iter().zip(&drawn[half..]) {
        assert_eq!((&old.0, &old.1), (&new.0, &new.1));
        assert_ne!(old.2, new.2);
    }
    let page = stage.app.get(&format!("/training/{two}")).await.text;
    assert!(page.contains("Old beside new") && page.matches("compare-cell").count() == drawn.len(), "{page}");
}
