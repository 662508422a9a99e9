//! Tokens with which programs come in.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::hash;
use crate::{
    domain::{
        access::{ApiToken, COARSELY, NewToken, TokenId, TokenView},
        problem::{Checks, Problem},
    },
    error::Error,
    state::AppState,
    store::Transaction,
};

/// What every token begins with, so that those who look for leaked ones find them.
const PREFIX: &str = "dalla_";
/// Most tokens.
const MOST: usize = 100;

/// Makes a token. What is answered is shown once; nobody here can say it again.
pub async fn make(app: &AppState, new: NewToken, now: DateTime<Utc>) -> Result<SecretString, Error> {
    let new = new.tidied();
    let mut checks = Checks::default();
    new.check(&mut checks);
    checks.finish()?;
    let text = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()));
    let token = ApiToken {
        id: TokenId::new(),
        name: new.name,
        scopes: new.scopes,
        hash: hash(&text),
        ending: text[text.len() - 4..].to_owned(),
        created_at: now,
        used_at: None,
    };
    app.store
        .write(move |tx| {
            if tx.table::<ApiToken>().len() >= MOST {
                return Err(Error::from(Problem::conflict("There are 100 tokens. Revoke one that is not used any more.")));
            }
            Ok(tx.put(token)?)
        })
        .await?;
    Ok(text.into())
}

/// The token of that text.
pub fn token(app: &AppState, text: &str) -> Option<Arc<ApiToken>> {
    app.store.read().tokens.indexed("hash", &hash(text)).next().cloned()
}

/// All tokens, newest first.
pub fn tokens(app: &AppState) -> Vec<TokenView> {
    app.store.read().tokens.newest().map(|token| TokenView::from(&**token)).collect()
}

/// Revokes a token: whoever holds it is let in no longer.
pub async fn revoke(app: &AppState, id: &TokenId) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| if tx.delete::<ApiToken>(id.as_str())? { Ok(()) } else { Err(Error::from(Problem::not_found("token"))) })
        .await
}

/// Notes when it was last used, unless that is known closely enough.
pub(super) fn note(tx: &mut Transaction, id: &TokenId, now: DateTime<Utc>) -> Result<(), Error> {
    let closely = |token: &ApiToken| token.used_at.is_some_and(|used| now - used < COARSELY);
    let Some(stored) = tx.get::<ApiToken>(id.as_str()).filter(|token| !closely(token)) else { return Ok(()) };
    Ok(tx.put(ApiToken { used_at: Some(now), ..ApiToken::clone(&stored) })?)
}
