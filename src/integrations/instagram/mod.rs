//! Instagram: the Graph API with Instagram Login, or with Facebook Login where the base address is Facebook's
//! (<https://developers.facebook.com/docs/instagram-platform>).

mod error;
mod publishing;

use std::time::Duration;

use reqwest::{RequestBuilder, Url, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};

pub use self::{
    error::InstagramError,
    publishing::{ContainerStatus, Media, NewContainer},
};
use super::http::Http;

/// A client. A cheap handle.
#[derive(Debug, Clone)]
pub struct Instagram {
    http: Http,
    base: Url,
    patience: Duration,
    facebook: bool,
}

/// The account a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// The id that is used in publishing paths.
    pub id: String,
    /// Without `@`.
    pub username: String,
}

/// A token that was renewed.
#[derive(Debug)]
pub struct Renewed {
    /// The token from now on; it may be the same.
    pub token: SecretString,
    /// Seconds until it ends.
    pub expires_in: u32,
}

#[derive(Deserialize)]
struct WireToken {
    access_token: String,
    expires_in: u32,
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
    #[serde(default)]
    user_id: serde_json::Value,
    #[serde(default)]
    id: serde_json::Value,
    username: String,
}

impl Instagram {
    /// A client of the server at `base`, the version included, which waits `patience` for an answer.
    pub fn new(http: impl Into<Http>, base: Url, patience: Duration) -> Self {
        let facebook = base.host_str().is_some_and(|host| host == "facebook.com" || host.ends_with(".facebook.com"));
        Self { http: http.into(), base, patience, facebook }
    }

    /// The same where it is known, other than from the address, whether tokens come from Facebook Login.
    pub fn with_facebook(self, facebook: Option<bool>) -> Self {
        Self { facebook: facebook.unwrap_or(self.facebook), ..self }
    }

    /// Whether tokens are Facebook's, which belong to a page and do not have to be renewed.
    pub fn is_of_facebook(&self) -> bool {
        self.facebook
    }

    /// Whose token this is. Changes nothing. `account` is the account's id, which Facebook's tokens have to name.
    pub async fn me(&self, token: &SecretString, account: &str) -> Result<Me, InstagramError> {
        let path = match self.is_of_facebook() {
            true if account.is_empty() => {
                return Err(InstagramError::Refused("with a token of Facebook the account's id has to be entered too.".into()));
            }
            true => format!("{account}?fields=id,username"),
            false => "me?fields=user_id,username".to_owned(),
        };
        let fields = match self.send(self.http.get(self.url(&path)), token).await? {
            Answer::Listed { data: [fields] } | Answer::Plain(fields) => fields,
        };
        let id = [fields.user_id, fields.id].into_iter().find(|id| !id.is_null()).ok_or(InstagramError::Unreadable)?;
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        Ok(Me { id, username: fields.username })
    }

    /// Renews a token that is at least a day old and has not ended. Meta documents the token in the query only.
    pub async fn renew(&self, token: &SecretString) -> Result<Renewed, InstagramError> {
        let mut url = self.base.join("/refresh_access_token").map_err(|_| InstagramError::Unreachable)?;
        url.query_pairs_mut().append_pair("grant_type", "ig_refresh_token").append_pair("access_token", token.expose_secret());
        let renewed: WireToken = self.send(self.http.get(url), token).await?;
        Ok(Renewed { token: renewed.access_token.into(), expires_in: renewed.expires_in })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// Sends a request with the token in its header: one in an address would end up in logs.
    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder, token: &SecretString) -> Result<T, InstagramError> {
        let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| InstagramError::TokenRefused)?;
        header.set_sensitive(true);
        let request = request.header("authorization", header).timeout(self.patience);
        let response = self.http.send(request).await.map_err(InstagramError::from)?;
        let status = response.status();
        let text = response.text().await.map_err(|_| InstagramError::TooSlow)?;
        if !status.is_success() {
            return Err(error::refusal(status.as_u16(), &text));
        }
        serde_json::from_str(&text).map_err(|_| InstagramError::Unreadable)
    }
}
