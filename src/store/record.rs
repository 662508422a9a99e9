//! What is stored: which types, in which collection, and by what they can be found.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    state::State,
    table::Table,
    told::{self, Change},
};
use crate::domain::{
    access::{ApiToken, Login},
    account::Account,
    activity::{Activity, Deed},
    character::Character,
    content::Content,
    job::{Job, JobStatus},
    library::Prompt,
    post::Post,
};

/// A type that is stored in a collection of its own.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The collection's name: `characters` is stored in `characters.json`.
    const COLLECTION: &'static str;

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

impl Record for Activity {
    const COLLECTION: &'static str = "activity";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("kind", &self.kind);
        if let Some(character) = &self.character_id {
            emit("character", character.as_str());
        }
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

impl Record for Content {
    const COLLECTION: &'static str = "content";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("character", self.character_id.as_str());
        emit("state", self.state.key());
        if let Some(made) = &self.provenance {
            emit("model", &made.recipe.model);
            if let Some(arc) = &made.narrative_id {
                emit("narrative", arc.as_str());
            }
        }
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::content(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.content
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.content
    }
}

impl Record for Job {
    const COLLECTION: &'static str = "jobs";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("status", self.status.key());
        if matches!(self.status, JobStatus::Queued | JobStatus::Interrupted) {
            emit("waiting", self.work.lane().key());
        }
        if let Some(character) = &self.character_id {
            emit("character", character.as_str());
        }
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::job(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.jobs
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.jobs
    }
}

impl Record for Prompt {
    const COLLECTION: &'static str = "prompts";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("character", self.character_id.as_str());
        emit("used", if self.used { "true" } else { "false" });
    }

    fn words(&self) -> Option<String> {
        Some(format!("{}\n{}", self.prompt, self.caption))
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::prompt(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.prompts
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.prompts
    }
}

impl Record for Post {
    const COLLECTION: &'static str = "posts";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("state", self.state.key());
        emit("character", self.character_id.as_str());
        emit("account", &self.account());
        if self.state.goes_on() {
            emit("goes-on", "true");
        }
        for picture in &self.pictures {
            emit("content", picture.content_id.as_str());
        }
        if let Some(request) = &self.request {
            emit("request", &request.key);
        }
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::post(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.posts
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.posts
    }
}

impl Record for SealedSecret {
    const COLLECTION: &'static str = "secrets";

    fn id(&self) -> &str {
        &self.id
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
