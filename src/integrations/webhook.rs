//! A person's own webhook: one signed POST, without following anybody anywhere.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::http::Http;

/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// When it was sent, in seconds since 1970; part of what is signed.
pub const TIMESTAMP: &str = "dalla-timestamp";
/// `sha256=` and the HMAC of timestamp, dot and body, in hex.
pub const SIGNATURE: &str = "dalla-signature";
/// The same for each time the same is sent.
pub const DELIVERY: &str = "dalla-delivery";

/// Sends to webhooks. A cheap handle.
#[derive(Debug, Clone)]
pub struct Webhook {
    http: Http,
}

/// Where to, and what it is signed with.
#[derive(Debug, Clone)]
pub struct Address {
    /// http or https.
    pub url: Url,
    /// Without one it is not signed.
    pub secret: Option<SecretString>,
}

/// Why it did not arrive. Names neither address nor secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Nobody answers there.
    #[error("Nobody answers at the address.")]
    Unreachable,
    /// The answer did not come.
    #[error("The other side took longer than 10 seconds.")]
    TooSlow,
    /// It leads elsewhere, and is not followed.
    #[error("The other side leads to another address (status {0}), which is not followed. Enter the last one.")]
    Redirected(u16),
    /// It answered that it does not want it.
    #[error("The other side answered with status {0}.")]
    Refused(u16),
}

impl Webhook {
    /// `http` must not follow redirects.
    pub fn new(http: impl Into<Http>) -> Self {
        Self { http: http.into() }
    }

    /// Sends `body` once, under the name `delivery`.
    pub async fn send(&self, to: &Address, delivery: &str, body: String, now: DateTime<Utc>) -> Result<(), WebhookError> {
        let timestamp = now.timestamp().to_string();
        let mut request = self.http.post(to.url.clone()).timeout(PATIENCE);
        request = request.header("content-type", "application/json").header(DELIVERY, delivery).header(TIMESTAMP, &timestamp);
        if let Some(secret) = &to.secret {
            request = request.header(SIGNATURE, signature(secret, &timestamp, &body));
        }
        let answer = self.http.send(request.body(body)).await;
        let status = answer.map_err(|error| if error.is_timeout() { WebhookError::TooSlow } else { WebhookError::Unreachable })?.status();
        match status {
            status if status.is_success() => Ok(()),
            // 304 leads nowhere, and is no answer to a POST either.
            status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => Err(WebhookError::Redirected(status.as_u16())),
            status => Err(WebhookError::Refused(status.as_u16())),
        }
    }
}

/// What the other side computes as well, to see that it was us.
pub fn signature(secret: &SecretString, timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_others_compute() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let signed = signature(&"secret".into(), "1700000000", r#"{"a":1}"#);
        assert_eq!(signed, "sha256=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
    }
}
