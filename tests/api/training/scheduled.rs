//! Trainings that a schedule asks for.

use digital_dalla::domain::run::{RunDeed, RunStep};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::runs::{ended, run, task};

/// A dataset of the stage's pictures.
async fn dataset(stage: &Stage, luna: &str) -> String {
    let made = stage.train(luna, json!({"epochs": 1})).await;
    stage.ended(&made).await["datasetId"].as_str().unwrap().to_owned()
}

async fn trainings(stage: &Stage) -> Vec<Value> {
    stage.app.get("/api/lora/train").await.json().as_array().unwrap().clone()
}

#[tokio::test]
async fn a_schedule_asks_for_a_training_and_does_not_wait_for_it() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let dataset = dataset(&stage, &luna).await;
    let task = task(&stage.app, &luna, "train_lora", json!({"base_model": "sd15", "preset": "quick"})).await;

    let done = ended(&stage.app, &run(&stage.app, &task).await).await;
    assert_eq!(done["state"], "ok", "{done:#}");
    let step = &done["steps"][0];
    assert_eq!(step["deed"], "train", "{done:#}");
    let training = stage.training(step["trainingId"].as_str().unwrap()).await;
    assert_eq!((&training["datasetId"], &training["preset"]), (&json!(dataset), &json!("quick")), "{training:#}");
    assert!(step["outcome"].as_str().unwrap().starts_with(training["name"].as_str().unwrap()), "{step:#}");

    // While she is being trained, another run asks for nothing.
    let again = ended(&stage.app, &run(&stage.app, &task).await).await;
    assert_eq!((&again["state"], again["why"].as_str().unwrap().ends_with("has not ended yet.")), (&json!("skipped"), true), "{again:#}");
    assert_eq!(trainings(&stage).await.len(), 2);
    let page = stage.app.get(&format!("/schedules/{task}")).await;
    assert!(page.text.contains(&format!("/training/{}", training["id"].as_str().unwrap())), "{}", page.text);
    stage.stop(training["id"].as_str().unwrap()).await;
    stage.ended(training["id"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_run_that_was_cut_off_after_asking_asks_for_nothing_more() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let dataset = dataset(&stage, &luna).await;
    let task = task(&stage.app, &luna, "train_lora", json!({"baseModel": "sd15", "datasetId": dataset})).await;
    let first = ended(&stage.app, &run(&stage.app, &task).await).await;
    let training = first["steps"][0]["trainingId"].as_str().unwrap().to_owned();

    // The next run stands where a crash between asking and noting it leaves one: its step is open, its training is there.
    let second = run_that_was_cut_off(&stage, &task, &training).await;
    let done = ended(&stage.app, &second).await;
    assert_eq!((&done["state"], &done["steps"][0]["trainingId"]), (&json!("ok"), &json!(training)), "{done:#}");
    assert_eq!(trainings(&stage).await.len(), 2, "the one that made the dataset, and one more");
    stage.stop(&training).await;
    stage.ended(&training).await;
}

/// Makes a run whose step has that training's name, and has a worker take it up.
async fn run_that_was_cut_off(stage: &Stage, task: &str, training: &str) -> String {
    use digital_dalla::{
        domain::{
            job::{Job, Lane, RunOrder, Work},
            run::Run,
            task::Task,
        },
        error::Error,
    };
    let now = chrono::Utc::now();
    let stored = stage.app.app.store.read().tasks.get(task).cloned().unwrap();
    let mut run = Run::by_hand(&Task::clone(&stored), now);
    let mut step = RunStep::new(RunDeed::Train, now);
    step.training_id = Some(training.to_owned().into());
    (run.started_at, run.steps) = (Some(now), vec![step]);
    let job = Job::queued(Work::RunTask(RunOrder { run_id: run.id.clone() }), Some(run.character_id.clone()), Vec::new(), now);
    run.job_id = Some(job.id.clone());
    let id = run.id.to_string();
    let stored = stage.app.app.store.write(move |tx| {
        tx.put(job)?;
        Ok::<_, Error>(tx.put(run)?)
    });
    stored.await.unwrap();
    stage.app.app.wake(Lane::Tasks);
    id
}

#[tokio::test]
async fn what_cannot_be_trained_fails_the_run_with_a_sentence() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let nothing = task(&stage.app, &luna, "train_lora", json!({"baseModel": "sd15"})).await;
    let failed = ended(&stage.app, &run(&stage.app, &nothing).await).await;
    assert_eq!(failed["state"], "failed", "{failed:#}");
    assert_eq!(failed["steps"][0]["outcome"], "There are no pictures to learn from. Make a dataset first.", "{failed:#}");
    assert_eq!(trainings(&stage).await.len(), 0);

    for (config, field, words) in [
        (json!({}), "config.baseModel", "Choose the model to train on."),
        (json!({"baseModel": "sd15", "preset": "endless"}), "config.preset", "Choose from quick, balanced, thorough."),
    ] {
        let body = json!({"characterId": luna, "type": "train_lora", "schedule": "0 3 * * SUN", "config": config});
        let refused = stage.app.post("/api/scheduler/tasks", body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        let error = &refused.json()["errors"][0];
        assert_eq!((error["field"].as_str().unwrap(), error["message"].as_str().unwrap()), (field, words), "{}", refused.text);
    }
}
