//! Secrets of the environment, and where the key lies that seals the stored ones. Never flags: those show in process lists.

use std::{collections::BTreeMap, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::SecretString;

use super::Config;

/// Where the key comes from that seals the secrets.
#[derive(Debug, Clone)]
pub enum SecretKey {
    /// Given in `DALLA_SECRET_KEY`.
    Given(SecretString),
    /// In the file that `DALLA_SECRET_KEY_FILE` names.
    InFile(PathBuf),
    /// In the file of the user's config folder, made at the first start.
    Default(PathBuf),
}

impl Config {
    /// Where the key comes from that seals the secrets. Never a flag: those show in process lists.
    pub fn secret_key(&self) -> Result<SecretKey, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(text) = variable("DALLA_SECRET_KEY") {
            let fits = BASE64_STANDARD.decode(text.trim()).is_ok_and(|key| key.len() == 32);
            let word = "DALLA_SECRET_KEY must be 32 bytes in base64; make one with: openssl rand -base64 32";
            return if fits { Ok(SecretKey::Given(text.trim().into())) } else { Err(word.into()) };
        }
        if let Some(path) = variable("DALLA_SECRET_KEY_FILE") {
            return Ok(SecretKey::InFile(path.into()));
        }
        if self.sandbox {
            return Ok(SecretKey::Default(self.data_dir().with_extension("key")));
        }
        let home = || variable("HOME").map(|home| PathBuf::from(home).join(".config"));
        let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
        let word = "No place for the secret key: set DALLA_SECRET_KEY_FILE, XDG_CONFIG_HOME or HOME.";
        folder.map(|folder| SecretKey::Default(folder.join("digital-dalla/secret.key"))).ok_or_else(|| word.into())
    }
}

/// A secret of the environment, if there is one.
pub(super) fn secret(name: &str) -> Result<Option<SecretString>, String> {
    let value = std::env::var(name).unwrap_or_default();
    let value = value.trim();
    if !value.chars().all(|c| c.is_ascii_graphic()) {
        return Err(format!("error: the value of {name} is not a key: it holds spaces, line breaks or other letters than a key has\n"));
    }
    Ok(Some(value).filter(|value| !value.is_empty()).map(SecretString::from))
}

/// Variables with keys of networks: for all characters, or with a character's name before them.
pub(super) fn network_keys() -> BTreeMap<String, SecretString> {
    const ENDINGS: [&str; 6] = [
        "INSTAGRAM_ACCESS_TOKEN",
        "INSTAGRAM_ACCOUNT_ID",
        "TWITTER_API_KEY",
        "TWITTER_API_KEY_SECRET",
        "TWITTER_ACCESS_TOKEN",
        "TWITTER_ACCESS_TOKEN_SECRET",
    ];
    let ours = |name: &str| ENDINGS.iter().any(|ending| name == *ending || name.ends_with(&format!("_{ending}")));
    std::env::vars()
        .filter(|(name, value)| ours(name) && !value.trim().is_empty())
        .map(|(name, value)| (name, value.trim().into()))
        .collect()
}
