//! What can go wrong with X, in words.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::domain::post::Refusal;

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
    /// 403 with words about duplicate content.
    #[error("X says these words were posted already. Change the caption.")]
    Duplicate,
    /// 429.
    #[error("X wants a pause of {} min before the next call.", .wait.as_secs().div_ceil(60))]
    TooMany {
        /// How long.
        wait: Duration,
    },
    /// 400 with words about media ids.
    #[error("X no longer has the picture that was handed over.")]
    MediaGone,
    /// 413.
    #[error("The picture is larger than X takes.")]
    TooLarge,
    /// Another 4xx.
    #[error("X refused: {0}")]
    Refused(String),
    /// 5xx.
    #[error("X is overloaded or broken (status {0}).")]
    Broken(u16),
    /// An answer of another shape.
    #[error("X's answer could not be read.")]
    Unreadable,
    /// No answer in time, or the connection was cut.
    #[error("X did not answer in time.")]
    TooSlow,
    /// No connection: nothing was sent.
    #[error("X cannot be reached. Is this machine online?")]
    Unreachable,
}

impl XError {
    /// Whether this says something of the keys, and not of the moment.
    pub fn is_about_keys(&self) -> bool {
        matches!(self, Self::KeysRefused | Self::OutOfCredits | Self::ReadOnly | Self::Refused(_))
    }

    /// What follows for a post. `publishing`: it was the call that makes it public.
    pub fn refusal(&self, publishing: bool) -> Refusal {
        match self {
            Self::KeysRefused | Self::ReadOnly => Refusal::Account,
            // Nothing was posted; the post stays in the queue until somebody has bought credits.
            Self::OutOfCredits => Refusal::Later(chrono::Duration::hours(1)),
            Self::TooMany { wait } => Refusal::Later(chrono::Duration::seconds(wait.as_secs().try_into().unwrap_or(900))),
            Self::Broken(_) | Self::Unreadable | Self::TooSlow if publishing => Refusal::Unknown,
            Self::Broken(_) | Self::Unreadable | Self::TooSlow | Self::Unreachable => Refusal::Again,
            Self::MediaGone => Refusal::Lost,
            Self::Duplicate => Refusal::Duplicate,
            Self::TooLarge | Self::Refused(_) => Refusal::Final,
        }
    }
}

impl From<reqwest::Error> for XError {
    fn from(error: reqwest::Error) -> Self {
        // Only a connection that never stood says that nothing was sent.
        if error.is_connect() { Self::Unreachable } else { Self::TooSlow }
    }
}

/// A problem as X writes it (RFC 7807, with older forms beside it).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireProblem {
    #[serde(rename = "type")]
    about: String,
    title: String,
    detail: String,
    message: String,
    errors: Vec<OlderProblem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OlderProblem {
    message: String,
}

/// What a status other than 2xx means.
pub(super) fn refusal(status: u16, text: &str, wait: Duration) -> XError {
    let problem: WireProblem = serde_json::from_str(text).unwrap_or_default();
    match status {
        401 => XError::KeysRefused,
        402 => XError::OutOfCredits,
        403 if problem.about.contains("oauth1-permissions") || problem.detail.contains("oauth1 app permissions") => XError::ReadOnly,
        403 if problem.detail.to_lowercase().contains("duplicate content") => XError::Duplicate,
        400 if problem.errors.iter().any(|older| older.message.to_lowercase().contains("media id")) => XError::MediaGone,
        408 => XError::TooSlow,
        413 => XError::TooLarge,
        429 => XError::TooMany { wait },
        500.. => XError::Broken(status),
        _ => XError::Refused(words(status, problem)),
    }
}

fn words(status: u16, problem: WireProblem) -> String {
    // The older form names what is wrong where the newer says only that something is.
    let older = problem.errors.into_iter().map(|older| older.message);
    let words = older.chain([problem.detail, problem.message, problem.title]).find(|words| !words.is_empty());
    words.map_or_else(|| format!("it answered with status {status}."), |words| words.chars().take(300).collect())
}

/// How long X wants to be left alone: `x-rate-limit-reset` is a point in time, in seconds.
pub(super) fn wait(headers: &HeaderMap) -> Duration {
    let reset = headers.get("x-rate-limit-reset").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    Duration::from_secs(reset.map_or(900, |reset| reset.saturating_sub(now)).clamp(1, 86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_words_and_its_consequence() {
        let problem = |about: &str, detail: &str| serde_json::json!({"type": about, "title": "Forbidden", "detail": detail}).to_string();
        let minute = Refusal::Later(chrono::Duration::seconds(60));
        let cases = [
            (400, problem("about:blank", "One or more parameters to your request was invalid."), Refusal::Final, Refusal::Final, "invalid"),
            (401, "{}".to_owned(), Refusal::Account, Refusal::Account, "keys"),
            (402, "{}".to_owned(), Refusal::Later(chrono::Duration::hours(1)), Refusal::Later(chrono::Duration::hours(1)), "credits"),
            (
                400,
                r#"{"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","errors":[{"message":"Your media IDs are invalid."}]}"#
                    .to_owned(),
                Refusal::Lost,
                Refusal::Lost,
                "no longer has the picture",
            ),
            (403, problem("https://api.twitter.com/2/problems/oauth1-permissions", ""), Refusal::Account, Refusal::Account, "only read"),
            (
                403,
                problem("about:blank", "You are not allowed to create a Tweet with duplicate content."),
                Refusal::Duplicate,
                Refusal::Duplicate,
                "already",
            ),
            (403, problem("about:blank", "You are not permitted to perform this action."), Refusal::Final, Refusal::Final, "permitted"),
            (400, r#"{"code":38,"message":"media parameter is missing."}"#.to_owned(), Refusal::Final, Refusal::Final, "media parameter"),
            (429, r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#.to_owned(), minute, minute, "pause of 1 min"),
            (503, "<html>".to_owned(), Refusal::Again, Refusal::Unknown, "overloaded"),
        ];
        for (status, body, on_any, on_publish, words) in cases {
            let error = refusal(status, &body, Duration::from_secs(60));
            assert_eq!((error.refusal(false), error.refusal(true)), (on_any, on_publish), "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
