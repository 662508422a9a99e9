//! One picture, from sending the workflow to holding its bytes.

use std::time::Instant;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{
    Comfy,
    error::{ComfyError, DrawError},
    follower::{Follower, Meaning, Sign},
    frame::Frame,
    png,
    refusal::{self, Refusal},
    socket::Socket,
    wire::{Entry, ImageFile, PromptState},
};

/// Looks in a row that must not find the prompt before it counts as lost: between queue and history it is in neither
/// for a moment.
const LOOKS_BEFORE_LOST: u32 = 3;
/// Looks at the history after the last frame: the entry is written a moment after it.
const LOOKS_AFTER_THE_END: u32 = 100;
/// How often a cancelled prompt is told to stop: one that loads a model hears it late.
const CANCEL_LOOKS: u32 = 40;

/// What is to be drawn.
#[derive(Debug)]
pub struct Drawing<'a> {
    /// Our own name for it. The server uses it as it is, so that it can be found again whatever happens.
    pub prompt_id: &'a str,
    /// The workflow, in the form of the API.
    pub graph: &'a Value,
    /// Whether it may have been sent before: then it is looked for first.
    pub resume: bool,
    /// Fires when a person stops it.
    pub cancel: &'a CancellationToken,
}

/// A picture with its bytes as ComfyUI saved them.
#[derive(Debug, Clone)]
pub struct DrawnPicture {
    /// PNG, with the workflow in its metadata.
    pub bytes: Bytes,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

impl Comfy {
    /// Draws a picture and answers when its bytes are here. `watch` hears of every sign of life.
    pub async fn draw(&self, drawing: Drawing<'_>, watch: impl FnMut(Sign) + Send) -> Result<Vec<DrawnPicture>, DrawError> {
        tokio::select! {
            drawn = self.draw_to_the_end(&drawing, watch) => drawn,
            () = drawing.cancel.cancelled() => {
                if let Err(error) = self.cancel(drawing.prompt_id).await {
                    tracing::warn!(server = self.address(), %error, "a cancelled picture may still be drawn");
                }
                Err(DrawError::Cancelled)
            }
        }
    }

    /// Takes a prompt out of the queue, or stops it. Answers when it is over, or when it does not listen for long.
    pub async fn cancel(&self, prompt_id: &str) -> Result<(), ComfyError> {
        let mut pause = interval(self.0.limits.poll / 4);
        for _ in 0..CANCEL_LOOKS {
            pause.tick().await;
            // An order to stop that comes between queue and start is lost, so it is repeated until it shows.
            match self.state_of(prompt_id).await? {
                PromptState::Pending { .. } => self.delete_pending(prompt_id).await?,
                PromptState::Running => self.interrupt(prompt_id).await?,
                PromptState::Finished(_) | PromptState::Unknown => return Ok(()),
            }
        }
        Ok(())
    }

    async fn draw_to_the_end(&self, drawing: &Drawing<'_>, watch: impl FnMut(Sign) + Send) -> Result<Vec<DrawnPicture>, DrawError> {
        let socket = self.socket().await;
        let client_id = socket.as_ref().map(|socket| socket.client_id.clone());
        let sent_before = drawing.resume && self.state_of(drawing.prompt_id).await.map_err(DrawError::Unreachable)? != PromptState::Unknown;
        if !sent_before {
            self.submit(drawing, client_id.as_deref()).await?;
        }
        let mut following = Following { comfy: self, drawing, watch, follower: Follower::new(drawing.prompt_id, drawing.graph), socket, sign: Instant::now(), gone: None, not_found: 0 };
        let entry = following.to_the_end().await?;
        self.outcome(&entry).await
    }

    /// Sends the workflow. When the answer is lost, it is looked for instead of being sent twice.
    async fn submit(&self, drawing: &Drawing<'_>, client_id: Option<&str>) -> Result<(), DrawError> {
        let mut body = json!({"prompt": drawing.graph, "prompt_id": drawing.prompt_id});
        if let Some(client_id) = client_id {
            body["client_id"] = client_id.into();
        }
        let request = self.0.http.post(self.url("prompt")).json(&body).timeout(self.0.limits.request);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Err(DrawError::Unreachable(self.failure(&error))),
            Err(error) => return self.was_it_taken(drawing.prompt_id, self.failure(&error)).await,
        };
        let status = answer.status();
        let body = match answer.bytes().await {
            Ok(body) => body,
            Err(error) => return self.was_it_taken(drawing.prompt_id, self.failure(&error)).await,
        };
        if status == StatusCode::FORBIDDEN {
            return Err(DrawError::Rejected(ComfyError::Forbidden(self.address().to_owned()).to_string()));
        }
        match Refusal::read(status.as_u16(), &body) {
            None => Ok(()),
            Some(refusal) => {
                if status.is_success() {
                    // It was taken in part: what is left of it is of no use.
                    let _ = self.cancel(drawing.prompt_id).await;
                }
                Err(DrawError::Rejected(refusal.words(self.address())))
            }
        }
    }

    async fn was_it_taken(&self, prompt_id: &str, error: ComfyError) -> Result<(), DrawError> {
        match self.state_of(prompt_id).await {
            Ok(PromptState::Unknown) => Err(DrawError::Lost),
            Ok(PromptState::Pending { .. } | PromptState::Running | PromptState::Finished(_)) => Ok(()),
            Err(_) => Err(DrawError::Unreachable(error)),
        }
    }

    async fn outcome(&self, entry: &Entry) -> Result<Vec<DrawnPicture>, DrawError> {
        match entry.ending() {
            Some(("execution_error", data)) => Err(DrawError::Failed(refusal::failure(data))),
            Some(("execution_interrupted", _)) => Err(DrawError::Interrupted),
            Some(_) | None => {
                let mut pictures = Vec::new();
                for image in entry.images() {
                    pictures.push(self.fetch(&image).await?);
                }
                if pictures.is_empty() { Err(DrawError::OutputGone) } else { Ok(pictures) }
            }
        }
    }

    /// Takes a picture over. Its name may be used again for another one, so this is done at once.
    async fn fetch(&self, image: &ImageFile) -> Result<DrawnPicture, DrawError> {
        let query = [("filename", &image.filename), ("subfolder", &image.subfolder), ("type", &image.folder)];
        for _ in 0..3 {
            let answer = self.send(self.0.http.get(self.url("view")).query(&query)).await;
            let bytes = match answer {
                Ok(answer) => answer.bytes().await.map_err(|error| self.failure(&error)),
                Err(ComfyError::Status { status: 404, .. }) => return Err(DrawError::OutputGone),
                Err(error) => Err(error),
            };
            match bytes {
                Ok(bytes) => {
                    if let Some((width, height)) = png::size(&bytes) {
                        return Ok(DrawnPicture { bytes, width, height });
                    }
                    tracing::warn!(server = self.address(), bytes = bytes.len(), "a picture arrived damaged");
                }
                Err(error) if error.is_unreachable() => tracing::warn!(server = self.address(), %error, "a picture did not arrive"),
                Err(error) => return Err(DrawError::Failed(error.to_string())),
            }
        }
        Err(DrawError::OutputGone)
    }
}

/// A prompt on its way.
struct Following<'a, W> {
    comfy: &'a Comfy,
    drawing: &'a Drawing<'a>,
    watch: W,
    follower: Follower,
    socket: Option<Socket>,
    /// When it last gave a sign of life.
    sign: Instant,
    /// Since when the server does not answer.
    gone: Option<Instant>,
    /// Looks in a row that did not find it.
    not_found: u32,
}

impl<W: FnMut(Sign) + Send> Following<'_, W> {
    /// Frames tell how it goes on; history and queue are read beside them, for a socket may close or go silent.
    async fn to_the_end(&mut self) -> Result<Entry, DrawError> {
        let mut looks = interval(self.comfy.0.limits.poll);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                frame = next(&mut self.socket) => if let Some(entry) = self.hear(frame).await? { return Ok(entry) },
                _ = looks.tick() => if let Some(entry) = self.look().await? { return Ok(entry) },
            }
        }
    }

    async fn hear(&mut self, frame: Option<Frame>) -> Result<Option<Entry>, DrawError> {
        let Some(frame) = frame else {
            self.socket = None;
            return Ok(None);
        };
        match self.follower.take(frame) {
            Meaning::Nothing => Ok(None),
            Meaning::Sign(sign) => {
                self.sign = Instant::now();
                (self.watch)(sign);
                Ok(None)
            }
            Meaning::Over => self.entry().await,
        }
    }

    /// The entry in the history, which is written a moment after the last frame. Not finding it is no end: the
    /// regular looks go on.
    async fn entry(&mut self) -> Result<Option<Entry>, DrawError> {
        let mut pause = interval(self.comfy.0.limits.poll / 40);
        for _ in 0..LOOKS_AFTER_THE_END {
            pause.tick().await;
            if let Ok(PromptState::Finished(entry)) = self.comfy.state_of(self.drawing.prompt_id).await {
                return Ok(Some(*entry));
            }
        }
        Ok(None)
    }

    async fn look(&mut self) -> Result<Option<Entry>, DrawError> {
        if self.socket.is_none() && self.gone.is_none() {
            // Its id is new, so frames of this prompt do not come; but the server is there again.
            self.socket = self.comfy.socket().await;
        }
        match self.comfy.state_of(self.drawing.prompt_id).await {
            Ok(PromptState::Finished(entry)) => return Ok(Some(*entry)),
            Ok(PromptState::Pending { ahead }) => {
                self.found();
                self.sign = Instant::now();
                (self.watch)(Sign::Queued { ahead });
            }
            Ok(PromptState::Running) => self.found(),
            Ok(PromptState::Unknown) => {
                self.gone = None;
                self.not_found += 1;
                if self.not_found >= LOOKS_BEFORE_LOST {
                    return Err(DrawError::Lost);
                }
            }
            Err(error) => {
                let since = *self.gone.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.comfy.0.limits.gone {
                    return Err(DrawError::Unreachable(error));
                }
                return Ok(None);
            }
        }
        self.check_for_stall().await
    }

    fn found(&mut self) {
        self.gone = None;
        self.not_found = 0;
    }

    async fn check_for_stall(&mut self) -> Result<Option<Entry>, DrawError> {
        let limit = self.comfy.0.limits.stall;
        if self.sign.elapsed() < limit {
            return Ok(None);
        }
        // Whether it listens or not: nobody waits for this picture any more.
        let _ = self.comfy.interrupt(self.drawing.prompt_id).await;
        Err(DrawError::Stalled { address: self.comfy.address().to_owned(), after: limit })
    }
}

/// The next frame; without a socket there is none, ever.
async fn next(socket: &mut Option<Socket>) -> Option<Frame> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}
