//! Keys of accounts: where each comes from, and the key itself for the moment it is used.
//!
//! Of a key there may be several: the character's own comes first, then the variable with her name before it, then what
//! is set for all characters, then the variable for all.

use secrecy::{ExposeSecret, SecretString};

use crate::{
    domain::{
        caption::Network,
        character::{CharacterId, Credential},
        problem::{Kind, Problem},
        secret::Mask,
    },
    error::Error,
    integrations::x,
    service::gemini::OWNER,
    state::AppState,
    store::{SecretState, State},
};

/// The variable of the id of the account a token for Instagram belongs to.
const ACCOUNT_ID: &str = "INSTAGRAM_ACCOUNT_ID";

/// Where a key in force comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Stored with the character.
    Own,
    /// The variable with her name before it.
    Named(String),
    /// Stored for all characters.
    ForAll,
    /// The variable for all characters.
    Environment(String),
}

impl Source {
    /// In words; nothing where it is her own.
    pub fn words(&self) -> Option<String> {
        match self {
            Self::Own => None,
            Self::Named(name) | Self::Environment(name) => Some(format!("{name} of the environment")),
            Self::ForAll => Some("the key for all characters in the settings".into()),
        }
    }
}

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
pub fn variable(credential: Credential) -> &'static str {
    match credential {
        Credential::InstagramApiKey => "INSTAGRAM_ACCESS_TOKEN",
        Credential::TwitterAppKey => "TWITTER_API_KEY",
        Credential::TwitterAppSecret => "TWITTER_API_KEY_SECRET",
        Credential::TwitterAccessToken => "TWITTER_ACCESS_TOKEN",
        Credential::TwitterAccessSecret => "TWITTER_ACCESS_TOKEN_SECRET",
    }
}

/// Where the key of a character comes from; `None` when there is none.
pub fn source(app: &AppState, state: &State, id: &CharacterId, credential: Credential) -> Option<Source> {
    if app.store.mask(id.as_str(), credential.field()) != SecretState::Absent {
        return Some(Source::Own);
    }
    let named = named(state, id, variable(credential))?;
    if app.config.network_keys.contains_key(&named) {
        return Some(Source::Named(named));
    }
    for_all(app, credential)
}

/// Where the key comes from that counts for characters without one of their own.
pub fn for_all(app: &AppState, credential: Credential) -> Option<Source> {
    if app.store.mask(OWNER, credential.field()) != SecretState::Absent {
        return Some(Source::ForAll);
    }
    let name = variable(credential).to_owned();
    app.config.network_keys.contains_key(&name).then_some(Source::Environment(name))
}

/// What may be shown of the key for all characters that is in force; all dots when it cannot be unsealed.
pub fn mask_for_all(app: &AppState, credential: Credential) -> Option<String> {
    match app.store.mask(OWNER, credential.field()) {
        SecretState::Set(mask) => Some(mask.as_str().to_owned()),
        SecretState::Locked => Some("••••••••".to_owned()),
        SecretState::Absent => {
            let key = app.config.network_keys.get(variable(credential))?;
            Some(Mask::of(key.expose_secret()).as_str().to_owned())
        }
    }
}

/// A variable with the character's name before it.
fn named(state: &State, id: &CharacterId, variable: &str) -> Option<String> {
    let character = state.characters.get(id.as_str())?;
    Some(format!("{}_{variable}", in_variables(&character.name)))
}

/// A character's name as it stands before the names of her own variables.
pub(in crate::service) fn in_variables(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// A key of a character.
pub(in crate::service) fn secret(app: &AppState, id: &CharacterId, credential: Credential) -> Result<SecretString, Error> {
    match source(app, &app.store.read(), id, credential) {
        Some(Source::Own) => app.store.secret(id.as_str(), credential.field()).ok_or_else(locked),
        other => at(app, other.as_ref(), credential),
    }
}

/// A key for all characters.
pub(super) fn secret_for_all(app: &AppState, credential: Credential) -> Result<SecretString, Error> {
    at(app, for_all(app, credential).as_ref(), credential)
}

/// A key that is not the character's own.
fn at(app: &AppState, source: Option<&Source>, credential: Credential) -> Result<SecretString, Error> {
    let missing = || Problem::new(Kind::NotConfigured, "A key of the account is missing.").into();
    match source {
        Some(Source::ForAll) => app.store.secret(OWNER, credential.field()).ok_or_else(locked),
        Some(Source::Named(name) | Source::Environment(name)) => app.config.network_keys.get(name).cloned().ok_or_else(missing),
        Some(Source::Own) | None => Err(missing()),
    }
}

fn locked() -> Error {
    let words = "The stored key cannot be unsealed: the secret key is missing. Put it back, or enter the key anew.";
    Problem::new(Kind::NotConfigured, words).into()
}

/// The id of a character's account on Instagram, where it is known. One for all characters goes with the token for all.
pub(super) fn instagram_account_id(app: &AppState, id: &CharacterId) -> String {
    let state = app.store.read();
    let own = state.characters.get(id.as_str()).map(|character| character.instagram_account_id.clone()).unwrap_or_default();
    if !own.is_empty() {
        return own;
    }
    let variable = |name: &str| app.config.network_keys.get(name).map(|id| id.expose_secret().to_owned());
    match source(app, &state, id, Credential::InstagramApiKey) {
        Some(Source::Named(_) | Source::Own) | None => named(&state, id, ACCOUNT_ID).and_then(|name| variable(&name)).unwrap_or_default(),
        Some(Source::ForAll | Source::Environment(_)) => account_id_for_all(app),
    }
}

/// The id of the account on Instagram that the token for all characters belongs to, where it is known.
pub fn account_id_for_all(app: &AppState) -> String {
    let stored = app.store.read().settings.instagram_account_id.clone();
    let variable = || app.config.network_keys.get(ACCOUNT_ID).map(|id| id.expose_secret().to_owned());
    Some(stored).filter(|id| !id.is_empty()).or_else(variable).unwrap_or_default()
}

/// The four keys of a character's account on X.
pub(in crate::service) fn x_keys(app: &AppState, id: &CharacterId) -> Result<x::Keys, Error> {
    keys_of(|credential| secret(app, id, credential))
}

/// The four keys for all characters.
pub(super) fn x_keys_for_all(app: &AppState) -> Result<x::Keys, Error> {
    keys_of(|credential| secret_for_all(app, credential))
}

fn keys_of(secret: impl Fn(Credential) -> Result<SecretString, Error>) -> Result<x::Keys, Error> {
    Ok(x::Keys {
        app_key: secret(Credential::TwitterAppKey)?,
        app_secret: secret(Credential::TwitterAppSecret)?,
        token: secret(Credential::TwitterAccessToken)?,
        token_secret: secret(Credential::TwitterAccessSecret)?,
    })
}

/// The network a key is for.
pub(in crate::service) fn network_of(credential: Credential) -> Network {
    match credential {
        Credential::InstagramApiKey => Network::Instagram,
        Credential::TwitterAppKey | Credential::TwitterAppSecret | Credential::TwitterAccessToken | Credential::TwitterAccessSecret => {
            Network::X
        }
    }
}
