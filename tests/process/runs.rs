//! A run of a schedule that is cut off by a kill, again and again: one picture, one post, and it is out once.

use std::time::Duration;

use digital_dalla::sandbox::{
    comfyui::{ComfySandbox, Options},
    gemini::{self, GeminiSandbox},
    x::{self, XSandbox},
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::Server;

/// How often it is killed.
const ROUNDS: u64 = 14;
/// How long a run may take: long, for machines are busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// The services the binary speaks to; they live on while it is killed.
struct Stage {
    dir: TempDir,
    comfy: ComfySandbox,
    gemini: GeminiSandbox,
    x: XSandbox,
}

impl Stage {
    async fn set() -> Self {
        let comfy = ComfySandbox::start(Options { step_time: Duration::from_millis(15), ..Options::default() }).await.unwrap();
        let gemini = GeminiSandbox::start(Duration::from_millis(60)).await.unwrap();
        let x = XSandbox::start(x::Options::default()).await.unwrap();
        Self { dir: tempfile::tempdir().unwrap(), comfy, gemini, x }
    }

    fn server(&self) -> Server {
        let (comfy, gemini, x) = (self.comfy.url(), self.gemini.url(), self.x.url());
        let settings = [
            ("COMFYUI_URL", comfy.as_str()),
            ("GEMINI_BASE_URL", gemini.as_str()),
            ("GEMINI_API_KEY", gemini::KEY),
            ("X_BASE_URL", x.as_str()),
            ("DALLA_NETWORK_PACE", "0.02"),
        ];
        Server::start_with(self.dir.path(), &settings)
    }
}

/// Says that a post is not out, and waits until it is.
async fn sent_again(server: &Server, post: &str) {
    for (deed, body) in [("resolve", json!({"published": false})), ("publish", json!({}))] {
        let answer = server.request(Method::POST, &format!("/api/posts/{post}/{deed}")).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{deed}: {}", answer.text().await.unwrap());
    }
    while !server.get(&format!("/api/posts/{post}")).await.contains("\"state\":\"published\"") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The task's last run, once it has ended.
async fn ended(server: &Server, task: &str) -> Value {
    loop {
        let runs: Vec<Value> = serde_json::from_str(&server.get(&format!("/api/scheduler/runs?taskId={task}")).await).unwrap();
        if runs[0]["finishedAt"].is_string() {
            assert_eq!(runs.len(), 1);
            return runs[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_amid_a_run_makes_one_picture_and_posts_it_once() {
    let stage = Stage::set().await;
    let mut server = stage.server();
    let [app_key, app_secret, token, token_secret] = x::KEYS;
    let luna = json!({
        "name": "Luna", "preferredModel": "dreamshaper_8.safetensors", "defaults": {"width": 64, "height": 64, "steps": 3}, "autonomy": "auto",
        "twitterAppKey": app_key, "twitterAppSecret": app_secret, "twitterAccessToken": token, "twitterAccessSecret": token_secret,
    });
    let luna = server.post("/api/characters", luna).await.1["id"].clone();
    let live = server.request(Method::POST, "/api/settings").json(&json!({"dryRun": "false"})).send().await.unwrap();
    assert!(live.status().is_success());
    let config = json!({"postToInstagram": false, "postToTwitter": true});
    let task = json!({"characterId": luna, "type": "generate_and_post", "schedule": "0 0 29 2 *", "config": config});
    let task = server.post("/api/scheduler/tasks", task).await.1["id"].as_str().unwrap().to_owned();
    assert_eq!(server.post(&format!("/api/scheduler/tasks/{task}/run"), json!({})).await.0, 200);
    for round in 0..ROUNDS {
        // The moment is what is tested, so it is a different one each round.
        tokio::time::sleep(Duration::from_millis(15 + round * 67 % 190)).await;
        server.kill();
        server = stage.server();
    }
    let run = tokio::time::timeout(PATIENCE, ended(&server, &task)).await.expect("the run ends");
    let list = |text: String| serde_json::from_str::<Vec<Value>>(&text).unwrap();
    if run["state"] != "ok" {
        // Killed after its word that the call goes out, and before the call: nobody can know, so a person is asked.
        assert_eq!((&run["problem"]["message"], stage.x.posts().len()), (&json!("It is not on the account's timeline."), 0), "{run:#}");
        let post = list(server.get("/api/posts").await)[0]["id"].as_str().unwrap().to_owned();
        tokio::time::timeout(PATIENCE, sent_again(&server, &post)).await.expect("it goes out");
    }
    let contents = list(server.get("/api/content?limit=500").await);
    let posts = list(server.get("/api/posts?limit=500").await);
    assert_eq!((contents.len(), posts.len()), (1, 1), "{run:#}");
    assert_eq!((&posts[0]["state"], stage.x.posts().len()), (&json!("published"), 1), "{posts:#?}");
    assert_eq!(list(server.get("/api/prompts").await).len(), 1);
    assert!(server.terminate());
}
