//! What can go wrong with ComfyUI, in its own words and in ours.

use std::time::Duration;

/// A request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComfyError {
    /// Nothing answers there.
    #[error("ComfyUI at {0} does not answer. Start it, or say under Settings where it is.")]
    Unreachable(String),
    /// It took the request and did not answer in time.
    #[error("ComfyUI at {0} is too slow to answer. It may be loading a model; try again in a moment.")]
    TooSlow(String),
    /// It does not want to be asked by us.
    #[error("ComfyUI at {0} refuses us (403). If a proxy stands before it, let it pass requests on without an Origin header.")]
    Forbidden(String),
    /// It answered with an error of its own.
    #[error("ComfyUI at {address} answered with status {status}. Its log says why.")]
    Status {
        /// The server.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// Its answer is not what ComfyUI answers.
    #[error("What answers at {0} does not speak ComfyUI's language. Check its address under Settings.")]
    Garbage(String),
}

/// A picture was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// A person stopped it.
    #[error("The picture was cancelled.")]
    Cancelled,
    /// The server forgot it: it was restarted, or its queue was cleared.
    #[error("ComfyUI forgot the picture: it was restarted, or its queue was cleared. Try again.")]
    Lost,
    /// The server says it is done, and the file is not there.
    #[error("ComfyUI says the picture is done, but its file is gone. Try again.")]
    OutputGone,
    /// The server went away and did not come back.
    #[error("{0}")]
    Unreachable(ComfyError),
    /// The server is there and does nothing.
    #[error("ComfyUI at {address} has shown no sign of life for {} seconds while drawing. Look at its window, restart it, then try again.", after.as_secs())]
    Stalled {
        /// The server.
        address: String,
        /// How long it was waited.
        after: Duration,
    },
    /// The server refused the workflow.
    #[error("{0}")]
    Rejected(String),
    /// The server broke while drawing.
    #[error("{0}")]
    Failed(String),
    /// Somebody stopped it in ComfyUI.
    #[error("Somebody stopped the picture in ComfyUI. Try again.")]
    Interrupted,
    /// The server answered what no ComfyUI answers.
    #[error("{0}")]
    Protocol(String),
}

impl ComfyError {
    /// The HTTP status it answered with, when it answered with one that tells something.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::Forbidden(_) => Some(403),
            Self::Unreachable(_) | Self::TooSlow(_) | Self::Garbage(_) => None,
        }
    }

    /// Whether there was no useful answer at all.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TooSlow(_))
    }
}

impl From<ComfyError> for DrawError {
    fn from(error: ComfyError) -> Self {
        match error {
            ComfyError::Unreachable(_) | ComfyError::TooSlow(_) | ComfyError::Status { .. } => Self::Unreachable(error),
            ComfyError::Forbidden(_) => Self::Rejected(error.to_string()),
            ComfyError::Garbage(_) => Self::Protocol(error.to_string()),
        }
    }
}

impl DrawError {
    /// Whether another server may do better.
    pub fn is_worth_another_server(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Stalled { .. } | Self::Rejected(_) | Self::Protocol(_))
    }

    /// Whether sending it once more, to the same server or another, can help.
    pub fn is_worth_sending_again(&self) -> bool {
        matches!(self, Self::Lost | Self::OutputGone)
    }
}
