//! LoRA versions: putting one to work, and going back.

use chrono::{DateTime, Utc};

use super::list::get;
use crate::{
    domain::{
        character::Character,
        problem::Problem,
        training::{LoraVersion, TrainingId, activate, deactivate},
    },
    error::Error,
    state::AppState,
};

/// Makes the character's pictures with the LoRA of that training from now on, in place of the one before.
pub async fn promote(app: &AppState, id: &TrainingId, now: DateTime<Utc>) -> Result<Character, Error> {
    let (character, version) = version(app, id)?;
    let name = name_in_comfyui(app, &version, now).await?;
    fits(app, &character, &version)?;
    change(app, id, now, move |character, id| {
        for version in character.lora_versions.iter_mut().filter(|version| version.training_id == *id) {
            version.name.clone_from(&name);
        }
        if activate(character, id) { Ok(()) } else { Err(Problem::not_found("LoRA version")) }
    })
    .await
}

/// Goes back to what her pictures were made with before.
pub async fn rollback(app: &AppState, id: &TrainingId, now: DateTime<Utc>) -> Result<Character, Error> {
    version(app, id)?;
    change(
        app,
        id,
        now,
        |character, id| {
            if deactivate(character, id) { Ok(()) } else { Err(Problem::conflict("This version is not in use.")) }
        },
    )
    .await
}

async fn change(
    app: &AppState,
    id: &TrainingId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Character, &TrainingId) -> Result<(), Problem> + Send + 'static,
) -> Result<Character, Error> {
    let (owner, id) = (version(app, id)?.0.id, id.clone());
    app.store
        .write(move |tx| {
            let stored = tx.get::<Character>(owner.as_str()).ok_or_else(|| Problem::not_found("character"))?;
            let mut character = Character::clone(&stored);
            change(&mut character, &id)?;
            character.updated_at = Some(now);
            character.check()?;
            tx.put(character.clone())?;
            Ok::<_, Error>(character)
        })
        .await
}

/// The version a training made, and whose it is. It outlives the training's record.
pub(super) fn version(app: &AppState, id: &TrainingId) -> Result<(Character, LoraVersion), Error> {
    let state = app.store.read();
    let has = |character: &&std::sync::Arc<Character>| character.lora_versions.iter().any(|version| version.training_id == *id);
    let owner = match get(app, id) {
        Ok(training) => state.characters.get(training.character_id.as_str()).filter(has),
        Err(_) => state.characters.iter().find(has),
    };
    let missing = || Problem::conflict("This training has made no LoRA for a character that is there.");
    let character = owner.ok_or_else(missing)?;
    let version = character.lora_versions.iter().find(|version| version.training_id == *id).ok_or_else(missing)?;
    Ok((Character::clone(character), version.clone()))
}

/// The LoRA as ComfyUI lists it: it may lie in a folder below. While no ComfyUI answers, the name is taken as it is.
pub(super) async fn name_in_comfyui(app: &AppState, version: &LoraVersion, now: DateTime<Utc>) -> Result<String, Error> {
    let listed = || {
        let ends = |name: &str| name == version.name || name.rsplit(['/', '\\']).next() == Some(&version.name);
        app.comfy.catalogue().loras.iter().find(|lora| ends(&lora.name)).map(|lora| lora.name.clone())
    };
    if let Some(name) = listed() {
        return Ok(name);
    }
    super::super::models::look(app, now).await;
    match listed() {
        Some(name) => Ok(name),
        None if !app.comfy.is_up() => Ok(version.name.clone()),
        None => {
            let words = format!("ComfyUI does not have {} yet. Put the file into its models/loras folder, then try again.", version.name);
            Err(Problem::conflict(words).into())
        }
    }
}

/// A LoRA of another family than her model would be left out of her pictures without a word.
fn fits(app: &AppState, character: &Character, version: &LoraVersion) -> Result<(), Problem> {
    let family = app.comfy.catalogue().model(&character.preferred_model).and_then(|model| model.family);
    match family.filter(|family| *family != version.family) {
        None => Ok(()),
        Some(family) => Err(Problem::conflict(format!(
            "{}'s model {} is {}, and this LoRA is for {}. Choose another model under Look & LoRA first.",
            character.name,
            character.preferred_model,
            family.label(),
            version.family.label()
        ))),
    }
}
