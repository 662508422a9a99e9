//! One picture, from sending the workflow to holding its bytes.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Comfy,
    error::{ComfyError, DrawError},
    follower::Sign,
    following::Following,
    pictures::DrawnPicture,
    rejection::Rejection,
    wire::PromptState,
};

/// How often a workflow is sent when the answer is lost and the server does not have it.
const SENDINGS: u32 = 3;

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

/// What became of an order.
enum Posted {
    Taken,
    /// The answer was lost: it may have been taken.
    Unclear(ComfyError),
}

impl Comfy {
    /// Draws a picture and answers when its bytes are here. `watch` hears of every sign of life.
    pub async fn draw(&self, order: Drawing<'_>, watch: impl FnMut(Sign) + Send) -> Result<Vec<DrawnPicture>, DrawError> {
        tokio::select! {
            biased;
            () = order.cancel.cancelled() => {
                if let Err(error) = self.cancel(order.prompt_id).await {
                    tracing::warn!(server = self.address(), %error, "a cancelled picture may still be drawn");
                }
                Err(DrawError::Cancelled)
            }
            drawn = self.draw_through(&order, watch) => drawn,
        }
    }

    async fn draw_through(&self, order: &Drawing<'_>, watch: impl FnMut(Sign) + Send) -> Result<Vec<DrawnPicture>, DrawError> {
        // Frames of a prompt may come before the answer to its order, so the socket is first.
        let socket = self.socket().await;
        let known = order.resume && self.knows(order.prompt_id).await?;
        if !known {
            let client_id = socket.as_ref().map(|socket| socket.client_id.as_str());
            self.submit(order, client_id).await?;
        }
        let entry = Following::new(self, order, socket, watch).through().await?;
        self.outcome(&entry).await
    }

    /// Sends the workflow. Where the answer is lost, the prompt is looked for before it is sent again.
    async fn submit(&self, order: &Drawing<'_>, client_id: Option<&str>) -> Result<(), DrawError> {
        let mut body = json!({"prompt": order.graph, "prompt_id": order.prompt_id});
        if let Some(client_id) = client_id {
            body["client_id"] = client_id.into();
        }
        let mut sent = 0;
        loop {
            sent += 1;
            match self.post_prompt(order.prompt_id, &body).await? {
                Posted::Taken => return Ok(()),
                Posted::Unclear(_) if self.knows(order.prompt_id).await? => return Ok(()),
                Posted::Unclear(error) if sent >= SENDINGS => return Err(error.into()),
                Posted::Unclear(_) => {}
            }
        }
    }

    async fn post_prompt(&self, prompt_id: &str, body: &Value) -> Result<Posted, DrawError> {
        let request = self.0.http.post(self.url("prompt")).json(body).timeout(self.0.limits.request);
        let answer = match self.0.http.send(request).await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Err(self.failure(&error).into()),
            Err(error) => return Ok(Posted::Unclear(self.failure(&error))),
        };
        let status = answer.status();
        let Ok(bytes) = answer.bytes().await else { return Ok(Posted::Unclear(ComfyError::Unreachable(self.address().to_owned()))) };
        if matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) {
            // A proxy's word, not ComfyUI's.
            return Ok(Posted::Unclear(ComfyError::Status { address: self.address().to_owned(), status: status.as_u16() }));
        }
        let Some(rejection) = Rejection::read(status.as_u16(), &bytes) else { return Ok(Posted::Taken) };
        if status.is_success() {
            // Taken in part: what is left of it is of no use.
            let _ = self.cancel(prompt_id).await;
        }
        Err(DrawError::Rejected(rejection.words(self.address())))
    }

    /// Whether the server has the prompt. One that does not answer is waited for: it may be starting.
    async fn knows(&self, prompt_id: &str) -> Result<bool, DrawError> {
        let begun = Instant::now();
        let mut nowhere = 0;
        loop {
            match self.state_of(prompt_id).await {
                Ok(PromptState::Pending { .. } | PromptState::Running | PromptState::Finished(_)) => return Ok(true),
                Ok(PromptState::Unknown) if nowhere > 0 => return Ok(false),
                Ok(PromptState::Unknown) => nowhere += 1,
                Err(error @ (ComfyError::Forbidden(_) | ComfyError::Garbage(_))) => return Err(error.into()),
                Err(error) if begun.elapsed() >= self.0.limits.gone => return Err(error.into()),
                Err(_) => {}
            }
            sleep(self.0.limits.poll).await;
        }
    }
}
