//! What can go wrong with Instagram, in words. Told by `code` and `error_subcode`, never by the text, which is in the
//! language of the account.
//!
//! Codes: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/error-codes>.

use chrono::Duration;
use serde::Deserialize;

use crate::domain::post::Refusal;

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
    #[error("Instagram wants a pause: too many calls.")]
    TooMany,
    /// 9 with 2207042.
    #[error("Instagram takes no more posts of this account today: it allows a number in 24 hours, and they are used up.")]
    QuotaSpent,
    /// 4 with 2207051. Seen although the post went live.
    #[error("Instagram says the post looks like spam. It may be out nevertheless.")]
    LooksLikeSpam,
    /// 9004, 2207052 and 2207003.
    #[error("Instagram could not fetch the picture from its public address. Check that the address is reachable from outside.")]
    NotFetched,
    /// -1 with 2207032, 2207053 or 2207082.
    #[error("Instagram could not take the picture in this time.")]
    NotMade,
    /// The container is gone, expired or broken.
    #[error("Instagram no longer has what was handed over.")]
    ContainerGone,
    /// 9007 with 2207027.
    #[error("Instagram has not read the picture yet.")]
    NotReady,
    /// 36000.
    #[error("The picture is larger than the 8 MB Instagram takes.")]
    PictureTooLarge,
    /// 36001.
    #[error("Instagram cannot read the picture's format; it takes JPEG.")]
    PictureFormat,
    /// 36003.
    #[error("Instagram takes pictures from 4:5 to 1.91:1; this one has another shape. Choose in the settings how it is cut.")]
    PictureShape,
    /// 36004 and 100 with 2207040.
    #[error("Instagram refuses the caption: it is too long, or has too many hashtags or mentions.")]
    Caption,
    /// 506.
    #[error("Instagram says this was posted already.")]
    Duplicate,
    /// 368.
    #[error("Instagram has blocked this action for the account for a while. Wait a day or two.")]
    Blocked,
    /// 100 with 33: also answered wrongly for things that are there.
    #[error("Instagram says there is no such thing, which it sometimes says of things that are there.")]
    NoSuchThing,
    /// Another refusal.
    #[error("Instagram refused: {0}")]
    Refused(String),
    /// -1, 1, 2 and 5xx.
    #[error("Instagram is overloaded or broken.")]
    Broken,
    /// An answer of another shape.
    #[error("Instagram's answer could not be read.")]
    Unreadable,
    /// No answer in time, or the connection was cut.
    #[error("Instagram did not answer in time.")]
    TooSlow,
    /// No connection: nothing was sent.
    #[error("Instagram cannot be reached. Is this machine online?")]
    Unreachable,
}

impl InstagramError {
    /// Whether this says something of the token, and not of the moment.
    pub fn is_about_token(&self) -> bool {
        matches!(self, Self::TokenRefused | Self::TokenExpired | Self::Checkpoint | Self::NotPermitted | Self::Refused(_))
    }

    /// What follows for a post. `publishing`: it was the call that makes it public.
    pub fn refusal(&self, publishing: bool) -> Refusal {
        match self {
            Self::TokenRefused | Self::TokenExpired | Self::Checkpoint | Self::NotPermitted => Refusal::Account,
            Self::TooMany | Self::QuotaSpent => Refusal::Later(Duration::hours(1)),
            Self::LooksLikeSpam | Self::Broken | Self::NotMade | Self::Unreadable | Self::TooSlow | Self::NoSuchThing if publishing => {
                Refusal::Unknown
            }
            Self::Broken | Self::Unreadable | Self::TooSlow | Self::NoSuchThing | Self::Unreachable => Refusal::Again,
            Self::NotFetched | Self::NotMade | Self::ContainerGone => Refusal::Lost,
            Self::NotReady => Refusal::NotReady,
            Self::Duplicate => Refusal::Duplicate,
            Self::LooksLikeSpam
            | Self::Blocked
            | Self::PictureTooLarge
            | Self::PictureFormat
            | Self::PictureShape
            | Self::Caption
            | Self::Refused(_) => Refusal::Final,
        }
    }
}

impl From<reqwest::Error> for InstagramError {
    fn from(error: reqwest::Error) -> Self {
        // Only a connection that never stood says that nothing was sent.
        if error.is_connect() { Self::Unreachable } else { Self::TooSlow }
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
    is_transient: bool,
}

/// What an answer other than 2xx means.
pub(super) fn refusal(status: u16, text: &str) -> InstagramError {
    use InstagramError as E;
    let fault = serde_json::from_str::<Envelope>(text).unwrap_or_default().error;
    match (fault.code, fault.error_subcode) {
        (190, 463 | 467) => E::TokenExpired,
        (190, 459 | 464) | (25, _) => E::Checkpoint,
        (190 | 102, _) => E::TokenRefused,
        (10 | 200..=299, _) => E::NotPermitted,
        (4, 2_207_051) => E::LooksLikeSpam,
        (4 | 17 | 32 | 341 | 613 | 80_001 | 80_002, _) => E::TooMany,
        (9, 2_207_042) => E::QuotaSpent,
        (-2, 2_207_020) | (24, _) => E::ContainerGone,
        (-1, 2_207_032 | 2_207_053) | (_, 2_207_082) => E::NotMade,
        (-2 | 9004, _) | (_, 2_207_052) => E::NotFetched,
        (9007, _) => E::NotReady,
        (36_000, _) => E::PictureTooLarge,
        (36_001, _) => E::PictureFormat,
        (36_003, _) => E::PictureShape,
        (36_004, _) | (100, 2_207_040) => E::Caption,
        (100, 33) => E::NoSuchThing,
        (368, _) => E::Blocked,
        (506, _) => E::Duplicate,
        (-1 | 1 | 2, _) => E::Broken,
        (0, _) if status == 401 => E::TokenRefused,
        (0, _) if status == 408 => E::TooSlow,
        (0, _) if status == 429 => E::TooMany,
        // What is not known and may pass may also have happened.
        _ if status >= 500 || fault.is_transient => E::Broken,
        _ => E::Refused(words(status, fault)),
    }
}

fn words(status: u16, fault: Fault) -> String {
    let words = if fault.error_user_msg.is_empty() { fault.message } else { fault.error_user_msg };
    let words: String = words.chars().take(300).collect();
    if words.is_empty() { format!("it answered with status {status}.") } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: i64, subcode: i64) -> InstagramError {
        let body = serde_json::json!({"error": {"message": "Fehler", "type": "OAuthException", "code": code, "error_subcode": subcode}});
        refusal(400, &body.to_string())
    }

    #[test]
    fn codes_count_and_texts_do_not() {
        assert_eq!(answer(190, 463), InstagramError::TokenExpired);
        assert_eq!(answer(190, 459), InstagramError::Checkpoint);
        assert_eq!(answer(190, 0), InstagramError::TokenRefused);
        assert_eq!(answer(10, 0), InstagramError::NotPermitted);
        assert_eq!(answer(80_002, 0), InstagramError::TooMany);
        assert_eq!(answer(100, 2), InstagramError::Refused("Fehler".into()));
        assert_eq!(refusal(502, "<html>"), InstagramError::Broken);
        assert_eq!(refusal(500, r#"{"error": {"code": 77777}}"#), InstagramError::Broken);
        assert_eq!(refusal(400, r#"{"error": {"code": 77777, "is_transient": true}}"#), InstagramError::Broken);
        assert_eq!(refusal(429, "<html>"), InstagramError::TooMany);
    }

    /// The table of publishing codes: what follows on any call, and on the one that publishes.
    #[test]
    fn each_code_has_its_consequence() {
        use Refusal::{Account, Again, Duplicate, Final, Later, Lost, NotReady, Unknown};
        let hour = Later(Duration::hours(1));
        let cases = [
            (-2, 2_207_003, Lost, Lost),
            (-2, 2_207_020, Lost, Lost),
            (-1, 2_207_001, Again, Unknown),
            (-1, 2_207_032, Lost, Unknown),
            (-1, 2_207_053, Lost, Unknown),
            (1_000, 2_207_082, Lost, Unknown),
            (1, 0, Again, Unknown),
            (2, 0, Again, Unknown),
            (4, 0, hour, hour),
            (4, 2_207_051, Final, Unknown),
            (9, 2_207_042, hour, hour),
            (17, 0, hour, hour),
            (24, 2_207_006, Lost, Lost),
            (24, 2_207_008, Lost, Lost),
            (25, 2_207_050, Account, Account),
            (100, 33, Again, Unknown),
            (100, 2_207_023, Final, Final),
            (100, 2_207_028, Final, Final),
            (100, 2_207_040, Final, Final),
            (190, 460, Account, Account),
            (352, 2_207_026, Final, Final),
            (368, 0, Final, Final),
            (506, 0, Duplicate, Duplicate),
            (9004, 2_207_052, Lost, Lost),
            (9007, 2_207_027, NotReady, NotReady),
            (36_000, 2_207_004, Final, Final),
            (36_001, 2_207_005, Final, Final),
            (36_003, 2_207_009, Final, Final),
            (36_004, 2_207_010, Final, Final),
        ];
        for (code, subcode, on_any, on_publish) in cases {
            let error = answer(code, subcode);
            assert_eq!((error.refusal(false), error.refusal(true)), (on_any, on_publish), "{code}/{subcode}: {error}");
        }
    }
}
