//! Follows one prompt through the frames: what to tell, and when to look at the history.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;

use super::frame::Frame;

/// A sign of life of a picture that is being made.
#[derive(Debug, Clone, PartialEq)]
pub enum Sign {
    /// It waits.
    Queued {
        /// How many come before it.
        ahead: usize,
    },
    /// It has begun.
    Started,
    /// A model or text is being prepared.
    Loading,
    /// Sampling goes on.
    Step {
        /// Steps done.
        step: u32,
        /// Steps in all.
        steps: u32,
    },
    /// How it looks so far.
    Preview {
        /// The picture.
        bytes: Bytes,
        /// Its media type.
        mime: &'static str,
    },
    /// Decoding and saving.
    Saving,
}

/// What a frame means for the prompt.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// Nothing.
    Nothing,
    /// It lives.
    Sign(Sign),
    /// It is over; the history tells how.
    Over,
}

/// Follows one prompt. Frames of others come along and are passed over.
#[derive(Debug)]
pub(super) struct Follower {
    prompt_id: String,
    kinds: HashMap<String, String>,
    running: bool,
}

impl Follower {
    /// Follows the prompt of that id with that graph.
    pub(super) fn new(prompt_id: &str, graph: &Value) -> Self {
        let kind = |(id, node): (&String, &Value)| Some((id.clone(), node.get("class_type")?.as_str()?.to_owned()));
        let kinds = graph.as_object().into_iter().flatten().filter_map(kind).collect();
        Self { prompt_id: prompt_id.to_owned(), kinds, running: false }
    }

    /// What a frame means.
    pub(super) fn take(&mut self, frame: Frame) -> Meaning {
        match frame {
            Frame::Start { prompt_id } if self.is_ours(&prompt_id) => {
                self.running = true;
                Meaning::Sign(Sign::Started)
            }
            Frame::Executing { prompt_id, node } if self.is_ours(&prompt_id) => match node {
                Some(node) => {
                    self.running = true;
                    self.working_on(&node)
                }
                None => self.over(),
            },
            Frame::Progress { prompt_id, step, steps } if self.is_ours(&prompt_id) => Meaning::Sign(Sign::Step { step, steps }),
            Frame::Over { prompt_id } if self.is_ours(&prompt_id) => self.over(),
            Frame::Preview { prompt_id, mime, bytes } if prompt_id.as_ref().map_or(self.running, |id| self.is_ours(id)) => {
                Meaning::Sign(Sign::Preview { bytes, mime })
            }
            Frame::Start { .. } | Frame::Executing { .. } => {
                // Another prompt is executing now, so previews without an id are not ours.
                self.running = false;
                Meaning::Nothing
            }
            Frame::Progress { .. } | Frame::Over { .. } | Frame::Preview { .. } | Frame::Other => Meaning::Nothing,
        }
    }

    fn over(&mut self) -> Meaning {
        self.running = false;
        Meaning::Over
    }

    fn working_on(&self, node: &str) -> Meaning {
        match self.kinds.get(node).map(String::as_str) {
            Some("VAEDecode" | "SaveImage") => Meaning::Sign(Sign::Saving),
            Some("KSampler") | None => Meaning::Nothing,
            Some(_) => Meaning::Sign(Sign::Loading),
        }
    }

    fn is_ours(&self, prompt_id: &str) -> bool {
        prompt_id == self.prompt_id
    }
}
