//! Personas: who they are, where they post, and what they look like.

use super::Record;
use crate::{
    domain::{account::Account, activity::Deed, character::Character, dataset::Dataset, training::Training},
    store::{
        state::State,
        table::Table,
        told::{self, Change},
    },
};

impl Record for Character {
    const COLLECTION: &'static str = "characters";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn told(change: Change<'_, Self>, _: &State) -> Option<Deed> {
        told::character(change)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.characters
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.characters
    }
}

impl Record for Account {
    const COLLECTION: &'static str = "accounts";

    fn id(&self) -> &str {
        &self.id
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::account(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.accounts
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.accounts
    }
}

impl Record for Dataset {
    const COLLECTION: &'static str = "datasets";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("character", self.character_id.as_str());
    }

    fn table(state: &State) -> &Table<Self> {
        &state.datasets
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.datasets
    }
}

impl Record for Training {
    const COLLECTION: &'static str = "trainings";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("state", self.state.key());
        emit("character", self.character_id.as_str());
        emit("name", &self.name);
        if let Some(dataset) = &self.dataset_id {
            emit("dataset", dataset.as_str());
        }
        if let Some(request) = &self.request {
            emit("request", &request.key);
        }
    }

    fn table(state: &State) -> &Table<Self> {
        &state.trainings
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.trainings
    }
}
