//! Accounts on networks: testing whether a character's keys work. Publishes nothing.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::{
    domain::{
        account::{Account, Outcome, Standing},
        caption::Network,
        character::{Character, CharacterId, Credential},
        problem::{Kind, Problem},
    },
    error::Error,
    integrations::x,
    state::AppState,
    store::{SecretState, Transaction},
};

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

/// How it stands with a character's account.
pub fn standing(app: &AppState, id: &CharacterId, network: Network) -> Standing {
    let missing = needed(network).iter().filter(|(credential, _)| app.store.mask(id.as_str(), credential.field()) == SecretState::Absent);
    let missing: Vec<_> = missing.map(|(_, words)| *words).collect();
    if !missing.is_empty() {
        return Standing::NotConfigured(missing);
    }
    let state = app.store.read();
    state.accounts.get(&Account::id_of(id, network)).map_or(Standing::Unchecked, |account| Standing::Checked(Account::clone(account)))
}

/// Asks the network whose keys these are, and keeps what it says. A network that cannot be asked now changes nothing.
pub async fn test(app: &AppState, id: &CharacterId, network: Network, now: DateTime<Utc>) -> Result<Account, Error> {
    super::characters::get(app, id)?;
    if let Standing::NotConfigured(missing) = standing(app, id, network) {
        let words = format!("For {} there is no {} yet.", network.label(), missing.join(", no "));
        return Err(Problem::new(Kind::NotConfigured, words).into());
    }
    let outcome = match network {
        Network::Instagram => instagram(app, id).await?,
        Network::X => on_x(app, id).await?,
    };
    let account = Account { id: Account::id_of(id, network), character_id: id.clone(), network, checked_at: now, outcome };
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

async fn instagram(app: &AppState, id: &CharacterId) -> Result<Outcome, Error> {
    let token = secret(app, id, Credential::InstagramApiKey)?;
    match app.instagram.me(&token).await {
        Ok(me) => Ok(Outcome::Connected { username: me.username, network_id: me.id }),
        Err(error) if error.is_about_token() => Ok(broken(error.to_string())),
        Err(error) => Err(Problem::new(Kind::Refused, error.to_string()).into()),
    }
}

async fn on_x(app: &AppState, id: &CharacterId) -> Result<Outcome, Error> {
    let keys = x::Keys {
        app_key: secret(app, id, Credential::TwitterAppKey)?,
        app_secret: secret(app, id, Credential::TwitterAppSecret)?,
        token: secret(app, id, Credential::TwitterAccessToken)?,
        token_secret: secret(app, id, Credential::TwitterAccessSecret)?,
    };
    match app.x.me(&keys).await {
        Ok(me) => Ok(Outcome::Connected { username: me.username, network_id: me.id }),
        Err(error) if error.is_about_keys() => Ok(broken(error.to_string())),
        Err(error) => Err(Problem::new(Kind::Refused, error.to_string()).into()),
    }
}

fn broken(words: String) -> Outcome {
    Outcome::Broken { problem: Problem::new(Kind::Refused, words) }
}

fn secret(app: &AppState, id: &CharacterId, credential: Credential) -> Result<SecretString, Error> {
    let locked = || {
        Problem::new(
            Kind::NotConfigured,
            "The stored key cannot be unsealed: the secret key is missing. Put it back, or enter the key anew.",
        )
    };
    app.store.secret(id.as_str(), credential.field()).ok_or_else(|| locked().into())
}
