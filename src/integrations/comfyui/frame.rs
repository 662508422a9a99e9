//! The frames of ComfyUI's WebSocket.

use bytes::{Buf, Bytes};
use serde::Deserialize;
use serde_json::Value;

/// A frame, as far as it matters for a picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Frame {
    /// A prompt has begun.
    Start { prompt_id: String },
    /// A node is being worked on; without a node, the prompt is over.
    Executing { prompt_id: String, node: Option<String> },
    /// A step of a node is done.
    Progress { prompt_id: String, node: Option<String>, step: u32, steps: u32 },
    /// Something else of a prompt, which shows that it lives. Its success is told so too: that comes before the
    /// history entry exists, and `Executing` without a node after it.
    Alive { prompt_id: String },
    /// A preview. Old servers do not say of which prompt: it is of the one that is executing.
    Preview { prompt_id: Option<String>, mime: &'static str, bytes: Bytes },
    /// Anything else.
    Other,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    /// On connecting while a prompt runs, `executing` comes without an id.
    #[serde(default)]
    prompt_id: Option<String>,
    #[serde(default)]
    node: Option<Value>,
    #[serde(default)]
    value: f64,
    #[serde(default)]
    max: f64,
}

impl Frame {
    /// The prompt it is about, where it says so.
    pub(super) fn prompt_id(&self) -> Option<&str> {
        match self {
            Self::Start { prompt_id }
            | Self::Executing { prompt_id, .. }
            | Self::Progress { prompt_id, .. }
            | Self::Alive { prompt_id } => Some(prompt_id),
            Self::Preview { prompt_id, .. } => prompt_id.as_deref(),
            Self::Other => None,
        }
    }

    /// Reads a text frame.
    pub(super) fn text(text: &str) -> Self {
        let Ok(Text { kind, data }) = serde_json::from_str(text) else { return Self::Other };
        let Some(prompt_id) = data.prompt_id else { return Self::Other };
        let node = data.node.and_then(|node| node.as_str().map(str::to_owned));
        match kind.as_str() {
            "execution_start" => Self::Start { prompt_id },
            "executing" => Self::Executing { prompt_id, node },
            "progress" => Self::Progress { prompt_id, node, step: data.value.max(0.0) as u32, steps: data.max.max(0.0) as u32 },
            _ => Self::Alive { prompt_id },
        }
    }

    /// Reads a binary frame; integers are big endian.
    pub(super) fn binary(mut bytes: Bytes) -> Self {
        match bytes.try_get_u32() {
            Ok(1) => Self::plain_preview(bytes),
            Ok(4) => Self::preview_with_metadata(bytes),
            Ok(_) | Err(_) => Self::Other,
        }
    }

    /// Type 1: the image's type (1 JPEG, 2 PNG), the image.
    fn plain_preview(mut bytes: Bytes) -> Self {
        match bytes.try_get_u32() {
            Ok(1) => Self::Preview { prompt_id: None, mime: "image/jpeg", bytes },
            Ok(2) => Self::Preview { prompt_id: None, mime: "image/png", bytes },
            Ok(_) | Err(_) => Self::Other,
        }
    }

    /// Type 4: the length of a JSON text, the text, the image.
    fn preview_with_metadata(mut bytes: Bytes) -> Self {
        #[derive(Deserialize)]
        struct Metadata {
            prompt_id: String,
            #[serde(default)]
            image_type: String,
        }
        let Ok(length) = bytes.try_get_u32() else { return Self::Other };
        let length = length as usize;
        if length > bytes.len() {
            return Self::Other;
        }
        let Ok(metadata) = serde_json::from_slice::<Metadata>(&bytes.split_to(length)) else { return Self::Other };
        let mime = if metadata.image_type == "image/png" { "image/png" } else { "image/jpeg" };
        Self::Preview { prompt_id: Some(metadata.prompt_id), mime, bytes }
    }
}
