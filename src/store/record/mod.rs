//! What is stored: which types, in which collection, and by what they can be found.

mod access;
mod made;
mod noted;
mod personas;
mod work;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    state::State,
    table::Table,
    told::{self, Change},
};
use crate::domain::activity::Deed;

/// A type that is stored in a collection of its own.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The collection's name: `characters` is stored in `characters.json`.
    const COLLECTION: &'static str;

    /// The file an older app kept it in, read as long as there is none of ours.
    const OLDER_FILE: Option<&'static str> = None;

    /// The record's id, unique in its collection.
    fn id(&self) -> &str;

    /// Tells by which values the record can be found quickly.
    fn index(&self, _emit: &mut dyn FnMut(&'static str, &str)) {}

    /// The words it can be searched by, when it can be.
    fn words(&self) -> Option<String> {
        None
    }

    /// What activity says of a change of such a record. Unless there are better words, it is told plainly.
    fn told(change: Change<'_, Self>, _state: &State) -> Option<Deed> {
        told::plainly(change)
    }

    /// Where such records are.
    fn table(state: &State) -> &Table<Self>;

    /// The same, to be changed.
    fn table_mut(state: &mut State) -> &mut Table<Self>;
}

/// A sealed secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// `{owner}/{field}`.
    pub id: String,
    /// Nonce and sealed value, base64.
    pub value: String,
}

/// A day of UTC, as records of a day are found by.
pub fn day(at: DateTime<Utc>) -> String {
    at.date_naive().to_string()
}
