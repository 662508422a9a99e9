//! What a request says of posts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Post;
use crate::domain::{caption::Network, character::CharacterId, content::ContentId, sent};

/// A post to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PostRequest {
    /// Whose account.
    pub character_id: Option<CharacterId>,
    /// The words that go out with it; those of the first picture when left out.
    pub caption: Option<String>,
    /// What is shown.
    pub content_id: Option<ContentId>,
    /// The same for several pictures in one post, in this order.
    pub content_ids: Vec<ContentId>,
    /// A path or address of a picture as this server gave it out, instead of its id.
    #[serde(alias = "image_path", alias = "imageUrl", alias = "image_url")]
    pub image_path: Option<String>,
    /// What is to be seen; that of the picture when left out.
    #[serde(alias = "alt_text")]
    pub alt_text: Option<String>,
    /// Everything happens except the call that makes it public.
    pub dry_run: bool,
    /// When it is to go out; now when left out.
    #[serde(alias = "scheduled_at")]
    pub scheduled_at: Option<DateTime<Utc>>,
}

/// What may be changed of a post that has not gone out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PostChange {
    /// When it is to go out.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "scheduled_at")]
    pub scheduled_at: sent::Sent<DateTime<Utc>>,
    /// The words that go out with it.
    #[schema(value_type = Option<String>)]
    pub caption: sent::Sent<String>,
}

/// What a person has seen of a post whose outcome was not known.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
pub struct Resolution {
    /// Whether it is out.
    pub published: bool,
    /// Its address there.
    #[serde(default)]
    pub url: Option<String>,
}

/// The answer to a request for a post.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Sent {
    /// The network.
    pub platform: &'static str,
    /// The post's id there, where that is known.
    pub post_id: Option<String>,
    /// Its address there, where that is known.
    pub post_url: Option<String>,
    /// The post in the ledger.
    pub post: Post,
}

impl From<Post> for Sent {
    fn from(post: Post) -> Self {
        let platform = match post.network {
            Network::Instagram => "instagram",
            Network::X => "twitter",
        };
        let (post_id, post_url) = (post.network_id().map(str::to_owned), post.url().map(str::to_owned));
        Self { platform, post_id, post_url, post }
    }
}
