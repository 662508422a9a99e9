//! What can go wrong with Instagram, in words. Told by `code` and `error_subcode`, never by the text, which is in the
//! language of the account.

use serde::Deserialize;

/// A failure, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstagramError {
    /// 190, 102, or a token that cannot be one.
    #[error("Instagram refuses the token: it is wrong, or is no longer valid. Make a new one in the app dashboard.")]
    TokenRefused,
    /// 190 with 463 or 467.
    #[error("The Instagram token has expired. Make a new one in the app dashboard.")]
    TokenExpired,
    /// 190 with 459 or 464, or 25.
    #[error("Instagram holds the account back until you have looked at it: open the Instagram app and confirm what it asks.")]
    Checkpoint,
    /// 10 and 200–299.
    #[error("The Instagram token lacks a permission. It needs instagram_business_basic and instagram_business_content_publish.")]
    NotPermitted,
    /// 4, 17, 32, 613, 80002.
    #[error("Instagram wants a pause: too many calls. Try again in an hour.")]
    TooMany,
    /// Another refusal.
    #[error("Instagram refused: {0}")]
    Refused(String),
    /// 1, 2 and 5xx.
    #[error("Instagram is overloaded or broken. Try again later.")]
    Broken,
    /// An answer of another shape.
    #[error("Instagram's answer could not be read. Try again later.")]
    Unreadable,
    /// No answer in time.
    #[error("Instagram did not answer in time. Try again later.")]
    TooSlow,
    /// No connection.
    #[error("Instagram cannot be reached. Is this machine online?")]
    Unreachable,
}

impl InstagramError {
    /// Whether this says something of the token, and not of the moment.
    pub fn is_about_token(&self) -> bool {
        match self {
            Self::TokenRefused | Self::TokenExpired | Self::Checkpoint | Self::NotPermitted | Self::Refused(_) => true,
            Self::TooMany | Self::Broken | Self::Unreadable | Self::TooSlow | Self::Unreachable => false,
        }
    }
}

impl From<reqwest::Error> for InstagramError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::TooSlow } else { Self::Unreachable }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope {
    error: Fault,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fault {
    message: String,
    code: i64,
    error_subcode: i64,
    error_user_msg: String,
}

/// What an answer other than 2xx means (Meta's error codes, and those of the Instagram platform).
pub(super) fn refusal(status: u16, text: &str) -> InstagramError {
    let fault = serde_json::from_str::<Envelope>(text).unwrap_or_default().error;
    match (fault.code, fault.error_subcode) {
        (190, 463 | 467) => InstagramError::TokenExpired,
        (190, 459 | 464) | (25, _) => InstagramError::Checkpoint,
        (190 | 102, _) => InstagramError::TokenRefused,
        (10 | 200..=299, _) => InstagramError::NotPermitted,
        (4 | 17 | 32 | 341 | 613 | 80_001 | 80_002, _) => InstagramError::TooMany,
        (1 | 2, _) => InstagramError::Broken,
        (0, _) if status >= 500 => InstagramError::Broken,
        (0, _) if status == 401 => InstagramError::TokenRefused,
        _ => {
            let words = if fault.error_user_msg.is_empty() { fault.message } else { fault.error_user_msg };
            let words: String = words.chars().take(300).collect();
            InstagramError::Refused(if words.is_empty() { format!("it answered with status {status}.") } else { words })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_count_and_texts_do_not() {
        let answer = |code: i64, subcode: i64| {
            let body =
                serde_json::json!({"error": {"message": "Fehler", "type": "OAuthException", "code": code, "error_subcode": subcode}});
            refusal(400, &body.to_string())
        };
        assert_eq!(answer(190, 463), InstagramError::TokenExpired);
        assert_eq!(answer(190, 459), InstagramError::Checkpoint);
        assert_eq!(answer(190, 0), InstagramError::TokenRefused);
        assert_eq!(answer(10, 0), InstagramError::NotPermitted);
        assert_eq!(answer(80_002, 0), InstagramError::TooMany);
        assert_eq!(answer(100, 33), InstagramError::Refused("Fehler".into()));
        assert_eq!(refusal(502, "<html>"), InstagramError::Broken);
    }
}
