//! Everything stored, as it was at one moment: the one place that lists the collections.

use std::{path::Path, sync::Arc};

use serde_json::value::RawValue;

use super::{
    arrays,
    record::{Record, SealedSecret},
    secrets::PASSWORD,
    table::Table,
};
use crate::domain::{
    access::{ApiToken, Login},
    account::Account,
    activity::{self, Activity},
    answered::Answered,
    character::Character,
    content::Content,
    dataset::Dataset,
    job::Job,
    library::Prompt,
    notification::Notification,
    post::Post,
    run::{LastTick, Run},
    settings::Settings,
    task::Task,
    training::Training,
};

/// So many old lines of activity are let go of at once.
const TOGETHER: usize = 100;

/// The settings' name in the journal, and of their file.
pub(super) const SETTINGS: &str = "settings";

/// A snapshot of everything. Cloning it costs next to nothing.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What tests of accounts have seen.
    pub accounts: Table<Account>,
    /// What was done.
    pub activity: Table<Activity>,
    /// How requests were answered that have a name.
    pub answers: Table<Answered>,
    /// Personas.
    pub characters: Table<Character>,
    /// Generated pictures.
    pub content: Table<Content>,
    /// Pictures to train on.
    pub datasets: Table<Dataset>,
    /// Work that outlives a request.
    pub jobs: Table<Job>,
    /// What a person should know of.
    pub notifications: Table<Notification>,
    /// Sessions of people.
    pub logins: Table<Login>,
    /// The publish ledger.
    pub posts: Table<Post>,
    /// The prompt library.
    pub prompts: Table<Prompt>,
    /// Executions of tasks.
    pub runs: Table<Run>,
    /// LoRA trainings.
    pub trainings: Table<Training>,
    /// Sealed secrets.
    pub secrets: Table<SealedSecret>,
    /// Schedules.
    pub tasks: Table<Task>,
    /// Up to when the scheduler has looked.
    pub ticks: Table<LastTick>,
    /// What is set for the installation.
    pub settings: Arc<Settings>,
    /// Tokens of programs.
    pub tokens: Table<ApiToken>,
}

impl State {
    /// Whether a password is asked for, also when the file it is in was lost.
    pub fn has_password(&self) -> bool {
        self.settings.password_since.is_some() || self.secrets.get(PASSWORD).is_some()
    }

    /// Whether there is any secret of that owner.
    pub fn has_secrets(&self, owner: &str) -> bool {
        self.secrets.count("owner", owner) > 0
    }

    /// How many records each collection has.
    pub fn counts(&self) -> [(&'static str, usize); 17] {
        fn of<T: Record>(table: &Table<T>) -> (&'static str, usize) {
            (T::COLLECTION, table.len())
        }
        [
            of(&self.accounts),
            of(&self.activity),
            of(&self.answers),
            of(&self.tokens),
            of(&self.logins),
            of(&self.characters),
            of(&self.content),
            of(&self.datasets),
            of(&self.jobs),
            of(&self.notifications),
            of(&self.posts),
            of(&self.prompts),
            of(&self.runs),
            of(&self.trainings),
            of(&self.secrets),
            of(&self.tasks),
            of(&self.ticks),
        ]
    }

    /// Lets go of the oldest lines of activity, many at a time: one by one, each change would have to pay for one. Done
    /// after each change, and when it is read again, so that the journal has no word of it.
    pub(super) fn forget_old_activity(&mut self) {
        if self.activity.len() >= activity::KEPT + TOGETHER {
            self.activity.keep_newest(activity::KEPT);
        }
    }

    /// Applies one operation of the journal.
    pub(super) fn replay(&mut self, collection: &str, operation: Operation<'_>) -> Result<(), String> {
        match collection {
            Account::COLLECTION => replay_in(&mut self.accounts, operation),
            Activity::COLLECTION => replay_in(&mut self.activity, operation),
            Answered::COLLECTION => replay_in(&mut self.answers, operation),
            ApiToken::COLLECTION => replay_in(&mut self.tokens, operation),
            Login::COLLECTION => replay_in(&mut self.logins, operation),
            Character::COLLECTION => replay_in(&mut self.characters, operation),
            Content::COLLECTION => replay_in(&mut self.content, operation),
            Dataset::COLLECTION => replay_in(&mut self.datasets, operation),
            Job::COLLECTION => replay_in(&mut self.jobs, operation),
            Notification::COLLECTION => replay_in(&mut self.notifications, operation),
            Post::COLLECTION => replay_in(&mut self.posts, operation),
            Prompt::COLLECTION => replay_in(&mut self.prompts, operation),
            Run::COLLECTION => replay_in(&mut self.runs, operation),
            Training::COLLECTION => replay_in(&mut self.trainings, operation),
            SealedSecret::COLLECTION => replay_in(&mut self.secrets, operation),
            Task::COLLECTION => replay_in(&mut self.tasks, operation),
            LastTick::COLLECTION => replay_in(&mut self.ticks, operation),
            SETTINGS => match operation {
                Operation::Put(record) => {
                    self.settings = serde_json::from_str(record.get()).map_err(|error| error.to_string())?;
                    Ok(())
                }
                Operation::Delete(_) => Err("settings cannot be deleted".into()),
            },
            other => Err(format!("it speaks of `{other}`, which this version does not know; a newer version wrote it")),
        }
    }

    /// Writes one collection's file.
    pub(super) fn write_file(&self, dir: &Path, collection: &str) -> std::io::Result<()> {
        match collection {
            Account::COLLECTION => arrays::write_array(dir, &self.accounts),
            Activity::COLLECTION => arrays::write_array(dir, &self.activity),
            Answered::COLLECTION => arrays::write_array(dir, &self.answers),
            ApiToken::COLLECTION => arrays::write_array(dir, &self.tokens),
            Login::COLLECTION => arrays::write_array(dir, &self.logins),
            Character::COLLECTION => arrays::write_array(dir, &self.characters),
            Content::COLLECTION => arrays::write_array(dir, &self.content),
            Dataset::COLLECTION => arrays::write_array(dir, &self.datasets),
            Job::COLLECTION => arrays::write_array(dir, &self.jobs),
            Notification::COLLECTION => arrays::write_array(dir, &self.notifications),
            Post::COLLECTION => arrays::write_array(dir, &self.posts),
            Prompt::COLLECTION => arrays::write_array(dir, &self.prompts),
            Run::COLLECTION => arrays::write_array(dir, &self.runs),
            Training::COLLECTION => arrays::write_array(dir, &self.trainings),
            SealedSecret::COLLECTION => arrays::write_array(dir, &self.secrets),
            Task::COLLECTION => arrays::write_array(dir, &self.tasks),
            LastTick::COLLECTION => arrays::write_array(dir, &self.ticks),
            SETTINGS => arrays::write_object(dir, SETTINGS, &*self.settings),
            other => unreachable!("only collections listed here are ever changed, and `{other}` is not"),
        }
    }
}

/// One operation of the journal.
pub(super) enum Operation<'a> {
    /// Store the whole record.
    Put(&'a RawValue),
    /// Remove the record of that id.
    Delete(&'a str),
}

fn replay_in<T: Record>(table: &mut Table<T>, operation: Operation<'_>) -> Result<(), String> {
    match operation {
        Operation::Put(record) => {
            let record: T = serde_json::from_str(record.get()).map_err(|error| error.to_string())?;
            table.put(Arc::new(record));
        }
        Operation::Delete(id) => {
            table.remove(id);
        }
    }
    Ok(())
}

/// The names of everything that is stored in a file of its own.
pub(super) const COLLECTIONS: [&str; 18] = [
    Account::COLLECTION,
    Activity::COLLECTION,
    Answered::COLLECTION,
    ApiToken::COLLECTION,
    Login::COLLECTION,
    Character::COLLECTION,
    Content::COLLECTION,
    Dataset::COLLECTION,
    Job::COLLECTION,
    Notification::COLLECTION,
    Post::COLLECTION,
    Prompt::COLLECTION,
    Run::COLLECTION,
    Training::COLLECTION,
    SealedSecret::COLLECTION,
    Task::COLLECTION,
    LastTick::COLLECTION,
    SETTINGS,
];
