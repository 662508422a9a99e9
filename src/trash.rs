//! What was deleted just now and can be brought back. Never stored: a restart empties it.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use crate::domain::library::Prompt;

/// How many deletions can be undone.
const KEPT: usize = 16;

/// The last deletions.
#[derive(Debug, Default)]
pub struct Trash(Mutex<VecDeque<(String, Vec<Prompt>)>>);

impl Trash {
    /// Keeps what was deleted together; answers what brings it back.
    pub fn keep(&self, prompts: Vec<Prompt>) -> String {
        let token = uuid::Uuid::new_v4().to_string();
        self.put_back(token.clone(), prompts);
        token
    }

    /// Keeps what was taken out and could not be brought back.
    pub fn put_back(&self, token: String, prompts: Vec<Prompt>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((token, prompts));
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }

    /// Takes out what was deleted together.
    pub fn take(&self, token: &str) -> Option<Vec<Prompt>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == token)?;
        kept.remove(at).map(|(_, prompts)| prompts)
    }
}
