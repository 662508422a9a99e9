//! The calls that bring a post to X: media, alt text, post, and the account's own timeline.

use chrono::{DateTime, Utc};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Data, Keys, X, XError};

/// The size of a piece where a picture goes up in several.
const PIECE: usize = 1 << 20;

/// A picture X holds for us for a day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Media {
    /// What a new post names.
    pub id: String,
    /// What a post that shows it is known by.
    #[serde(default)]
    pub media_key: Option<String>,
}

/// A post as the timeline shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// Its words, with links shortened.
    #[serde(default)]
    pub text: String,
    /// When it went out.
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
    /// What it shows.
    #[serde(default)]
    pub attachments: Attachments,
}

/// What a post shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Attachments {
    /// The keys of its pictures.
    #[serde(default)]
    pub media_keys: Vec<String>,
}

#[derive(Serialize)]
struct NewPost<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<NewMedia<'a>>,
    made_with_ai: bool,
}

#[derive(Serialize)]
struct NewMedia<'a> {
    media_ids: &'a [&'a str],
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Timeline {
    #[serde(default)]
    data: Vec<Seen>,
}

impl X {
    /// Hands over a JPEG: in one call, or in pieces where that is turned down. Repeating it does no harm.
    pub async fn upload(&self, keys: &Keys, jpeg: &[u8]) -> Result<Media, XError> {
        match self.upload_at_once(keys, jpeg).await {
            // The endpoint has turned down good requests before, when X was changing it.
            Err(XError::Refused(_)) => self.upload_in_pieces(keys, jpeg).await,
            answer => answer,
        }
    }

    async fn upload_at_once(&self, keys: &Keys, jpeg: &[u8]) -> Result<Media, XError> {
        let form = Form::new().part("media", picture(jpeg)?).text("media_category", "tweet_image");
        let answer: Data<Media> = self.send(keys, Method::POST, "2/media/upload", |request| request.multipart(form)).await?;
        Ok(answer.data)
    }

    async fn upload_in_pieces(&self, keys: &Keys, jpeg: &[u8]) -> Result<Media, XError> {
        let about = json!({"media_type": "image/jpeg", "total_bytes": jpeg.len(), "media_category": "tweet_image"});
        let begun: Data<Media> = self.send(keys, Method::POST, "2/media/upload/initialize", |request| request.json(&about)).await?;
        let id = begun.data.id;
        for (place, piece) in jpeg.chunks(PIECE).enumerate() {
            let form = Form::new().text("segment_index", place.to_string()).part("media", picture(piece)?);
            let path = format!("2/media/upload/{id}/append");
            let _: serde_json::Value = self.send(keys, Method::POST, &path, |request| request.multipart(form)).await?;
        }
        let done: Data<Media> = self.send(keys, Method::POST, &format!("2/media/upload/{id}/finalize"), |request| request).await?;
        Ok(Media { id, media_key: done.data.media_key.or(begun.data.media_key) })
    }

    /// Says what is to be seen on a picture, at most 1,000 characters. Repeating it does no harm.
    pub async fn describe(&self, keys: &Keys, media: &str, alt_text: &str) -> Result<(), XError> {
        let body = json!({"id": media, "metadata": {"alt_text": {"text": alt_text}}});
        let _: serde_json::Value = self.send(keys, Method::POST, "2/media/metadata", |request| request.json(&body)).await?;
        Ok(())
    }

    /// Makes a post: `POST /2/tweets`. Never to be repeated without knowing how it ended. Answers its id.
    pub async fn post(&self, keys: &Keys, text: &str, media: &[&str]) -> Result<String, XError> {
        let media = (!media.is_empty()).then_some(NewMedia { media_ids: media });
        let body = NewPost { text, media, made_with_ai: true };
        let made: Data<Made> = self.send(keys, Method::POST, "2/tweets", |request| request.json(&body)).await?;
        Ok(made.data.id)
    }

    /// The account's own posts since then, newest first, at most a hundred.
    pub async fn timeline(&self, keys: &Keys, account: &str, since: DateTime<Utc>) -> Result<Vec<Seen>, XError> {
        let since = since.format("%Y-%m-%dT%H:%M:%SZ");
        let path = format!(
            "2/users/{account}/tweets?max_results=100&start_time={since}&exclude=replies,retweets\
             &tweet.fields=created_at,attachments&expansions=attachments.media_keys"
        );
        let timeline: Timeline = self.send(keys, Method::GET, &path, |request| request).await?;
        Ok(timeline.data)
    }
}

fn picture(bytes: &[u8]) -> Result<Part, XError> {
    Part::bytes(bytes.to_vec()).file_name("picture.jpg").mime_str("image/jpeg").map_err(|_| XError::Unreadable)
}
