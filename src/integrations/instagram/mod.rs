//! Instagram: the Graph API with Instagram Login (<https://developers.facebook.com/docs/instagram-platform>).

mod error;

use std::time::Duration;

use reqwest::{Client, Url, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub use self::error::InstagramError;

/// A client. A cheap handle.
#[derive(Debug, Clone)]
pub struct Instagram {
    http: Client,
    base: Url,
    patience: Duration,
}

/// The account a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// The id that is used in publishing paths.
    pub id: String,
    /// Without `@`.
    pub username: String,
}

/// Meta's page shows the fields inside `data`, other clients read them at the top: both are understood.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Listed { data: [Fields; 1] },
    Plain(Fields),
}

#[derive(Deserialize)]
struct Fields {
    #[serde(alias = "id")]
    user_id: serde_json::Value,
    username: String,
}

impl Instagram {
    /// A client of the server at `base`, the version included, which waits `patience` for an answer.
    pub fn new(http: Client, base: Url, patience: Duration) -> Self {
        Self { http, base, patience }
    }

    /// Whose token this is: `GET /me`. Changes nothing.
    pub async fn me(&self, token: &SecretString) -> Result<Me, InstagramError> {
        let url = format!("{}/me?fields=user_id,username", self.base.as_str().trim_end_matches('/'));
        let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| InstagramError::TokenRefused)?;
        header.set_sensitive(true);
        let request = self.http.get(url).header("authorization", header).timeout(self.patience);
        let response = request.send().await.map_err(InstagramError::from)?;
        let status = response.status();
        let text = response.text().await.map_err(InstagramError::from)?;
        if !status.is_success() {
            return Err(error::refusal(status.as_u16(), &text));
        }
        let fields = match serde_json::from_str(&text) {
            Ok(Answer::Listed { data: [fields] } | Answer::Plain(fields)) => fields,
            Err(_) => return Err(InstagramError::Unreadable),
        };
        let id = fields.user_id.as_str().map_or_else(|| fields.user_id.to_string(), str::to_owned);
        Ok(Me { id, username: fields.username })
    }
}
