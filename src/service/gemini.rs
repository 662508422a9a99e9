//! Gemini: which key and model are in force, and how it stands.

use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    domain::{
        event::{Event, EventKind, Topic},
        job::JobId,
        problem::{Kind, Problem},
        secret::Mask,
        words::Usage,
    },
    error::Error,
    integrations::gemini::USUAL_MODEL,
    state::AppState,
    store::SecretState,
};

/// Who owns the secrets of the installation.
pub(super) const OWNER: &str = "settings";
/// The key's name among them, and in the settings.
pub(super) const KEY: &str = "geminiApiKey";

/// How often the key is looked at without being asked.
const LOOK_AGAIN: Duration = Duration::minutes(55);

/// The key in force and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum KeyInForce {
    /// Stored in the settings.
    Stored(Mask),
    /// Stored, and sealed with a key that is not here.
    Locked,
    /// From `GEMINI_API_KEY`.
    Environment(Mask),
    /// There is none: templates write.
    None,
}

/// The key in force, as it may be shown.
pub fn key_in_force(app: &AppState) -> KeyInForce {
    match app.store.mask(OWNER, KEY) {
        SecretState::Set(mask) => KeyInForce::Stored(mask),
        SecretState::Locked => KeyInForce::Locked,
        SecretState::Absent => match &app.config.gemini_api_key {
            Some(key) => KeyInForce::Environment(Mask::of(key.expose_secret())),
            None => KeyInForce::None,
        },
    }
}

/// The key itself, for the moment it is used.
pub(super) fn key(app: &AppState) -> Option<SecretString> {
    match app.store.mask(OWNER, KEY) {
        SecretState::Absent => app.config.gemini_api_key.clone(),
        SecretState::Set(_) | SecretState::Locked => app.store.secret(OWNER, KEY),
    }
}

/// The model that writes.
pub fn model(app: &AppState) -> String {
    let chosen = app.store.read().settings.gemini_model.clone();
    if chosen.is_empty() { USUAL_MODEL.to_owned() } else { chosen }
}

/// Asks Gemini whether the key is good, and which models it may use. Costs no tokens.
pub async fn test(app: &AppState, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(key) = key(app) else {
        return Err(
            Problem::new(Kind::NotConfigured, "There is no key for Gemini. Get one at aistudio.google.com and paste it here.").into()
        );
    };
    let seen = app.gemini.look(&key, now).await;
    app.events.tell(Event { topic: Topic::System, kind: EventKind::Changed, id: "gemini".into(), data: serde_json::Map::new() });
    seen?;
    let (model, standing) = (model(app), app.gemini.standing());
    if standing.models.iter().any(|one| one.name == model) {
        return Ok(());
    }
    let names: Vec<_> = standing.models.iter().map(|one| one.name.as_str()).collect();
    let words = format!("The key is good, but Gemini does not have the model {model}. It has {}.", names.join(", "));
    Err(Problem::invalid("geminiModel", words).into())
}

/// Keeps what calls cost with the job they were made for.
pub(super) async fn note_usage(app: &AppState, id: &JobId, usage: Vec<Usage>) -> Result<(), Error> {
    if usage.is_empty() {
        return Ok(());
    }
    super::work::update(app, id, move |job| job.work.add_usage(usage)).await
}

/// Looks again, when the last look is long ago. Problems are kept for the pages.
pub async fn look(app: &AppState, now: DateTime<Utc>) {
    let recent = app.gemini.standing().checked_at.is_some_and(|at| now - at < LOOK_AGAIN);
    if !recent && key(app).is_some() {
        // What was wrong is part of the standing.
        let _ = test(app, now).await;
    }
}
