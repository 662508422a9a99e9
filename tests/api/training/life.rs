//! The life of a training: asked for, followed, stopped, gone on with, deleted.

use digital_dalla::sandbox::trainer::Fault;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::stage::{Stage, is_trainer};
use crate::support::Answer;

#[tokio::test]
async fn pictures_become_a_lora_that_lies_in_comfyuis_folder() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let asked = stage.app.post("/api/lora/train", stage.request(&luna, json!({"samplePrompts": ["luna woman, portrait"]}))).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    let asked = asked.json();
    let id = asked["training"]["id"].as_str().unwrap();
    assert_eq!(asked["log_file"], format!("{id}.log"));
    assert_eq!(asked["job_id"], asked["training"]["jobId"]);

    let done = stage.ended(id).await;
    assert_eq!(done["status"], "done", "{done:#}\n{}", stage.log(id).await);
    assert_eq!((done["step"].as_u64(), done["totalSteps"].as_u64(), done["progress"].as_u64()), (Some(12), Some(12), Some(100)));
    assert_eq!((done["epoch"].as_u64(), done["totalEpochs"].as_u64()), (Some(3), Some(3)));
    assert_eq!(done["file"]["name"], "luna-v1.safetensors");
    assert_eq!(done["file"]["installed"], true);
    assert!(stage.trainer.loras().join("luna-v1.safetensors").exists());
    assert_eq!(stage.app.ended(asked["job_id"].as_str().unwrap()).await["status"], "done");

    let metrics = stage.app.get(&format!("/api/lora/train/{id}/metrics")).await.json();
    let points = metrics["losses"]["points"].as_array().unwrap();
    assert!(points.len() >= 11 && points[0][0] == 1, "{metrics}");
    let log = stage.log(id).await;
    assert!(log.contains("running training") && log.contains("model saved."), "{log}");
    let samples = std::fs::read_dir(stage.dir().path().join(format!("data/trainings/{id}/output/sample"))).unwrap();
    let sample = samples.map(|entry| entry.unwrap().file_name().into_string().unwrap()).next().unwrap();
    let shown = stage.app.get(&format!("/api/lora/train/{id}/samples/{sample}")).await;
    assert_eq!((shown.status, shown.headers["content-type"].to_str().unwrap()), (StatusCode::OK, "image/png"));
    let file = stage.app.get(&format!("/api/lora/train/{id}/file")).await;
    assert!(file.headers["content-disposition"].to_str().unwrap().contains("luna-v1.safetensors"));

    // What the trainer was told is what is shown.
    let start = &stage.trainer.starts()[0];
    let told = |name: &str| start.arguments.iter().skip_while(|argument| *argument != name).nth(1).cloned().unwrap_or_default();
    assert_eq!((told("--output_name").as_str(), told("--max_train_epochs").as_str()), ("luna-v1", "3"));
    assert!(stage.app.get("/api/lora/train").await.json()[0]["id"] == id);
    stage.app.is_quiet();
}

#[tokio::test]
async fn the_trainer_learns_from_the_pictures_of_the_moment_with_the_trigger_word_in_every_caption() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    std::fs::write(stage.folder().join("001.txt"), "two\nlines\n").unwrap();
    std::fs::remove_file(stage.folder().join("002.txt")).unwrap();
    let id = stage.train(&luna, json!({})).await;
    let folder = stage.dir().path().join(format!("data/trainings/{id}/dataset"));
    assert_eq!(
        std::fs::read_to_string(folder.join("001.txt")).unwrap(),
        "luna woman, two\n",
        "a trainer reads no further than the first line"
    );
    assert!(!folder.join("002.txt").exists(), "an empty caption would end the trainer");
    assert_eq!(std::fs::read_to_string(folder.join("003.txt")).unwrap(), "luna woman, portrait number 3\n");
    assert_eq!(stage.ended(&id).await["status"], "done");
}

#[tokio::test]
async fn two_clicks_and_a_repeated_request_make_one_training() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    let request = stage.request(&luna, json!({}));
    let send = |body: Value| {
        let sent = stage.app.request(Method::POST, "/api/lora/train").header("idempotency-key", "once").json(&body);
        async move { Answer::of(sent).await }
    };
    let (one, two) = tokio::join!(send(request.clone()), send(request.clone()));
    assert_eq!(one.json()["training"]["id"], two.json()["training"]["id"], "{}\n{}", one.text, two.text);
    assert_eq!(stage.app.get("/api/lora/train").await.json().as_array().unwrap().len(), 1);
    send(stage.request(&luna, json!({"epochs": 9}))).await.problem(422);
    let id = one.json()["training"]["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.ended(&id).await["status"], "done");
    assert_eq!(stage.trainer.starts().len(), 1);
    let folders = std::fs::read_dir(stage.dir().path().join("data/trainings")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(folders.filter(|name| name.to_str() != Some("tokenizers")).count(), 1, "the other folder is gone");
}

#[tokio::test]
async fn a_training_that_runs_tells_its_numbers_and_stops_when_it_is_told() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 5 }));
    let id = stage.train(&luna, json!({})).await;
    let running = stage.at_step(&id, 4).await;
    assert_eq!(running["status"], "running");
    assert!(running["loss"].as_f64().unwrap() > 0.0 && running["etaSeconds"].is_u64(), "{running:#}");
    let job = stage.app.get(&format!("/api/jobs/{}", running["jobId"].as_str().unwrap())).await.json();
    assert_eq!((job["progress"]["unit"].as_str(), job["progress"]["steps"].as_u64()), (Some("Step"), Some(12)), "{job}");

    assert_eq!(stage.stop(&id).await.status, StatusCode::NO_CONTENT);
    let stopped = stage.training(&id).await;
    assert_eq!(stopped["status"], "stopped");
    assert_eq!(stopped["runs"][0]["ending"], json!({"how": "signal", "signal": 15}));
    assert!(stage.alive().is_empty());
    stage.stop(&id).await.problem(409);
    assert_eq!(stage.app.ended(running["jobId"].as_str().unwrap()).await["status"], "cancelled");
    stage.app.is_quiet();
}

#[tokio::test]
async fn a_trainer_that_does_not_listen_is_ended_and_so_is_what_it_has_started() {
    for fault in [Fault::Deaf, Fault::Fork] {
        let stage = Stage::set().await;
        let luna = stage.app.luna().await;
        stage.behave(Some(fault.clone()));
        let id = stage.train(&luna, json!({"epochs": 1_000, "saveEvery": 1_000, "saveState": false})).await;
        stage.at_step(&id, 2).await;
        let child = std::fs::read_to_string(stage.trainer.scripts().join("idle.pid")).ok().map(|pid| pid.trim().parse::<i32>().unwrap());
        assert_eq!(child.is_some(), fault == Fault::Fork);
        assert_eq!(stage.stop(&id).await.status, StatusCode::NO_CONTENT);
        let stopped = stage.training(&id).await;
        let signal = if fault == Fault::Deaf { 9 } else { 15 };
        assert_eq!(stopped["runs"][0]["ending"]["signal"], signal, "{fault:?}");
        assert!(stage.alive().is_empty() && child.is_none_or(|pid| !is_trainer(pid)), "{fault:?} left something behind");
    }
}

#[tokio::test]
async fn what_a_trainer_leaves_behind_when_it_is_done_goes_with_it() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Fork));
    let id = stage.train(&luna, json!({})).await;
    assert_eq!(stage.ended(&id).await["status"], "done");
    let child: i32 = std::fs::read_to_string(stage.trainer.scripts().join("idle.pid")).unwrap().trim().parse().unwrap();
    assert!(!is_trainer(child));
}

#[tokio::test]
async fn the_second_training_waits_for_the_first_and_can_be_stopped_while_it_does() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 2 }));
    let first = stage.train(&luna, json!({})).await;
    stage.at_step(&first, 1).await;
    let second = stage.train(&luna, json!({})).await;
    let third = stage.train(&luna, json!({})).await;
    let waiting = stage.training(&second).await;
    assert_eq!((waiting["status"].as_str(), waiting["name"].as_str()), (Some("queued"), Some("luna-v2")));
    assert_eq!(waiting["waiting"], "Waits until luna-v1 has ended");
    assert_eq!(stage.training(&third).await["waiting"], "Waits until luna-v2 has ended");
    assert_eq!(stage.stop(&second).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.training(&second).await["status"], "stopped");
    stage.behave(None);
    assert_eq!(stage.stop(&first).await.status, StatusCode::NO_CONTENT);
    assert_eq!(stage.ended(&third).await["status"], "done");
    assert_eq!(stage.trainer.starts().len(), 2, "the stopped one was never started");
}

#[tokio::test]
async fn a_training_that_was_cut_off_goes_on_from_its_saved_state() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Killed { at_step: 10 }));
    let id = stage.train(&luna, json!({})).await;
    let failed = stage.ended(&id).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["problem"]["message"].as_str().unwrap().contains("memory ran out"), "{failed:#}");
    stage.behave(None);
    let resumed = stage.app.post(&format!("/api/lora/train/{id}/resume"), json!({})).await;
    assert_eq!(resumed.status, StatusCode::OK, "{}", resumed.text);
    let done = stage.ended(&id).await;
    assert_eq!(done["status"], "done", "{done:#}");
    assert_eq!((done["step"].as_u64(), done["runs"].as_array().unwrap().len()), (Some(12), 2));
    assert_eq!(done["runs"][1]["resumedFrom"], "luna-v1-000002-state");
    let told = &stage.trainer.starts()[1].arguments;
    assert!(told.iter().any(|argument| argument == "--skip_until_initial_step"), "{told:?}");
    let metrics = stage.app.get(&format!("/api/lora/train/{id}/metrics")).await.json();
    let steps: Vec<_> = metrics["losses"]["points"].as_array().unwrap().iter().map(|point| point[0].as_u64().unwrap()).collect();
    assert!(steps.is_sorted() && steps.windows(2).all(|pair| pair[0] < pair[1]), "one curve: {steps:?}");
    stage.app.post(&format!("/api/lora/train/{id}/resume"), json!({})).await.problem(409);
}

#[tokio::test]
async fn without_a_saved_state_there_is_nothing_to_go_on_from() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 9 }));
    let id = stage.train(&luna, json!({"saveState": false})).await;
    stage.at_step(&id, 8).await;
    stage.stop(&id).await;
    let (words, _) = stage.app.post(&format!("/api/lora/train/{id}/resume"), json!({})).await.problem(409);
    assert!(words.contains("no saved state"), "{words}");
}

#[tokio::test]
async fn a_deleted_training_takes_its_files_along_and_leaves_the_lora_at_work() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 2 }));
    let running = stage.train(&luna, json!({})).await;
    stage.at_step(&running, 1).await;
    let purge = |id: &str| format!("/api/lora/train/{id}?purge=true");
    assert_eq!(stage.app.delete(&purge(&running)).await.status, StatusCode::NO_CONTENT, "it is stopped first");
    stage.app.get(&format!("/api/lora/train/{running}")).await.problem(404);
    assert!(stage.alive().is_empty());

    stage.behave(None);
    let done = stage.train(&luna, json!({})).await;
    assert_eq!(stage.ended(&done).await["status"], "done");
    let folder = stage.dir().path().join(format!("data/trainings/{done}"));
    assert!(folder.exists());
    assert_eq!(stage.app.delete(&purge(&done)).await.status, StatusCode::NO_CONTENT);
    assert!(!folder.exists() && stage.trainer.loras().join("luna-v1.safetensors").exists());
    let her = stage.app.get(&format!("/api/characters/{luna}")).await.json();
    assert_eq!(her["loraVersions"][0]["name"], "luna-v1.safetensors");
}

#[tokio::test]
async fn what_goes_with_a_character_is_stopped_and_stays_readable() {
    let stage = Stage::set().await;
    let luna = stage.app.luna().await;
    stage.behave(Some(Fault::Hang { at_step: 2 }));
    let id = stage.train(&luna, json!({})).await;
    stage.at_step(&id, 1).await;
    assert_eq!(stage.app.delete(&format!("/api/characters/{luna}")).await.status, StatusCode::NO_CONTENT);
    let stopped = stage.ended(&id).await;
    assert_eq!((stopped["status"].as_str(), stopped["characterName"].as_str()), (Some("stopped"), Some("Luna")));
    assert!(stage.alive().is_empty());
}
