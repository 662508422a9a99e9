//! Reading everything there is, kind by kind, as tolerantly as can be; what cannot be read is told with its place.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    characters,
    contents::{self, Pictured},
    files::{self, Read},
    keys::Variables,
    names::{self, Names},
    others, pictures, shapes,
    source::Source,
};
use crate::{
    domain::{
        import::{Kind, LeftOut, MOST_RECORDS, shown},
        problem::{self, FieldError, Problem},
    },
    error::Error,
    imports::{Found, Gathered},
};

/// Largest record, as JSON.
const LARGEST_RECORD: usize = 1 << 20;

/// How large things may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// One picture.
    pub picture: u64,
    /// All of it.
    pub all: u64,
}

/// A record on its way: tidied, with what is known of it already.
pub(super) struct Raw {
    /// With our names.
    pub(super) fields: Map<String, Value>,
    /// As it was sent; empty when it had none.
    pub(super) id: String,
    pub(super) mark: String,
    pub(super) words: Vec<String>,
}

impl Raw {
    /// With our names, an id, and times that can be read.
    pub(super) fn new(fields: Map<String, Value>, names: Names, marks: &[&str]) -> Self {
        let mut fields = names::ours(fields, names);
        shapes::each(&mut fields, &TIMES, shapes::time);
        let id = fields.get("id").and_then(shapes::id).unwrap_or_default();
        let text = |name: &&str| fields.get(*name).and_then(|value| value.as_str()).filter(|text| !text.is_empty()).map(str::to_owned);
        // Without an id everything has to tell it from others.
        let mark = match id.is_empty() {
            true => marks.iter().filter_map(text).collect::<Vec<_>>().join(" "),
            false => marks.iter().find_map(text).unwrap_or_default(),
        };
        for name in ["characterId", "contentId"] {
            if let Some(value) = fields.get(name) {
                let id = shapes::id(value).unwrap_or_default();
                fields.insert(name.to_owned(), id.into());
            }
        }
        Self { fields, id, mark, words: Vec::new() }
    }

    /// Reads it as a record. Without an id of its own it gets one that is the same each time.
    pub(super) fn read<T: serde::de::DeserializeOwned>(mut self, collection: &str) -> Result<(T, Unread), String> {
        let id = if self.id.is_empty() { derived(collection, "", &self.mark) } else { self.id.clone() };
        self.fields.insert("id".to_owned(), id.into());
        let (record, unread) = shapes::read(self.fields)?;
        self.words.extend(unread);
        Ok((record, Unread { id: self.id, mark: self.mark, words: self.words }))
    }
}

/// What is known of a record beside itself.
pub(super) struct Unread {
    pub(super) id: String,
    pub(super) mark: String,
    pub(super) words: Vec<String>,
}

impl Unread {
    pub(super) fn found<T, With>(self, record: T, file: &Arc<str>, with: With) -> Found<T, With> {
        Found { record, id: self.id, mark: self.mark, file: file.clone(), words: self.words, with }
    }
}

/// Times of all kinds of records.
const TIMES: [&str; 9] =
    ["createdAt", "updatedAt", "usedAt", "reviewedAt", "lastRun", "countsFrom", "postedAt", "instagramPostedAt", "twitterPostedAt"];

/// An id that is made of what was sent: the same each time, so that nothing comes twice.
pub(super) fn derived(collection: &str, id: &str, mark: &str) -> String {
    let digest = Sha256::new().chain_update(collection).chain_update([0]).chain_update(id).chain_update([0]).chain_update(mark).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Reads everything of a source; its pictures are laid ready in `folder`. Blocks.
pub(super) fn gather(source: &mut Source, name: &str, folder: &Path, limits: Limits, now: DateTime<Utc>) -> Result<Gathered, Error> {
    let mut left_out = std::mem::take(&mut source.left_out);
    let name = shown(name);
    let texts = files::read(source, &name, &mut left_out)?;
    let mut gathered = Gathered { left_out, ..Gathered::nothing(name, texts.origin, now) };
    let mut pictured = Vec::new();
    let mut count = 0;
    for read in texts.records.into_iter().flat_map(shapes::apart) {
        let Read { kind, file, value } = read;
        for (place, value) in shapes::records(value) {
            count += 1;
            if count > MOST_RECORDS {
                let words = format!("It holds more than {MOST_RECORDS} records. Import it in parts.");
                return Err(Problem::new(problem::Kind::TooLarge, words).into());
            }
            if let Err(why) = take(&mut gathered, &mut pictured, (kind, &file, &place), value, now) {
                let record = Some(why.id.map_or(place, |id| shown(&id)));
                gathered.left_out.push(LeftOut { file: file.to_string(), record, why: why.words });
            }
        }
    }
    let mut variables = Variables::default();
    // The inner file was read last by its place in the list, and its word counts.
    texts.variables.iter().for_each(|(file, text)| variables.read(file, text));
    gathered.gemini = variables.gemini();
    gathered.for_all = variables.give(&mut gathered.characters);
    if is_empty(&gathered) {
        return Err(nothing_of(&gathered).into());
    }
    pictures::lay_ready(source, &texts.root, &mut gathered, pictured, folder, limits.picture)?;
    Ok(gathered)
}

fn is_empty(gathered: &Gathered) -> bool {
    let records = [gathered.characters.len(), gathered.contents.len(), gathered.prompts.len(), gathered.tasks.len(), gathered.posts.len()];
    records == [0; 5] && gathered.gemini.is_none() && gathered.for_all.is_empty()
}

/// What is said where there is nothing that could be imported: why, of each part.
fn nothing_of(Gathered { name, left_out, .. }: &Gathered) -> Problem {
    /// So many parts are told of.
    const TOLD: usize = 20;
    let told = |one: &LeftOut| match &one.record {
        _ if left_out.len() == 1 && one.file == *name => one.why.clone(),
        None => format!("{}: {}", one.file, one.why),
        Some(record) if one.file == *name => format!("{record}: {}", one.why),
        Some(record) => format!("{record} in {}: {}", one.file, one.why),
    };
    let mut words: Vec<_> = left_out.iter().take(TOLD).map(told).collect();
    if left_out.len() > TOLD {
        words.push(format!("And {} more.", left_out.len() - TOLD));
    }
    match words.as_slice() {
        [] => Problem::invalid("file", format!("There is nothing in “{name}” to import: no character, picture, prompt, schedule or post.")),
        [only] => Problem::invalid("file", format!("Nothing of “{name}” can be imported. {only}")),
        _ => {
            let errors = words.into_iter().map(|message| FieldError { field: "file".to_owned(), message }).collect();
            Problem { errors, ..Problem::new(problem::Kind::Invalid, format!("Nothing of “{name}” can be imported.")) }
        }
    }
}

/// Why a record cannot come.
struct Why {
    id: Option<String>,
    words: String,
}

fn take(
    gathered: &mut Gathered,
    pictured: &mut Vec<Pictured>,
    (kind, file, place): (Kind, &Arc<str>, &str),
    value: Value,
    now: DateTime<Utc>,
) -> Result<(), Why> {
    let Value::Object(fields) = value else {
        return Err(Why { id: None, words: "It is no record: a record is an object with fields.".to_owned() });
    };
    let id = fields.iter().find(|(name, _)| matches!(names::bare(name).as_str(), "id")).and_then(|(_, value)| shapes::id(value));
    let why = |words: String| Why { id: id.clone(), words };
    if serde_json::to_vec(&fields).map_or(true, |json| json.len() > LARGEST_RECORD) {
        return Err(why("It is larger than 1 MB, which no such record is.".to_owned()));
    }
    match kind {
        Kind::Characters => gathered.characters.push(characters::read(fields, place, file).map_err(why)?),
        Kind::Pictures => {
            let (content, picture, posts) = contents::read(fields, file, now).map_err(why)?;
            pictured.push(picture);
            gathered.contents.push(content);
            gathered.posts.extend(posts);
        }
        Kind::Prompts => gathered.prompts.push(others::prompt(fields, file).map_err(why)?),
        Kind::Schedules => gathered.tasks.push(others::task(fields, file).map_err(why)?),
        Kind::Posts => gathered.posts.push(others::post(fields, file, now).map_err(why)?),
        Kind::Keys => {}
    }
    Ok(())
}
