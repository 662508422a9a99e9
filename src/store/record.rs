//! What is stored: which types, in which collection, and by what they can be found.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    secrets,
    state::State,
    table::Table,
    told::{self, Change},
};
use crate::domain::{
    access::{ApiToken, Login},
    account::Account,
    activity::{Activity, Deed},
    answered::Answered,
    character::Character,
    content::{Content, ReviewState},
    dataset::Dataset,
    job::{Job, JobStatus},
    library::Prompt,
    notification::Notification,
    post::Post,
    run::{Cause, LastTick, Run, RunState},
    task::Task,
    training::Training,
};

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
        if self.state == ReviewState::Approved {
            emit("approved", self.character_id.as_str());
        }
        if let Some(proposal) = self.proposal() {
            emit("day", &day(proposal.at));
        }
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
        if let Some(order) = self.descriptions() {
            emit("dataset", order.dataset_id.as_str());
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
        if let Some(at) = self.calendar_at() {
            emit("day", &day(at));
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

/// A day of UTC, as records of a day are found by.
pub fn day(at: DateTime<Utc>) -> String {
    at.date_naive().to_string()
}

impl Record for Run {
    const COLLECTION: &'static str = "runs";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("task", self.task_id.as_str());
        emit("state", self.state.key());
        emit("character", self.character_id.as_str());
        if self.state.goes_on() {
            emit("going", self.character_id.as_str());
        }
        for content in self.steps.iter().flat_map(|step| &step.contents) {
            emit("content", content.as_str());
        }
        // What a report about a time without this server speaks of.
        if self.cause == Cause::MadeUp || matches!(self.state, RunState::Missed { .. }) {
            emit("gap", "true");
        }
        if let Some(step) = self.open_step() {
            if let Some(job) = &step.job_id {
                emit("waits-for", job.as_str());
            }
            if let Some(post) = &step.post_id {
                emit("waits-for", post.as_str());
            }
        }
    }

    /// What comes of it is told by what it makes.
    fn told(_: Change<'_, Self>, _: &State) -> Option<Deed> {
        None
    }

    fn table(state: &State) -> &Table<Self> {
        &state.runs
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.runs
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

impl Record for Task {
    const COLLECTION: &'static str = "scheduler";
    const OLDER_FILE: Option<&'static str> = Some("schedule");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("character", self.character_id.as_str());
        emit("active", if self.active { "true" } else { "false" });
    }

    fn table(state: &State) -> &Table<Self> {
        &state.tasks
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.tasks
    }
}

impl Record for LastTick {
    const COLLECTION: &'static str = "ticks";

    fn id(&self) -> &str {
        &self.id
    }

    /// What comes of it is told by what it makes.
    fn told(_: Change<'_, Self>, _: &State) -> Option<Deed> {
        None
    }

    fn table(state: &State) -> &Table<Self> {
        &state.ticks
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.ticks
    }
}
