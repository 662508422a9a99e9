//! What was deleted just now and can be brought back. Never stored: a restart empties it.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// How many deletions can be undone.
const KEPT: usize = 16;

/// The last deletions.
#[derive(Debug)]
pub struct Trash<T>(Mutex<VecDeque<(String, T)>>);

impl<T> Default for Trash<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Trash<T> {
    /// Keeps what was deleted together; answers what brings it back.
    pub fn keep(&self, what: T) -> String {
        let token = uuid::Uuid::new_v4().to_string();
        self.keep_as(token.clone(), what);
        token
    }

    /// Keeps it under a token of the caller's. Answers the token of what there is no more room for.
    pub fn keep_as(&self, token: String, what: T) -> Option<String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((token, what));
        if kept.len() > KEPT { kept.pop_front().map(|(token, _)| token) } else { None }
    }

    /// Takes out what was deleted together.
    pub fn take(&self, token: &str) -> Option<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == token)?;
        kept.remove(at).map(|(_, what)| what)
    }
}
