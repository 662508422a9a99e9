//! What backups need of the store: its files written elsewhere, and the folder held while they are put back.

use std::path::Path;

use super::{
    error::OpenError,
    lock::{self, Lock},
    record::Record,
    state::{COLLECTIONS, State},
};
use crate::domain::access::Login;

/// The names of the collections that are copied: all but sessions, which begin anew wherever the copy goes.
pub fn copied() -> impl Iterator<Item = &'static str> {
    COLLECTIONS.into_iter().filter(|name| *name != Login::COLLECTION)
}

/// Keeps everybody else out of a folder until it is dropped.
#[derive(Debug)]
pub struct Hold {
    _lock: Lock,
}

impl State {
    /// Writes the file of each collection in [`copied`] into another folder, exactly as the data folder has it.
    pub fn write_into(&self, dir: &Path) -> std::io::Result<()> {
        copied().try_for_each(|name| self.write_file(dir, name))
    }
}

/// Takes a folder, or says who has it.
pub fn hold(dir: &Path) -> Result<Hold, OpenError> {
    Ok(Hold { _lock: lock::take(dir)? })
}
