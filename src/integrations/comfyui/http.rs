//! Requests, each with a time limit and a named outcome.

use std::time::Duration;

use reqwest::{Response, StatusCode, Url};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Comfy,
    error::ComfyError,
    wire::{Entry, History, PromptState, Queue},
};

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemStats {
    /// ComfyUI's version.
    pub version: String,
    /// The device it draws on, as in "NVIDIA GeForce RTX 4090".
    pub device: String,
    /// Its memory in bytes.
    pub vram_total: u64,
    /// What is free of it.
    pub vram_free: u64,
}

#[derive(Deserialize)]
struct WireStats {
    system: WireSystem,
    #[serde(default)]
    devices: Vec<WireDevice>,
}

#[derive(Deserialize)]
struct WireSystem {
    #[serde(default)]
    comfyui_version: String,
}

#[derive(Default, Deserialize)]
struct WireDevice {
    #[serde(default)]
    name: String,
    #[serde(default)]
    vram_total: u64,
    #[serde(default)]
    vram_free: u64,
}

impl Comfy {
    /// What the server says of itself.
    pub async fn system(&self) -> Result<SystemStats, ComfyError> {
        let WireStats { system, devices } = self.get("system_stats").await?;
        let device = devices.into_iter().next().unwrap_or_default();
        Ok(SystemStats {
            version: system.comfyui_version,
            device: device_name(&device.name),
            vram_total: device.vram_total,
            vram_free: device.vram_free,
        })
    }

    /// How many prompts run and wait.
    pub async fn load(&self) -> Result<usize, ComfyError> {
        let queue: Queue = self.get("queue").await?;
        Ok(queue.running.len() + queue.pending.len())
    }

    /// Asks it to let go of its models, so that others have the card's memory. It does when it has drawn what it draws.
    pub async fn let_go(&self) -> Result<(), ComfyError> {
        self.post("free", &json!({"unload_models": true, "free_memory": true})).await.map(drop)
    }

    /// Where a prompt stands. What is in neither history nor queue is unknown: finished long ago, cleared, or lost
    /// with a restart, for nothing of it survives one.
    ///
    /// A prompt that ends between the two looks is in neither for once, so one look that finds nothing proves nothing.
    pub(super) async fn state_of(&self, prompt_id: &str) -> Result<PromptState, ComfyError> {
        if let Some(entry) = self.entry_of(prompt_id).await? {
            return Ok(PromptState::Finished(Box::new(entry)));
        }
        let queue: Queue = self.get("queue").await?;
        Ok(queue.state_of(prompt_id))
    }

    /// What the history says of a prompt.
    pub(super) async fn entry_of(&self, prompt_id: &str) -> Result<Option<Entry>, ComfyError> {
        let mut history: History = self.get(&format!("history/{prompt_id}")).await?;
        Ok(history.remove(prompt_id))
    }

    /// Takes a prompt out of the queue.
    pub(super) async fn delete_pending(&self, prompt_id: &str) -> Result<(), ComfyError> {
        self.post("queue", &json!({"delete": [prompt_id]})).await.map(drop)
    }

    /// Stops a running prompt. Servers before September 2025 do not look at the id and stop whatever runs, so this
    /// must only be sent while ours does.
    pub(super) async fn interrupt(&self, prompt_id: &str) -> Result<(), ComfyError> {
        self.post("interrupt", &json!({"prompt_id": prompt_id})).await.map(drop)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ComfyError> {
        self.read(self.0.http.get(self.url(path))).await
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ComfyError> {
        let answer = self.send(request).await?;
        let bytes = answer.bytes().await.map_err(|error| self.failure(&error))?;
        serde_json::from_slice(&bytes).map_err(|_| ComfyError::Garbage(self.address().to_owned()))
    }

    /// The same, where 404 is an answer too.
    pub(super) async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, ComfyError> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(ComfyError::Status { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Response, ComfyError> {
        self.send(self.0.http.post(self.url(path)).json(body)).await
    }

    pub(super) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, ComfyError> {
        self.send_within(request, self.0.limits.request).await
    }

    pub(super) async fn send_within(&self, request: reqwest::RequestBuilder, limit: Duration) -> Result<Response, ComfyError> {
        let answer = self.0.http.send(request.timeout(limit)).await.map_err(|error| self.failure(&error))?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            StatusCode::FORBIDDEN => Err(ComfyError::Forbidden(self.address().to_owned())),
            status => Err(ComfyError::Status { address: self.address().to_owned(), status: status.as_u16() }),
        }
    }

    pub(super) fn failure(&self, error: &reqwest::Error) -> ComfyError {
        let address = self.address().to_owned();
        if error.is_timeout() && !error.is_connect() { ComfyError::TooSlow(address) } else { ComfyError::Unreachable(address) }
    }

    /// A route of the server. It may lie below a path, when a proxy stands before it.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.0.base.clone();
        let below = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{below}/{path}"));
        url
    }
}

/// On NVIDIA cards ComfyUI says "cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync".
fn device_name(told: &str) -> String {
    let name = told.split(" : ").next().unwrap_or_default();
    match name.split_once(' ') {
        Some((place, name)) if place.contains(':') => name.to_owned(),
        Some(_) | None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_goes_by_its_name() {
        assert_eq!(device_name("cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync"), "NVIDIA GeForce RTX 4090");
        assert_eq!(device_name("cpu"), "cpu");
    }

    #[test]
    fn routes_lie_below_the_path_of_a_proxy() {
        let comfy = Comfy::new(reqwest::Client::new(), "http://box/comfy/".parse().unwrap(), super::super::Limits::default());
        assert_eq!(comfy.url("history/1").as_str(), "http://box/comfy/history/1");
    }
}
