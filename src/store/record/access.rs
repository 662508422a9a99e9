//! Who may come in, and the secrets that open other doors.

use super::{Record, SealedSecret};
use crate::{
    domain::{
        access::{ApiToken, Login},
        activity::Deed,
    },
    store::{
        secrets,
        state::State,
        table::Table,
        told::{self, Change},
    },
};

impl Record for ApiToken {
    const COLLECTION: &'static str = "tokens";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("hash", &self.hash);
    }

    fn told(change: Change<'_, Self>, _: &State) -> Option<Deed> {
        told::token(change)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.tokens
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.tokens
    }
}

impl Record for Login {
    const COLLECTION: &'static str = "logins";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn told(change: Change<'_, Self>, _: &State) -> Option<Deed> {
        told::login(change)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.logins
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.logins
    }
}

impl Record for SealedSecret {
    const COLLECTION: &'static str = "secrets";

    fn id(&self) -> &str {
        &self.id
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("owner", secrets::owner(&self.id));
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::secret(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.secrets
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.secrets
    }
}
