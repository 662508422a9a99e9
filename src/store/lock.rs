//! One server for a folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

use super::error::OpenError;

/// Holds the folder until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the folder, or says who has it.
pub(super) fn take(dir: &Path) -> Result<Lock, OpenError> {
    let path = dir.join(".lock");
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(OpenError::io(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Who it is only makes the word better.
            let _ = file.read_to_string(&mut pid);
            return Err(OpenError::Locked { dir: dir.to_owned(), pid: pid.trim().parse().ok() });
        }
        Err(TryLockError::Error(source)) => return Err(OpenError::Io { path, source }),
    }
    let noted = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
    // On a full disk the lock holds all the same.
    if let Err(error) = noted {
        tracing::warn!(%error, "the process id could not be noted in the lock file");
    }
    Ok(Lock { _file: file })
}

/// Who has the folder: `None` when nobody has. Writes nothing, and lets go at once.
pub(super) fn holder(dir: &Path) -> Option<Option<u32>> {
    let mut file = File::open(dir.join(".lock")).ok()?;
    match file.try_lock_shared() {
        Ok(()) | Err(TryLockError::Error(_)) => None,
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Who it is only makes the word better.
            let _ = file.read_to_string(&mut pid);
            Some(pid.trim().parse().ok())
        }
    }
}
