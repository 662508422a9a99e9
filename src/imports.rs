//! What was sent to be imported and waits for a person's word: what was read of it, and its pictures in a folder of
//! its own. Never stored: a restart forgets it.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::domain::{
    character::{Character, Credential},
    content::Content,
    import::{ImportId, LeftOut, Origin, Waiting},
    library::Prompt,
    post::Post,
    task::Task,
};

/// How many may wait at once; a newer one takes the place of the oldest.
const MOST: usize = 8;

/// A record that was read, with where it was found and what was changed about it.
#[derive(Debug)]
pub struct Found<T, With = ()> {
    /// As it would be stored, under its own id.
    pub record: T,
    /// Its id as it was sent; empty when it had none.
    pub id: String,
    /// What tells it from others beside its id: two records of one id that differ here are two things.
    pub mark: String,
    /// The file it is in.
    pub file: Arc<str>,
    /// What was changed about it while it was read.
    pub words: Vec<String>,
    /// What belongs to it and is no part of the record.
    pub with: With,
}

/// A credential of a character, as it was found in clear text.
pub type Key = (Credential, SecretString);

/// A key for all characters that can be given to none of several: only that there is one.
#[derive(Debug, Clone)]
pub struct ForAll {
    /// The file it is in.
    pub file: Arc<str>,
    /// Its variable there.
    pub name: &'static str,
    /// What it is.
    pub credential: Credential,
}

/// A picture that was looked at and lies ready, as PNG with its thumbnail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The PNG.
    pub original: PathBuf,
    /// The thumbnail.
    pub thumbnail: PathBuf,
}

/// Everything that was read of what was sent.
#[derive(Debug)]
pub struct Gathered {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub origin: Origin,
    /// When it was read: the time of what has none of its own.
    pub at: DateTime<Utc>,
    /// Characters with the keys that were found in them.
    pub characters: Vec<Found<Character, Vec<Key>>>,
    /// Pictures with their files.
    pub contents: Vec<Found<Content, Option<Ready>>>,
    /// Prompts.
    pub prompts: Vec<Found<Prompt>>,
    /// Tasks.
    pub tasks: Vec<Found<Task>>,
    /// Posts that are out.
    pub posts: Vec<Found<Post>>,
    /// The key for Gemini, with its file.
    pub gemini: Option<(Arc<str>, SecretString)>,
    /// Keys for all characters.
    pub for_all: Vec<ForAll>,
    /// What cannot come, whatever is here.
    pub left_out: Vec<LeftOut>,
}

impl Gathered {
    /// Nothing yet, of something of that name.
    pub fn nothing(name: String, origin: Origin, at: DateTime<Utc>) -> Self {
        Self {
            name,
            origin,
            at,
            characters: Vec::new(),
            contents: Vec::new(),
            prompts: Vec::new(),
            tasks: Vec::new(),
            posts: Vec::new(),
            gemini: None,
            for_all: Vec::new(),
            left_out: Vec::new(),
        }
    }
}

/// What waits: what was read, and the folder its pictures lie in.
#[derive(Debug)]
pub struct Staged {
    /// What was read.
    pub gathered: Gathered,
    /// Where its pictures lie; gone with this.
    pub folder: TempDir,
}

#[derive(Debug)]
struct Entry {
    waiting: Waiting,
    /// `None` once it was imported.
    staged: Option<Arc<Staged>>,
}

/// What waits.
#[derive(Debug, Default)]
pub struct Imports(Mutex<VecDeque<Entry>>);

impl Imports {
    /// Keeps what was read.
    pub fn keep(&self, waiting: Waiting, staged: Arc<Staged>) {
        let mut entries = self.lock();
        while entries.len() >= MOST {
            entries.pop_front();
        }
        entries.push_back(Entry { waiting, staged: Some(staged) });
    }

    /// What waits under that id, or was imported; `None` when its time is over.
    pub fn get(&self, id: &ImportId, now: DateTime<Utc>) -> Option<Waiting> {
        self.fresh(now).iter().find(|entry| entry.waiting.id == *id).map(|entry| entry.waiting.clone())
    }

    /// What was read of it, as long as it was not imported.
    pub fn staged(&self, id: &ImportId, now: DateTime<Utc>) -> Option<(Waiting, Arc<Staged>)> {
        let entries = self.fresh(now);
        let entry = entries.iter().find(|entry| entry.waiting.id == *id)?;
        Some((entry.waiting.clone(), entry.staged.clone()?))
    }

    /// What it brings is something else than it was; it waits on.
    pub fn report_anew(&self, waiting: Waiting) {
        if let Some(entry) = self.lock().iter_mut().find(|entry| entry.waiting.id == waiting.id) {
            entry.waiting = waiting;
        }
    }

    /// It was imported: only the report is kept.
    pub fn done(&self, waiting: Waiting) {
        if let Some(entry) = self.lock().iter_mut().find(|entry| entry.waiting.id == waiting.id) {
            *entry = Entry { waiting, staged: None };
        }
    }

    /// Forgets it. Answers whether it was there.
    pub fn forget(&self, id: &ImportId) -> bool {
        let mut entries = self.lock();
        let before = entries.len();
        entries.retain(|entry| entry.waiting.id != *id);
        entries.len() < before
    }

    /// Without those whose time is over.
    fn fresh(&self, now: DateTime<Utc>) -> std::sync::MutexGuard<'_, VecDeque<Entry>> {
        let mut entries = self.lock();
        entries.retain(|entry| now < entry.waiting.until);
        entries
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::ImportReport;

    fn now() -> DateTime<Utc> {
        "2026-11-27T08:00:00Z".parse().unwrap()
    }

    fn keep(imports: &Imports, id: &str, minutes: i64) -> PathBuf {
        let report = ImportReport { name: id.into(), origin: Origin::Folder, imported: false, kinds: Vec::new(), left_out: Vec::new() };
        let waiting = Waiting { id: id.into(), until: now() + chrono::Duration::minutes(minutes), report };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let gathered = Gathered::nothing(id.into(), Origin::Folder, now());
        imports.keep(waiting, Arc::new(Staged { gathered, folder }));
        path
    }

    #[test]
    fn what_nobody_decides_about_is_gone_after_its_time_with_its_folder() {
        let imports = Imports::default();
        let (short, long) = (keep(&imports, "short", 10), keep(&imports, "long", 60));
        let later = now() + chrono::Duration::minutes(10);
        assert!(imports.get(&"short".into(), now()).is_some() && short.is_dir());
        assert!(imports.get(&"short".into(), later).is_none() && !short.exists());
        assert!(imports.staged(&"long".into(), later).is_some() && long.is_dir());
        assert!(imports.forget(&"long".into()) && !imports.forget(&"long".into()) && !long.exists());
    }

    #[test]
    fn the_oldest_makes_room_for_the_newest() {
        let imports = Imports::default();
        let folders: Vec<_> = (0..=MOST).map(|number| keep(&imports, &number.to_string(), 60)).collect();
        assert!(!folders[0].exists() && folders[1..].iter().all(|folder| folder.is_dir()));
    }
}
