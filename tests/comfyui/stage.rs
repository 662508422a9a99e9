//! A simulated server, a client for it, and what is drawn.

use std::time::Duration;

use digital_dalla::{
    domain::{
        generation::Recipe,
        model::{Family, ModelKind},
    },
    integrations::comfyui::{Comfy, DrawError, Drawing, DrawnPicture, Limits, Sign, workflow},
    sandbox::comfyui::{ComfySandbox, Fault, Options},
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub struct Stage {
    pub server: ComfySandbox,
    pub comfy: Comfy,
}

impl Stage {
    /// A server that draws fast, and a client for it.
    pub async fn set() -> Self {
        let server = ComfySandbox::start(Options { step_time: Duration::from_millis(5), ..Options::default() }).await.unwrap();
        let comfy = client(&server.url());
        Self { server, comfy }
    }

    pub async fn with(fault: Fault) -> Self {
        let stage = Self::set().await;
        stage.server.faults().ask(fault);
        stage
    }

    /// The same with a client that is quick to lose patience.
    pub fn impatient(self) -> Self {
        let soon = Duration::from_millis(400);
        Self { comfy: client_with(&self.server.url(), soon, soon), ..self }
    }

    pub async fn draw(&self, prompt_id: &str) -> Result<Vec<DrawnPicture>, DrawError> {
        self.draw_watched(prompt_id, |_| {}).await
    }

    pub async fn draw_watched(&self, prompt_id: &str, watch: impl FnMut(Sign) + Send) -> Result<Vec<DrawnPicture>, DrawError> {
        let drawing = Drawing { prompt_id, graph: &graph(prompt_id), resume: false, cancel: &CancellationToken::new() };
        self.comfy.draw(drawing, watch).await
    }

    pub async fn resume(&self, prompt_id: &str) -> Result<Vec<DrawnPicture>, DrawError> {
        let drawing = Drawing { prompt_id, graph: &graph(prompt_id), resume: true, cancel: &CancellationToken::new() };
        self.comfy.draw(drawing, |_| {}).await
    }

    /// How many workflows the server took.
    pub fn sendings(&self) -> usize {
        self.server.prompts_received().len()
    }
}

/// A client that looks often and is patient, however busy the machine is.
pub fn client(url: &str) -> Comfy {
    client_with(url, Duration::from_secs(20), Duration::from_secs(20))
}

/// A client that is as patient as said with a server that does nothing, and with one that is gone.
pub fn client_with(url: &str, stall: Duration, gone: Duration) -> Comfy {
    let limits = Limits { request: Duration::from_secs(2), connect: Duration::from_secs(2), stall, gone, poll: Duration::from_millis(20) };
    Comfy::new(reqwest::Client::new(), url.parse().unwrap(), limits)
}

pub fn graph(prompt_id: &str) -> Value {
    workflow::graph(&recipe(), 42, &format!("dalla/{prompt_id}"))
}

pub fn recipe() -> Recipe {
    Recipe {
        model: "dreamshaper_8.safetensors".into(),
        model_kind: ModelKind::Checkpoint,
        family: Family::Sd15,
        loras: Vec::new(),
        parts: Vec::new(),
        prompt: "a portrait of luna, neon city".into(),
        negative_prompt: "blurry".into(),
        width: 64,
        height: 96,
        steps: 3,
        cfg: 7.0,
        guidance: None,
        sampler: "euler".into(),
        scheduler: "normal".into(),
        companions: None,
    }
}
