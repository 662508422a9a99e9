//! How the simulated trainer behaves, and what is to go wrong.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How it behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Behaviour {
    /// How long everything before the first step takes, in milliseconds.
    pub loading_ms: u64,
    /// How long a step takes.
    pub step_ms: u64,
    /// What is to go wrong.
    pub fault: Option<Fault>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// A recorded run happens instead, so many times faster, and ends as it did.
    Replay {
        /// The recording.
        recording: PathBuf,
        /// How many times faster.
        faster: f64,
    },
    /// It stands still after that step, for ever.
    Hang {
        /// After which step.
        at_step: u32,
    },
    /// It does not hear that it is asked to stop.
    Deaf,
    /// It starts a child that does not hear either and has gone to a session of its own.
    Fork,
    /// It ends well and writes nothing.
    NoFile,
    /// It ends well, and the end of its file is missing.
    HalfFile,
    /// From that step on the loss is no number.
    Nan {
        /// From which step.
        at_step: u32,
    },
    /// The system kills it at that step.
    Killed {
        /// At which step.
        at_step: u32,
    },
}

impl Default for Behaviour {
    /// Fast enough to wait for, slow enough to be watched.
    fn default() -> Self {
        Self { loading_ms: 4_000, step_ms: 40, fault: None }
    }
}
