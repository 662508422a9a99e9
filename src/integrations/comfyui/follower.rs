//! Follows one prompt through frames and looks: what to tell, and when it is over.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;

use super::{frame::Frame, wire::PromptState};

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
    /// Nothing: it is about something else.
    Nothing,
    /// It lives; there is nothing to tell.
    Alive,
    /// It lives, and how.
    Sign(Sign),
    /// It is over; the history tells how.
    Over,
}

/// Where the prompt is, as far as was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Sent,
    Queued { ahead: usize },
    Started,
    Loading,
    Drawing,
    Saving,
    Over,
}

/// Follows one prompt. Frames of others come along and are passed over.
#[derive(Debug)]
pub(super) struct Follower {
    prompt_id: String,
    /// The sort of each node, by its id.
    kinds: HashMap<String, String>,
    stage: Stage,
    /// Whether our prompt is the one that executes, so that a preview without an id is ours.
    executing: bool,
}

impl Follower {
    /// Follows the prompt of that id with that graph.
    pub(super) fn new(prompt_id: &str, graph: &Value) -> Self {
        let kind = |(id, node): (&String, &Value)| Some((id.clone(), node.get("class_type")?.as_str()?.to_owned()));
        let kinds = graph.as_object().into_iter().flatten().filter_map(kind).collect();
        Self { prompt_id: prompt_id.to_owned(), kinds, stage: Stage::Sent, executing: false }
    }

    /// What a frame means.
    pub(super) fn take(&mut self, frame: Frame) -> Meaning {
        let about = frame.prompt_id();
        let ours = about.map_or(self.executing, |id| id == self.prompt_id);
        if !ours {
            // Where another prompt executes, ours does not.
            self.executing &= !matches!(frame, Frame::Start { .. } | Frame::Executing { .. });
            return Meaning::Nothing;
        }
        match frame {
            Frame::Start { .. } => self.execute(Stage::Started, Sign::Started),
            Frame::Executing { node: Some(node), .. } => self.work_on(&node),
            Frame::Executing { node: None, .. } => {
                (self.executing, self.stage) = (false, Stage::Over);
                Meaning::Over
            }
            Frame::Progress { step, steps, .. } if self.is_sampler(&frame) => {
                (self.executing, self.stage) = (true, Stage::Drawing);
                Meaning::Sign(Sign::Step { step, steps })
            }
            Frame::Preview { mime, bytes, .. } => Meaning::Sign(Sign::Preview { bytes, mime }),
            Frame::Progress { .. } | Frame::Alive { .. } => Meaning::Alive,
            Frame::Other => Meaning::Nothing,
        }
    }

    /// What a look at the queue has to tell, beside what frames told already.
    pub(super) fn see(&mut self, state: &PromptState) -> Option<Sign> {
        match (state, self.stage) {
            (PromptState::Pending { ahead }, Stage::Sent | Stage::Queued { .. }) => {
                self.turn(Stage::Queued { ahead: *ahead }, Sign::Queued { ahead: *ahead })
            }
            (PromptState::Running, Stage::Sent | Stage::Queued { .. }) => self.turn(Stage::Started, Sign::Started),
            (PromptState::Pending { .. } | PromptState::Running | PromptState::Finished(_) | PromptState::Unknown, _) => None,
        }
    }

    fn work_on(&mut self, node: &str) -> Meaning {
        let kind = self.kinds.get(node).map(String::as_str);
        match kind {
            Some("VAEDecode" | "SaveImage") => self.execute(Stage::Saving, Sign::Saving),
            Some("KSampler") | None => {
                self.executing = true;
                Meaning::Alive
            }
            Some(_) => self.execute(Stage::Loading, Sign::Loading),
        }
    }

    fn execute(&mut self, stage: Stage, sign: Sign) -> Meaning {
        self.executing = true;
        self.turn(stage, sign).map_or(Meaning::Alive, Meaning::Sign)
    }

    /// Tells a stage once, not for each of its nodes.
    fn turn(&mut self, stage: Stage, sign: Sign) -> Option<Sign> {
        let new = self.stage != stage;
        self.stage = stage;
        new.then_some(sign)
    }

    /// Other nodes report progress too, as do some that decode in tiles; those are no steps.
    fn is_sampler(&self, frame: &Frame) -> bool {
        let Frame::Progress { node, .. } = frame else { return false };
        let kind = node.as_ref().and_then(|node| self.kinds.get(node));
        kind.is_none_or(|kind| kind.contains("Sampler"))
    }
}
