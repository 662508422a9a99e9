//! What running trainings are doing, in numbers newer than those that are stored.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::training::{Followed, TrainingId};

/// The running trainings. A cheap handle.
#[derive(Debug, Clone, Default)]
pub struct LiveTrainings(Arc<Mutex<HashMap<TrainingId, Arc<Followed>>>>);

impl LiveTrainings {
    /// Notes how a training stands.
    pub fn note(&self, id: &TrainingId, followed: Followed) {
        self.with(|all| all.insert(id.clone(), Arc::new(followed)));
    }

    /// How it stands; `None` when it does not run.
    pub fn get(&self, id: &TrainingId) -> Option<Arc<Followed>> {
        self.with(|all| all.get(id).cloned())
    }

    /// Forgets one that has ended.
    pub fn forget(&self, id: &TrainingId) {
        self.with(|all| all.remove(id));
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<TrainingId, Arc<Followed>>) -> T) -> T {
        // Nothing in here can be left half done, so a panic elsewhere does no harm.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
