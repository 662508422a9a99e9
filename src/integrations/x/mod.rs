//! X: its API v2 with OAuth 1.0a (<https://docs.x.com/x-api>).

mod error;
mod posting;
mod signature;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Url, header::HeaderValue};
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};

pub use self::{
    error::XError,
    posting::{Media, Seen},
};
use super::http::Http;

/// A client. A cheap handle.
#[derive(Debug, Clone)]
pub struct X {
    http: Http,
    base: Url,
    patience: Duration,
}

/// The four keys of an account.
#[derive(Debug, Clone)]
pub struct Keys {
    /// API key of the app.
    pub app_key: SecretString,
    /// Its secret.
    pub app_secret: SecretString,
    /// Access token of the account.
    pub token: SecretString,
    /// Its secret.
    pub token_secret: SecretString,
}

/// The account the keys belong to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// A number, too large for some languages; so a text.
    pub id: String,
    /// Without `@`.
    pub username: String,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

impl X {
    /// A client of the server at `base`, which waits `patience` for an answer.
    pub fn new(http: impl Into<Http>, base: Url, patience: Duration) -> Self {
        Self { http: http.into(), base, patience }
    }

    /// Where a post can be seen; `i` leads there too when the name is not known.
    pub fn address_of(&self, username: &str, id: &str) -> String {
        let site = match self.base.host_str() {
            Some("api.x.com" | "api.twitter.com") => "https://x.com".to_owned(),
            // A server of another name shows its posts itself.
            _ => self.base.origin().ascii_serialization(),
        };
        format!("{site}/{username}/status/{id}")
    }

    /// Whose keys these are: `GET /2/users/me`. Changes nothing.
    pub async fn me(&self, keys: &Keys) -> Result<Me, XError> {
        self.send::<Data<Me>>(keys, Method::GET, "2/users/me", |request| request).await.map(|answer| answer.data)
    }

    /// Sends a request once, signed afresh: X knows a repeated one by its nonce.
    async fn send<T: DeserializeOwned>(
        &self,
        keys: &Keys,
        method: Method,
        path: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<T, XError> {
        let url = self.base.join(path).map_err(|_| XError::Unreachable)?;
        let signed = signature::authorization(method.as_str(), url.as_str(), keys, None);
        let mut header = HeaderValue::from_str(&signed).map_err(|_| XError::KeysRefused)?;
        header.set_sensitive(true);
        let request = fill(self.http.request(method, url)).header("authorization", header).timeout(self.patience);
        let response = self.http.send(request).await.map_err(XError::from)?;
        let (status, wait) = (response.status(), error::wait(response.headers()));
        let text = response.text().await.map_err(|_| XError::TooSlow)?;
        if !status.is_success() {
            return Err(error::refusal(status.as_u16(), &text, wait));
        }
        let text = if text.is_empty() { "{}" } else { &text };
        serde_json::from_str(text).map_err(|_| XError::Unreadable)
    }
}
