//! OAuth 1.0a, signed with HMAC-SHA1. Bodies of ours are JSON or multipart, which are no part of what is signed.

use std::num::NonZeroU64;

use oauth1_request::{Builder, HMAC_SHA1, ParameterList, Token};
use secrecy::ExposeSecret;

use super::Keys;

/// What a test fixes: nonce and timestamp. Without, both are fresh, as X wants them for every attempt.
pub(super) type Fixed<'a> = Option<(&'a str, u64)>;

/// The `Authorization` header of a request. A query of the URL is signed too.
pub(super) fn authorization(method: &str, url: &str, keys: &Keys, fixed: Fixed<'_>) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let token = Token::from_parts(
        keys.app_key.expose_secret(),
        keys.app_secret.expose_secret(),
        keys.token.expose_secret(),
        keys.token_secret.expose_secret(),
    );
    let mut builder = Builder::with_token(token, HMAC_SHA1);
    builder.version(true);
    if let Some((nonce, timestamp)) = fixed {
        builder.nonce(nonce).timestamp(NonZeroU64::new(timestamp));
    }
    builder.authorize(method, address, &ParameterList::new(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// X publishes these keys and the first signature; the others were computed with an independent program.
    fn published() -> Keys {
        Keys {
            app_key: "xvz1evFS4wEEPTGEFPHBog".into(),
            app_secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw".into(),
            token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb".into(),
            token_secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE".into(),
        }
    }

    #[test]
    fn signatures_are_those_that_are_known() {
        let cases = [
            ("POST", "https://api.x.com/2/tweets", "lr+tV/DKclEvXKVjG6tgaSSLV0k="),
            ("POST", "https://api.x.com/2/media/upload", "YZ5YwjPOf77chBwnCu/nWa4UK3U="),
            ("GET", "https://api.x.com/2/users/me", "s6npKHEFSxFN4Kn7jGHKfpcDUOI="),
            ("GET", "https://api.x.com/2/users/me?user.fields=id,username,subscription_type", "+BF8B49BFPk83RUo8W4IHxeaBEc="),
        ];
        for (method, url, signature) in cases {
            let header = authorization(method, url, &published(), Some(("kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", 1_318_622_958)));
            let encoded = percent_encoding::utf8_percent_encode(signature, percent_encoding::NON_ALPHANUMERIC).to_string();
            assert!(header.contains(&format!("oauth_signature=\"{encoded}\"")), "{method} {url}: {header}");
        }
    }

    #[test]
    fn no_two_requests_are_signed_alike() {
        let sign = || authorization("GET", "https://api.x.com/2/users/me", &published(), None);
        assert_ne!(sign(), sign());
    }
}
