//! An app with a trainer, pictures to train on, and eyes for what happens.

use std::{path::PathBuf, sync::Arc, time::Duration};

use digital_dalla::sandbox::{
    comfyui::{ComfySandbox, Options},
    trainer::{Behaviour, Fault, TrainerSandbox},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, PATIENCE, TestApp};

/// An app whose settings lead to a simulated trainer.
pub struct Stage {
    pub app: TestApp,
    pub trainer: TrainerSandbox,
}

impl Stage {
    /// With a fast trainer and four pictures.
    pub async fn set() -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let program = env!("CARGO_BIN_EXE_digital-dalla").as_ref();
        let trainer = TrainerSandbox::prepare(&dir.path().join("trainer"), program).unwrap();
        let options = Options { step_time: Duration::from_millis(4), lora_dir: Some(trainer.loras()), ..Options::default() };
        let comfy = ComfySandbox::start(options).await.unwrap();
        let stage = Self { app: TestApp::start_with(comfy, dir).await, trainer };
        stage.behave(None);
        for number in 1..=4 {
            stage.picture(&format!("{number:03}"), number);
        }
        let settings = json!({
            "kohyaDir": stage.trainer.scripts(), "kohyaPython": stage.trainer.python(),
            "sd15Models": stage.trainer.model("dreamshaper_8.safetensors"), "sdxlModels": stage.trainer.model("sd_xl_base_1.0.safetensors"),
            "comfyuiLoraDir": stage.trainer.loras(), "imageFolders": stage.folder()
        });
        let saved = stage.app.post("/api/settings", settings).await;
        assert_eq!(saved.status, StatusCode::NO_CONTENT, "{}", saved.text);
        stage
    }

    /// How the next trainers behave.
    pub fn behave(&self, fault: Option<Fault>) {
        self.trainer.ask(&Behaviour { loading_ms: 30, step_ms: 4, fault }).unwrap();
    }

    /// Where pictures lie that may be trained on.
    pub fn folder(&self) -> PathBuf {
        let folder = self.app.dir.path().join("pictures");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Paints a picture there, with a caption.
    pub fn picture(&self, name: &str, tone: u8) -> PathBuf {
        let path = self.folder().join(format!("{name}.png"));
        let wave = |x: u32, y: u32| (x * u32::from(tone) * 7 + y * 3) as u8;
        image::RgbImage::from_fn(96, 128, |x, y| image::Rgb([wave(x, y), wave(y, x), tone.wrapping_mul(60)])).save(&path).unwrap();
        std::fs::write(path.with_extension("txt"), format!("portrait number {tone}\n")).unwrap();
        path
    }

    /// A short request with these pictures: four steps an epoch.
    pub fn request(&self, character: &str, more: Value) -> Value {
        let pictures: Vec<_> = (1..=4).map(|number| self.folder().join(format!("{number:03}.png"))).collect();
        let mut request = json!({
            "characterId": character, "baseModel": "sd15", "image_paths": pictures, "triggerWord": "luna woman", "repeats": 1, "epochs": 3, "samplePrompts": []
        });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    }

    /// Asks for a training, and answers its id.
    pub async fn train(&self, character: &str, more: Value) -> String {
        let answer = self.app.post("/api/lora/train", self.request(character, more)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()["training"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn training(&self, id: &str) -> Value {
        self.app.get(&format!("/api/lora/train/{id}")).await.json()
    }

    /// Waits until a training looks like that, and answers it.
    pub async fn until(&self, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
        // Everything that changes is told, also what is not stored.
        let (_, mut told) = self.app.app.events.watch(None);
        let waiting = async {
            loop {
                let training = self.training(id).await;
                if holds(&training) {
                    return training;
                }
                // One that fell behind has missed something, and looks again.
                let _ = told.recv().await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(training) => training,
            Err(_) => panic!("it did not come to that: {:#}\n{}", self.training(id).await, self.log(id).await),
        }
    }

    pub async fn ended(&self, id: &str) -> Value {
        self.until(id, |training| ["done", "failed", "stopped"].contains(&training["status"].as_str().unwrap())).await
    }

    pub async fn at_step(&self, id: &str, step: u64) -> Value {
        self.until(id, |training| training["step"].as_u64().unwrap() >= step).await
    }

    pub async fn stop(&self, id: &str) -> Answer {
        Answer::of(self.app.request(Method::DELETE, &format!("/api/lora/train/{id}"))).await
    }

    pub async fn log(&self, id: &str) -> String {
        self.app.get(&format!("/api/lora/logs/{id}.log?tail=1000")).await.text
    }

    /// Stops the app as SIGTERM does, and starts it anew.
    pub async fn restart(self) -> Self {
        let (comfy, dir) = self.app.stop().await;
        Self { app: TestApp::start_with(comfy, dir).await, trainer: self.trainer }
    }

    /// The folder of everything.
    pub fn dir(&self) -> Arc<TempDir> {
        Arc::clone(&self.app.dir)
    }

    /// The numbers of every trainer that was started and still runs.
    pub fn alive(&self) -> Vec<i32> {
        self.trainer.starts().into_iter().map(|start| start.pid).filter(|pid| is_trainer(*pid)).collect()
    }
}

/// Whether a process of that number is a simulated trainer, and not somebody else who got its number.
pub fn is_trainer(pid: i32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("sandbox-trainer")
}
