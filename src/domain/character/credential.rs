//! The keys of a character's accounts.

use serde::{Deserialize, Serialize};

use super::CharacterChange;
use crate::domain::sent::Sent;

/// A credential of a character. The names are those of the JSON contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Credential {
    /// Instagram access token.
    InstagramApiKey,
    /// X API key.
    TwitterAppKey,
    /// X API key secret.
    TwitterAppSecret,
    /// X access token.
    TwitterAccessToken,
    /// X access token secret.
    TwitterAccessSecret,
}

impl Credential {
    /// Every credential, in the order of the contract.
    pub const ALL: [Self; 5] =
        [Self::InstagramApiKey, Self::TwitterAppKey, Self::TwitterAppSecret, Self::TwitterAccessToken, Self::TwitterAccessSecret];

    /// The field's name in the contract.
    pub fn field(self) -> &'static str {
        match self {
            Self::InstagramApiKey => "instagramApiKey",
            Self::TwitterAppKey => "twitterAppKey",
            Self::TwitterAppSecret => "twitterAppSecret",
            Self::TwitterAccessToken => "twitterAccessToken",
            Self::TwitterAccessSecret => "twitterAccessSecret",
        }
    }

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::InstagramApiKey => "Instagram access token",
            Self::TwitterAppKey => "X API key",
            Self::TwitterAppSecret => "X API key secret",
            Self::TwitterAccessToken => "X access token",
            Self::TwitterAccessSecret => "X access token secret",
        }
    }
}

/// A secret on its way in. Does not print, and is written out as `null`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct NewSecret(pub String);

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSecret")
    }
}

impl Serialize for NewSecret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

impl CharacterChange {
    /// What the request says of each credential.
    pub fn credentials(&self) -> [(Credential, &Sent<NewSecret>); 5] {
        [
            (Credential::InstagramApiKey, &self.instagram_api_key),
            (Credential::TwitterAppKey, &self.twitter_app_key),
            (Credential::TwitterAppSecret, &self.twitter_app_secret),
            (Credential::TwitterAccessToken, &self.twitter_access_token),
            (Credential::TwitterAccessSecret, &self.twitter_access_secret),
        ]
    }
}
