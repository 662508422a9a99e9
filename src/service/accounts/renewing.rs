//! Keeping the tokens of Instagram alive: they end after sixty days.

use chrono::{DateTime, Duration, Utc};

use super::{Source, broken, secret, source};
use crate::{
    domain::{
        account::{Account, Outcome},
        caption::Network,
        character::Credential,
        problem::Problem,
    },
    error::Error,
    service::gemini::OWNER,
    state::AppState,
    store::State,
};

/// How often a token of Instagram is renewed; it has to be a day old, and ends after sixty.
const RENEW_AFTER: Duration = Duration::days(7);

/// How long nothing is tried after a renewal that did not work out.
const RENEW_AGAIN: Duration = Duration::hours(6);

/// Renews the tokens of Instagram whose time has come. What does not work out is tried again some hours later.
pub async fn keep(app: &AppState, now: DateTime<Utc>) {
    if app.instagram.is_of_facebook() {
        return;
    }
    // Renewing one that several characters share has renewed it for all of them, so the store is asked each time.
    let mut tried = Vec::new();
    while let Some((account, from)) = next(app, &app.store.read(), &tried, now) {
        if let Err(error) = renew(app, &account, &from, now).await {
            tracing::warn!(account = %account.id, problem = %Problem::from(error).message, "a token could not be renewed");
        }
        tried.push(account.id);
    }
}

/// An account whose token is to be renewed, and where the token lies. One of the environment is not ours to renew.
fn next(app: &AppState, state: &State, tried: &[String], now: DateTime<Utc>) -> Option<(Account, Source)> {
    // Where it was never renewed, the keys are at least as old as the test that has seen them.
    let due = |account: &Account| now - account.renewed_at.unwrap_or(account.checked_at) > RENEW_AFTER;
    let connected = state.accounts.iter().filter(|account| matches!(account.outcome, Outcome::Connected { .. }));
    let due = connected.filter(|account| account.network == Network::Instagram && !tried.contains(&account.id) && due(account));
    let mut stored = due.filter_map(|account| Some((Account::clone(account), stored(app, state, account)?)));
    stored.next()
}

/// Where an account's token is stored, when it is.
fn stored(app: &AppState, state: &State, account: &Account) -> Option<Source> {
    let from = source(app, state, &account.character_id, Credential::InstagramApiKey);
    from.filter(|from| matches!(from, Source::Own | Source::ForAll))
}

async fn renew(app: &AppState, account: &Account, from: &Source, now: DateTime<Utc>) -> Result<(), Error> {
    let token = secret(app, &account.character_id, Credential::InstagramApiKey)?;
    let renewed = app.instagram.renew(&token).await;
    let mut account = account.clone();
    let renewed = match renewed {
        Ok(renewed) => {
            account.renewed_at = Some(now);
            account.expires_at = Some(now + Duration::seconds(renewed.expires_in.into()));
            Some(renewed.token)
        }
        Err(error) => {
            tracing::warn!(account = %account.id, %error, "a token could not be renewed");
            account.renewed_at = Some(now - RENEW_AFTER + RENEW_AGAIN);
            if error.is_about_token() {
                account.outcome = broken(error.to_string());
            }
            None
        }
    };
    let sharing = sharing(app, &account, from);
    let owner = if *from == Source::ForAll { OWNER.to_owned() } else { account.character_id.to_string() };
    app.store
        .write(move |tx| {
            // Another token was entered in the meantime, or the account was tested: the next round sees to it.
            if tx.get::<Account>(&account.id).is_none_or(|stored| stored.checked_at != account.checked_at) {
                return Ok(());
            }
            // The token that came back and what is known of it: both or none.
            if let Some(token) = renewed {
                tx.put_secret(&owner, Credential::InstagramApiKey.field(), &token)?;
            }
            for other in sharing {
                if let Some(stored) = tx.get::<Account>(&other) {
                    let known = Account::clone(&stored);
                    tx.put(Account { renewed_at: account.renewed_at, expires_at: account.expires_at, ..known })?;
                }
            }
            Ok::<_, Error>(tx.put(account)?)
        })
        .await
}

/// The other accounts with the same token.
fn sharing(app: &AppState, account: &Account, from: &Source) -> Vec<String> {
    let state = app.store.read();
    let others = state.accounts.iter().filter(|other| other.network == Network::Instagram && other.id != account.id);
    let shares = |other: &Account| *from == Source::ForAll && stored(app, &state, other) == Some(Source::ForAll);
    others.filter(|other| shares(other)).map(|other| other.id.clone()).collect()
}
