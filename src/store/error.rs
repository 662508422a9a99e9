//! What can go wrong in the store.

use std::{
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file that could not be read. It stays as it is, and its collection is read-only and empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The collection in it.
    pub collection: &'static str,
    /// Its name within the data folder.
    pub file: String,
    /// From 1; 0 when the file could not be opened at all.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be read", self.file)?;
        if self.line > 0 {
            write!(f, " at line {}, column {}", self.line, self.column)?;
        }
        write!(f, ": {}. The file is left as it is. Stop the server, mend the file, and start again.", self.reason)
    }
}

/// Why a change was not stored. Nothing of it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The collection's file is damaged.
    #[error("Nothing was stored. {0}")]
    ReadOnly(Damage),
    /// There is no room.
    #[error("the disk is full")]
    DiskFull,
    /// The journal could not be written.
    #[error("the journal could not be written: {0}")]
    Io(Arc<io::Error>),
    /// A record cannot be written as JSON.
    #[error("a record cannot be written as JSON: {0}")]
    Unwritable(Arc<serde_json::Error>),
    /// Secrets cannot be sealed.
    #[error("Nothing was stored. {0}")]
    SecretsLocked(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The change itself broke down.
    #[error("a change broke down")]
    Panicked,
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::DiskFull,
            _ => Self::Io(Arc::new(error)),
        }
    }
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has the folder.
    #[error("{} is in use by another Digital Dalla{}. Stop that one, or choose another folder with DALLA_DATA_DIR.", dir.display(), with_pid(*pid))]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// The other server's process id, when it could be read.
        pid: Option<u32>,
    },
    /// Another server wrote all the time while the folder was only looked at.
    #[error("{} changes all the time, so it could not be read as it was at one moment. Try again in a while, or stop the server.", dir.display())]
    Busy {
        /// The folder.
        dir: PathBuf,
    },
    /// A line of the journal cannot be read, and it is not the last one.
    #[error("{} is damaged at line {line}: {reason}. Nothing was changed. Restore a backup, or ask for help before removing the file: it may hold changes that are nowhere else.", file.display())]
    BadJournal {
        /// The journal.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The folder could not be made, or is none.
    #[error("{} cannot be used: {source}. Choose another folder with DALLA_DATA_DIR.", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder could not be opened.
    #[error("{} cannot be opened: {source}", path.display())]
    Io {
        /// What could not be opened.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Keys found in clear text could not be moved.
    #[error("keys found in characters.json could not be sealed: {0}")]
    Adopt(StoreError),
    /// Opening broke down.
    #[error("opening the store broke down")]
    Broke,
}

impl OpenError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

fn with_pid(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}
