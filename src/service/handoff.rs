//! The public address of a picture: Instagram fetches pictures itself, from where it can reach them.
//!
//! That is this server under its public address, or a bucket. An address of ours is signed and ends after some hours,
//! and nothing but such pictures is answered under it. In a bucket a picture lies under a name nobody can guess, and
//! is taken away when Instagram has read it.

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, Mac};
use rand::RngCore;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::Sha256;

use super::gemini::OWNER;
use crate::{
    domain::{
        caption::Network,
        content::ContentId,
        problem::{Kind, Problem},
        settings::Fit,
    },
    error::Error,
    state::AppState,
};

/// The name of the key that signs addresses, among the secrets of the installation.
const KEY: &str = "publicMediaKey";

/// How long an address is good: Instagram may come back for the picture as long as a container is being read.
const GOOD_FOR: Duration = Duration::hours(6);

/// How long a picture may lie in a bucket: a container that has not read it by then has ended.
const KEPT_FOR: Duration = Duration::hours(24);

/// What was seen when we asked for a picture as Instagram will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The picture, byte for byte.
    Right,
    /// Our own public name cannot be reached from here, which says little: many routers do not lead back inside.
    NotFromHere,
    /// Something else answers there.
    Wrong(String),
}

/// Whether there is a public address at all.
pub fn is_configured(app: &AppState) -> bool {
    app.bucket.is_some() || app.public_url().is_some()
}

/// What to say and do where there is none.
pub const MISSING: &str = "Instagram fetches pictures from a public address, and there is none yet. Set one that leads here under \
                           Settings, or with DALLA_PUBLIC_URL; or set DALLA_S3_BUCKET to a bucket.";

/// A public address for a picture, good for some hours.
pub async fn offer(app: &AppState, id: &ContentId, fit: Fit, now: DateTime<Utc>) -> Result<String, Error> {
    if let Some(bucket) = &app.bucket {
        let jpeg = super::renditions::jpeg(app, id, Network::Instagram, fit).await?;
        let name = name_in_bucket(&key(app).await?, id, fit)?;
        let good_for = GOOD_FOR.to_std().unwrap_or_default();
        let put = bucket.put(&name, jpeg, good_for).await;
        return put.map_err(|error| Problem::new(Kind::Unreachable, error.to_string()).into());
    }
    let base = app.public_url().ok_or_else(|| Problem::new(Kind::NotConfigured, MISSING))?;
    let expiry = (now + GOOD_FOR).timestamp();
    let key = key(app).await?;
    let signature = hex(&mac(&key, id, expiry, fit)?.finalize().into_bytes());
    Ok(format!("{}/public/media/{expiry:x}-{}-{signature}/{id}.jpg", base.as_str().trim_end_matches('/'), fit.key()))
}

/// Instagram has read the picture: what was laid in a bucket for it is taken away. What stays there for whatever
/// reason is swept up a day later.
pub async fn withdraw(app: &AppState, id: &ContentId, fit: Fit) {
    let (Some(bucket), Some(key)) = (&app.bucket, stored_key(app)) else { return };
    let Ok(name) = name_in_bucket(&key, id, fit) else { return };
    if let Err(error) = bucket.delete(&name).await {
        tracing::info!(content.id = %id, %error, "a picture stays in the bucket for now");
    }
}

/// Takes out of the bucket what has been there for longer than anybody could need it.
pub async fn sweep(app: &AppState, now: DateTime<Utc>) {
    let Some(bucket) = &app.bucket else { return };
    match bucket.sweep(now - KEPT_FOR).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "old pictures were taken out of the bucket"),
        Err(error) => tracing::warn!(%error, "the bucket could not be swept"),
    }
}

/// Follows from the picture, so that it can be taken away without a note of it; only who has our key can tell it.
fn name_in_bucket(key: &SecretString, id: &ContentId, fit: Fit) -> Result<String, Error> {
    let mut mac = signer(key)?;
    mac.update(format!("bucket|{}|{id}", fit.key()).as_bytes());
    Ok(format!("{}.jpg", hex(&mac.finalize().into_bytes())))
}

/// The picture such an address stands for. Whatever is wrong with one, there is no such picture.
pub async fn open(app: &AppState, token: &str, name: &str, now: DateTime<Utc>) -> Result<Bytes, Error> {
    let gone = || Error::from(Problem::not_found("picture"));
    let id = ContentId::from(name.strip_suffix(".jpg").ok_or_else(gone)?);
    let parts: Vec<_> = token.splitn(3, '-').collect();
    let [expiry, fit, signature] = parts.as_slice() else { return Err(gone()) };
    let expiry = i64::from_str_radix(expiry, 16).map_err(|_| gone())?;
    let fit = Fit::from_key(fit).ok_or_else(gone)?;
    let key = stored_key(app).ok_or_else(gone)?;
    // Compared in constant time.
    mac(&key, &id, expiry, fit)?.verify_slice(&unhex(signature).ok_or_else(gone)?).map_err(|_| gone())?;
    if expiry < now.timestamp() {
        return Err(gone());
    }
    super::content::get(app, &id)?;
    super::renditions::jpeg(app, &id, Network::Instagram, fit).await
}

/// Asks for the picture through its public address, as Instagram will.
pub async fn try_out(app: &AppState, url: &str, expected: &Bytes) -> Seen {
    let Ok(answer) = app.away.get(url).timeout(std::time::Duration::from_secs(15)).send().await else { return Seen::NotFromHere };
    let status = answer.status();
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("nothing").to_owned();
    if !status.is_success() {
        return Seen::Wrong(format!("the public address answers with status {}.", status.as_u16()));
    }
    if kind != "image/jpeg" {
        return Seen::Wrong(format!("the public address answers with {} instead of a picture.", kind.chars().take(60).collect::<String>()));
    }
    match first_bytes(answer, expected.len().saturating_add(1)).await {
        Ok(bytes) if bytes == **expected => Seen::Right,
        Ok(_) => Seen::Wrong("the public address answers with another picture.".into()),
        Err(_) => Seen::NotFromHere,
    }
}

/// No more than that is read, whatever comes.
async fn first_bytes(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < most
        && let Some(chunk) = answer.chunk().await?
    {
        bytes.extend_from_slice(&chunk[..chunk.len().min(most - bytes.len())]);
    }
    Ok(bytes)
}

/// Asks for the newest picture through its public address, as Instagram will. What this lays in a bucket is swept up
/// later: a post may be using the same picture.
pub async fn test(app: &AppState, now: DateTime<Utc>) -> Result<Tested, Error> {
    if !is_configured(app) {
        return Err(Problem::new(Kind::NotConfigured, MISSING).into());
    }
    let state = app.store.read();
    let newest = state.content.newest().find(|content| content.picture.is_some());
    let newest = newest.ok_or_else(|| Problem::conflict("There is no picture to try it with yet. Make one first."))?;
    let (id, fit) = (newest.id.clone(), state.settings.fit);
    let jpeg = super::renditions::jpeg(app, &id, Network::Instagram, fit).await?;
    let url = offer(app, &id, fit, now).await?;
    match try_out(app, &url, &jpeg).await {
        Seen::Right => Ok(Tested { came_through: true, words: "A picture came through the public address, byte for byte." }),
        Seen::NotFromHere => Ok(Tested {
            came_through: false,
            words: "The public address cannot be reached from this machine. Look whether its name is right. If it is, that says \
                    little, as many routers do not lead back inside: open it with a phone that is not on your network.",
        }),
        Seen::Wrong(words) => {
            let words = format!("Instagram would not find the picture: {words} Check the public address and what stands in between.");
            Err(Problem::new(Kind::Refused, words).into())
        }
    }
}

/// How the public address did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tested {
    /// Whether a picture came through it. `false`: it cannot be told from here.
    pub came_through: bool,
    /// The same in words, with what to do.
    pub words: &'static str,
}

type Signer = Hmac<Sha256>;

fn mac(key: &SecretString, id: &ContentId, expiry: i64, fit: Fit) -> Result<Signer, Error> {
    let mut mac = signer(key)?;
    mac.update(format!("instagram|{expiry:x}|{}|{id}", fit.key()).as_bytes());
    Ok(mac)
}

fn signer(key: &SecretString) -> Result<Signer, Error> {
    Signer::new_from_slice(key.expose_secret().as_bytes()).map_err(|_| Problem::conflict("The key for addresses is damaged.").into())
}

fn stored_key(app: &AppState) -> Option<SecretString> {
    app.store.secret(OWNER, KEY)
}

/// The key that signs addresses; made when the first is.
async fn key(app: &AppState) -> Result<SecretString, Error> {
    if let Some(key) = stored_key(app) {
        return Ok(key);
    }
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let key = SecretString::from(hex(&bytes));
    let stored = key.clone();
    app.store.write(move |tx| Ok::<_, Error>(tx.put_secret(OWNER, KEY, &stored)?)).await?;
    Ok(key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    (text.len() == 64).then(|| pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect::<Option<_>>())?
}
