//! What becomes of each record, given what is here: it comes, it is here already, or what is here stays. References
//! follow the ids.

mod characters;
mod records;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use secrecy::SecretString;
use serde_json::Value;

use super::{keys::InForce, reading::derived};
use crate::{
    domain::{
        character::{Character, CharacterId},
        content::{Content, ContentId},
        import::{ImportReport, Kind, KindReport, LeftOut, Outcome, RecordReport, shown},
        library::Prompt,
        post::Post,
        task::Task,
    },
    imports::{Found, Gathered, Ready},
    store::{Record, State, Table},
};

/// What is said where an id belongs to something else.
const TAKEN: &str = "Its id belongs to something else here, so it gets a new one.";
/// Longest id that is kept.
const LONGEST_ID: usize = 200;

/// What is done when a person says so.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) characters: Vec<Character>,
    pub(super) secrets: Vec<(String, &'static str, SecretString)>,
    pub(super) contents: Vec<Content>,
    pub(super) pictures: Vec<(ContentId, Ready)>,
    pub(super) prompts: Vec<Prompt>,
    pub(super) tasks: Vec<Task>,
    pub(super) posts: Vec<Post>,
}

/// What is done, and what is told of it.
pub(super) struct Plan {
    pub(super) report: ImportReport,
    pub(super) changes: Changes,
    /// The state it was made for; for any other it has to be made anew.
    pub(super) versions: [u64; 6],
}

/// How far the collections have come that a plan depends on.
pub(super) fn versions(state: &State) -> [u64; 6] {
    [
        state.characters.version(),
        state.content.version(),
        state.prompts.version(),
        state.tasks.version(),
        state.posts.version(),
        state.secrets.version(),
    ]
}

/// What becomes of everything. `locked` says why keys cannot be sealed, when they cannot.
pub(super) fn plan<'a>(gathered: &'a Gathered, state: &'a State, in_force: &'a InForce, locked: Option<&'a str>) -> Plan {
    let mut planning = Planning {
        state,
        in_force,
        locked,
        changes: Changes::default(),
        kinds: Kind::ALL.map(KindReport::of),
        left_out: gathered.left_out.clone(),
        characters: HashMap::new(),
        fresh: HashSet::new(),
        contents: HashMap::new(),
        seen: HashSet::new(),
        taken: HashSet::new(),
        out: gathered.posts.iter().flat_map(|post| post.record.pictures.iter().map(|picture| picture.content_id.as_str())).collect(),
    };
    gathered.characters.iter().for_each(|found| planning.character(found));
    if let Some((file, key)) = &gathered.gemini {
        planning.gemini(file, key);
    }
    gathered.for_all.iter().for_each(|key| planning.for_all(key));
    gathered.contents.iter().for_each(|found| planning.content(found, gathered));
    gathered.prompts.iter().for_each(|found| planning.prompt(found));
    gathered.tasks.iter().for_each(|found| planning.task(found));
    gathered.posts.iter().for_each(|found| planning.post(found));
    let kinds = planning.kinds.into_iter().filter(|kind| !kind.records.is_empty()).collect();
    let report = ImportReport { name: gathered.name.clone(), origin: gathered.origin, imported: false, kinds, left_out: planning.left_out };
    Plan { report, changes: planning.changes, versions: versions(state) }
}

struct Planning<'a> {
    state: &'a State,
    in_force: &'a InForce,
    locked: Option<&'a str>,
    changes: Changes,
    kinds: [KindReport; 6],
    left_out: Vec<LeftOut>,
    /// Ids here by ids as they were sent; the first of several counts.
    characters: HashMap<String, CharacterId>,
    /// Characters that come now.
    fresh: HashSet<String>,
    contents: HashMap<String, ContentId>,
    /// Pictures, by their ids as they were sent, that are out on a network.
    out: HashSet<&'a str>,
    /// What was seen in this import: collection, id and mark.
    seen: HashSet<(&'static str, String, String)>,
    /// Ids given in this import, by collection.
    taken: HashSet<(&'static str, String)>,
}

/// Where a record goes.
enum Place<T> {
    /// There is nothing of this id.
    Free { id: String, words: Option<&'static str> },
    /// It is here already.
    Here { id: String, there: Arc<T> },
    /// It was sent twice.
    Twice,
}

impl<'a> Planning<'a> {
    /// Where a record goes. `is_same` tells whether what has its id here is the same thing; ids that are unique in the
    /// world need not be asked about.
    fn place<T: Record, W>(&mut self, found: &Found<T, W>, may_be: impl Fn(&str) -> bool, is_same: impl Fn(&T) -> bool) -> Place<T> {
        if !self.seen.insert((T::COLLECTION, found.id.clone(), found.mark.clone())) {
            return Place::Twice;
        }
        let id = found.record.id().to_owned();
        let table: &Table<T> = T::table(self.state);
        // Ids are in addresses, and are written by people.
        let may_be = |id: &str| may_be(id) && id.len() <= LONGEST_ID && !id.chars().any(char::is_control);
        let given = |planning: &Self, id: &str| planning.taken.contains(&(T::COLLECTION, id.to_owned()));
        if given(self, &id) && uuid::Uuid::try_parse(&id).is_ok() {
            return Place::Twice;
        }
        if may_be(&id) && !given(self, &id) {
            match table.get(&id) {
                None => {
                    self.taken.insert((T::COLLECTION, id.clone()));
                    return Place::Free { id, words: None };
                }
                Some(there) if uuid::Uuid::try_parse(&id).is_ok() || is_same(there) => {
                    self.taken.insert((T::COLLECTION, id.clone()));
                    return Place::Here { id, there: Arc::clone(there) };
                }
                Some(_) => {}
            }
        }
        let new = derived(T::COLLECTION, &found.id, &found.mark);
        if given(self, &new) || id == new {
            return Place::Twice;
        }
        self.taken.insert((T::COLLECTION, new.clone()));
        match table.get(&new) {
            Some(there) => Place::Here { id: new, there: Arc::clone(there) },
            None => {
                Place::Free { id: new, words: Some(if may_be(&id) { TAKEN } else { "Its id cannot be one here, so it gets a new one." }) }
            }
        }
    }

    fn tell<T, W>(&mut self, kind: Kind, found: &Found<T, W>, id: &str, name: String, outcome: Outcome, words: Vec<String>) {
        let (sent, name) = (shown(&found.id), shown(&name));
        let becomes = (found.id != id).then(|| id.to_owned());
        let report = RecordReport { file: found.file.to_string(), id: sent, becomes, name, outcome, words };
        self.add(kind, report);
    }

    fn add(&mut self, kind: Kind, report: RecordReport) {
        if let Some(of) = self.kinds.iter_mut().find(|of| of.kind == kind) {
            of.add(report);
        }
    }

    fn leave<T, W>(&mut self, found: &Found<T, W>, why: &str) {
        let record = Some(if found.id.is_empty() { shown(&found.mark) } else { shown(&found.id) });
        self.left_out.push(LeftOut { file: found.file.to_string(), record, why: why.to_owned() });
    }

    /// Tells of a record that is here already.
    fn here<T: Record, W>(&mut self, kind: Kind, found: &Found<T, W>, (id, there, sent): (&str, &T, &T), name: String, apart: &[&str]) {
        let differs = differences(there, sent, apart);
        if differs.is_empty() {
            return self.tell(kind, found, id, name, Outcome::Same, Vec::new());
        }
        let words = vec![format!("It is here already, and differs in {}. What is here stays.", differs.join(", "))];
        self.tell(kind, found, id, name, Outcome::Kept, words);
    }

    /// The character a record is of: by id, else by the name it notes.
    fn whose(&self, id: &CharacterId, name: Option<&str>) -> Option<CharacterId> {
        if !id.is_none() {
            let here = || self.state.characters.get(id.as_str()).map(|one| one.id.clone());
            return self.characters.get(id.as_str()).cloned().or_else(here);
        }
        let name = name.map(str::trim).filter(|name| !name.is_empty())?;
        let coming = self.changes.characters.iter().map(|one| (&one.id, &one.name));
        let here = self.state.characters.iter().map(|one| (&one.id, &one.name));
        let mut called = coming.chain(here).filter(|(_, known)| known.trim().eq_ignore_ascii_case(name));
        let found = called.next().map(|(id, _)| id.clone());
        // Of two of that name nobody can tell.
        found.filter(|_| called.next().is_none())
    }

    fn name_of(&self, id: &CharacterId) -> String {
        let coming = self.changes.characters.iter().find(|one| one.id == *id).map(|one| one.name.clone());
        coming.or_else(|| self.state.characters.get(id.as_str()).map(|one| one.name.clone())).unwrap_or_default()
    }
}

/// In which fields two records differ, but for those `apart`.
fn differences<T: Record>(there: &T, sent: &T, apart: &[&str]) -> Vec<String> {
    let fields = |record: &T| match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let (there, sent) = (fields(there), fields(sent));
    let names: Vec<_> = there.keys().chain(sent.keys().filter(|name| !there.contains_key(*name))).collect();
    let differs = names.into_iter().filter(|name| !apart.contains(&name.as_str()) && there.get(*name) != sent.get(*name));
    const NAMED: usize = 6;
    let mut differs: Vec<String> = differs.map(|name| shown(name)).collect();
    if differs.len() > NAMED {
        let more = differs.len() - NAMED;
        differs.truncate(NAMED);
        differs.push(format!("{more} more"));
    }
    differs
}
