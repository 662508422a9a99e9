//! What can go wrong with Gemini, in words.

use std::time::Duration;

/// A failure, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeminiError {
    /// 401, 403, or 400 with `API_KEY_INVALID`.
    #[error("Gemini refuses the key: it is wrong, or was revoked. Set a new one under Settings.")]
    KeyRefused,
    /// 400 `FAILED_PRECONDITION`.
    #[error("Gemini is not offered to this key: the free tier does not reach this country, or billing is off. Gemini says: {0}")]
    NotOffered(String),
    /// 404.
    #[error("{}", gone(.model, .available))]
    ModelGone {
        /// The one that was asked.
        model: String,
        /// Those there are.
        available: Vec<String>,
    },
    /// 429, by the minute.
    #[error("Gemini's quota for this minute is spent.")]
    MinuteQuota {
        /// How long to wait.
        wait: Duration,
    },
    /// 429, by the day.
    #[error("Gemini's quota for today is spent; it comes back at midnight, Pacific time.")]
    DayQuota,
    /// 429 with a limit of nothing.
    #[error("This key has no quota for the model {model}. Choose another model under Settings.")]
    NoQuota {
        /// The model, when Gemini named it.
        model: String,
    },
    /// The question or the answer broke Gemini's rules.
    #[error("Gemini will not write this: {0}. Change the words, or write it by hand.")]
    Blocked(&'static str),
    /// `RECITATION` or `OTHER`.
    #[error("Gemini broke off because its answer repeated a text of somebody else. Change the words a little and ask again.")]
    Recited,
    /// `MAX_TOKENS`.
    #[error("Gemini's answer was cut short. Ask for fewer or shorter texts.")]
    Cut,
    /// An answer without words.
    #[error("Gemini answered with nothing. Ask again, or choose another model under Settings.")]
    Empty,
    /// An answer that is not the JSON that was asked for.
    #[error("Gemini's answer could not be read. Ask again, or choose another model under Settings.")]
    Unreadable,
    /// Another 4xx.
    #[error("Gemini refused: {0}")]
    Refused(String),
    /// Another 5xx.
    #[error("Gemini is overloaded or broken (status {0}). Try again later.")]
    Broken(u16),
    /// No answer in time.
    #[error("Gemini did not answer in time. Try again later.")]
    TooSlow,
    /// No connection.
    #[error("Gemini cannot be reached. Is this machine online?")]
    Unreachable,
}

impl GeminiError {
    /// How long to wait before the same question may well be answered; `None` when waiting does not help.
    /// `attempt` counts from 1.
    pub fn wait(&self, attempt: u32) -> Option<Duration> {
        match self {
            Self::MinuteQuota { wait } => Some(*wait),
            // 1, 2, 4 … as Google's own clients do.
            Self::Broken(_) | Self::TooSlow | Self::Unreachable => Some(Duration::from_secs(1 << attempt.clamp(1, 6).saturating_sub(1))),
            _ => None,
        }
    }

    /// Whether this is about Gemini's state and not about the question: then a template can take its place.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::MinuteQuota { .. } | Self::DayQuota | Self::NoQuota { .. } | Self::Broken(_) | Self::TooSlow | Self::Unreachable => true,
            Self::KeyRefused
            | Self::NotOffered(_)
            | Self::ModelGone { .. }
            | Self::Blocked(_)
            | Self::Recited
            | Self::Cut
            | Self::Empty
            | Self::Unreadable
            | Self::Refused(_) => false,
        }
    }
}

impl GeminiError {
    /// Whether this tells something of the key, the model or the way to Gemini, and nothing of the question.
    pub fn is_about_us(&self) -> bool {
        match self {
            Self::KeyRefused | Self::NotOffered(_) | Self::ModelGone { .. } => true,
            other => other.is_passing(),
        }
    }
}

impl From<reqwest::Error> for GeminiError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TooSlow } else { Self::Unreachable }
    }
}

fn gone(model: &str, available: &[String]) -> String {
    let others = if available.is_empty() { String::new() } else { format!(" It has {}.", available.join(", ")) };
    format!("Gemini does not have the model {model} any more.{others} Choose one under Settings.")
}
