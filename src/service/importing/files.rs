//! Which files of a source hold what, and their text.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, error::Category};

use super::source::{JSON, Source};
use crate::{
    domain::{
        character::Character,
        content::Content,
        import::{Kind, LeftOut, Origin, shown},
        library::Prompt,
        post::Post,
        problem::{self, Problem},
        task::Task,
    },
    error::Error,
    store::{self, Record},
};

/// Largest file of records.
pub(super) const LARGEST_JSON: u64 = 64 << 20;
/// Most of such files together: all of them are in memory at once.
const MOST_JSON: usize = 128 << 20;
/// Largest file of variables.
const LARGEST_ENV: usize = 1 << 20;

/// The file that says that something is a character's bundle.
pub(in crate::service) const BUNDLE: &str = "bundle.json";

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Records(Kind),
    Variables,
    /// Known, and not imported: why.
    Left(&'static str),
}

/// A file of records, read.
pub(super) struct Read {
    pub(super) kind: Kind,
    pub(super) file: Arc<str>,
    pub(super) value: Value,
}

/// Everything but pictures.
pub(super) struct Texts {
    pub(super) origin: Origin,
    /// The folder the records lie in, within the source; empty, or with `/` at its end.
    pub(super) root: String,
    pub(super) records: Vec<Read>,
    /// Variables, each with its file.
    pub(super) variables: Vec<(Arc<str>, String)>,
}

/// What records are read from: names as we and the older apps have them, in the order in which they count.
fn names(kind: Kind) -> Vec<String> {
    let json = |stem: &str| format!("{stem}.json");
    match kind {
        Kind::Characters => vec![json(Character::COLLECTION), json("character"), json("personas")],
        Kind::Pictures => vec![json(Content::COLLECTION), json("contents"), json("generated-content"), json("generated_content")],
        Kind::Prompts => vec![json(Prompt::COLLECTION), store::WRITTEN.to_owned(), json("generated_prompts")],
        Kind::Schedules => {
            let older = Task::OLDER_FILE.map(json);
            [Some(json(Task::COLLECTION)), older, Some(json("schedules")), Some(json("tasks"))].into_iter().flatten().collect()
        }
        Kind::Posts => vec![json(Post::COLLECTION)],
        Kind::Keys => Vec::new(),
    }
}

/// Files of ours that hold what belongs to one installation.
const LEFT: [(&str, &str); 4] = [
    ("settings.json", "Settings are those of another installation. Set them here under Settings."),
    ("secrets.json", "Sealed keys open only with the key of the installation that sealed them. Enter them again under Accounts."),
    ("datasets.json", "Datasets are not imported. Send their pictures to a new one here."),
    ("trainings.json", "Trainings and their files are not imported. A backup restores a whole installation with them."),
];

/// Finds the files of records in a source, and reads them. JSON alone goes by the `name` it was sent under.
pub(super) fn read(source: &mut Source, name: &str, left_out: &mut Vec<LeftOut>) -> Result<Texts, Error> {
    let root = root(source).ok_or_else(nothing)?;
    let mut sorts = sorted(source, &root);
    if source.is_json() {
        sorts = BTreeMap::from([(JSON.to_owned(), Sort::Records(Kind::Characters))]);
    }
    let has = |name: &str| source.files.contains_key(&format!("{root}{name}"));
    let origin = match () {
        () if source.is_json() => Origin::Json,
        () if has(BUNDLE) => Origin::Bundle,
        () if has("manifest.json") && has("activity.json") => Origin::Backup,
        () => Origin::Folder,
    };
    if source.files.get(&format!("{root}journal.ndjson")).is_some_and(|size| *size > 0) {
        let why = "Changes in the journal are not read. Stop that Digital Dalla first, and what it changed last comes, too.".to_owned();
        left_out.push(LeftOut { file: "journal.ndjson".into(), record: None, why });
    }
    let is_read = |(_, sort): &(&String, &Sort)| !matches!(sort, Sort::Left(_));
    let wanted: BTreeSet<String> = sorts.iter().filter(is_read).map(|(path, _)| path.clone()).collect();
    let (mut records, mut variables, mut all) = (Vec::new(), Vec::new(), 0);
    let refuse = |left_out: &mut Vec<LeftOut>, path: &str, why: String| left_out.push(LeftOut { file: shown(path), record: None, why });
    for (path, sort) in &sorts {
        if let Sort::Left(why) = sort {
            refuse(left_out, path, (*why).to_owned());
        }
    }
    let is_json = source.is_json();
    source.each(&wanted, LARGEST_JSON, &mut |path, read| {
        all += read.as_ref().map_or(0, Vec::len);
        if all > MOST_JSON {
            let words = format!("Its records are more than {} MB together. Import them in parts.", MOST_JSON >> 20);
            return Err(Problem::new(problem::Kind::TooLarge, words).into());
        }
        let file: Arc<str> = if is_json { name.into() } else { shown(path).into() };
        let called = file.to_string();
        let taken = read.and_then(text).and_then(|text| {
            match sorts.get(path) {
                Some(Sort::Records(kind)) => records.push(Read { kind: *kind, file, value: json(&text)? }),
                Some(Sort::Variables) if text.len() <= LARGEST_ENV => variables.push((file, text)),
                Some(Sort::Variables | Sort::Left(_)) | None => {}
            }
            Ok(())
        });
        if let Err(why) = taken {
            left_out.push(LeftOut { file: called, record: None, why });
        }
        Ok(())
    })?;
    // A zip has its own order; records come in ours.
    let order = |read: &Read| {
        let name = read.file.rsplit('/').next().unwrap_or_default().to_owned();
        (Kind::ALL.iter().position(|kind| *kind == read.kind), names(read.kind).iter().position(|known| *known == name))
    };
    records.sort_by_key(order);
    Ok(Texts { origin, root, records, variables })
}

/// The text in a file, or why there is none.
fn text(bytes: Vec<u8>) -> Result<String, String> {
    store::text_of(bytes).map_err(|(line, column)| format!("It cannot be read at line {line}, column {column}: {}.", store::NO_TEXT))
}

/// The JSON in a text, or why it is none.
fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        match error.classify() {
            _ if text.trim().is_empty() => "It is empty.".to_owned(),
            Category::Eof => format!("It breaks off at {place}: its end is missing. Perhaps it was not saved or copied whole."),
            // Of what is well-formed only the depth is refused.
            _ if store::short(&error).starts_with("recursion") => {
                format!("At {place} lists and objects lie deeper in each other than can be read.")
            }
            _ => format!("It is no JSON from {place} on: look there for a comma, a quote or a bracket that is missing or too many."),
        }
    })
}

/// The folder of the records: where the characters are, else whatever else is known; the outermost of several.
fn root(source: &Source) -> Option<String> {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let outermost = |names: &[String]| {
        let is_one = |path: &&String| names.iter().any(|name| path.rsplit('/').next() == Some(name));
        source.files.keys().filter(is_one).map(|path| folder(path)).min_by_key(|folder| (folder.matches('/').count(), folder.clone()))
    };
    outermost(&names(Kind::Characters)).or_else(|| outermost(&Kind::ALL.into_iter().flat_map(names).collect::<Vec<_>>()))
}

/// What each file that counts is.
fn sorted(source: &Source, root: &str) -> BTreeMap<String, Sort> {
    let mut sorts = BTreeMap::new();
    for kind in Kind::ALL {
        let mut there = names(kind).into_iter().map(|name| format!("{root}{name}")).filter(|path| source.files.contains_key(path));
        // Of tasks the newer file holds everything; prompts lie in both.
        let all = kind != Kind::Schedules;
        if all {
            sorts.extend(there.map(|path| (path, Sort::Records(kind))))
        } else {
            sorts.extend(there.next().map(|path| (path, Sort::Records(kind))))
        }
    }
    for (name, why) in LEFT {
        let path = format!("{root}{name}");
        if source.files.get(&path).is_some_and(|size| *size > 2) {
            sorts.insert(path, Sort::Left(why));
        }
    }
    // Variables lay beside the app, its data in a folder within.
    let mut folder = root;
    loop {
        let path = format!("{folder}.env");
        if source.files.contains_key(&path) {
            sorts.insert(path, Sort::Variables);
        }
        if folder.is_empty() {
            break sorts;
        }
        folder = folder[..folder.len() - 1].rsplit_once('/').map_or("", |(outer, _)| &folder[..=outer.len()]);
    }
}

fn nothing() -> Error {
    let words =
        "There is nothing in it that could be imported. A data folder holds characters.json, scheduler.json, prompts.json or content.json.";
    Problem::new(problem::Kind::Unsupported, words).into()
}
