//! Sealing of secrets: XChaCha20-Poly1305, a random nonce for each value, its id as associated data.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha512;
use zeroize::Zeroizing;

use super::{
    error::{OpenError, StoreError},
    record::SealedSecret,
    table::Table,
};
use crate::{config::SecretKey, domain::secret::Mask};

/// A value sealed at the first start: if it opens, the key is the right one.
pub(super) const KEY_CHECK: &str = "key-check";
/// Who may come in.
pub(super) const PASSWORD: &str = "access/password";
const NONCE: usize = 24;

/// What may be shown of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretState {
    /// It is not set.
    Absent,
    /// It is set.
    Set(Mask),
    /// It is set, but the key that opens it is missing.
    Locked,
}

/// Seals and opens secrets, when it has the key.
pub(super) enum Vault {
    Open {
        cipher: Box<XChaCha20Poly1305>,
        /// Other keys are derived from this.
        root: Box<Hmac<Sha512>>,
    },
    /// Why nothing can be sealed or opened.
    Locked(String),
}

/// The id of an owner's secret.
pub(super) fn id(owner: &str, field: &str) -> String {
    format!("{owner}/{field}")
}

/// Whose secret that id is of.
pub(super) fn owner(id: &str) -> &str {
    id.rsplit_once('/').map_or(id, |(owner, _)| owner)
}

impl Vault {
    /// The vault with the key from there. A key is made only when nothing was ever sealed.
    pub(super) fn open(key: &SecretKey, sealed: &Table<SealedSecret>) -> Result<Self, OpenError> {
        let text = match (Self::text(key), key) {
            (Err(error), SecretKey::Default(path)) if error.kind() == ErrorKind::NotFound && sealed.is_empty() => {
                Ok(make(path).map_err(OpenError::io(path))?)
            }
            (found, _) => found,
        };
        Ok(Self::of(text, key).checked(sealed))
    }

    /// Why nothing could be opened with the key from there, when nothing could. Makes no key.
    pub(super) fn look(key: &SecretKey, sealed: &Table<SealedSecret>) -> Option<String> {
        match Self::text(key) {
            Err(error) if error.kind() == ErrorKind::NotFound && matches!(key, SecretKey::Default(_)) && sealed.is_empty() => None,
            text => Self::of(text, key).checked(sealed).locked().map(str::to_owned),
        }
    }

    fn text(key: &SecretKey) -> std::io::Result<Zeroizing<String>> {
        match key {
            SecretKey::Given(text) => Ok(Zeroizing::new(text.expose_secret().to_owned())),
            SecretKey::InFile(path) | SecretKey::Default(path) => read(path),
        }
    }

    fn of(text: std::io::Result<Zeroizing<String>>, key: &SecretKey) -> Self {
        match text {
            Ok(text) => Self::with_key(&text),
            Err(error) => {
                let place = if matches!(key, SecretKey::InFile(_)) { " from the file in DALLA_SECRET_KEY_FILE" } else { "" };
                Self::Locked(format!("The key that opens stored secrets cannot be read{place}: {error}."))
            }
        }
    }

    /// Why nothing can be opened, when nothing can.
    pub(super) fn locked(&self) -> Option<&str> {
        match self {
            Self::Open { .. } => None,
            Self::Locked(reason) => Some(reason),
        }
    }

    /// Seals a secret under its id.
    pub(super) fn seal(&self, id: &str, secret: &SecretString) -> Result<SealedSecret, StoreError> {
        let Self::Open { cipher, .. } = self else { return Err(StoreError::SecretsLocked(self.locked().unwrap_or_default().to_owned())) };
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: id.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).expect("a secret is far shorter than the cipher's limit");
        Ok(SealedSecret { id: id.to_owned(), value: BASE64_STANDARD.encode([&nonce[..], &sealed].concat()) })
    }

    /// What may be shown of a sealed secret.
    pub(super) fn mask(&self, sealed: &SealedSecret) -> SecretState {
        match self.unseal(sealed) {
            Some(secret) => SecretState::Set(Mask::of(secret.expose_secret())),
            None => SecretState::Locked,
        }
    }

    pub(super) fn unseal(&self, sealed: &SealedSecret) -> Option<SecretString> {
        let Self::Open { cipher, .. } = self else { return None };
        let bytes = BASE64_STANDARD.decode(&sealed.value).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let text = Zeroizing::new(cipher.decrypt(&XNonce::from(nonce), Payload { msg: text, aad: sealed.id.as_bytes() }).ok()?);
        Some(std::str::from_utf8(&text).ok()?.into())
    }

    /// A key for another purpose.
    pub(super) fn derive(&self, purpose: &str) -> [u8; 64] {
        match self {
            Self::Open { root, .. } => root.clone().chain_update(purpose.as_bytes()).finalize().into_bytes().into(),
            Self::Locked(_) => {
                let mut bytes = [0; 64];
                rand::fill(&mut bytes);
                bytes
            }
        }
    }

    fn with_key(text: &str) -> Self {
        let key = Zeroizing::new(BASE64_STANDARD.decode(text.trim()).unwrap_or_default());
        match (XChaCha20Poly1305::new_from_slice(&key), <Hmac<Sha512> as Mac>::new_from_slice(&key)) {
            (Ok(cipher), Ok(root)) => Self::Open { cipher: Box::new(cipher), root: Box::new(root) },
            (Err(_), _) | (_, Err(_)) => Self::Locked("The key that opens stored secrets is not 32 bytes in base64.".into()),
        }
    }

    fn checked(self, sealed: &Table<SealedSecret>) -> Self {
        match sealed.get(KEY_CHECK) {
            Some(check) if self.locked().is_none() && self.unseal(check).is_none() => Self::Locked(
                "The key is not the one the stored secrets were sealed with. Give the right one, or store the secrets anew.".into(),
            ),
            Some(_) | None => self,
        }
    }
}

fn read(path: &Path) -> std::io::Result<Zeroizing<String>> {
    fs::read_to_string(path).map(Zeroizing::new)
}

/// Makes a key that only its owner can read.
fn make(path: &Path) -> std::io::Result<Zeroizing<String>> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let key = Zeroizing::new(BASE64_STANDARD.encode(rand::random::<[u8; 32]>()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    tracing::info!(path = %path.display(), "made the key that seals secrets; keep a copy of it apart from the data");
    Ok(key)
}
