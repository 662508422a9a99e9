//! The folder of a run: what we and its guard know of each other.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::processes;
use crate::domain::training::Ending;

/// What the guard is to start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuardOrder {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The folder it is started in.
    pub folder: PathBuf,
    /// Variables beside the guard's own.
    pub environment: Vec<(String, String)>,
    /// Where everything it says goes.
    pub log: PathBuf,
    /// Seconds between asking it to stop and ending it.
    pub grace: f64,
}

/// A process and when it was started: the same number may go to another process later, but not with the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Who {
    /// Its number.
    pub pid: i32,
    /// When it was started, as the system counts; 0 where that cannot be told.
    pub started: u64,
}

/// Who is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunningNote {
    pub(super) guard: Who,
    pub(super) trainer: Who,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Nobody has started it.
    Untouched,
    /// Its guard lives.
    Running,
    /// The guard has seen how it ended.
    Ended(Ending),
    /// It was started, or was about to be, and its guard is gone without a word.
    Vanished,
    /// It was given up before it was started.
    GivenUp,
}

/// The folder of a run.
#[derive(Debug, Clone)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The folder at that path.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the folder and writes down what the guard is to start.
    pub fn prepare(&self, order: &GuardOrder) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        self.write("order.json", order)
    }

    /// How the run stands.
    pub fn standing(&self) -> std::io::Result<Standing> {
        if let Some(ending) = self.read::<Ending>("ending.json")? {
            return Ok(Standing::Ended(ending));
        }
        match std::fs::read(self.0.join("claim")) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Standing::Untouched),
            Err(error) => return Err(error),
            Ok(by) if by == b"given up" => return Ok(Standing::GivenUp),
            Ok(_) => {}
        }
        if self.is_guarded()? {
            return Ok(Standing::Running);
        }
        // It may have written its last word between the two looks.
        Ok(self.read("ending.json")?.map_or(Standing::Vanished, Standing::Ended))
    }

    /// Gives up a run that nobody has started. Answers whether that was so; a guard that comes late starts nothing.
    pub fn give_up(&self) -> std::io::Result<bool> {
        std::fs::create_dir_all(&self.0)?;
        self.claim(b"given up")
    }

    /// Asks the guard to stop what it guards. Answers whether there was one to ask.
    pub fn ask_to_stop(&self) -> std::io::Result<bool> {
        if !self.is_guarded()? {
            return Ok(false);
        }
        let Some(note) = self.read::<RunningNote>("running.json")? else { return Ok(false) };
        Ok(processes::ask_to_end(note.guard))
    }

    /// Who guards it, as far as it is known.
    pub fn guard(&self) -> Option<Who> {
        self.read::<RunningNote>("running.json").ok().flatten().map(|note| note.guard)
    }

    /// Decides about the run, once and for all. Answers whether nobody had before.
    pub(super) fn claim(&self, by: &[u8]) -> std::io::Result<bool> {
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(by)?;
        file.as_file().sync_all()?;
        // Whole and only once: it is never there without saying whose it is.
        match file.persist_noclobber(self.0.join("claim")) {
            Ok(_) => {
                File::open(&self.0)?.sync_all()?;
                Ok(true)
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    }

    /// Takes the guard's lock; it is let go of with the file, however the process ends.
    pub(super) fn lock(&self) -> std::io::Result<File> {
        let file = self.lock_file()?;
        // Somebody who looks whether it is locked holds it for a moment.
        file.lock()?;
        Ok(file)
    }

    fn is_guarded(&self) -> std::io::Result<bool> {
        match self.lock_file()?.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock_file(&self) -> std::io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.0.join("lock"))
    }

    /// What a file holds; `None` when there is none. It is put there whole, so it is whole.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> std::io::Result<Option<T>> {
        match std::fs::read(self.0.join(name)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(std::io::Error::from),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a file there whole.
    pub(super) fn write<T: Serialize>(&self, name: &str, value: &T) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(&serde_json::to_vec_pretty(value)?)?;
        file.as_file().sync_all()?;
        file.persist(self.0.join(name))?;
        File::open(&self.0)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, RunFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(dir.path().join("run-1"));
        std::fs::create_dir(folder.path()).unwrap();
        (dir, folder)
    }

    #[test]
    fn a_run_is_decided_about_once() {
        let (_dir, folder) = folder();
        assert_eq!(folder.standing().unwrap(), Standing::Untouched);
        assert!(folder.give_up().unwrap());
        assert_eq!(folder.standing().unwrap(), Standing::GivenUp);
        assert!(!folder.claim(b"guard").unwrap(), "a guard that comes late starts nothing");
    }

    #[test]
    fn a_guard_that_is_gone_without_a_word_is_noticed() {
        let (_dir, folder) = folder();
        let lock = folder.lock().unwrap();
        assert!(folder.claim(b"guard").unwrap());
        assert!(!folder.give_up().unwrap());
        assert_eq!(folder.standing().unwrap(), Standing::Running);
        drop(lock);
        assert_eq!(folder.standing().unwrap(), Standing::Vanished);
        folder.write("ending.json", &Ending::Exit { code: 0 }).unwrap();
        assert_eq!(folder.standing().unwrap(), Standing::Ended(Ending::Exit { code: 0 }));
    }
}
