//! What is noted of what happened.

use super::Record;
use crate::{
    domain::{
        activity::{Activity, Deed},
        answered::Answered,
        notification::Notification,
    },
    store::{state::State, table::Table, told::Change},
};

impl Record for Activity {
    const COLLECTION: &'static str = "activity";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Nobody needs to be told that something was told.
    fn told(_: Change<'_, Self>, _: &State) -> Option<Deed> {
        None
    }

    fn table(state: &State) -> &Table<Self> {
        &state.activity
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.activity
    }
}

impl Record for Answered {
    const COLLECTION: &'static str = "answers";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    /// What was done is told by what it changed.
    fn told(_: Change<'_, Self>, _: &State) -> Option<Deed> {
        None
    }

    fn table(state: &State) -> &Table<Self> {
        &state.answers
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.answers
    }
}

impl Record for Notification {
    const COLLECTION: &'static str = "notifications";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("subject", &self.subject.key());
        if self.is_unread() {
            emit("unread", "true");
        }
        if self.over_at.is_none() {
            emit("open", &self.subject.key());
        }
        if self.delivery.as_ref().is_some_and(|delivery| delivery.due_at().is_some()) {
            emit("delivery", "waiting");
        }
    }

    /// What comes of it is told by what it makes.
    fn told(_: Change<'_, Self>, _: &State) -> Option<Deed> {
        None
    }

    fn table(state: &State) -> &Table<Self> {
        &state.notifications
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.notifications
    }
}
