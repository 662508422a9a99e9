//! A change in the making: it sees everything stored before it, and its own changes.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;

use super::{
    Changed, Shared,
    error::StoreError,
    record::{Record, SealedSecret},
    secrets,
    state::{SETTINGS, State},
    table::Table,
    told::{self, Teller},
};
use crate::domain::{activity::Actor, settings::Settings};

/// Room for what most changes write, so that it is not copied again and again while it grows.
const OFTEN_ENOUGH: usize = 2_048;

/// What a change works with.
pub struct Transaction<'a> {
    shared: &'a Shared,
    pub(super) state: State,
    /// The journal's operations: JSON, with commas between them.
    pub(super) operations: Vec<u8>,
    pub(super) changed: Vec<Changed>,
    /// What looks at each of those that were changed, for activity.
    pub(super) tellers: Vec<Teller>,
    pub(super) actor: Actor,
}

#[derive(Serialize)]
struct Put<'a, T> {
    put: &'a str,
    record: &'a T,
}

#[derive(Serialize)]
struct Delete<'a> {
    delete: &'a str,
    id: &'a str,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(state: State, shared: &'a Shared, actor: Actor) -> Self {
        Self { shared, state, operations: Vec::new(), changed: Vec::new(), tellers: Vec::new(), actor }
    }

    /// A record as this change sees it.
    pub fn get<T: Record>(&self, id: &str) -> Option<Arc<T>> {
        T::table(&self.state).get(id).cloned()
    }

    /// A collection as this change sees it.
    pub fn table<T: Record>(&self) -> &Table<T> {
        T::table(&self.state)
    }

    /// Everything as this change sees it.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Stores a record.
    pub fn put<T: Record>(&mut self, record: T) -> Result<(), StoreError> {
        self.writable(T::COLLECTION)?;
        self.note(&Put { put: T::COLLECTION, record: &record })?;
        self.touch(T::COLLECTION, record.id(), false, told::teller::<T>);
        T::table_mut(&mut self.state).put(Arc::new(record));
        Ok(())
    }

    /// Removes a record. Answers whether there was one.
    pub fn delete<T: Record>(&mut self, id: &str) -> Result<bool, StoreError> {
        self.writable(T::COLLECTION)?;
        if !T::table_mut(&mut self.state).remove(id) {
            return Ok(false);
        }
        self.note(&Delete { delete: T::COLLECTION, id })?;
        self.touch(T::COLLECTION, id, true, told::teller::<T>);
        Ok(true)
    }

    /// The settings as this change sees them.
    pub fn settings(&self) -> &Settings {
        &self.state.settings
    }

    /// Stores the settings.
    pub fn put_settings(&mut self, settings: Settings) -> Result<(), StoreError> {
        self.writable(SETTINGS)?;
        self.note(&Put { put: SETTINGS, record: &settings })?;
        self.touch(SETTINGS, SETTINGS, false, told::settings);
        self.state.settings = Arc::new(settings);
        Ok(())
    }

    /// Seals a secret and stores it.
    pub fn put_secret(&mut self, owner: &str, field: &str, secret: &SecretString) -> Result<(), StoreError> {
        self.put_secret_as(&secrets::id(owner, field), secret)
    }

    pub(super) fn put_secret_as(&mut self, id: &str, secret: &SecretString) -> Result<(), StoreError> {
        let sealed = self.shared.vault.seal(id, secret)?;
        self.put(sealed)
    }

    /// Removes a secret, if there is one.
    pub fn delete_secret(&mut self, owner: &str, field: &str) -> Result<(), StoreError> {
        self.delete::<SealedSecret>(&secrets::id(owner, field)).map(|_| ())
    }

    fn touch(&mut self, collection: &'static str, id: &str, deleted: bool, teller: Teller) {
        self.changed.push(Changed { collection, id: id.to_owned(), deleted });
        self.tellers.push(teller);
    }

    fn writable(&self, collection: &str) -> Result<(), StoreError> {
        match self.shared.damaged.iter().find(|damage| damage.collection == collection) {
            Some(damage) => Err(StoreError::ReadOnly(damage.clone())),
            None => Ok(()),
        }
    }

    fn note(&mut self, operation: &impl Serialize) -> Result<(), StoreError> {
        let before = self.operations.len();
        if before == 0 {
            self.operations.reserve(OFTEN_ENOUGH);
        } else {
            self.operations.push(b',');
        }
        serde_json::to_writer(&mut self.operations, operation).map_err(|error| {
            self.operations.truncate(before);
            StoreError::Unwritable(Arc::new(error))
        })
    }
}
