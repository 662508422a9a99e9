//! The real app in memory: its router on a port of this machine, its workers, a temporary data folder, and a
//! simulated ComfyUI.

pub mod bucket;
pub mod cast;

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use clap::Parser;
use digital_dalla::{
    config::{Config, SecretKey},
    events::Events,
    integrations::comfyui::Limits,
    jobs, router,
    sandbox::{
        comfyui::{ComfySandbox, Options},
        gemini::{self, GeminiSandbox},
        instagram::{self, InstagramSandbox},
        x::{self, XSandbox},
    },
    service,
    state::AppState,
    store::{OpenOptions, Store},
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

/// How long anything may take before a test gives up: long, for machines are busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct TestApp {
    pub app: AppState,
    pub comfy: ComfySandbox,
    pub gemini: GeminiSandbox,
    pub instagram: InstagramSandbox,
    pub x: XSandbox,
    pub client: Client,
    pub url: String,
    pub dir: Arc<TempDir>,
    workers: Vec<JoinHandle<()>>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(sandbox().await, Arc::new(tempfile::tempdir().unwrap())).await
    }

    pub async fn start_with(comfy: ComfySandbox, dir: Arc<TempDir>) -> Self {
        let urls = comfy.url();
        Self::start_at(&urls, comfy, dir).await
    }

    /// Without a key for Gemini.
    pub async fn start_without_key() -> Self {
        let comfy = sandbox().await;
        Self::start_as(&comfy.url(), comfy, Arc::new(tempfile::tempdir().unwrap()), |config| config.gemini_api_key = None).await
    }

    /// With other settings.
    pub async fn start_changed(change: impl FnOnce(&mut Config)) -> Self {
        let comfy = sandbox().await;
        Self::start_as(&comfy.url(), comfy, Arc::new(tempfile::tempdir().unwrap()), change).await
    }

    /// With several servers: `urls` as in `COMFYUI_URL`.
    pub async fn start_at(urls: &str, comfy: ComfySandbox, dir: Arc<TempDir>) -> Self {
        Self::start_as(urls, comfy, dir, |_| {}).await
    }

    /// With other settings, on a folder that is there.
    pub async fn start_set(dir: Arc<TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        let comfy = sandbox().await;
        Self::start_as(&comfy.url(), comfy, dir, change).await
    }

    async fn start_as(urls: &str, comfy: ComfySandbox, dir: Arc<TempDir>, change: impl FnOnce(&mut Config)) -> Self {
        let gemini = GeminiSandbox::start(Duration::ZERO).await.unwrap();
        let instagram = InstagramSandbox::start(instagram::Options::default()).await.unwrap();
        let x = XSandbox::start(x::Options::default()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut config = Config::parse_from([
            "digital-dalla",
            "--comfyui-url",
            urls,
            "--timezone",
            "Europe/Rome",
            "--cors-origins",
            "https://front.example",
            "--gemini-url",
            &gemini.url(),
            "--instagram-url",
            &instagram.url(),
            "--x-url",
            &x.url(),
            "--public-url",
            &url,
            "--network-pace",
            "0.002",
        ]);
        config.gemini_api_key = Some(gemini::KEY.into());
        // Tests are another program than the one that guards trainers.
        config.training.program = Some(env!("CARGO_BIN_EXE_digital-dalla").into());
        config.training.grace = Duration::from_millis(600);
        change(&mut config);
        let key = SecretKey::Default(dir.path().join("secret.key"));
        let store = Store::open(OpenOptions { dir: dir.path().join("data"), key }).await.unwrap();
        let limits = Limits {
            request: Duration::from_secs(5),
            stall: Duration::from_secs(3),
            gone: Duration::from_millis(700),
            poll: Duration::from_millis(40),
            ..Limits::default()
        };
        let app = AppState::with_limits(config, store, Events::new(1), limits);
        service::datasets::tidy(&app).await.unwrap();
        let served = axum::serve(listener, router::router(app.clone())).with_graceful_shutdown(app.stopping.clone().cancelled_owned());
        service::models::look(&app, Utc::now()).await;
        let workers = vec![
            tokio::spawn(jobs::run(app.clone())),
            tokio::spawn(service::watching::tell_changes(app.clone())),
            tokio::spawn(service::notifications::watch(app.clone())),
            tokio::spawn(service::webhooks::deliver(app.clone())),
            tokio::spawn(async move { served.await.unwrap() }),
        ];
        let client = Client::builder().redirect(Policy::none()).cookie_store(true).no_proxy().build().unwrap();
        Self { app, comfy, gemini, instagram, x, client, url, dir, workers }
    }

    /// Stops as SIGTERM does, and gives back what the next start needs.
    pub async fn stop(self) -> (ComfySandbox, Arc<TempDir>) {
        self.app.stopping.cancel();
        let mut workers = self.workers.into_iter();
        workers.next().unwrap().await.unwrap();
        workers.for_each(|worker| worker.abort());
        self.app.store.close().await.unwrap();
        (self.comfy, self.dir)
    }

    /// Every fault has happened, and no job is left.
    pub fn is_quiet(&self) {
        assert!(self.comfy.faults().pending().is_empty(), "faults that did not happen: {:?}", self.comfy.faults().pending());
        assert!(self.gemini.pending().is_empty(), "faults that did not happen: {:?}", self.gemini.pending());
        assert!(self.instagram.faults().pending().is_empty(), "faults that did not happen: {:?}", self.instagram.faults().pending());
        assert!(self.x.faults().pending().is_empty(), "faults that did not happen: {:?}", self.x.faults().pending());
        assert!(service::jobs::unfinished(&self.app, &self.app.store.read()).is_empty(), "a job is left in the queue");
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// Sends a form as a browser without script does, and follows the redirect. Answers the page.
    pub async fn submit(&self, action: &str, fields: &[(&str, &str)]) -> String {
        let sent = self.request(Method::POST, action).header("accept", "text/html").form(fields).send().await.unwrap();
        assert!(sent.status().is_redirection(), "{action} answered {}", sent.status());
        let to = sent.headers()["location"].to_str().unwrap().to_owned();
        self.get(to.split('#').next().unwrap()).await.text
    }

    /// Creates Luna, who draws with SD 1.5, and answers her id.
    pub async fn luna(&self) -> String {
        let luna = json!({
            "name": "Luna", "preferredModel": "dreamshaper_8.safetensors", "triggerWord": "luna_character",
            "promptSettings": {"basePrompt": "a portrait", "negativePrompt": "blurry", "style": "film"},
            "defaults": {"width": 64, "height": 96, "steps": 3}
        });
        let created = self.post("/api/characters", luna).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
        created.json()["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a job has ended, and answers it.
    pub async fn ended(&self, id: &str) -> Value {
        tokio::time::timeout(PATIENCE, service::jobs::ended(&self.app, &id.into())).await.expect("the job ends").unwrap();
        self.get(&format!("/api/jobs/{id}")).await.json()
    }

    /// Asks for pictures without waiting for them, and answers the job's id.
    pub async fn order(&self, request: Value) -> String {
        let sent = self.request(Method::POST, "/api/generate-image").header("prefer", "respond-async").json(&request);
        let answer = Answer::of(sent).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub async fn contents(&self) -> Vec<Value> {
        self.get("/api/content?limit=500").await.json().as_array().unwrap().clone()
    }
}

pub async fn sandbox() -> ComfySandbox {
    ComfySandbox::start(Options { step_time: Duration::from_millis(4), ..Options::default() }).await.unwrap()
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        let response: Response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    /// A problem document of that status; answers its detail and the fields it names.
    pub fn problem(&self, status: u16) -> (String, Vec<String>) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let document = self.json();
        assert_eq!(document["status"], status);
        assert_eq!(document["error"], document["title"]);
        let fields = document["errors"].as_array().into_iter().flatten().map(|error| error["field"].as_str().unwrap().to_owned());
        (document["detail"].as_str().unwrap().to_owned(), fields.collect())
    }
}
