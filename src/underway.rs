//! Requests with a name that are being done at this moment, so that none is done twice at once. Never stored: after a
//! start, none is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::answered::AnsweredId;

/// The requests, with what each asks for. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct Underway(Arc<Mutex<HashMap<AnsweredId, String>>>);

/// A request that is being done by whoever holds this.
#[derive(Debug)]
pub struct Doing {
    underway: Underway,
    /// Which.
    pub id: AnsweredId,
    /// What it asks for, as a hash.
    pub said: String,
}

impl Underway {
    /// Takes up a request. When somebody else is doing one of that name, what that one asks for.
    pub fn take(&self, id: &AnsweredId, said: &str) -> Result<Doing, String> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = running.get(id) {
            return Err(other.clone());
        }
        running.insert(id.clone(), said.to_owned());
        Ok(Doing { underway: self.clone(), id: id.clone(), said: said.to_owned() })
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        self.underway.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
