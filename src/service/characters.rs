//! Characters: what can be done with personas.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    begun::Begun,
    domain::{
        caption::Network,
        character::{Character, CharacterChange, CharacterId, CharacterView, Credential, NewSecret},
        content::Content,
        job::Job,
        library::Prompt,
        narrative::{Narrative, NarrativeId},
        problem::{Kind, Problem},
        secret::Mask,
        sent::Sent,
    },
    error::Error,
    expected::Expected,
    prepared::Body,
    state::AppState,
    store::{SecretState, State, Transaction},
};

/// All characters as the API shows them, oldest first; made once for each state of the store.
pub fn list(app: &AppState) -> Body {
    let state = app.store.read();
    app.prepared.characters.get(&[state.characters.version(), state.secrets.version()], || {
        let views: Vec<_> = state.characters.iter().map(|character| view(app, character)).collect();
        Body::list(&views)
    })
}

/// Some characters of the list, oldest first: only the active ones or only those that rest, after the character
/// `cursor`, at most `limit`. With the cursor for what comes after, when there is more.
pub fn page(
    app: &AppState,
    active: Option<bool>,
    cursor: Option<&CharacterId>,
    limit: usize,
) -> Result<(Body, usize, Option<CharacterId>), Error> {
    let state = app.store.read();
    let lost = || Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.");
    let after = cursor.map(|id| state.characters.position_of(id.as_str()).ok_or_else(lost)).transpose()?;
    let wanted = || state.characters.iter().filter(|one| active.is_none_or(|active| one.is_active == active));
    let rest = wanted().filter(|one| after.is_none_or(|after| state.characters.position_of(one.id.as_str()) > Some(after)));
    let mut views: Vec<_> = rest.take(limit.saturating_add(1)).map(|one| view(app, one)).collect();
    let more = views.len() > limit;
    views.truncate(limit);
    let next = views.last().filter(|_| more).map(|last| last.character.id.clone());
    Ok((Body::list(&views), wanted().count(), next))
}

/// One character.
pub fn get(app: &AppState, id: &CharacterId) -> Result<Arc<Character>, Error> {
    app.store.read().characters.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("character").into())
}

/// A character as the API shows her, with masks where her credentials are.
pub fn view(app: &AppState, character: &Character) -> CharacterView {
    let state = app.store.read();
    let has_any = state.has_secrets(character.id.as_str());
    masked(character, |credential| if has_any { mask_in(app, &state, &character.id, credential) } else { None })
}

fn masked(character: &Character, mask: impl Fn(Credential) -> Option<Mask>) -> CharacterView {
    CharacterView {
        character: character.clone(),
        instagram_api_key: mask(Credential::InstagramApiKey),
        twitter_app_key: mask(Credential::TwitterAppKey),
        twitter_app_secret: mask(Credential::TwitterAppSecret),
        twitter_access_token: mask(Credential::TwitterAccessToken),
        twitter_access_secret: mask(Credential::TwitterAccessSecret),
    }
}

/// What may be shown of a credential: `None` when it is not set.
pub fn credential_mask(app: &AppState, id: &CharacterId, credential: Credential) -> Option<Mask> {
    mask_in(app, &app.store.read(), id, credential)
}

fn mask_in(app: &AppState, state: &State, id: &CharacterId, credential: Credential) -> Option<Mask> {
    match app.store.mask_in(state, id.as_str(), credential.field()) {
        SecretState::Absent => None,
        SecretState::Set(mask) => Some(mask),
        SecretState::Locked => Some(Mask::of("")),
    }
}

/// Creates a character. The name is needed, the rest may follow later.
pub fn create(app: &AppState, change: CharacterChange, now: DateTime<Utc>) -> Result<Begun<CharacterView>, Error> {
    let secrets = new_secrets(app, &CharacterId::from(""), &change)?;
    let mut character = Character::new(now);
    character.apply(change, now);
    character.check()?;
    let view = masked(&character, |credential| {
        let sent = secrets.iter().find(|(known, _)| *known == credential)?.1.as_ref()?;
        Some(Mask::of(sent.expose_secret()))
    });
    let writing = app.store.begin_write(move |tx| {
        store_secrets(tx, &character.id, secrets)?;
        Ok::<_, Error>(tx.put(character)?)
    });
    Ok(Begun { value: view, writing })
}

/// Changes a character.
pub async fn change(
    app: &AppState,
    id: &CharacterId,
    change: CharacterChange,
    expected: Expected,
    now: DateTime<Utc>,
) -> Result<CharacterView, Error> {
    let before = get(app, id)?;
    expected.check(&view(app, &before))?;
    let secrets = new_secrets(app, id, &change)?;
    let id = id.clone();
    let character = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Character>(id.as_str()).ok_or_else(|| Problem::not_found("character"))?;
            expected.check_since(&*before, &*stored)?;
            let mut character = Character::clone(&stored);
            character.apply(change, now);
            character.check_since(&stored)?;
            store_secrets(tx, &id, secrets)?;
            tx.put(character.clone())?;
            Ok::<_, Error>(character)
        })
        .await?;
    Ok(view(app, &character))
}

/// What goes with a character when she is deleted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entailed {
    /// Pictures of her.
    pub pictures: usize,
    /// Jobs of hers that have not ended.
    pub jobs: usize,
    /// Entries of hers in the prompt library.
    pub prompts: usize,
}

/// What goes with her by choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Along {
    /// Her pictures.
    pub pictures: bool,
    /// Her prompts.
    pub prompts: bool,
}

/// What goes with this character when she is deleted.
pub fn entailed(app: &AppState, id: &CharacterId) -> Entailed {
    let state = app.store.read();
    let jobs = state.jobs.indexed("character", id.as_str()).filter(|job| !job.status.is_final()).count();
    Entailed { pictures: state.content.count("character", id.as_str()), jobs, prompts: state.prompts.count("character", id.as_str()) }
}

/// Deletes a character and her credentials, and cancels her jobs. What is not to go along stays.
pub async fn delete(app: &AppState, id: &CharacterId, along: Along, expected: Expected, now: DateTime<Utc>) -> Result<(), Error> {
    let before = get(app, id)?;
    expected.check(&view(app, &before))?;
    super::trainings::stop_all(app, id, now).await;
    let state = app.store.read();
    let unfinished = state.jobs.indexed("character", id.as_str()).filter(|job| !job.status.is_final());
    for job in unfinished.map(|job| job.id.clone()).collect::<Vec<_>>() {
        // One that ended in the meantime needs no stopping.
        let _ = super::jobs::cancel(app, &job, now).await;
    }
    let owner = id.clone();
    let pictures = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Character>(owner.as_str()).ok_or_else(|| Problem::not_found("character"))?;
            expected.check_since(&*before, &*stored)?;
            tx.delete::<Character>(owner.as_str())?;
            for credential in Credential::ALL {
                tx.delete_secret(owner.as_str(), credential.field())?;
            }
            for network in Network::ALL {
                super::accounts::forget(tx, &owner, network)?;
            }
            super::publishing::call_off_all(tx, &owner, now)?;
            super::schedules::forget_all(tx, &owner, now)?;
            let pictures: Vec<_> = if along.pictures {
                tx.table::<Content>().indexed("character", owner.as_str()).map(|content| content.id.clone()).collect()
            } else {
                Vec::new()
            };
            for picture in &pictures {
                tx.delete::<Content>(picture.as_str())?;
            }
            if along.prompts {
                let prompts: Vec<_> = tx.table::<Prompt>().indexed("character", owner.as_str()).map(|prompt| prompt.id.clone()).collect();
                prompts.iter().try_for_each(|prompt| tx.delete::<Prompt>(prompt.as_str()).map(drop))?;
            }
            let jobs: Vec<_> = tx.table::<Job>().indexed("character", owner.as_str()).map(|job| job.id.clone()).collect();
            for job in jobs {
                tx.delete::<Job>(job.as_str())?;
            }
            Ok::<_, Error>(pictures)
        })
        .await?;
    for picture in pictures {
        super::media::remove(app, &picture).await;
    }
    Ok(())
}

/// Adds a story arc, or changes the one with that id.
pub async fn save_narrative(app: &AppState, id: &CharacterId, arc: Narrative, now: DateTime<Utc>) -> Result<(), Error> {
    let mut checks = crate::domain::problem::Checks::default();
    arc.check("", &mut checks);
    checks.finish()?;
    change_narratives(app, id, now, move |narratives| match narratives.iter_mut().find(|known| known.id == arc.id) {
        Some(known) => *known = Narrative { extra: std::mem::take(&mut known.extra), ..arc },
        None => narratives.push(arc),
    })
    .await
}

/// Removes a story arc.
pub async fn delete_narrative(app: &AppState, id: &CharacterId, arc: NarrativeId, now: DateTime<Utc>) -> Result<(), Error> {
    change_narratives(app, id, now, move |narratives| narratives.retain(|known| known.id != arc)).await
}

async fn change_narratives(
    app: &AppState,
    id: &CharacterId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Vec<Narrative>) + Send + 'static,
) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Character>(id.as_str()).ok_or_else(|| Problem::not_found("character"))?;
            let mut character = Character::clone(&stored);
            change(&mut character.narratives);
            character.updated_at = Some(now);
            character.check_since(&stored)?;
            Ok::<_, Error>(tx.put(character)?)
        })
        .await
}

/// What is to happen to a credential: `None` clears it.
type SecretChange = (Credential, Option<SecretString>);

/// The credentials a request really changes: a mask that came back unchanged keeps what is stored.
fn new_secrets(app: &AppState, id: &CharacterId, change: &CharacterChange) -> Result<Vec<SecretChange>, Error> {
    let mut changes = Vec::new();
    for (credential, sent) in change.credentials() {
        match sent {
            Sent::Absent => {}
            Sent::Null => changes.push((credential, None)),
            Sent::Value(NewSecret(text)) => {
                let text = text.trim();
                let kept = credential_mask(app, id, credential).is_some_and(|mask| mask.as_str() == text);
                if text.is_empty() {
                    changes.push((credential, None));
                } else if text.chars().count() > 2_000 || text.chars().any(char::is_control) {
                    return Err(Problem::invalid(credential.field(), "This is not a key: it is too long, or holds line breaks.").into());
                } else if text.starts_with('•') && !kept {
                    return Err(Problem::invalid(credential.field(), "These dots stand for a key. Paste the key itself.").into());
                } else if !kept {
                    changes.push((credential, Some(text.into())));
                }
            }
        }
    }
    Ok(changes)
}

fn store_secrets(tx: &mut Transaction, id: &CharacterId, changes: Vec<SecretChange>) -> Result<(), Error> {
    for (credential, secret) in changes {
        super::accounts::forget(tx, id, super::accounts::network_of(credential))?;
        match secret {
            Some(secret) => tx.put_secret(id.as_str(), credential.field(), &secret)?,
            None => tx.delete_secret(id.as_str(), credential.field())?,
        }
    }
    Ok(())
}
