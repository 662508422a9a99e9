//! The calls that bring a post to Instagram: container, status, publish, and what reads the account
//! (<https://developers.facebook.com/documentation/instagram-platform/content-publishing>).

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;

use super::{Instagram, InstagramError};

/// A container to be made. Nobody sees it before it is published.
#[derive(Debug, Clone, Copy)]
pub enum NewContainer<'a> {
    /// A post of one picture.
    Single {
        /// Where Instagram fetches the picture.
        image_url: &'a str,
        /// At most 2,200 characters.
        caption: &'a str,
        /// At most 1,000 characters.
        alt_text: &'a str,
    },
    /// One picture of several.
    Child {
        /// Where Instagram fetches the picture.
        image_url: &'a str,
        /// At most 1,000 characters.
        alt_text: &'a str,
    },
    /// A post of several pictures.
    Carousel {
        /// Their containers, 2–10.
        children: &'a [&'a str],
        /// At most 2,200 characters.
        caption: &'a str,
    },
}

/// How it stands with a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerStatus {
    /// Still being fetched or read.
    InProgress,
    /// Can be published.
    Finished,
    /// Is out.
    Published,
    /// Was not published within 24 hours.
    Expired,
    /// Could not be read; Instagram's own words.
    Failed(String),
}

/// A post of the account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Media {
    /// Its id.
    pub id: String,
    /// Its caption; not every setup may read it.
    #[serde(default)]
    pub caption: Option<String>,
    /// Its address.
    #[serde(default)]
    pub permalink: Option<String>,
    /// When it went out.
    #[serde(default, deserialize_with = "graph_time")]
    pub timestamp: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Status {
    status_code: String,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
struct Listed<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Limit {
    quota_usage: u32,
    config: Option<LimitConfig>,
}

#[derive(Deserialize)]
struct LimitConfig {
    quota_total: u32,
}

/// Where Meta's own pages disagree, the smaller number.
const USUAL_QUOTA: u32 = 50;

impl Instagram {
    /// How many posts the account has sent in 24 hours, and may: `GET /{account}/content_publishing_limit`.
    pub async fn quota(&self, token: &SecretString, account: &str) -> Result<(u32, u32), InstagramError> {
        let url = self.url(&format!("{account}/content_publishing_limit?fields=config,quota_usage"));
        let listed: Listed<Limit> = self.send(self.http.get(url), token).await?;
        let limit = listed.data.into_iter().next().ok_or(InstagramError::Unreadable)?;
        Ok((limit.quota_usage, limit.config.map_or(USUAL_QUOTA, |config| config.quota_total)))
    }

    /// Makes a container: `POST /{account}/media`. Repeating it does no harm.
    pub async fn create(&self, token: &SecretString, account: &str, new: NewContainer<'_>) -> Result<String, InstagramError> {
        let children;
        let mut fields: Vec<(&str, &str)> = match new {
            NewContainer::Single { image_url, caption, alt_text } => {
                vec![("image_url", image_url), ("caption", caption), ("alt_text", alt_text), ("is_ai_generated", "true")]
            }
            NewContainer::Child { image_url, alt_text } => {
                vec![("image_url", image_url), ("is_carousel_item", "true"), ("alt_text", alt_text)]
            }
            NewContainer::Carousel { children: ids, caption } => {
                children = ids.join(",");
                vec![("media_type", "CAROUSEL"), ("children", &children), ("caption", caption), ("is_ai_generated", "true")]
            }
        };
        fields.retain(|(_, value)| !value.is_empty());
        let made: Made = self.send(self.http.post(self.url(&format!("{account}/media"))).form(&fields), token).await?;
        Ok(made.id)
    }

    /// How it stands with a container: `GET /{container}`.
    pub async fn status(&self, token: &SecretString, container: &str) -> Result<ContainerStatus, InstagramError> {
        let url = self.url(&format!("{container}?fields=status_code,status"));
        let status: Status = self.send(self.http.get(url), token).await?;
        match status.status_code.as_str() {
            "IN_PROGRESS" => Ok(ContainerStatus::InProgress),
            "FINISHED" => Ok(ContainerStatus::Finished),
            "PUBLISHED" => Ok(ContainerStatus::Published),
            "EXPIRED" => Ok(ContainerStatus::Expired),
            "ERROR" => Ok(ContainerStatus::Failed(status.status.unwrap_or_default().chars().take(300).collect())),
            _ => Err(InstagramError::Unreadable),
        }
    }

    /// Makes a container public: `POST /{account}/media_publish`. Never to be repeated without knowing how it ended.
    pub async fn publish(&self, token: &SecretString, account: &str, container: &str) -> Result<String, InstagramError> {
        let request = self.http.post(self.url(&format!("{account}/media_publish"))).form(&[("creation_id", container)]);
        let made: Made = self.send(request, token).await?;
        Ok(made.id)
    }

    /// The address of a post: `GET /{media}`.
    pub async fn permalink(&self, token: &SecretString, media: &str) -> Result<Option<String>, InstagramError> {
        let media: Media = self.send(self.http.get(self.url(&format!("{media}?fields=id,permalink,timestamp"))), token).await?;
        Ok(media.permalink)
    }

    /// The newest posts of the account since then: `GET /{account}/media`.
    pub async fn recent(&self, token: &SecretString, account: &str, since: DateTime<Utc>) -> Result<Vec<Media>, InstagramError> {
        let since = since.timestamp();
        let url = self.url(&format!("{account}/media?fields=id,caption,permalink,timestamp&limit=50&since={since}"));
        let listed: Listed<Media> = self.send(self.http.get(url), token).await?;
        Ok(listed.data)
    }
}

/// The Graph API writes the offset without a colon: `2026-11-24T02:00:00+0000`.
fn graph_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let read = |text: &str| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").or_else(|_| DateTime::parse_from_rfc3339(text));
    Ok(text.and_then(|text| read(&text).ok()).map(|time| time.with_timezone(&Utc)))
}
