//! A character as the API shows it.

use serde::Serialize;

use super::Character;
use crate::domain::secret::Mask;

/// A character as the API shows it: with masks where credentials are.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CharacterView {
    /// The stored character.
    #[serde(flatten)]
    pub character: Character,
    /// Instagram access token.
    pub instagram_api_key: Option<Mask>,
    /// X API key.
    pub twitter_app_key: Option<Mask>,
    /// X API key secret.
    pub twitter_app_secret: Option<Mask>,
    /// X access token.
    pub twitter_access_token: Option<Mask>,
    /// X access token secret.
    pub twitter_access_secret: Option<Mask>,
}
