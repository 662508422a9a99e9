//! OAuth 1.0a, checked: the parameters are put together once more and signed with what the account's secrets are
//! (<https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature>).

use std::{
    collections::{BTreeMap, HashSet},
    sync::Mutex,
};

use axum::http::{HeaderMap, Method, Uri, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::Utc;
use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::Sha1;

use super::{
    accounts::{self, KEYS, Persona},
    lock,
};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How far the caller's clock may be off, in seconds.
const CLOCK: i64 = 300;

/// The nonces that came: none is taken twice.
#[derive(Default)]
pub(super) struct Nonces(Mutex<HashSet<String>>);

/// Who signed a request to this `server`, if it is signed as it has to be.
pub(super) fn signer(server: &str, method: &Method, uri: &Uri, headers: &HeaderMap, nonces: &Nonces) -> Option<Persona> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("OAuth ")?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned());
    let pairs = header.split(',').map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        Some((name.to_owned(), decoded(value.strip_prefix('"')?.strip_suffix('"')?)?))
    });
    let mut fields: BTreeMap<String, String> = pairs.collect::<Option<_>>()?;
    let signature = fields.remove("oauth_signature")?;
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let persona = accounts::of_token(field("oauth_token"))?;
    let timestamp: i64 = field("oauth_timestamp").parse().ok()?;
    let fits = field("oauth_consumer_key") == KEYS[0]
        && field("oauth_signature_method") == "HMAC-SHA1"
        && field("oauth_version") == "1.0"
        && !field("oauth_nonce").is_empty()
        && (Utc::now().timestamp() - timestamp).abs() <= CLOCK
        && fields.keys().all(|name| name.starts_with("oauth_"));
    let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let query = query.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // Spaces come as + or %20.
        Some((decoded(&name.replace('+', " "))?, decoded(&value.replace('+', " "))?))
    });
    let mut parameters: Vec<(String, String)> = query.collect::<Option<_>>()?;
    parameters.extend(fields.clone());
    let url = format!("{server}{}", uri.path());
    let right = signed(method.as_str(), &url, parameters, KEYS[1], &persona.token_secret) == signature;
    // Only what is signed right is used up.
    (fits && right && lock(&nonces.0).insert(format!("{} {}", field("oauth_token"), field("oauth_nonce")))).then_some(persona)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn signed(method: &str, url: &str, parameters: Vec<(String, String)>, app_secret: &str, token_secret: &str) -> String {
    let mut pairs: Vec<_> = parameters.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let base = format!("{}&{}&{}", method.to_uppercase(), encoded(url), encoded(&pairs.join("&")));
    let key = format!("{}&{}", encoded(app_secret), encoded(token_secret));
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(base.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// X's own example, with its published keys.
    #[test]
    fn the_published_example_is_signed_as_published() {
        let parameters = [
            ("include_entities", "true"),
            ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            ("oauth_version", "1.0"),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let signature = signed(
            "post",
            "https://api.x.com/1.1/statuses/update.json",
            parameters,
            "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        );
        assert_eq!(signature, "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=");
    }
}
