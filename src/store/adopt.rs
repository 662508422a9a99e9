//! Taking over what older apps left: keys in clear text are sealed, and the file is written again without them.

use std::{path::Path, sync::Arc};

use secrecy::SecretString;

use super::{
    Store,
    error::{Damage, StoreError},
    record::{Record, SealedSecret},
    secrets::{KEY_CHECK, Vault, id},
    state::State,
};
use crate::domain::{
    character::{Character, Credential},
    library::Prompt,
};

/// What was found in clear text, and characters without it.
#[derive(Default)]
pub(super) struct Adopted {
    characters: Vec<Character>,
    secrets: Vec<(String, SecretString)>,
    prompts: Vec<Prompt>,
    check: bool,
}

/// Where the older apps kept what their writer wrote; it becomes part of the library.
pub const WRITTEN: &str = "generated-prompts.json";

/// Takes keys in clear text out of the characters, so that nobody is ever shown one. Without the vault's key they
/// cannot be sealed: then the file stays as it is, and characters are read-only until the key is there.
pub(super) fn find(dir: &Path, state: &mut State, vault: &Vault, damaged: &mut Vec<Damage>) -> Adopted {
    let prompts = written(dir, state, damaged);
    let mut adopted = Adopted { prompts, check: vault.locked().is_none() && state.secrets.get(KEY_CHECK).is_none(), ..Adopted::default() };
    let with_keys: Vec<Arc<Character>> = state.characters.iter().filter(|one| has_keys(one)).cloned().collect();
    for character in with_keys {
        let mut character = Character::clone(&character);
        let keys = take_keys(&mut character).into_iter();
        adopted.secrets.extend(keys.map(|(credential, key)| (id(character.id.as_str(), credential.field()), key)));
        state.characters.put(Arc::new(character.clone()));
        adopted.characters.push(character);
    }
    let unwritable = damaged.iter().any(|damage| damage.collection == SealedSecret::COLLECTION);
    if !adopted.secrets.is_empty() && (vault.locked().is_some() || unwritable) {
        let reason = "it holds keys in clear text, and they cannot be sealed: the secret key is missing".to_owned();
        damaged.push(Damage { collection: Character::COLLECTION, file: "characters.json".into(), line: 0, column: 0, reason });
        return Adopted { prompts: adopted.prompts, ..Adopted::default() };
    }
    adopted.check &= !unwritable;
    adopted
}

/// Takes the keys out of a character's record that stand there in clear text. What is a mask stands for a key that is
/// somewhere else.
pub fn take_keys(character: &mut Character) -> Vec<(Credential, SecretString)> {
    let mut keys = Vec::new();
    for credential in Credential::ALL {
        let found = character.extra.remove(credential.field());
        let text = found.as_ref().and_then(|value| value.as_str()).map(str::trim).unwrap_or_default();
        if !text.is_empty() && !text.starts_with('•') {
            keys.push((credential, text.into()));
        }
    }
    keys
}

/// Seals what was found, in one step with the characters that lost it.
pub(super) async fn finish(store: &Store, adopted: Adopted) -> Result<(), StoreError> {
    let Adopted { characters, secrets, prompts, check } = adopted;
    if !prompts.is_empty() {
        tracing::info!(count = prompts.len(), "prompts of an older app are taken into the library");
        store.write(move |tx| prompts.into_iter().try_for_each(|prompt| tx.put(prompt))).await?;
        let from = store.dir().join(WRITTEN);
        // Still there, it would bring back what is deleted from now on.
        if let Err(error) = tokio::fs::rename(&from, from.with_extension("json.merged")).await {
            tracing::warn!(%error, file = WRITTEN, "the file could not be put aside");
        }
    }
    if characters.is_empty() && !check {
        return Ok(());
    }
    if !secrets.is_empty() {
        tracing::warn!(
            count = secrets.len(),
            "keys in clear text were found in characters.json: they are sealed now, and gone from the file"
        );
    }
    store
        .write(move |tx| {
            if check {
                tx.put_secret_as(KEY_CHECK, &SecretString::from("Digital Dalla"))?;
            }
            for (id, secret) in &secrets {
                tx.put_secret_as(id, secret)?;
            }
            characters.into_iter().try_for_each(|character| tx.put(character))
        })
        .await
}

/// The entries of that file that are not in the library. A file that cannot be read is left as it is.
fn written(dir: &Path, state: &State, damaged: &[Damage]) -> Vec<Prompt> {
    if damaged.iter().any(|damage| damage.collection == Prompt::COLLECTION) {
        return Vec::new();
    }
    let Ok(text) = std::fs::read_to_string(dir.join(WRITTEN)) else { return Vec::new() };
    match serde_json::from_str::<Vec<Prompt>>(&text) {
        Ok(prompts) => prompts.into_iter().filter(|prompt| state.prompts.get(prompt.id.as_str()).is_none()).collect(),
        Err(error) => {
            tracing::warn!(%error, file = WRITTEN, "the file cannot be read, and is left as it is");
            Vec::new()
        }
    }
}

/// Whether there are keys in clear text.
pub(super) fn holds_clear_keys(state: &State) -> bool {
    state.characters.iter().any(|character| has_keys(character))
}

fn has_keys(character: &Character) -> bool {
    Credential::ALL.iter().any(|credential| character.extra.contains_key(credential.field()))
}
