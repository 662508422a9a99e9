//! What becomes of each record, given what is here: it comes, it is here already, or what is here stays. References
//! follow the ids.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use secrecy::SecretString;
use serde_json::Value;

use super::{
    keys::{InForce, label},
    reading::derived,
};
use crate::{
    domain::{
        character::{Character, CharacterId, Credential},
        content::{Content, ContentId, ReviewState},
        import::{ImportReport, Kind, KindReport, LeftOut, Outcome, RecordReport, shown},
        library::Prompt,
        post::Post,
        task::Task,
        words::Author,
    },
    imports::{ForAll, Found, Gathered, Ready},
    service::gemini,
    store::{Record, State, Table},
};

/// What is said where an id belongs to something else.
const TAKEN: &str = "Its id belongs to something else here, so it gets a new one.";
/// What is said where a key for the whole installation is stored already.
const HERE: &str = "There is one here already. What is here stays.";
/// Longest id that is kept.
const LONGEST_ID: usize = 200;
/// Names that stand where ids stand in addresses of ours.
const RESERVED: [&str; 2] = ["import", "new"];

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

    fn character(&mut self, found: &Found<Character, Vec<crate::imports::Key>>) {
        let sent = &found.record;
        let is_same = |there: &Character| {
            let name = |one: &Character| one.name.trim().to_lowercase();
            name(there) == name(sent) || (there.created_at.is_some() && there.created_at == sent.created_at)
        };
        let place = self.place(found, |id| !RESERVED.contains(&id) && !id.is_empty(), is_same);
        match place {
            Place::Twice => self.leave(found, "It is there twice; the first one comes."),
            Place::Here { id, there } => {
                self.characters.entry(found.id.clone()).or_insert_with(|| there.id.clone());
                let sent = Character { id: there.id.clone(), ..sent.clone() };
                self.here(Kind::Characters, found, (&id, &there, &sent), there.name.clone(), &["updatedAt"]);
                for (credential, _) in &found.with {
                    let words = "She is here already: keys are only taken along with a new character.";
                    self.key(found, &there, *credential, Outcome::Kept, words);
                }
            }
            Place::Free { id, words } => {
                let character = Character { id: id.as_str().into(), ..sent.clone() };
                let mut told = found.words.clone();
                told.extend(words.map(str::to_owned));
                if self.state.characters.iter().any(|one| one.name.trim().eq_ignore_ascii_case(character.name.trim())) {
                    told.push("There is another character of this name here.".to_owned());
                }
                self.characters.entry(found.id.clone()).or_insert_with(|| character.id.clone());
                self.fresh.insert(id.clone());
                self.tell(Kind::Characters, found, &id, character.name.clone(), Outcome::New, told);
                for (credential, key) in &found.with {
                    if let Some(variable) = self.in_force.named(&character.name, *credential) {
                        let words = format!("{variable} of the environment is in force for her. What is here stays.");
                        self.key(found, &character, *credential, Outcome::Kept, &words);
                        continue;
                    }
                    if let Some(why) = self.locked {
                        self.left_out.push(LeftOut {
                            file: found.file.to_string(),
                            record: Some(format!("{} of {}", label(*credential), shown(&character.name))),
                            why: format!("It cannot be sealed. {why}"),
                        });
                        continue;
                    }
                    self.key(found, &character, *credential, Outcome::New, "It is sealed, and not shown again.");
                    self.changes.secrets.push((id.clone(), credential.field(), key.clone()));
                }
                self.changes.characters.push(character);
            }
        }
    }

    fn key<W>(&mut self, found: &Found<Character, W>, whose: &Character, credential: Credential, outcome: Outcome, words: &str) {
        let report = RecordReport {
            file: found.file.to_string(),
            id: shown(&found.id),
            becomes: None,
            name: format!("{} of {}", label(credential), shown(&whose.name)),
            outcome,
            words: vec![words.to_owned()],
        };
        self.add(Kind::Keys, report);
    }

    fn gemini(&mut self, file: &Arc<str>, key: &SecretString) {
        let name = "Gemini API key".to_owned();
        let report = |outcome, words: &str| key_report(file, "GEMINI_API_KEY", name.clone(), outcome, words);
        if self.is_stored(gemini::KEY) {
            return self.add(Kind::Keys, report(Outcome::Kept, HERE));
        }
        // A stored key comes before that of the environment: it would take its place.
        if self.in_force.gemini() {
            let words = "GEMINI_API_KEY of the environment is in force here. What is here stays.";
            return self.add(Kind::Keys, report(Outcome::Kept, words));
        }
        if let Some(why) = self.locked {
            let why = format!("It cannot be sealed. {why}");
            return self.left_out.push(LeftOut { file: file.to_string(), record: Some(name), why });
        }
        self.add(Kind::Keys, report(Outcome::New, "It is sealed, and not shown again."));
        self.changes.secrets.push((gemini::OWNER.to_owned(), gemini::KEY, key.clone()));
    }

    /// A key for all characters, where there are several: it is nobody's, and takes the place of none that is here.
    fn for_all(&mut self, ForAll { file, name, credential }: &ForAll) {
        let environment = self.in_force.for_all(*credential);
        let words = match environment {
            _ if self.is_stored(credential.field()) => HERE.to_owned(),
            Some(variable) => format!("{variable} of the environment is in force here. What is here stays."),
            None => {
                let why = "It is for all characters, and there are several. Enter it where it belongs under Accounts, or set it as a variable of this server.";
                return self.left_out.push(LeftOut { file: file.to_string(), record: Some((*name).to_owned()), why: why.to_owned() });
            }
        };
        let called = format!("{} for all characters", label(*credential));
        self.add(Kind::Keys, key_report(file, name, called, Outcome::Kept, &words));
    }

    /// Whether a key of the installation is stored here.
    fn is_stored(&self, key: &str) -> bool {
        self.state.secrets.get(&format!("{}/{key}", gemini::OWNER)).is_some()
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

    fn content(&mut self, found: &Found<Content, Option<Ready>>, gathered: &Gathered) {
        let noted = found.record.extra.get("characterName").and_then(Value::as_str);
        let whose = self.whose(&found.record.character_id, noted);
        let mut sent = found.record.clone();
        let mut told = found.words.clone();
        match &whose {
            Some(whose) => sent.character_id = whose.clone(),
            None if !sent.character_id.is_none() => {
                told.push("Its character is neither in what was sent nor here: it is nobody’s.".to_owned());
                sent.character_id = CharacterId::none();
            }
            None => {}
        }
        let is_same = |there: &Content| {
            let words = !sent.caption.is_empty() && there.caption == sent.caption;
            words || (there.created_at.is_some() && there.created_at == sent.created_at)
        };
        let has_file = found.with.is_some();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let may_be = |id: &str| !id.is_empty() && (!has_file || (id.len() <= 100 && id.chars().all(plain)));
        let name = if sent.caption.trim().is_empty() { format!("Picture {}", shown(&found.id)) } else { shown(&sent.caption) };
        match self.place(found, may_be, is_same) {
            Place::Twice => self.leave(found, "It is there twice; the first one comes."),
            Place::Here { id, there } => {
                self.contents.entry(found.id.clone()).or_insert_with(|| there.id.clone());
                sent.id = there.id.clone();
                const APART: [&str; 6] = ["updatedAt", "state", "history", "reviewedAt", "plannedFor", "rejectReason"];
                self.here(Kind::Pictures, found, (&id, &there, &sent), name, &APART);
            }
            Place::Free { id, words } => {
                told.extend(words.map(str::to_owned));
                sent.id = id.as_str().into();
                let is_out = self.out.contains(found.record.id.as_str());
                // Her schedules here are not paused by an import.
                let could_go_out = !sent.character_id.is_none() && !self.fresh.contains(sent.character_id.as_str());
                if sent.state == ReviewState::Approved && could_go_out && !is_out {
                    sent.turn(ReviewState::InReview, "", Author::Hand, gathered.at);
                    told.push("It was approved, and comes to review: a schedule of hers here could post it by itself.".to_owned());
                }
                if let Some(ready) = &found.with {
                    self.changes.pictures.push((sent.id.clone(), ready.clone()));
                }
                self.contents.entry(found.id.clone()).or_insert_with(|| sent.id.clone());
                self.tell(Kind::Pictures, found, &id, name, Outcome::New, told);
                self.changes.contents.push(sent);
            }
        }
    }

    fn prompt(&mut self, found: &Found<Prompt>) {
        let mut sent = found.record.clone();
        let mut told = found.words.clone();
        match self.whose(&sent.character_id, Some(&sent.character_name)) {
            Some(whose) => sent.character_id = whose,
            None => {
                if !sent.character_id.is_none() {
                    told.push("Its character is neither in what was sent nor here: it is nobody’s.".to_owned());
                }
                sent.character_id = CharacterId::none();
            }
        }
        if let Some(content) = &sent.content_id {
            let here = || self.state.content.get(content.as_str()).map(|one| one.id.clone());
            sent.content_id = self.contents.get(content.as_str()).cloned().or_else(here);
        }
        let is_same = |there: &Prompt| there.prompt == sent.prompt || (there.created_at.is_some() && there.created_at == sent.created_at);
        let name = shown(&sent.prompt);
        match self.place(found, |id| !id.is_empty(), is_same) {
            Place::Twice => self.leave(found, "It is there twice; the first one comes."),
            Place::Here { id, there } => {
                sent.id = there.id.clone();
                self.here(Kind::Prompts, found, (&id, &there, &sent), name, &["usedAt", "contentId"]);
            }
            Place::Free { id, words } => {
                told.extend(words.map(str::to_owned));
                sent.id = id.as_str().into();
                self.tell(Kind::Prompts, found, &id, name, Outcome::New, told);
                self.changes.prompts.push(sent);
            }
        }
    }

    fn task(&mut self, found: &Found<Task>) {
        let mut sent = found.record.clone();
        let noted = sent.extra.get("characterName").and_then(Value::as_str);
        match self.whose(&sent.character_id, noted) {
            Some(whose) => sent.character_id = whose,
            None if sent.kind.needs_character() => {
                return self.leave(found, "Its character is neither in what was sent nor here.");
            }
            None => sent.character_id = CharacterId::none(),
        }
        let is_same = |there: &Task| {
            let same_deed = there.kind == sent.kind && there.schedule == sent.schedule;
            there.character_id == sent.character_id && (same_deed || (there.created_at.is_some() && there.created_at == sent.created_at))
        };
        let whose = self.name_of(&sent.character_id);
        let name = if whose.is_empty() { sent.kind.label().to_owned() } else { format!("{}: {}", whose, sent.kind.label()) };
        match self.place(found, |id| !id.is_empty(), is_same) {
            Place::Twice => self.leave(found, "It is there twice; the first one comes."),
            Place::Here { id, there } => {
                sent.id = there.id.clone();
                const APART: [&str; 5] = ["active", "updatedAt", "lastRun", "countsFrom", "missedRuns"];
                self.here(Kind::Schedules, found, (&id, &there, &sent), name, &APART);
            }
            Place::Free { id, words } => {
                let mut told = found.words.clone();
                told.extend(words.map(str::to_owned));
                sent.id = id.as_str().into();
                self.tell(Kind::Schedules, found, &id, name, Outcome::New, told);
                self.changes.tasks.push(sent);
            }
        }
    }

    fn post(&mut self, found: &Found<Post>) {
        let mut sent = found.record.clone();
        let Some(whose) = self.whose(&sent.character_id, None) else {
            return self.leave(found, "Its character is neither in what was sent nor here.");
        };
        sent.character_id = whose;
        for picture in &mut sent.pictures {
            if let Some(here) = self.contents.get(picture.content_id.as_str()) {
                picture.content_id = here.clone();
            }
        }
        let is_same = |there: &Post| there.network == sent.network && there.created_at == sent.created_at;
        let words = shown(sent.caption.lines().next().unwrap_or_default());
        let name = format!("{}: {}", sent.network.label(), if words.is_empty() { "without words" } else { &words });
        match self.place(found, |id| !id.is_empty(), is_same) {
            // Its picture has said it, too: it is the same post.
            Place::Twice => {}
            Place::Here { id, there } => {
                sent.id = there.id.clone();
                self.here(Kind::Posts, found, (&id, &there, &sent), name, &["updatedAt", "attempts", "jobId"]);
            }
            Place::Free { id, words } => {
                let mut told = found.words.clone();
                told.extend(words.map(str::to_owned));
                sent.id = id.as_str().into();
                self.tell(Kind::Posts, found, &id, name, Outcome::New, told);
                self.changes.posts.push(sent);
            }
        }
    }
}

fn key_report(file: &Arc<str>, id: &str, name: String, outcome: Outcome, words: &str) -> RecordReport {
    RecordReport { file: file.to_string(), id: id.to_owned(), becomes: None, name, outcome, words: vec![words.to_owned()] }
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
