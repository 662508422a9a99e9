//! Gemini: Google's models over `generateContent` (<https://ai.google.dev/api/generate-content>).

mod error;
mod standing;
mod wire;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use reqwest::{RequestBuilder, Url, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

pub use self::{error::GeminiError, standing::Standing};
use super::http::Http;
use crate::domain::words::{GeminiModel, Usage};

/// The model for captions and prompts unless another is chosen: the cheapest that stays.
pub const USUAL_MODEL: &str = "gemini-3.5-flash-lite";

/// A client. A cheap handle.
#[derive(Debug, Clone)]
pub struct Gemini {
    http: Http,
    base: Url,
    patience: Duration,
    /// Whether this server knows `store`: the field that asks Google not to keep what was said.
    knows_store: Arc<AtomicBool>,
    standing: Arc<ArcSwap<Standing>>,
}

/// What is asked.
#[derive(Debug)]
pub struct Ask<'a> {
    /// As in `gemini-3.5-flash-lite`.
    pub model: &'a str,
    /// Who the model is to be, and the rules.
    pub system: &'a str,
    /// What it is to do.
    pub task: &'a str,
    /// A picture to look at, as a JPEG.
    pub picture: Option<&'a Bytes>,
    /// The JSON schema of the answer.
    pub schema: &'a Value,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Fits the schema as far as Gemini holds to it; lengths of texts are not promised.
    pub answer: Result<Value, GeminiError>,
    /// What each call cost, also those whose answer was of no use.
    pub usage: Vec<Usage>,
}

/// Room for the answer and the thoughts before it, which count too.
const ROOM: u32 = 4_096;

impl Gemini {
    /// A client of the server at `base`, which waits `patience` for an answer.
    pub fn new(http: impl Into<Http>, base: Url, patience: Duration) -> Self {
        Self { http: http.into(), base, patience, knows_store: Arc::new(AtomicBool::new(true)), standing: Arc::default() }
    }

    /// Asks once, and once more where the same question can bring a better answer: an answer that was cut gets more
    /// room, a recited, empty or unreadable one is asked for in other words.
    pub async fn ask(&self, key: &SecretString, ask: &Ask<'_>) -> Asked {
        let mut usage = Vec::new();
        let answer = self.ask_well(key, ask, &mut usage).await;
        self.met(answer.as_ref().err().filter(|error| error.is_about_us()));
        Asked { answer, usage }
    }

    async fn ask_well(&self, key: &SecretString, ask: &Ask<'_>, usage: &mut Vec<Usage>) -> Result<Value, GeminiError> {
        match self.ask_once(key, ask, ask.task, ROOM, usage).await {
            Err(GeminiError::Cut) => self.ask_once(key, ask, ask.task, ROOM * 4, usage).await,
            Err(GeminiError::Recited | GeminiError::Empty | GeminiError::Unreadable) => {
                let task = format!("{}\n\nUse words of your own, and answer with the JSON alone.", ask.task);
                self.ask_once(key, ask, &task, ROOM, usage).await
            }
            answered => answered,
        }
    }

    /// The models that can write, as the key may use them. Costs no tokens.
    pub async fn models(&self, key: &SecretString) -> Result<Vec<GeminiModel>, GeminiError> {
        let request = self.http.get(self.url("v1beta/models")?).query(&[("pageSize", "1000")]);
        let text = self.send(key, request).await?;
        let listed: wire::Models = serde_json::from_str(&text).map_err(|_| GeminiError::Unreadable)?;
        Ok(listed.models.into_iter().filter_map(wire::Model::writer).collect())
    }

    async fn ask_once(
        &self,
        key: &SecretString,
        ask: &Ask<'_>,
        task: &str,
        room: u32,
        usage: &mut Vec<Usage>,
    ) -> Result<Value, GeminiError> {
        let path = format!("v1beta/models/{}:generateContent", ask.model);
        let url = self.url(&path)?;
        let picture = ask.picture.map(|picture| BASE64_STANDARD.encode(picture));
        let text = loop {
            let store = self.knows_store.load(Ordering::Relaxed).then_some(false);
            let body = wire::request(ask, task, picture.as_deref(), room, store);
            match self.send(key, self.http.post(url.clone()).json(&body)).await {
                Err(GeminiError::Refused(words)) if store.is_some() && words.contains("store") => {
                    self.knows_store.store(false, Ordering::Relaxed);
                }
                Err(GeminiError::ModelGone { .. }) => {
                    let available = self.models(key).await.unwrap_or_default().into_iter().map(|model| model.name).collect();
                    return Err(GeminiError::ModelGone { model: ask.model.to_owned(), available });
                }
                answered => break answered?,
            }
        };
        let answer: wire::Answer = serde_json::from_str(&text).map_err(|_| GeminiError::Unreadable)?;
        usage.extend(answer.usage(ask.model));
        answer.json()
    }

    async fn send(&self, key: &SecretString, request: RequestBuilder) -> Result<String, GeminiError> {
        let mut header = HeaderValue::from_str(key.expose_secret()).map_err(|_| GeminiError::KeyRefused)?;
        header.set_sensitive(true);
        let request = request.header("x-goog-api-key", header).timeout(self.patience);
        let response = self.http.send(request).await.map_err(GeminiError::from)?;
        let status = response.status();
        let text = response.text().await.map_err(GeminiError::from)?;
        if status.is_success() { Ok(text) } else { Err(wire::refusal(status.as_u16(), &text)) }
    }

    fn url(&self, path: &str) -> Result<Url, GeminiError> {
        let base = format!("{}/{path}", self.base.as_str().trim_end_matches('/'));
        base.parse().map_err(|_| GeminiError::Refused("This is not a name of a model.".into()))
    }
}
