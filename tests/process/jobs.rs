//! Work that is cut off by a kill, again and again: everything is made, and nothing twice.

use std::{collections::HashSet, path::Path, time::Duration};

use digital_dalla::sandbox::{
    comfyui::{ComfySandbox, Options},
    gemini::{self, GeminiSandbox},
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::Server;

/// How often it is killed.
const ROUNDS: u64 = 10;
/// How long a job may take: long, for machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// The services the binary speaks to; they live on while it is killed.
struct Stage {
    dir: TempDir,
    comfy: ComfySandbox,
    gemini: GeminiSandbox,
}

impl Stage {
    async fn set() -> Self {
        let comfy = ComfySandbox::start(Options { step_time: Duration::from_millis(15), ..Options::default() }).await.unwrap();
        let gemini = GeminiSandbox::start(Duration::from_millis(120)).await.unwrap();
        Self { dir: tempfile::tempdir().unwrap(), comfy, gemini }
    }

    fn server(&self) -> Server {
        let (comfy, gemini) = (self.comfy.url(), self.gemini.url());
        let settings = [("COMFYUI_URL", comfy.as_str()), ("GEMINI_BASE_URL", gemini.as_str()), ("GEMINI_API_KEY", gemini::KEY)];
        Server::start_with(self.dir.path(), &settings)
    }

    /// Asks for something, kills the server until it was killed often, and answers the job once it is done.
    async fn kill_amid(&self, path: &str, mut body: Value) -> (Server, Value) {
        let mut server = self.server();
        let look =
            json!({"name": "Luna", "preferredModel": "dreamshaper_8.safetensors", "defaults": {"width": 64, "height": 64, "steps": 3}});
        body["characterId"] = server.post("/api/characters", look).await.1["id"].clone();
        let asked = server.request(Method::POST, path).header("prefer", "respond-async").json(&body).send().await.unwrap();
        assert_eq!(asked.status().as_u16(), 202);
        let job = asked.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        for round in 0..ROUNDS {
            // The moment is what is tested, so it is a different one each round.
            tokio::time::sleep(Duration::from_millis(10 + round * 61 % 170)).await;
            server.kill();
            server = self.server();
        }
        let done = tokio::time::timeout(PATIENCE, ended(&server, &job)).await.expect("the job ends");
        (server, done)
    }
}

/// The job, once it has ended.
async fn ended(server: &Server, id: &str) -> Value {
    loop {
        let job: Value = serde_json::from_str(&server.get(&format!("/api/jobs/{id}")).await).unwrap();
        if job["finishedAt"].is_string() {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn list(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn files(folder: &Path) -> HashSet<String> {
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_it_draws_makes_every_picture_once() {
    let stage = Stage::set().await;
    let (server, job) = stage.kill_amid("/api/generate-image", json!({"prompt": "a lake", "seed": 7, "batch": 8})).await;
    assert_eq!(job["status"], "done", "{job}");
    let contents = list(&server.get("/api/content").await);
    let made: HashSet<_> = contents.iter().map(|content| content["id"].as_str().unwrap().to_owned()).collect();
    let asked: HashSet<_> = job["shots"].as_array().unwrap().iter().map(|shot| shot["contentId"].as_str().unwrap().to_owned()).collect();
    assert_eq!((contents.len(), made), (8, asked.clone()));
    let seeds: HashSet<_> = contents.iter().map(|content| content["provenance"]["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, (7..15).collect());
    assert!(server.terminate());
    let expected = asked.iter().flat_map(|id| [format!("{id}.png"), format!("{id}.thumb.webp")]).collect();
    assert_eq!(files(&stage.dir.path().join("data/media")), expected, "nothing half written stays behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_while_fifty_prompts_are_written_writes_fifty() {
    let stage = Stage::set().await;
    let (server, job) = stage.kill_amid("/api/prompts/generate", json!({"count": 50, "theme": "by the sea"})).await;
    assert_eq!(job["status"], "done", "{job}");
    let prompts = list(&server.get("/api/prompts").await);
    let ids: Vec<_> = prompts.iter().map(|prompt| prompt["id"].clone()).collect();
    assert_eq!(Value::Array(ids), job["written"], "what is there is what the job has written, each once");
    let texts: HashSet<_> = prompts.iter().map(|prompt| prompt["prompt"].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 50);
    assert!(server.terminate());
}
