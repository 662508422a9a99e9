//! Accounts on networks: testing whether a character's keys work, and keeping Instagram's tokens alive. Publishes
//! nothing.

mod keys;
mod renewing;

use std::time::Instant;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

pub(super) use self::keys::{in_variables, network_of, secret, x_keys};
pub use self::{
    keys::{Source, account_id_for_all, for_all, mask_for_all, needed, source, variable},
    renewing::keep,
};
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
    store::{SealedSecret, State, Transaction},
    vitals::{Asked, Tested},
};

/// How it stands with a character's account.
pub fn standing(app: &AppState, id: &CharacterId, network: Network) -> Standing {
    standing_in(app, &app.store.read(), id, network)
}

/// The same in a certain state of the store.
pub(super) fn standing_in(app: &AppState, state: &State, id: &CharacterId, network: Network) -> Standing {
    let absent = |credential: Credential| source(app, state, id, credential).is_none();
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
    let (outcome, quota) = match network {
        Network::Instagram => {
            let (token, account) = (secret(app, id, Credential::InstagramApiKey)?, keys::instagram_account_id(app, id));
            asking(app, network, now, instagram(app, &token, &account, now)).await?
        }
        Network::X => asking(app, network, now, on_x(app, x_keys(app, id)?)).await?,
    };
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

/// Asks a network whose the keys for all characters are, and remembers until they are changed what it says.
pub async fn test_for_all(app: &AppState, network: Network, now: DateTime<Utc>) -> Result<Outcome, Error> {
    let missing = needed(network).iter().filter(|(credential, _)| for_all(app, *credential).is_none());
    let missing: Vec<_> = missing.map(|(_, words)| *words).collect();
    if !missing.is_empty() {
        let words = format!("For {} there is no {} for all characters yet.", network.label(), missing.join(", no "));
        return Err(Problem::new(Kind::NotConfigured, words).into());
    }
    let seen = glimpse(app);
    let (outcome, _) = match network {
        Network::Instagram => {
            let (token, account) = (keys::secret_for_all(app, Credential::InstagramApiKey)?, account_id_for_all(app));
            asking(app, network, now, instagram(app, &token, &account, now)).await?
        }
        Network::X => asking(app, network, now, on_x(app, keys::x_keys_for_all(app)?)).await?,
    };
    if seen.is_now(app) {
        app.vitals.note_test(network, Some(Tested { at: now, outcome: outcome.clone() }));
    }
    Ok(outcome)
}

/// Asks, and remembers when that was and how long it took.
async fn asking(
    app: &AppState,
    network: Network,
    now: DateTime<Utc>,
    answer: impl Future<Output = Result<Told, Error>>,
) -> Result<Told, Error> {
    let begun = Instant::now();
    let told = answer.await;
    app.vitals.note(network, Asked { at: now, took: begun.elapsed() });
    told
}

/// What a network says of an account.
type Told = (Outcome, Option<Quota>);

/// The keys for all characters of these networks are others now: what tests have seen with them counts no more.
pub(super) fn forget_for_all(app: &AppState, tx: &mut Transaction, networks: &[Network]) -> Result<(), Error> {
    let state = app.store.read();
    for network in networks {
        let shared = |id: &CharacterId| {
            let own = |credential| matches!(source(app, &state, id, credential), Some(Source::Own | Source::Named(_)));
            !needed(*network).iter().all(|(credential, _)| own(*credential))
        };
        let theirs = state.characters.iter().map(|character| character.id.clone()).filter(|id| shared(id));
        theirs.collect::<Vec<_>>().iter().try_for_each(|id| forget(tx, id, *network))?;
        app.vitals.note_test(*network, None);
    }
    Ok(())
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

impl Glimpse {
    /// Whether no secret was changed since.
    fn is_now(self, app: &AppState) -> bool {
        app.store.read().secrets.version() == self.0
    }
}

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

async fn instagram(app: &AppState, token: &SecretString, account: &str, now: DateTime<Utc>) -> Result<Told, Error> {
    let me = match app.instagram.me(token, account).await {
        Ok(me) => me,
        Err(error) if error.is_about_token() => return Ok((broken(error.to_string()), None)),
        Err(error) => return Err(Problem::new(Kind::Refused, error.to_string()).into()),
    };
    // Whose token it is says nothing of what it may do; the quota is told only to those who may publish.
    match app.instagram.quota(token, &me.id).await {
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
    app.instagram.me(token, &keys::instagram_account_id(app, id)).await
}

async fn on_x(app: &AppState, keys: x::Keys) -> Result<Told, Error> {
    match app.x.me(&keys).await {
        Ok(me) => Ok((Outcome::Connected { username: me.username, network_id: me.id }, None)),
        Err(error) if error.is_about_keys() => Ok((broken(error.to_string()), None)),
        Err(error) => Err(Problem::new(Kind::Refused, error.to_string()).into()),
    }
}

fn broken(words: String) -> Outcome {
    Outcome::Broken { problem: Problem::new(Kind::Refused, words) }
}
