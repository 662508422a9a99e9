//! Accounts on networks: testing whether a character's keys work, and keeping Instagram's tokens alive. Publishes
//! nothing.

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use secrecy::SecretString;

use crate::{
    domain::{
        account::{Account, Outcome, Quota, Standing},
        caption::Network,
        character::{Character, CharacterId, Credential},
        post::Post,
        problem::{Kind, Problem},
    },
    error::Error,
    integrations::{
        instagram::{InstagramError, Me},
        x,
    },
    state::AppState,
    store::{SealedSecret, SecretState, State, Transaction},
    vitals::Asked,
};

/// How often a token of Instagram is renewed; it has to be a day old, and ends after sixty.
const RENEW_AFTER: Duration = Duration::days(7);

/// How long nothing is tried after a renewal that did not work out.
const RENEW_AGAIN: Duration = Duration::hours(6);

/// The keys a network needs, as a page calls them.
pub fn needed(network: Network) -> &'static [(Credential, &'static str)] {
    match network {
        Network::Instagram => &[(Credential::InstagramApiKey, "access token")],
        Network::X => &[
            (Credential::TwitterAppKey, "API key"),
            (Credential::TwitterAppSecret, "API key secret"),
            (Credential::TwitterAccessToken, "access token"),
            (Credential::TwitterAccessSecret, "access token secret"),
        ],
    }
}

/// The variable a key may be in, and the same for all characters after her name.
pub(super) fn variable(credential: Credential) -> &'static str {
    match credential {
        Credential::InstagramApiKey => "INSTAGRAM_ACCESS_TOKEN",
        Credential::TwitterAppKey => "TWITTER_API_KEY",
        Credential::TwitterAppSecret => "TWITTER_API_KEY_SECRET",
        Credential::TwitterAccessToken => "TWITTER_ACCESS_TOKEN",
        Credential::TwitterAccessSecret => "TWITTER_ACCESS_TOKEN_SECRET",
    }
}

/// Where a key is when it is not stored: in the variable with her name before it, else in the one for all.
pub fn in_environment(app: &AppState, state: &State, id: &CharacterId, credential: Credential) -> Option<String> {
    let character = state.characters.get(id.as_str())?;
    let own = format!("{}_{}", in_variables(&character.name), variable(credential));
    [own, variable(credential).to_owned()].into_iter().find(|name| app.config.network_keys.contains_key(name))
}

/// A character's name as it stands before the names of her own variables.
pub(super) fn in_variables(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// How it stands with a character's account.
pub fn standing(app: &AppState, id: &CharacterId, network: Network) -> Standing {
    standing_in(app, &app.store.read(), id, network)
}

/// The same in a certain state of the store.
pub(super) fn standing_in(app: &AppState, state: &State, id: &CharacterId, network: Network) -> Standing {
    let absent = |credential: Credential| {
        app.store.mask(id.as_str(), credential.field()) == SecretState::Absent && in_environment(app, state, id, credential).is_none()
    };
    let missing: Vec<_> = needed(network).iter().filter(|(credential, _)| absent(*credential)).map(|(_, words)| *words).collect();
    if !missing.is_empty() {
        return Standing::NotConfigured(missing);
    }
    state.accounts.get(&Account::id_of(id, network)).map_or(Standing::Unchecked, |account| Standing::Checked(Account::clone(account)))
}

/// Asks the network whose keys these are, and keeps what it says. A network that cannot be asked now changes nothing.
pub async fn test(app: &AppState, id: &CharacterId, network: Network, now: DateTime<Utc>) -> Result<Account, Error> {
    super::characters::get(app, id)?;
    if let Standing::NotConfigured(missing) = standing(app, id, network) {
        let words = format!("For {} there is no {} yet.", network.label(), missing.join(", no "));
        return Err(Problem::new(Kind::NotConfigured, words).into());
    }
    let begun = Instant::now();
    let told = match network {
        Network::Instagram => instagram(app, id, now).await,
        Network::X => on_x(app, id).await.map(|outcome| (outcome, None)),
    };
    app.vitals.note(network, Asked { at: now, took: begun.elapsed() });
    let (outcome, quota) = told?;
    if let Outcome::Broken { problem } = &outcome {
        tracing::warn!(character.id = %id, network = network.key(), problem = %problem.message, "an account does not work");
    }
    let known = app.store.read().accounts.get(&Account::id_of(id, network)).cloned();
    let account = Account {
        id: Account::id_of(id, network),
        character_id: id.clone(),
        network,
        checked_at: now,
        outcome,
        quota: quota.or_else(|| known.as_ref().and_then(|known| known.quota.clone())),
        expires_at: known.as_ref().and_then(|known| known.expires_at),
        renewed_at: known.as_ref().and_then(|known| known.renewed_at),
    };
    let stored = account.clone();
    app.store
        .write(move |tx| {
            // Deleted in the meantime, she has no account any more.
            if tx.get::<Character>(stored.character_id.as_str()).is_none() {
                return Err(Error::from(Problem::not_found("character")));
            }
            Ok(tx.put(stored)?)
        })
        .await?;
    Ok(account)
}

/// Whether anything was seen of a post's account.
pub(super) fn is_known(app: &AppState, post: &Post) -> bool {
    app.store.read().accounts.get(&post.account()).is_some()
}

/// What [`learn`] has to know of the moment its caller looked at the keys.
pub(super) fn glimpse(app: &AppState) -> Glimpse {
    Glimpse(app.store.read().secrets.version())
}

/// The secrets as they were at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glimpse(u64);

/// Keeps the name and id of a post's account, where nothing is known of it and no key was changed since.
pub(super) async fn learn(
    app: &AppState,
    post: &Post,
    (username, network_id): (&str, &str),
    seen: Glimpse,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let account = Account {
        id: post.account(),
        character_id: post.character_id.clone(),
        network: post.network,
        checked_at: now,
        outcome: Outcome::Connected { username: username.to_owned(), network_id: network_id.to_owned() },
        quota: None,
        expires_at: None,
        renewed_at: None,
    };
    app.store
        .write(move |tx| {
            let same_keys = tx.table::<SealedSecret>().version() == seen.0;
            let there = tx.get::<Character>(account.character_id.as_str()).is_some();
            if same_keys && there && tx.get::<Account>(&account.id).is_none() {
                tx.put(account)?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// Forgets what tests have seen, because the keys are others now or the character is gone.
pub(super) fn forget(tx: &mut Transaction, id: &CharacterId, network: Network) -> Result<(), Error> {
    tx.delete::<Account>(&Account::id_of(id, network))?;
    Ok(())
}

/// The network a key is for.
pub(super) fn network_of(credential: Credential) -> Network {
    match credential {
        Credential::InstagramApiKey => Network::Instagram,
        Credential::TwitterAppKey | Credential::TwitterAppSecret | Credential::TwitterAccessToken | Credential::TwitterAccessSecret => {
            Network::X
        }
    }
}

/// A call has shown that an account does not let us in: its posts wait until somebody has seen to it.
pub(super) fn broke(tx: &mut Transaction, post: &Post, problem: &Problem, now: DateTime<Utc>) -> Result<(), Error> {
    let known = tx.get::<Account>(&post.account());
    Ok(tx.put(Account {
        id: post.account(),
        character_id: post.character_id.clone(),
        network: post.network,
        checked_at: now,
        outcome: Outcome::Broken { problem: problem.clone() },
        quota: known.as_ref().and_then(|known| known.quota.clone()),
        expires_at: known.as_ref().and_then(|known| known.expires_at),
        renewed_at: known.as_ref().and_then(|known| known.renewed_at),
    })?)
}

/// Renews the tokens of Instagram whose time has come. What does not work out is tried again some hours later.
pub async fn keep(app: &AppState, now: DateTime<Utc>) {
    if app.instagram.is_of_facebook() {
        return;
    }
    let state = app.store.read();
    // Where it was never renewed, the keys are at least as old as the test that has seen them.
    let due = |account: &Account| now - account.renewed_at.unwrap_or(account.checked_at) > RENEW_AFTER;
    let ours =
        |account: &Account| app.store.mask(account.character_id.as_str(), Credential::InstagramApiKey.field()) != SecretState::Absent;
    let connected = state.accounts.iter().filter(|account| matches!(account.outcome, Outcome::Connected { .. }));
    for account in connected.filter(|account| account.network == Network::Instagram && due(account) && ours(account)) {
        if let Err(error) = renew(app, account, now).await {
            tracing::warn!(account = %account.id, problem = %Problem::from(error).message, "a token could not be renewed");
        }
    }
}

async fn renew(app: &AppState, account: &Account, now: DateTime<Utc>) -> Result<(), Error> {
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
    app.store
        .write(move |tx| {
            // Another token was entered in the meantime, or the account was tested: the next round sees to it.
            if tx.get::<Account>(&account.id).is_none_or(|stored| stored.checked_at != account.checked_at) {
                return Ok(());
            }
            // The token that came back and what is known of it: both or none.
            if let Some(token) = renewed {
                tx.put_secret(account.character_id.as_str(), Credential::InstagramApiKey.field(), &token)?;
            }
            Ok::<_, Error>(tx.put(account)?)
        })
        .await
}

async fn instagram(app: &AppState, id: &CharacterId, now: DateTime<Utc>) -> Result<(Outcome, Option<Quota>), Error> {
    let token = secret(app, id, Credential::InstagramApiKey)?;
    let me = match instagram_me(app, id, &token).await {
        Ok(me) => me,
        Err(error) if error.is_about_token() => return Ok((broken(error.to_string()), None)),
        Err(error) => return Err(Problem::new(Kind::Refused, error.to_string()).into()),
    };
    // Whose token it is says nothing of what it may do; the quota is told only to those who may publish.
    match app.instagram.quota(&token, &me.id).await {
        Ok((used, total)) => {
            let quota = Quota { used, total, seen_at: now };
            Ok((Outcome::Connected { username: me.username, network_id: me.id }, Some(quota)))
        }
        Err(error) if error.is_about_token() => Ok((broken(error.to_string()), None)),
        Err(error) => Err(Problem::new(Kind::Refused, error.to_string()).into()),
    }
}

/// Whose token this is.
pub(super) async fn instagram_me(app: &AppState, id: &CharacterId, token: &SecretString) -> Result<Me, InstagramError> {
    let account = app.store.read().characters.get(id.as_str()).map(|character| character.instagram_account_id.clone()).unwrap_or_default();
    app.instagram.me(token, &account).await
}

/// The four keys of a character's account on X.
pub(super) fn x_keys(app: &AppState, id: &CharacterId) -> Result<x::Keys, Error> {
    Ok(x::Keys {
        app_key: secret(app, id, Credential::TwitterAppKey)?,
        app_secret: secret(app, id, Credential::TwitterAppSecret)?,
        token: secret(app, id, Credential::TwitterAccessToken)?,
        token_secret: secret(app, id, Credential::TwitterAccessSecret)?,
    })
}

async fn on_x(app: &AppState, id: &CharacterId) -> Result<Outcome, Error> {
    match app.x.me(&x_keys(app, id)?).await {
        Ok(me) => Ok(Outcome::Connected { username: me.username, network_id: me.id }),
        Err(error) if error.is_about_keys() => Ok(broken(error.to_string())),
        Err(error) => Err(Problem::new(Kind::Refused, error.to_string()).into()),
    }
}

fn broken(words: String) -> Outcome {
    Outcome::Broken { problem: Problem::new(Kind::Refused, words) }
}

/// A key, for the moment it is used: the stored one, else the one of the environment.
pub(super) fn secret(app: &AppState, id: &CharacterId, credential: Credential) -> Result<SecretString, Error> {
    if app.store.mask(id.as_str(), credential.field()) == SecretState::Absent {
        let name = in_environment(app, &app.store.read(), id, credential);
        let key = name.and_then(|name| app.config.network_keys.get(&name).cloned());
        return key.ok_or_else(|| Problem::new(Kind::NotConfigured, "A key of the account is missing.").into());
    }
    let locked = "The stored key cannot be unsealed: the secret key is missing. Put it back, or enter the key anew.";
    app.store.secret(id.as_str(), credential.field()).ok_or_else(|| Problem::new(Kind::NotConfigured, locked).into())
}
