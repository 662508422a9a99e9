//! The shapes records were found in: lists, objects by id, a single one; times, ids and yes or no in every spelling.

use chrono::{DateTime, SecondsFormat};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::{files::Read, names::bare};
use crate::domain::import::{Kind, shown};

/// So many fields of one record may be unreadable; more of them are no record of ours.
const MOST_REPAIRS: usize = 30;

/// A file that holds several kinds at once, as one for each; any other stays as it is.
pub(super) fn apart(read: Read) -> Vec<Read> {
    let Value::Object(fields) = &read.value else { return vec![read] };
    let kind_of = |field: &str| match bare(field).as_str() {
        "characters" | "personas" => Some(Kind::Characters),
        "content" | "contents" | "generatedcontent" => Some(Kind::Pictures),
        "prompts" | "generatedprompts" => Some(Kind::Prompts),
        "tasks" | "schedules" | "scheduledtasks" | "scheduler" => Some(Kind::Schedules),
        "posts" => Some(Kind::Posts),
        _ => None,
    };
    let parts: Vec<_> = fields
        .iter()
        .filter(|(_, value)| matches!(value, Value::Array(_) | Value::Object(_)))
        .filter_map(|(field, value)| Some(Read { kind: kind_of(field)?, file: read.file.clone(), value: value.clone() }))
        .collect();
    // A character may have a field `prompts`; one that has a name of her own is no file of collections.
    if parts.is_empty() || fields.values().any(Value::is_string) && fields.keys().any(|field| bare(field) == "name" || bare(field) == "id")
    {
        return vec![read];
    }
    parts
}

/// The records of a file, each with its place in it for people.
pub(super) fn records(value: Value) -> Vec<(String, Value)> {
    match value {
        Value::Array(records) => records.into_iter().enumerate().map(|(at, record)| (format!("no. {}", at + 1), record)).collect(),
        Value::Object(fields) if !fields.is_empty() && fields.values().all(Value::is_object) => {
            let keyed = |(key, mut record): (String, Value)| {
                if let Value::Object(fields) = &mut record
                    && !fields.keys().any(|field| matches!(bare(field).as_str(), "id"))
                {
                    fields.insert("id".into(), key.clone().into());
                }
                (shown(&key), record)
            };
            fields.into_iter().map(keyed).collect()
        }
        Value::Object(fields) if fields.is_empty() => Vec::new(),
        single => vec![("no. 1".to_owned(), single)],
    }
}

/// An id as a text, whatever it was: a text, a number, or what a document database wraps around it.
pub(super) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(fields) => ["$oid", "$uuid", "id"].into_iter().find_map(|name| id(fields.get(name)?)),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

/// Yes or no.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "y" | "on" | "1" | "active" => Some(true),
            "false" | "no" | "n" | "off" | "0" | "" | "inactive" | "paused" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A time in the way we read it: numbers count seconds or thousandths since 1970.
pub(super) fn time(value: &Value) -> Option<Value> {
    let text = |at: DateTime<chrono::Utc>| Value::String(at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    match value {
        Value::Number(number) => {
            const LAST_SECOND: f64 = 1e11;
            let number = number.as_f64()?;
            let millis = if number.abs() < LAST_SECOND { number * 1e3 } else { number };
            DateTime::from_timestamp_millis(millis as i64).map(text)
        }
        Value::Object(fields) => time(fields.get("$date")?),
        Value::String(words) => {
            let words = words.trim();
            let rfc = || DateTime::parse_from_rfc2822(words).ok().map(|at| text(at.to_utc()));
            // `+0000` without its colon, as Python writes it.
            let offset = || DateTime::parse_from_str(words, "%Y-%m-%dT%H:%M:%S%.f%z").ok().map(|at| text(at.to_utc()));
            let spaced = || DateTime::parse_from_str(words, "%Y-%m-%d %H:%M:%S%.f%z").ok().map(|at| text(at.to_utc()));
            rfc().or_else(offset).or_else(spaced).or_else(|| Some(Value::String(words.to_owned())))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

/// A day in the way we read it.
pub(super) fn day(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) | Value::Object(_) => match time(value)? {
            Value::String(text) => Some(Value::String(text[..10].to_owned())),
            _ => None,
        },
        other => Some(other.clone()),
    }
}

/// Sets fields that are there to what `how` makes of them; what it makes nothing of stays, and is told when it is read.
pub(super) fn each(record: &mut Map<String, Value>, fields: &[&str], how: impl Fn(&Value) -> Option<Value>) {
    for field in fields {
        if let Some(value) = record.get_mut(*field)
            && let Some(better) = how(value)
        {
            *value = better;
        }
    }
}

/// Reads a record. A field that cannot be read is left out, and told of by its name alone: its value may be anything.
pub(super) fn read<T: DeserializeOwned>(record: Map<String, Value>) -> Result<(T, Vec<String>), String> {
    let mut value = Value::Object(record);
    let mut words = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize(&value) {
            Ok(read) => return Ok((read, words)),
            Err(error) => error,
        };
        if words.len() >= MOST_REPAIRS || !remove(&mut value, error.path()) {
            return Err("It cannot be read: it is of another shape than such a record has.".to_owned());
        }
        words.push(format!("“{}” could not be read and is left out.", shown(&error.path().to_string())));
    }
}

/// Removes what a path leads to. Answers whether there was something to remove: without its id a record is none.
fn remove(value: &mut Value, path: &Path) -> bool {
    let segments: Vec<_> = path.iter().collect();
    let Some((last, before)) = segments.split_last() else { return false };
    let mut place = value;
    for segment in before {
        let next = match segment {
            Segment::Map { key } => place.get_mut(key.as_str()),
            Segment::Seq { index } => place.get_mut(*index),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let Some(next) = next else { return false };
        place = next;
    }
    match (last, place) {
        (Segment::Map { key }, Value::Object(fields)) => !(before.is_empty() && key == "id") && fields.shift_remove(key).is_some(),
        (Segment::Seq { index }, Value::Array(items)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::character::Character;

    #[test]
    fn records_are_found_in_every_shape() {
        let ids = |value: Value| records(value).into_iter().map(|(_, record)| record["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(json!([{"id": 1}, {"id": "b"}])), [json!(1), json!("b")]);
        assert_eq!(ids(json!({"a": {"name": "Luna"}, "b": {"id": 7}})), [json!("a"), json!(7)]);
        assert_eq!(ids(json!({"id": 3, "name": "Luna"})), [json!(3)]);
        assert!(records(json!({})).is_empty() && records(json!([])).is_empty());
    }

    #[test]
    fn a_file_of_several_kinds_is_taken_apart_and_a_character_is_not() {
        let read = |value: Value| Read { kind: Kind::Characters, file: "f".into(), value };
        let kinds = |value: Value| apart(read(value)).into_iter().map(|part| part.kind).collect::<Vec<_>>();
        assert_eq!(kinds(json!({"version": 2, "characters": [], "tasks": {}})), [Kind::Characters, Kind::Schedules]);
        assert_eq!(kinds(json!({"id": 1, "name": "Luna", "prompts": []})), [Kind::Characters]);
        assert_eq!(kinds(json!([])), [Kind::Characters]);
    }

    #[test]
    fn times_ids_and_flags_are_read_in_every_spelling() {
        for (written, read) in [
            (json!(1_740_819_600), json!("2025-03-01T09:00:00Z")),
            (json!(1_740_819_600_000_u64), json!("2025-03-01T09:00:00Z")),
            (json!({"$date": 1_740_819_600_000_u64}), json!("2025-03-01T09:00:00Z")),
            (json!("Sat, 01 Mar 2025 09:00:00 GMT"), json!("2025-03-01T09:00:00Z")),
            (json!("2025-03-01T10:00:00+0100"), json!("2025-03-01T09:00:00Z")),
            (json!("2025-03-01T09:00:00.123456"), json!("2025-03-01T09:00:00.123456")),
        ] {
            assert_eq!(time(&written), Some(read), "{written}");
        }
        assert_eq!(day(&json!(1_740_819_600)), Some(json!("2025-03-01")));
        assert_eq!(id(&json!({"$oid": "abc"})).as_deref(), Some("abc"));
        assert_eq!((id(&json!(-4.5)).as_deref(), id(&json!(" ")), id(&json!(null))), (Some("-4.5"), None, None));
        assert_eq!((flag(&json!("Yes")), flag(&json!(0)), flag(&json!("perhaps"))), (Some(true), Some(false), None));
    }

    #[test]
    fn what_cannot_be_read_is_left_out_by_its_name_alone() {
        let luna = json!({
            "id": "a", "name": "Luna", "createdAt": "a-secret-of-hers", "loras": [{"name": "l", "strength": 1.0}, "a-secret-of-hers"],
            "narratives": [{"title": "A", "startDate": "a-secret-of-hers", "endDate": "2026-01-02"}]
        });
        let (luna, words) = read::<Character>(luna.as_object().unwrap().clone()).unwrap();
        assert_eq!((luna.loras.len(), luna.narratives.len(), luna.narratives[0].start_date), (1, 1, None));
        assert_eq!(words.len(), 3, "{words:?}");
        assert!(words.iter().all(|words| !words.contains("secret")) && words.iter().any(|words| words.contains("narratives[0].startDate")));
        assert!(read::<Character>(json!({"id": []}).as_object().unwrap().clone()).is_err());
    }
}
