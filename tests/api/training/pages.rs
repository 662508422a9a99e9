//! The pages of trainings, as a browser without script sees them.

use digital_dalla::{domain::training::TrainingId, sandbox::trainer::Fault};
use reqwest::StatusCode;
use serde_json::json;

use super::stage::Stage;
use crate::support::TestApp;

#[tokio::test]
async fn without_a_trainer_the_pages_say_what_to_do() {
    let app = TestApp::start().await;
    for path in ["/training", "/training/new"] {
        let page = app.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("No trainer is set up") && page.text.contains("/settings#training"), "{path}");
    }
    assert_eq!(app.get("/training/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn two_clicks_on_start_make_one_training_and_the_command_is_shown_before() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 3 }));
    let first = stage.train(&luna, json!({})).await;
    let dataset = stage.training(&first).await["datasetId"].as_str().unwrap().to_owned();
    let page = stage.app.get(&format!("/training/new?dataset={dataset}")).await.text;
    assert!(page.contains("The exact command") && page.contains("train_network.py") && page.contains("--output_name luna-v2"), "{page}");
    let id = page.split("name=\"form[id]\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let model = stage.trainer.model("dreamshaper_8.safetensors").display().to_string();
    let fields = [
        ("form[id]", id.as_str()),
        ("form[characterId]", &luna),
        ("form[datasetId]", &dataset),
        ("form[baseModel]", &model),
        ("form[preset]", "quick"),
        ("form[epochs]", "1"),
        ("form[repeats]", "1"),
    ];
    let (one, two) =
        tokio::join!(stage.app.submit("/actions/training/start", &fields), stage.app.submit("/actions/training/start", &fields));
    for shown in [one, two] {
        assert!(shown.contains("luna-v2") && shown.contains("Waits until luna-v1 has ended"), "{shown}");
    }
    assert_eq!(stage.app.get("/api/lora/train").await.json().as_array().unwrap().len(), 2);
    assert_eq!(stage.training(&id).await["status"], "queued", "it has the id the page gave it");

    let refused = [
        ("form[id]", "../../x"),
        ("form[characterId]", &luna),
        ("form[datasetId]", &dataset),
        ("form[baseModel]", &model),
        ("form[epochs]", "many"),
        ("form[extraArgs]", "--output_dir /etc"),
    ];
    let shown = stage.app.submit("/actions/training/start", &refused).await;
    assert!(shown.contains("many is not a number") && shown.contains("value=\"many\""), "{shown}");
    stage.stop(&id).await;
    stage.stop(&first).await;
}

#[tokio::test]
async fn the_page_of_a_training_shows_where_it_stands_and_what_can_be_done() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 9 }));
    let id = stage.train(&luna, json!({})).await;
    stage.at_step(&id, 8).await;
    let page = stage.app.get(&format!("/training/{id}")).await.text;
    for part in ["Training", "Step 8 of 12", "class=\"smoothed\"", "/actions/training/stop", "running training", "--output_name luna-v1"] {
        assert!(page.contains(part) || page.contains(&part.replace('8', "9")), "{part}: {page}");
    }
    assert!(stage.app.get(&format!("/training/{id}?scale=log")).await.text.contains("class=\"smoothed\""));
    assert!(stage.app.get("/training").await.text.contains("luna-v1"));

    let stopping = stage.app.submit("/actions/training/stop", &[("id", &id)]).await;
    assert!(stopping.contains("It stops."), "{stopping}");
    stage.ended(&id).await;
    let page = stage.app.get(&format!("/training/{id}")).await.text;
    assert!(page.contains("Go on from step 8") && page.contains("/delete"), "{page}");

    stage.behave(None);
    stage.app.submit("/actions/training/resume", &[("id", &id)]).await;
    assert_eq!(stage.ended(&id).await["status"], "done");
    let page = stage.app.get(&format!("/training/{id}")).await.text;
    assert!(
        page.contains("Use it for Luna") && page.contains("In ComfyUI&#x27;s folder") || page.contains("In ComfyUI's folder"),
        "{page}"
    );
    let used = stage.app.submit("/actions/training/promote", &[("id", &id), ("character", &luna)]).await;
    assert!(used.contains("pictures are made with it from now on") && used.contains("Trained LoRAs"), "{used}");
    assert!(stage.app.submit("/actions/training/rollback", &[("id", &id)]).await.contains("Use it for Luna"));
    let gone = stage.app.submit("/actions/training/delete", &[("id", &id)]).await;
    assert!(gone.contains("Training deleted."), "{gone}");
}

#[tokio::test]
async fn what_a_trainer_says_is_shown_and_not_obeyed() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let recording = stage.dir().path().join("hostile.json");
    let text = "\u{1b}[31m<script>alert(1)</script>\u{1b}[0m\nValueError: <img src=x onerror=alert(2)>\n";
    let hostile = json!({"return_code": 1, "events": [{"t_ms": 1, "stream": "stderr", "text": text}]});
    std::fs::write(&recording, hostile.to_string()).unwrap();
    stage.behave(Some(Fault::Replay { recording, faster: 100.0 }));
    let id = stage.train(&luna, json!({"triggerWord": "<b>luna</b>", "samplePrompts": ["<i>x</i>"]})).await;
    assert_eq!(stage.ended(&id).await["status"], "failed");
    for path in [format!("/training/{id}"), "/training".to_owned(), format!("/training/new?again={id}")] {
        let page = stage.app.get(&path).await.text;
        for bad in ["<script>alert", "<img src=x", "<b>luna", "<i>x"] {
            assert!(!page.contains(bad), "{path} holds {bad}");
        }
    }
}

#[tokio::test]
async fn the_settings_of_the_trainer_are_saved_by_a_form_and_refused_with_what_was_typed() {
    let stage = Stage::set().await;
    let shown = stage
        .app
        .submit("/actions/settings/training", &[("form[kohyaDir]", "/nowhere"), ("form[fluxModels]", "relative.safetensors")])
        .await;
    assert!(shown.contains("value=\"/nowhere\"") && shown.contains("is not there") && shown.contains("whole path"), "{shown}");
    let dir = stage.trainer.scripts().display().to_string();
    let python = stage.trainer.python().display().to_string();
    let shown = stage
        .app
        .submit(
            "/actions/settings/training",
            &[("form[kohyaDir]", &dir), ("form[kohyaPython]", &python), ("form[generationWhileTraining]", "go_on")],
        )
        .await;
    assert!(shown.contains("The trainer works: sd-scripts with Python 3.11.9."), "{shown}");
    assert_eq!(stage.app.get("/api/settings").await.json()["generationWhileTraining"], "go_on");
}

#[test]
fn ids_of_trainings_are_names_of_folders() {
    assert!(uuid::Uuid::parse_str(TrainingId::new().as_str()).is_ok());
}
