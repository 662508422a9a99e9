//! Trainings and a dashboard that is killed as a power cut or an impatient person does: the page shows the truth after
//! the next start, no trainer is started twice, and nothing is left behind.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use digital_dalla::sandbox::trainer::{Behaviour, Fault, TrainerSandbox};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::Server;

const PATIENCE: Duration = Duration::from_secs(40);

/// A data folder, a simulated trainer, and pictures.
struct Scene {
    dir: TempDir,
    trainer: TrainerSandbox,
}

impl Scene {
    fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let trainer = TrainerSandbox::prepare(&dir.path().join("trainer"), env!("CARGO_BIN_EXE_digital-dalla").as_ref()).unwrap();
        std::fs::create_dir(dir.path().join("pictures")).unwrap();
        for number in 1..=4_u8 {
            let path = dir.path().join(format!("pictures/00{number}.png"));
            image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * number, y as u8, number * 50])).save(path).unwrap();
        }
        Self { dir, trainer }
    }

    fn behave(&self, step_ms: u64, fault: Option<Fault>) {
        self.trainer.ask(&Behaviour { loading_ms: 40, step_ms, fault }).unwrap();
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: PathBuf| path.display().to_string();
        vec![
            ("KOHYA_DIR", text(self.trainer.scripts())),
            ("KOHYA_PYTHON", text(self.trainer.python())),
            ("KOHYA_SD15_MODEL", text(self.trainer.model("dreamshaper_8.safetensors"))),
            ("COMFYUI_LORA_DIR", text(self.trainer.loras())),
            ("DALLA_IMAGE_FOLDERS", text(self.dir.path().join("pictures"))),
            ("DALLA_TRAINER_GRACE", "1".into()),
        ]
    }

    fn start(&self) -> Server {
        Server::start_with(self.dir.path(), &self.environment())
    }

    async fn ask(&self, server: &Server, more: Value) -> Value {
        let (_, luna) = server.create("Luna", "").await;
        let pictures: Vec<_> = (1..=4).map(|number| self.dir.path().join(format!("pictures/00{number}.png"))).collect();
        let mut request =
            json!({"characterId": luna["id"], "baseModel": "sd15", "imagePaths": pictures, "repeats": 1, "epochs": 3, "samplePrompts": []});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.request(Method::POST, "/api/lora/train").json(&request).send().await.unwrap().json().await.unwrap()
    }

    async fn train(&self, server: &Server, more: Value) -> String {
        let asked = self.ask(server, more).await;
        asked["training"]["id"].as_str().unwrap_or_else(|| panic!("{asked}")).to_owned()
    }

    fn run_folder(&self, id: &str, run: u32) -> PathBuf {
        self.dir.path().join(format!("data/trainings/{id}/run-{run}"))
    }

    /// How often a trainer was started for a LoRA of that name.
    fn starts(&self, name: &str) -> usize {
        self.trainer.starts().iter().filter(|start| start.arguments.iter().any(|argument| argument == name)).count()
    }

    /// Every trainer and every guard of this scene that runs.
    fn alive(&self) -> Vec<i32> {
        let here = self.dir.path().display().to_string();
        let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let folder = std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
            (line.contains("sandbox-trainer") && folder.starts_with(self.dir.path()))
                || (line.contains("trainer-guard") && line.contains(&here))
        })
        .collect()
    }
}

async fn training(server: &Server, id: &str) -> Value {
    serde_json::from_str(&server.get(&format!("/api/lora/train/{id}")).await).unwrap()
}

/// Asks until it looks like that: from outside there is only asking.
async fn until(server: &Server, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        loop {
            let seen = training(server, id).await;
            if holds(&seen) {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(seen) => seen,
        Err(_) => panic!("it did not come to that: {:#}", training(server, id).await),
    }
}

async fn ended(server: &Server, id: &str) -> Value {
    until(server, id, |seen| ["done", "failed", "stopped"].contains(&seen["status"].as_str().unwrap())).await
}

async fn there(path: &Path) {
    let waiting = async {
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{} never came", path.display()));
}

#[tokio::test]
async fn killed_around_the_start_of_a_trainer_it_is_started_once_and_comes_to_its_end() {
    let scene = Scene::set();
    scene.behave(5, None);
    // The moment is what is tested, so it is a different one each round: before the run is decided on, between that and
    // the start, while the guard comes up, and after it.
    for round in 0..14_u64 {
        let mut server = scene.start();
        let name = format!("round-{round}");
        let id = scene.train(&server, json!({"name": name})).await;
        tokio::time::sleep(Duration::from_millis(round * round)).await;
        server.kill();
        let server = scene.start();
        let done = ended(&server, &id).await;
        assert_eq!(done["status"], "done", "round {round}: {done:#}");
        assert_eq!(scene.starts(&name), 1, "round {round}: {done:#}");
        assert!(server.terminate());
    }
    assert!(scene.alive().is_empty());
}

#[tokio::test]
async fn killed_in_the_middle_the_trainer_goes_on_and_the_page_shows_it() {
    let scene = Scene::set();
    scene.behave(10, Some(Fault::Hang { at_step: 7 }));
    let mut server = scene.start();
    let id = scene.train(&server, json!({"name": "middle"})).await;
    until(&server, &id, |seen| seen["step"].as_u64().unwrap() >= 6).await;
    let alive = scene.alive();
    assert_eq!(alive.len(), 2, "a guard and a trainer");
    server.kill();
    assert_eq!(scene.alive(), alive, "they do not need us");
    let server = scene.start();
    let seen = until(&server, &id, |seen| seen["step"].as_u64().unwrap() >= 6).await;
    assert_eq!((seen["status"].as_str(), seen["totalSteps"].as_u64()), (Some("running"), Some(12)));
    let page = server.get(&format!("/training/{id}")).await;
    assert!(page.contains("Training") && page.contains("of 12") && page.contains("/actions/training/stop"), "{page}");
    let stopped = server.request(Method::DELETE, &format!("/api/lora/train/{id}")).send().await.unwrap();
    assert_eq!(stopped.status(), 204);
    assert!(scene.alive().is_empty() && scene.starts("middle") == 1);
    assert!(server.terminate());
}

#[tokio::test]
async fn what_ended_while_nobody_looked_is_found_as_it_ended() {
    for (fault, status) in [(None, "done"), (Some(Fault::Killed { at_step: 9 }), "failed"), (Some(Fault::HalfFile), "failed")] {
        let scene = Scene::set();
        scene.behave(15, fault.clone());
        let mut server = scene.start();
        let id = scene.train(&server, json!({})).await;
        until(&server, &id, |seen| seen["step"].as_u64().unwrap() >= 1).await;
        server.kill();
        there(&scene.run_folder(&id, 1).join("ending.json")).await;
        let server = scene.start();
        let found = ended(&server, &id).await;
        assert_eq!(found["status"], status, "{fault:?}: {found:#}");
        let page = server.get(&format!("/training/{id}")).await;
        let words = if status == "done" { "In use" } else { "Failed" };
        assert!(page.contains(words) || page.contains("Use it for Luna"), "{page}");
        assert!(scene.alive().is_empty());
        assert!(server.terminate());
    }
}

#[tokio::test]
async fn killed_while_it_stops_a_trainer_it_is_stopped_all_the_same() {
    let scene = Scene::set();
    scene.behave(10, Some(Fault::Deaf));
    let mut server = scene.start();
    let id = scene.train(&server, json!({"epochs": 900, "saveEvery": 900, "saveState": false})).await;
    until(&server, &id, |seen| seen["step"].as_u64().unwrap() >= 2).await;
    let stopping = server.request(Method::DELETE, &format!("/api/lora/train/{id}")).send();
    let stopping = tokio::spawn(stopping);
    until(&server, &id, |seen| seen["stopping"] == true).await;
    server.kill();
    assert!(stopping.await.unwrap().is_err(), "nobody was told that it is over");
    let server = scene.start();
    assert_eq!(ended(&server, &id).await["status"], "stopped");
    assert!(scene.alive().is_empty());
    assert!(server.terminate());
}

#[tokio::test]
async fn a_guard_that_is_killed_too_leaves_no_orphan_and_a_clear_word() {
    let scene = Scene::set();
    scene.behave(10, Some(Fault::Hang { at_step: 6 }));
    let mut server = scene.start();
    let id = scene.train(&server, json!({})).await;
    until(&server, &id, |seen| seen["step"].as_u64().unwrap() >= 5).await;
    server.kill();
    let note: Value = serde_json::from_slice(&std::fs::read(scene.run_folder(&id, 1).join("running.json")).unwrap()).unwrap();
    let guard = note["guard"]["pid"].as_i64().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-9", &guard]).status().unwrap().success());
    let server = scene.start();
    let failed = ended(&server, &id).await;
    let words = failed["problem"]["message"].as_str().unwrap();
    assert!(words.contains("The trainer is gone and left no word"), "{failed:#}");
    assert!(scene.alive().is_empty(), "the orphan was ended");

    // What it had saved is there to go on from.
    scene.behave(5, None);
    let resumed = server.request(Method::POST, &format!("/api/lora/train/{id}/resume")).send().await.unwrap();
    assert_eq!(resumed.status(), 200, "{}", resumed.text().await.unwrap());
    assert_eq!(ended(&server, &id).await["status"], "done");
    assert!(server.terminate());
}

#[tokio::test]
async fn a_clean_stop_leaves_the_trainer_alone() {
    let scene = Scene::set();
    scene.behave(15, None);
    let server = scene.start();
    let id = scene.train(&server, json!({"epochs": 20})).await;
    until(&server, &id, |seen| seen["step"].as_u64().unwrap() >= 1).await;
    assert!(server.terminate());
    there(&scene.run_folder(&id, 1).join("ending.json")).await;
    let server = scene.start();
    let done = ended(&server, &id).await;
    assert_eq!((done["status"].as_str(), done["step"].as_u64()), (Some("done"), Some(80)), "{done:#}");
    assert!(server.terminate());
}

#[tokio::test]
async fn a_trainer_gets_nothing_secret() {
    let scene = Scene::set();
    scene.behave(10, Some(Fault::Hang { at_step: 3 }));
    let mut environment = scene.environment();
    environment.extend([("GEMINI_API_KEY", "AIza-not-for-trainers".to_owned()), ("HF_TOKEN", "hf_meant_for_it".to_owned())]);
    let server = Server::start_with(scene.dir.path(), &environment);
    let id = scene.train(&server, json!({})).await;
    until(&server, &id, |seen| seen["step"].as_u64().unwrap() >= 2).await;
    for pid in scene.alive() {
        let variables = String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/environ")).unwrap()).into_owned();
        assert!(!variables.contains("AIza") && !variables.contains("DALLA_SECRET_KEY"), "{variables}");
        assert!(variables.contains("hf_meant_for_it") && variables.contains(&format!("DALLA_TRAINING_RUN={id}/1")), "{variables}");
    }
    server.request(Method::DELETE, &format!("/api/lora/train/{id}")).send().await.unwrap();
    assert!(scene.alive().is_empty());
    assert!(server.terminate());
}

#[tokio::test]
async fn a_disk_without_room_is_noticed_before_anything_starts() {
    let scene = Scene::set();
    let mut environment = scene.environment();
    environment.push(("DALLA_TRAINING_RESERVE", "4000000".to_owned()));
    let server = Server::start_with(scene.dir.path(), &environment);
    let refused = scene.ask(&server, json!({})).await;
    assert_eq!(refused["status"], 507, "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("too little room"), "{refused}");
    assert!(scene.trainer.starts().is_empty());
    assert!(server.terminate());
}

#[tokio::test]
async fn a_trainer_of_ones_own_is_told_everything_by_its_environment_and_followed() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::set();
    let program = scene.dir.path().join("train.sh");
    let lora = scene.trainer.model("dreamshaper_8.safetensors");
    let script = format!(
        "#!/bin/sh\nset -e\ntest -f \"$DALLA_DATASET_CONFIG\"\nls \"$DALLA_DATASET_DIR\" | grep -q 001.png\n\
         echo \"dalla: {{\\\"step\\\": 5, \\\"steps\\\": 10, \\\"epoch\\\": 1, \\\"epochs\\\": 2, \\\"loss\\\": 0.25}}\"\n\
         echo \"family $DALLA_FAMILY, extra $1\"\ncp '{}' \"$DALLA_OUTPUT_FILE\"\n",
        lora.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut environment = scene.environment();
    environment.push(("DALLA_TRAINER_COMMAND", program.display().to_string()));
    let server = Server::start_with(scene.dir.path(), &environment);
    let id = scene.train(&server, json!({"name": "own", "extraArgs": ["--fast"]})).await;
    let done = ended(&server, &id).await;
    assert_eq!((done["status"].as_str(), done["step"].as_u64(), done["loss"].as_f64()), (Some("done"), Some(5), Some(0.25)), "{done:#}");
    let log = server.get(&format!("/api/lora/logs/{id}.log")).await;
    assert!(log.contains("family sd15, extra --fast"), "{log}");
    assert!(scene.trainer.loras().join("own.safetensors").exists());
    assert!(server.terminate());
}
