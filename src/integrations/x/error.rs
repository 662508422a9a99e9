//! What can go wrong with X, in words.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;

/// A failure, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XError {
    /// 401.
    #[error("X refuses the keys: one of the four is wrong, or the app was removed from the account. Enter all four anew.")]
    KeysRefused,
    /// 402.
    #[error("The X account of this app has no credits left. The keys are good; add credits in X's developer console.")]
    OutOfCredits,
    /// 403 with `oauth1-permissions`.
    #[error("The X access token may only read. Set the app to \"Read and write\" first, then make a new access token.")]
    ReadOnly,
    /// 429.
    #[error("X wants a pause of {} min before the next call.", .wait.as_secs().div_ceil(60))]
    TooMany {
        /// How long.
        wait: Duration,
    },
    /// Another 4xx.
    #[error("X refused: {0}")]
    Refused(String),
    /// 5xx.
    #[error("X is overloaded or broken (status {0}). Try again later.")]
    Broken(u16),
    /// An answer of another shape.
    #[error("X's answer could not be read. Try again later.")]
    Unreadable,
    /// No answer in time.
    #[error("X did not answer in time. Try again later.")]
    TooSlow,
    /// No connection.
    #[error("X cannot be reached. Is this machine online?")]
    Unreachable,
}

impl XError {
    /// Whether this says something of the keys, and not of the moment.
    pub fn is_about_keys(&self) -> bool {
        match self {
            Self::KeysRefused | Self::OutOfCredits | Self::ReadOnly | Self::Refused(_) => true,
            Self::TooMany { .. } | Self::Broken(_) | Self::Unreadable | Self::TooSlow | Self::Unreachable => false,
        }
    }
}

impl From<reqwest::Error> for XError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TooSlow } else { Self::Unreachable }
    }
}

/// A problem as X writes it (RFC 7807, with an older form beside it).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireProblem {
    #[serde(rename = "type")]
    about: String,
    title: String,
    detail: String,
}

/// What a status other than 2xx means.
pub(super) fn refusal(status: u16, text: &str, wait: Duration) -> XError {
    let problem: WireProblem = serde_json::from_str(text).unwrap_or_default();
    match status {
        401 => XError::KeysRefused,
        402 => XError::OutOfCredits,
        403 if problem.about.contains("oauth1-permissions") => XError::ReadOnly,
        429 => XError::TooMany { wait },
        500.. => XError::Broken(status),
        _ => {
            let words = if problem.detail.is_empty() { problem.title } else { problem.detail };
            let words: String = words.chars().take(300).collect();
            XError::Refused(if words.is_empty() { format!("it answered with status {status}.") } else { words })
        }
    }
}

/// How long X wants to be left alone: `x-rate-limit-reset` is a point in time, in seconds.
pub(super) fn wait(headers: &HeaderMap) -> Duration {
    let reset = headers.get("x-rate-limit-reset").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    Duration::from_secs(reset.map_or(900, |reset| reset.saturating_sub(now)).clamp(1, 86_400))
}
