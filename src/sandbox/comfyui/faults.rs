//! What can be made to go wrong, from a test or over HTTP.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};

use super::lock;

/// One thing that is to go wrong, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// `POST /prompt` answers 500.
    RefusePrompt,
    /// `POST /prompt` is taken, and the connection breaks before the answer.
    LosePromptAnswer,
    /// A request to a path that begins like this is never answered.
    Hang {
        /// As in `/queue`.
        path: String,
    },
    /// A request to a path that begins like this is answered with that status and nothing else.
    Answer {
        /// As in `/system_stats`.
        path: String,
        /// As in 500.
        status: u16,
    },
    /// The sockets break off after that step.
    DropSockets {
        /// From 1.
        after_step: u32,
    },
    /// The run breaks as recorded.
    Break {
        /// How.
        how: Breakage,
    },
    /// The run stays at that step until it is interrupted or let go.
    Stick {
        /// From 1.
        at_step: u32,
        /// Then not even that helps.
        deaf: bool,
    },
    /// The run is a success, and its file is not there.
    LoseOutput,
    /// The history entry appears so many reads late.
    LagHistory {
        /// Reads of `/history/{id}` that still answer nothing.
        reads: u32,
    },
    /// Queue and history are empty from that step on, as after `clear`.
    LoseQueue {
        /// From 1.
        at_step: u32,
    },
    /// Half a picture from `/view`.
    TruncateView,
    /// Of the workflow's outputs one is said to be invalid, with status 200.
    DropOutput,
}

/// How a run breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakage {
    /// A truncated checkpoint.
    BrokenCheckpoint,
    /// A web page saved as a LoRA.
    CorruptLora,
    /// A diffusion model among the checkpoints.
    NoTextEncoder,
    /// The card's memory is full.
    OutOfMemory,
}

/// The faults that are asked for.
#[derive(Debug, Default)]
pub struct Faults {
    asked: Mutex<Vec<Fault>>,
    let_go: AtomicBool,
}

impl Faults {
    /// Asks for a fault; it happens once.
    pub fn ask(&self, fault: Fault) {
        lock(&self.asked).push(fault);
    }

    /// Lets runs go on that stay at a step.
    pub fn let_go(&self) {
        self.let_go.store(true, Ordering::Relaxed);
    }

    pub(super) fn holds(&self) -> bool {
        !self.let_go.load(Ordering::Relaxed)
    }

    /// Takes back all that have not happened.
    pub fn clear(&self) {
        lock(&self.asked).clear();
    }

    /// Those that have not happened yet.
    pub fn pending(&self) -> Vec<Fault> {
        lock(&self.asked).clone()
    }

    /// The first fault that `fits` answers something for; it has happened then.
    pub(super) fn take<T>(&self, fits: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut faults = lock(&self.asked);
        let (at, found) = faults.iter().enumerate().find_map(|(at, fault)| fits(fault).map(|found| (at, found)))?;
        faults.remove(at);
        Some(found)
    }

    /// Whether that very fault was asked for; it has happened then.
    pub(super) fn takes(&self, fault: &Fault) -> bool {
        self.take(|asked| (asked == fault).then_some(())).is_some()
    }
}
