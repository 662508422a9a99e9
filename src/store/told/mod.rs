//! What a change tells: each change of the store is written down as lines of activity, in the same step.
//!
//! Nobody has to think of it: whatever is stored or deleted is looked at once more when its change is done, as it was
//! before and as it is after. A kind of record that says nothing of its own is told plainly. What machinery does to a
//! record while it works on it is not told; what came of it is.

mod records;

use std::collections::HashSet;

use chrono::Utc;
use serde_json::{Map, Value};

pub(super) use self::records::{account, character, content, job, login, post, prompt, secret, settings, token};
use super::{record::Record, state::State, transaction::Transaction};
use crate::domain::{
    activity::{Activity, Actor, Deed},
    character::CharacterId,
};

/// How many of the fields that were changed are named.
const NAMED_FIELDS: usize = 4;

/// A record as it was before a change and as it is after.
#[derive(Debug)]
pub struct Change<'a, T> {
    /// `None` when it is new.
    pub before: Option<&'a T>,
    /// `None` when it is gone.
    pub after: Option<&'a T>,
    /// Who changed it.
    pub by: &'a Actor,
}

/// Looks at one record before and after a change.
pub(super) type Teller = fn(&State, &State, &str, &Actor) -> Option<Deed>;

/// The teller of a kind of record.
pub(super) fn teller<T: Record>(before: &State, after: &State, id: &str, by: &Actor) -> Option<Deed> {
    let change = Change { before: T::table(before).get(id).map(|one| &**one), after: T::table(after).get(id).map(|one| &**one), by };
    // Made and unmade within the same change.
    if change.before.is_none() && change.after.is_none() {
        return None;
    }
    T::told(change, after)
}

/// Adds the lines of activity to a change that is done.
pub(super) fn write_down(before: &State, change: &mut Transaction) {
    let mut seen = HashSet::new();
    // Most changes are of one record, which needs no looking for others like it.
    let is_one = change.changed.len() == 1;
    let touched =
        change.changed.iter().zip(&change.tellers).filter(|(changed, _)| is_one || seen.insert((changed.collection, &changed.id)));
    let deeds = touched.filter_map(|(changed, tell)| tell(before, &change.state, &changed.id, &change.actor)).collect::<Vec<_>>();
    if deeds.is_empty() {
        return;
    }
    for line in Activity::lines(deeds, &change.actor, Utc::now()) {
        // Where activity cannot be written because its file is damaged, what was done still counts.
        if change.put(line).is_err() {
            return;
        }
    }
    change.state.forget_old_activity();
}

/// What is told of a kind of record that has no words of its own: that it was made, changed by somebody, or deleted.
pub(super) fn plainly<T: Record>(Change { before, after, by }: Change<'_, T>) -> Option<Deed> {
    let fields = |record: Option<&T>| match record.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::new(),
    };
    let verb = match (before, after) {
        (None, _) => "created",
        (_, None) => "deleted",
        (Some(_), Some(_)) if by.is_somebody() => "changed",
        (Some(_), Some(_)) => return None,
    };
    let (old, new) = (fields(before), fields(after));
    let text = |name: &str| new.get(name).or_else(|| old.get(name)).and_then(Value::as_str).filter(|text| !text.is_empty());
    let called = text("name").or_else(|| text("title")).map(|name| format!(" “{name}”")).unwrap_or_default();
    let one = T::COLLECTION.strip_suffix('s').unwrap_or(T::COLLECTION);
    let what = if verb == "changed" { changed_fields(&old, &new)? } else { String::new() };
    Some(Deed {
        kind: T::COLLECTION,
        subject: before.or(after)?.id().to_owned(),
        character_id: text("characterId").map(CharacterId::from),
        words: format!("A {one}{called} was {verb}{what}"),
        several: format!("{} were {verb}", T::COLLECTION),
    })
}

/// Which fields differ, as in ": name, story arcs"; `None` when none does but the time of the change.
fn changed_fields(old: &Map<String, Value>, new: &Map<String, Value>) -> Option<String> {
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let other = new.iter().filter(|(name, value)| old.get(*name) != Some(value)).map(|(name, _)| name);
    let names: Vec<_> = other.chain(gone).filter(|name| *name != "updatedAt").map(|name| in_words(name)).collect();
    match names.len() {
        0 => None,
        few if few <= NAMED_FIELDS => Some(format!(": {}", names.join(", "))),
        many => Some(format!(": {} and {} more", names[..NAMED_FIELDS].join(", "), many - NAMED_FIELDS)),
    }
}

/// A field's name as words: `promptSettings` is "prompt settings".
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words.split(' ').map(as_people_write).collect::<Vec<_>>().join(" ")
}

fn as_people_write(word: &str) -> &str {
    match word {
        "comfyui" => "ComfyUI",
        "gemini" => "Gemini",
        "instagram" => "Instagram",
        "x" => "X",
        "lora" => "LoRA",
        "loras" => "LoRAs",
        "url" => "address",
        "urls" => "addresses",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn changed_fields_are_named_in_words_and_the_time_of_the_change_is_not() {
        let old = fields(json!({"name": "Luna", "promptSettings": {"mood": ""}, "updatedAt": 1, "gone": 1}));
        let new = fields(json!({"name": "Luna", "promptSettings": {"mood": "calm"}, "updatedAt": 2}));
        assert_eq!(changed_fields(&old, &new).as_deref(), Some(": prompt settings, gone"));
        assert_eq!(changed_fields(&fields(json!({"updatedAt": 1})), &fields(json!({"updatedAt": 2}))), None);
        let many = fields(json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}));
        assert_eq!(changed_fields(&Map::new(), &many).as_deref(), Some(": a, b, c, d and 2 more"));
    }
}
