//! Characters as the older apps wrote them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    keys,
    names::{self, CHARACTER, NARRATIVE, PROMPT_SETTINGS, bare},
    reading::Raw,
    shapes,
};
use crate::{
    domain::{
        character::{Character, Credential},
        import::shown,
    },
    imports::{Found, Key},
    store::{Record, take_keys},
};

/// What is said of an object that could be anything.
const NO_CHARACTER: &str =
    "This is no character: it has neither a name nor an id, nor anything else that characters have, such as a personality or a backstory.";

/// Whether a record can be a character: it has a name, an id of its own, or a field that characters have. The `key` it
/// lay under, which every object in an object has, is none of its own.
fn is_one(fields: &Map<String, Value>, key: &str) -> bool {
    let is_hers = |(field, value): (&String, &Value)| match names::known(field, value, CHARACTER) {
        Some("id") => shapes::id(value).is_some_and(|id| shown(&id) != key),
        Some(_) => true,
        None => false,
    };
    fields.iter().any(is_hers)
}

/// Reads one, and takes her keys out. `place` is where she lay among others.
pub(super) fn read(mut fields: Map<String, Value>, place: &str, file: &Arc<str>) -> Result<Found<Character, Vec<Key>>, String> {
    keys::flatten(&mut fields);
    if !is_one(&fields, place) {
        return Err(NO_CHARACTER.to_owned());
    }
    let mut raw = Raw::new(fields, CHARACTER, &["createdAt", "name"]);
    let hers = credentials(&mut raw.fields);
    let mut rest = Value::Object(std::mem::take(&mut raw.fields));
    let secrets = keys::without_secrets(&mut rest);
    raw.words.extend(secrets.iter().map(|name| format!("“{}” looks like a key and is left out.", shown(name))));
    if let Value::Object(rest) = rest {
        raw.fields = rest;
    }
    raw.fields.extend(hers);
    tidy(&mut raw.fields);
    let (mut character, mut unread): (Character, _) = raw.read(Character::COLLECTION)?;
    let mut keys = Vec::new();
    for (credential, key) in take_keys(&mut character) {
        if keys::is_key(secrecy::ExposeSecret::expose_secret(&key)) {
            keys.push((credential, key));
        } else {
            unread.words.push(format!("What stands for the {} is no key, and is left out.", credential.label()));
        }
    }
    named(&mut character, &unread.id, &mut unread.words);
    if let Err(problem) = character.check() {
        unread.words.extend(problem.errors.iter().map(|error| format!("{}: {} It comes as it is.", error.field, error.message)));
    }
    Ok(unread.found(character, file, keys))
}

/// The fields with her credentials, apart from all others.
fn credentials(fields: &mut Map<String, Value>) -> Map<String, Value> {
    Credential::ALL.iter().filter_map(|one| fields.shift_remove(one.field()).map(|value| (one.field().to_owned(), value))).collect()
}

/// Brings everything into the shape we read.
fn tidy(fields: &mut Map<String, Value>) {
    shapes::each(fields, &["isActive", "dryRun"], |value| shapes::flag(value).map(Value::Bool));
    shapes::each(fields, &["personality", "backstory"], |value| words_of(value).map(Value::String));
    shapes::each(fields, &["instagramHandle", "twitterHandle"], |value| Some(handle(value.as_str()?).into()));
    shapes::each(fields, &["instagramAccountId", "twitterAccountId"], |value| shapes::id(value).map(Value::String));
    shapes::each(fields, &["loras"], loras);
    shapes::each(fields, &["narratives"], |value| Some(narratives(value.clone())));
    let settings = match fields.shift_remove("promptSettings") {
        Some(Value::Object(settings)) => names::ours(settings, PROMPT_SETTINGS),
        Some(Value::String(text)) => Map::from_iter([("basePrompt".to_owned(), text.into())]),
        // A list of prompts is none of her settings.
        Some(other) => {
            fields.insert("prompts".to_owned(), other);
            Map::new()
        }
        None => Map::new(),
    };
    let mut settings = settings;
    for (name, _) in PROMPT_SETTINGS {
        let beside = fields.keys().find(|field| bare(field) == bare(name)).cloned();
        if let Some(value) = beside.and_then(|field| fields.shift_remove(&field)) {
            settings.entry(*name).or_insert(value);
        }
    }
    if !settings.is_empty() {
        fields.insert("promptSettings".to_owned(), settings.into());
    }
}

/// Texts out of whatever they lie in: lists of traits, traits by name.
fn words_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => Some(items.iter().filter_map(words_of).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => Some(fields.values().filter_map(words_of).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")),
        Value::Null | Value::Bool(_) => None,
    }
}

/// A handle without `@`, out of an address where it is one.
fn handle(text: &str) -> String {
    let text = text.trim().trim_end_matches('/');
    let name = if text.contains("://") { text.rsplit('/').next().unwrap_or(text) } else { text };
    name.split('?').next().unwrap_or(name).trim_start_matches('@').to_owned()
}

fn loras(value: &Value) -> Option<Value> {
    let one = |lora: &Value| match lora {
        Value::String(name) => json!({ "name": name }),
        other => other.clone(),
    };
    match value {
        Value::String(name) if name.is_empty() => Some(json!([])),
        Value::String(_) => Some(json!([one(value)])),
        Value::Array(loras) => Some(loras.iter().map(one).collect()),
        _ => None,
    }
}

fn narratives(value: Value) -> Value {
    if let Value::String(text) = value {
        return if text.trim().is_empty() { json!([]) } else { json!([{ "title": shown(&text), "description": text }]) };
    }
    let arc = |(_, arc): (String, Value)| match arc {
        Value::Object(fields) => {
            let mut fields = names::ours(fields, NARRATIVE);
            shapes::each(&mut fields, &["id"], |value| shapes::id(value).map(Value::String));
            shapes::each(&mut fields, &["startDate", "endDate"], shapes::day);
            Value::Object(fields)
        }
        Value::String(text) => json!({ "title": shown(&text), "description": text }),
        other => other,
    };
    shapes::records(value).into_iter().map(arc).collect()
}

/// A name of one line, and one at all.
fn named(character: &mut Character, id: &str, words: &mut Vec<String>) {
    const LONGEST: usize = 80;
    let plain: String = character.name.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let plain = plain.trim();
    if plain.is_empty() {
        character.name =
            if id.is_empty() { "Unnamed".to_owned() } else { shown(&format!("Character {id}")).chars().take(LONGEST).collect() };
        words.push(format!("There is no name; the character is called “{}”.", character.name));
    } else if plain != character.name {
        let is_cut = character.name.trim() != plain;
        character.name = plain.to_owned();
        if is_cut {
            words.push(format!("The name becomes “{}”: names are one line of at most {LONGEST} characters.", character.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn found(value: Value) -> Found<Character, Vec<Key>> {
        read(value.as_object().unwrap().clone(), "no. 1", &"characters.json".into()).unwrap()
    }

    #[test]
    fn a_character_of_the_python_app_is_read() {
        let luna = found(json!({
            "_id": {"$oid": "65f0"}, "display_name": "Luna", "personality": {"traits": ["dreamy", "kind"], "tone": "soft"}, "is_active": "no",
            "instagram": {"username": "https://instagram.com/luna.mystic/", "access_token": "EAAB-luna"}, "base_prompt": "a portrait", "mood": "calm",
            "story_arcs": {"a1": {"name": "Quest", "start": 1_740_819_600, "end": "2025-03-31T00:00:00"}}, "loras": ["luna.safetensors"], "created_at": 1_740_819_600
        }));
        let one = &luna.record;
        assert_eq!((one.id.as_str(), one.name.as_str(), one.personality.as_str()), ("65f0", "Luna", "dreamy, kind; soft"));
        assert_eq!((one.is_active, one.instagram_handle.as_str(), one.loras[0].strength), (false, "luna.mystic", 1.0));
        assert_eq!((one.prompt_settings.base_prompt.as_str(), one.prompt_settings.mood.as_str()), ("a portrait", "calm"));
        assert_eq!((one.narratives[0].title.as_str(), one.narratives[0].span().unwrap().0.to_string().as_str()), ("Quest", "2025-03-01"));
        assert_eq!(luna.with.len(), 1);
        assert_eq!(luna.with[0].1.expose_secret(), "EAAB-luna");
        assert!(luna.words.is_empty(), "{:?}", luna.words);
        assert!(!serde_json::to_string(one).unwrap().contains("EAAB"));
    }

    #[test]
    fn not_every_object_is_a_character() {
        let refused = |value: Value, place: &str| read(value.as_object().unwrap().clone(), place, &"f".into()).err();
        for other in [json!({"hello": "world"}), json!({}), json!({"name": " ", "id": null}), json!({"id": "scripts", "test": "x"})] {
            assert!(refused(other.clone(), "scripts").is_some_and(|why| why.contains("neither a name nor an id")), "{other}");
        }
        for one in [json!({"id": 3}), json!({"name": "A"}), json!({"bio": "x"}), json!({"instagram": "luna"})] {
            assert_eq!(refused(one.clone(), "no. 1"), None, "{one}");
        }
    }

    #[test]
    fn what_had_to_be_changed_is_told() {
        let nobody = found(
            json!({"id": 4, "name": "\n", "twitterAppKey": "your_key", "openaiToken": "t", "timezone": "Mars/Base", "createdAt": []}),
        );
        assert_eq!(nobody.record.name, "Character 4");
        let told = nobody.words.join(" ");
        for part in
            ["“openaiToken” looks like a key", "X API key is no key", "“createdAt” could not be read", "There is no name", "timezone: "]
        {
            assert!(told.contains(part), "{part}: {told}");
        }
        let unnamed = (found(json!({"backstory": "x", "name": "A"})), found(json!({"name": "A"})));
        assert_eq!(unnamed.0.record.id, unnamed.1.record.id, "the same each time");
    }
}
