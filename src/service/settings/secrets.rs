//! Secrets of the installation: what is to happen to each. They are sealed, and never shown again.

use crate::{
    domain::{
        caption::Network,
        character::{Credential, NewSecret},
        problem::Checks,
        secret::Mask,
        sent::Sent,
    },
    error::Error,
    service::{
        accounts,
        gemini::{self, KEY, KeyInForce, OWNER},
        webhooks,
    },
    state::AppState,
    store::{SecretState, Transaction},
};

/// What is to be stored or removed, by name.
pub(super) struct Secrets(Vec<(&'static str, Sent<NewSecret>)>);

impl Secrets {
    /// Reads what a change says. What comes back as it was shown is kept.
    pub(super) fn check(
        app: &AppState,
        gemini: Sent<NewSecret>,
        webhook: Sent<NewSecret>,
        keys: [(Credential, Sent<NewSecret>); 5],
        checks: &mut Checks,
    ) -> Self {
        let shown = match gemini::key_in_force(app) {
            KeyInForce::Stored(mask) | KeyInForce::Environment(mask) => Some(mask),
            KeyInForce::Locked | KeyInForce::None => None,
        };
        let mut secrets = vec![
            (KEY, new_secret(KEY, shown.as_ref().map(Mask::as_str), gemini, checks)),
            (webhooks::SECRET, new_secret(webhooks::SECRET, webhook_secret(app).as_deref(), webhook, checks)),
        ];
        for (credential, sent) in keys {
            let field = credential.field();
            secrets.push((field, new_secret(field, accounts::mask_for_all(app, credential).as_deref(), sent, checks)));
        }
        secrets.retain(|(_, sent)| !sent.is_absent());
        Self(secrets)
    }

    /// Whether the key for Gemini is among them.
    pub(super) fn has_gemini(&self) -> bool {
        self.0.iter().any(|(field, _)| *field == KEY)
    }

    /// Stores and removes them. What was seen of accounts whose keys are others now is forgotten.
    pub(super) fn apply(self, app: &AppState, tx: &mut Transaction) -> Result<(), Error> {
        accounts::forget_for_all(app, tx, &self.networks())?;
        for (field, sent) in self.0 {
            match sent {
                Sent::Absent => {}
                Sent::Null => tx.delete_secret(OWNER, field)?,
                Sent::Value(NewSecret(secret)) => tx.put_secret(OWNER, field, &secret.into())?,
            }
        }
        Ok(())
    }

    /// The networks whose keys are among them.
    fn networks(&self) -> Vec<Network> {
        let there = |credential: &Credential| self.0.iter().any(|(field, _)| *field == credential.field());
        let of = |network: &Network| Credential::ALL.iter().any(|one| accounts::network_of(*one) == *network && there(one));
        Network::ALL.into_iter().filter(of).collect()
    }
}

/// What may be shown of the secret notifications are signed with; `None` when there is none.
pub fn webhook_secret(app: &AppState) -> Option<String> {
    match app.store.mask(OWNER, webhooks::SECRET) {
        SecretState::Absent => None,
        SecretState::Set(mask) => Some(mask.as_str().to_owned()),
        SecretState::Locked => Some("••••••••".to_owned()),
    }
}

/// What is to happen to a secret: a mask that came back unchanged keeps what is stored.
fn new_secret(field: &str, shown: Option<&str>, sent: Sent<NewSecret>, checks: &mut Checks) -> Sent<NewSecret> {
    let Sent::Value(NewSecret(text)) = sent else { return sent };
    let text = text.trim();
    if shown == Some(text) {
        return Sent::Absent;
    }
    if text.is_empty() {
        return Sent::Null;
    }
    checks.require(!text.starts_with('•'), field, "These dots stand for a key. Paste the key itself.");
    let is_key = text.starts_with('•') || (text.len() <= 500 && text.chars().all(|c| c.is_ascii_graphic()));
    checks.require(is_key, field, "This is not a key: it is too long, or holds spaces or line breaks.");
    Sent::Value(NewSecret(text.to_owned()))
}
