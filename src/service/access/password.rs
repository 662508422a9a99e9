//! The password: there is one, for the one person this is for.

use std::{net::IpAddr, time::Duration};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::{is_asked, logins};
use crate::{
    actor,
    domain::{
        access::{LoginId, check_password},
        activity::{Activity, ActivityId, Actor},
        problem::{Checks, Kind, Problem},
    },
    error::Error,
    state::AppState,
    store::{SecretState, Store, Transaction},
};

/// Where the password's hash lies among the secrets: sealed, under this owner and name.
const OWNER: &str = "access";
const FIELD: &str = "password";

/// Compared with where there is no password, so that no answer comes sooner than another. Nothing hashes to it: the
/// salt and the hash were drawn at random, with what [`Argon2::default`] would use.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bmV2ZXIgYSBwYXNzd29yZA$Uv8Jq2b0nZb4cXK7m3q1s0d5r9w6t8y2u4i6o8p0a1s";

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is not the password.
    Wrong,
    /// Too many attempts from there: this long nothing is looked at.
    TooMany(Duration),
    /// Nobody can log in, and why.
    Locked(String),
}

impl Refused {
    /// What a person reads.
    pub fn words(&self) -> String {
        match self {
            Self::Wrong => "This is not the password.".to_owned(),
            Self::TooMany(wait) => {
                format!("There were too many attempts from here. Try again in {} seconds.", wait.as_secs().saturating_add(1))
            }
            Self::Locked(why) => why.clone(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::invalid("current", refused.words())
    }
}

/// Why nobody can log in although a password is asked for, when that is so.
pub fn locked(app: &AppState) -> Option<String> {
    locked_in(&app.store)
}

/// The same for a store that nobody runs yet.
pub(super) fn locked_in(store: &Store) -> Option<String> {
    match store.mask(OWNER, FIELD) {
        SecretState::Set(_) => None,
        SecretState::Locked => Some("The password cannot be unsealed. Put the secret key back where it was.".to_owned()),
        SecretState::Absent if is_asked(&store.read()) => Some(
            "The file with the password cannot be read, or is gone. Put it back, or set a new one with: digital-dalla set-password"
                .to_owned(),
        ),
        SecretState::Absent => None,
    }
}

/// Lets somebody in who knows the password, or says why not. A failure becomes a line of activity now and then.
pub async fn log_in(app: &AppState, password: SecretString, address: IpAddr, now: DateTime<Utc>) -> Result<(), Refused> {
    let looked = look(app, password, address).await;
    if matches!(looked, Err(Refused::Wrong)) {
        tracing::warn!(%address, "a login failed");
        tell_failure(app, address, now).await;
    }
    looked.map(drop)
}

/// Looks whether it is the password, and answers the hash it was compared with.
async fn look(app: &AppState, typed: SecretString, address: IpAddr) -> Result<SecretString, Refused> {
    app.attempts.count(address).map_err(Refused::TooMany)?;
    let stored = app.store.secret(OWNER, FIELD);
    let turn = app.attempts.turn().await;
    let compared = stored.clone();
    let is_right = tokio::task::spawn_blocking(move || is_right(compared.as_ref(), &typed, verify)).await.unwrap_or(false);
    drop(turn);
    match stored {
        Some(stored) if is_right => Ok(stored),
        Some(_) => Err(Refused::Wrong),
        None => Err(locked(app).map_or(Refused::Wrong, Refused::Locked)),
    }
}

/// Whether it is the password. Always verifies, also when there is nothing to compare with: how long the answer takes
/// tells nothing.
fn is_right(stored: Option<&SecretString>, typed: &SecretString, verify: impl FnOnce(&str, &str) -> bool) -> bool {
    let same = verify(stored.map_or(NOBODY, |stored| stored.expose_secret()), typed.expose_secret());
    same && stored.is_some()
}

fn verify(stored: &str, typed: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| Argon2::default().verify_password(typed.as_bytes(), &stored).is_ok())
}

async fn tell_failure(app: &AppState, address: IpAddr, now: DateTime<Utc>) {
    let Some(count) = app.attempts.failed(now) else { return };
    let address = address.to_canonical().to_string();
    let line = Activity {
        id: ActivityId::new(),
        at: now,
        actor: Actor::Stranger { address },
        kind: "access".to_owned(),
        subject: None,
        character_id: None,
        words: if count == 1 { "A login failed".to_owned() } else { format!("{count} logins failed") },
    };
    if let Err(error) = app.store.write(move |tx| Ok::<_, Error>(tx.put(line)?)).await {
        tracing::warn!(problem = %Problem::from(error).message, "a failed login is not written down");
    }
}

/// A password as it is chosen: twice, so that a slip does not shut the person out.
async fn chosen(password: SecretString, again: &SecretString) -> Result<SecretString, Error> {
    let mut checks = Checks::default();
    check_password("password", password.expose_secret(), &mut checks);
    checks.require(password.expose_secret() == again.expose_secret(), "again", "The two are not the same. Type it once more.");
    checks.finish()?;
    let hashed = tokio::task::spawn_blocking(move || hashed(&password)).await;
    hashed.ok().flatten().ok_or_else(|| Problem::new(Kind::Internal, "The password could not be hashed. Nothing was changed.").into())
}

fn hashed(password: &SecretString) -> Option<SecretString> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes()).ok()?;
    Some(hash.to_string().into())
}

/// Sets the first password. Where there is one, it has to be known: see [`change`].
pub async fn set_first(app: &AppState, password: SecretString, again: &SecretString, now: DateTime<Utc>) -> Result<(), Error> {
    let hash = chosen(password, again).await?;
    app.store
        .write(move |tx| {
            if is_asked(tx.state()) {
                return Err(Problem::conflict("A password was set in the meantime. Log in with it.").into());
            }
            store(tx, &hash, None, now)
        })
        .await
}

/// Changes the password, for somebody who knows it. All sessions end but that one.
pub async fn change(app: &AppState, change: Change, now: DateTime<Utc>) -> Result<(), Error> {
    let hash = chosen(change.password, &change.again).await?;
    let known = look(app, change.current, change.address).await.map_err(Problem::from)?;
    let shared = app.clone();
    app.store
        .write(move |tx| {
            let now_stored = shared.store.secret_in(tx.state(), OWNER, FIELD);
            if now_stored.is_none_or(|stored| stored.expose_secret() != known.expose_secret()) {
                return Err(Problem::conflict("The password was changed in the meantime.").into());
            }
            store(tx, &hash, change.keep.as_ref(), now)
        })
        .await
}

/// A change of the password.
#[derive(Debug)]
pub struct Change {
    /// What it is now.
    pub current: SecretString,
    /// What it is to be.
    pub password: SecretString,
    /// The same again.
    pub again: SecretString,
    /// The session that stays.
    pub keep: Option<LoginId>,
    /// From where it is asked for.
    pub address: IpAddr,
}

/// Puts a password in place of whatever there was, for somebody who has this machine's command line. All sessions end.
pub async fn replace(app: &AppState, password: SecretString, again: &SecretString, now: DateTime<Utc>) -> Result<(), Error> {
    let hash = chosen(password, again).await?;
    actor::by(Actor::Local, app.store.write(move |tx| store(tx, &hash, None, now))).await
}

fn store(tx: &mut Transaction, hash: &SecretString, keep: Option<&LoginId>, now: DateTime<Utc>) -> Result<(), Error> {
    tx.put_secret(OWNER, FIELD, hash)?;
    let mut settings = tx.settings().clone();
    settings.password_since = Some(now);
    tx.put_settings(settings)?;
    logins::end_others(tx, keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_verified_whether_there_is_one_or_not() {
        let mut verified = Vec::new();
        let typed = SecretString::from("a guess");
        let stored = SecretString::from("a hash");
        assert!(is_right(Some(&stored), &typed, |hash, typed| {
            verified.push((hash.to_owned(), typed.to_owned()));
            true
        }));
        assert!(!is_right(None, &typed, |hash, typed| {
            verified.push((hash.to_owned(), typed.to_owned()));
            true
        }));
        assert_eq!(verified, [("a hash".to_owned(), "a guess".to_owned()), (NOBODY.to_owned(), "a guess".to_owned())]);
    }

    #[test]
    fn what_stands_for_no_password_costs_what_a_password_costs() {
        let ours = hashed(&"a password".into()).unwrap();
        let (ours, nobody) = (PasswordHash::new(ours.expose_secret()).unwrap(), PasswordHash::new(NOBODY).unwrap());
        assert_eq!((ours.algorithm, ours.version, &ours.params), (nobody.algorithm, nobody.version, &nobody.params));
        let lengths = |hash: &PasswordHash| (hash.salt.map(|salt| salt.len()), hash.hash.map(|hash| hash.len()));
        assert_eq!(lengths(&ours), lengths(&nobody));
        assert!(verify(hashed(&"a password".into()).unwrap().expose_secret(), "a password"));
        assert!(!verify(NOBODY, ""));
    }
}
