//! Reading the arrays at the start: tolerant of what others wrote, and never guessing.

use std::{io::ErrorKind, path::Path, sync::Arc, thread};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{
    error::{Damage, OpenError},
    journal::Journal,
    record::{Record, SealedSecret},
    state::{SETTINGS, State},
    table::Table,
};
use crate::domain::{
    access::{ApiToken, Login},
    account::Account,
    activity::Activity,
    answered::Answered,
    character::Character,
    content::Content,
    dataset::Dataset,
    job::Job,
    library::Prompt,
    notification::Notification,
    post::Post,
    run::{LastTick, Run},
    task::Task,
    training::Training,
};

/// From so many records on, reading is shared among threads.
const MANY: usize = 2_000;

/// What was read.
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) damaged: Vec<Damage>,
    pub(super) journal: Opened,
}

/// The journal, and which collections its lines touched: those arrays are behind.
pub(super) struct Opened {
    pub(super) journal: Journal,
    pub(super) behind: Vec<String>,
}

/// Reads the arrays and replays the journal.
pub(super) fn load(dir: &Path) -> Result<Loaded, OpenError> {
    let (mut state, damaged) = arrays(dir);
    let (journal, behind) = Journal::open(dir, &mut state)?;
    for damage in &damaged {
        tracing::error!(
            file = damage.file,
            line = damage.line,
            column = damage.column,
            reason = damage.reason,
            "a file is damaged and left as it is"
        );
    }
    without(&mut state, &damaged);
    Ok(Loaded { state, damaged, journal: Opened { journal, behind } })
}

/// Reads the arrays alone; the journal may hold what is newer.
pub(super) fn arrays(dir: &Path) -> (State, Vec<Damage>) {
    let mut damaged = Vec::new();
    let mut state = State {
        accounts: array::<Account>(dir, &mut damaged),
        activity: array::<Activity>(dir, &mut damaged),
        answers: array::<Answered>(dir, &mut damaged),
        characters: array::<Character>(dir, &mut damaged),
        content: array::<Content>(dir, &mut damaged),
        datasets: array::<Dataset>(dir, &mut damaged),
        jobs: array::<Job>(dir, &mut damaged),
        notifications: array::<Notification>(dir, &mut damaged),
        logins: array::<Login>(dir, &mut damaged),
        posts: array::<Post>(dir, &mut damaged),
        prompts: array::<Prompt>(dir, &mut damaged),
        runs: array::<Run>(dir, &mut damaged),
        trainings: array::<Training>(dir, &mut damaged),
        secrets: array::<SealedSecret>(dir, &mut damaged),
        tasks: array::<Task>(dir, &mut damaged),
        ticks: array::<LastTick>(dir, &mut damaged),
        settings: Arc::default(),
        tokens: array::<ApiToken>(dir, &mut damaged),
    };
    match object(dir, SETTINGS) {
        Ok(settings) => state.settings = settings,
        Err(damage) => damaged.push(damage),
    }
    (state, damaged)
}

/// What is damaged is empty, whatever the journal holds of it.
pub(super) fn without(state: &mut State, damaged: &[Damage]) {
    damaged.iter().for_each(|damage| state.empty(damage.collection));
}

impl State {
    /// A damaged collection is empty; what the journal holds of it stays in the journal.
    fn empty(&mut self, collection: &str) {
        match collection {
            Account::COLLECTION => self.accounts = Table::default(),
            Activity::COLLECTION => self.activity = Table::default(),
            Answered::COLLECTION => self.answers = Table::default(),
            ApiToken::COLLECTION => self.tokens = Table::default(),
            Login::COLLECTION => self.logins = Table::default(),
            Character::COLLECTION => self.characters = Table::default(),
            Content::COLLECTION => self.content = Table::default(),
            Dataset::COLLECTION => self.datasets = Table::default(),
            Job::COLLECTION => self.jobs = Table::default(),
            Notification::COLLECTION => self.notifications = Table::default(),
            Post::COLLECTION => self.posts = Table::default(),
            Prompt::COLLECTION => self.prompts = Table::default(),
            Run::COLLECTION => self.runs = Table::default(),
            Training::COLLECTION => self.trainings = Table::default(),
            SealedSecret::COLLECTION => self.secrets = Table::default(),
            Task::COLLECTION => self.tasks = Table::default(),
            LastTick::COLLECTION => self.ticks = Table::default(),
            _ => {}
        }
    }
}

fn array<T: Record>(dir: &Path, damaged: &mut Vec<Damage>) -> Table<T> {
    let name = file_of::<T>(dir);
    let read = file(dir, name).and_then(|text| text.map_or_else(|| Ok(Table::default()), |text| table(&text)));
    read.unwrap_or_else(|damage| {
        damaged.push(Damage { collection: T::COLLECTION, file: format!("{name}.json"), ..damage });
        Table::default()
    })
}

/// Where a collection is read from: what an older app has left counts until we have written a file of our own.
fn file_of<T: Record>(dir: &Path) -> &'static str {
    let there = |name: &str| dir.join(format!("{name}.json")).exists();
    T::OLDER_FILE.filter(|older| !there(T::COLLECTION) && there(older)).unwrap_or(T::COLLECTION)
}

fn object<T: DeserializeOwned + Default>(dir: &Path, name: &'static str) -> Result<T, Damage> {
    let Some(text) = file(dir, name)? else { return Ok(T::default()) };
    serde_json::from_str(&text).map_err(|error| damage(name, error.line(), error.column(), short(&error)))
}

/// The file's text, without a byte order mark; `None` when there is no file.
fn file(dir: &Path, name: &'static str) -> Result<Option<String>, Damage> {
    let bytes = match std::fs::read(dir.join(format!("{name}.json"))) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(damage(name, 0, 0, error.to_string())),
    };
    text_of(bytes).map(Some).map_err(|(line, column)| damage(name, line, column, NO_TEXT.into()))
}

/// What is said of a file that [`text_of`] cannot read.
pub const NO_TEXT: &str = "it is not UTF-8 text";

/// Bytes of a file as text, without a byte order mark; or line and column of the first that are none.
pub fn text_of(bytes: Vec<u8>) -> Result<String, (usize, usize)> {
    let text = String::from_utf8(bytes).map_err(|error| place(&error.as_bytes()[..error.utf8_error().valid_up_to()]))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn table<T: Record>(text: &str) -> Result<Table<T>, Damage> {
    let whole = |error: serde_json::Error| damage(T::COLLECTION, error.line(), error.column(), short(&error));
    let raw: Vec<&RawValue> = serde_json::from_str(text).map_err(whole)?;
    // Where a record begins in the file.
    let begins = |at: usize| place(&text.as_bytes()[..raw[at].get().as_ptr() as usize - text.as_ptr() as usize]);
    let records = read_all(&raw).map_err(|(at, error)| {
        // Plus where the fault is in the record.
        let (line, column) = begins(at);
        let column = if error.line() <= 1 { column + error.column().saturating_sub(1) } else { error.column() };
        damage(T::COLLECTION, line + error.line().saturating_sub(1), column, short(&error))
    })?;
    let mut table = Table::default();
    for (at, record) in records.into_iter().enumerate() {
        let record: Arc<T> = Arc::new(record);
        if !table.put(Arc::clone(&record)) {
            let (line, column) = begins(at);
            return Err(damage(T::COLLECTION, line, column, format!("two records have the id {}", record.id())));
        }
    }
    Ok(table)
}

/// Reads each record, on all cores when there are many. The first fault is told with the record's place.
fn read_all<T: Record>(raw: &[&RawValue]) -> Result<Vec<T>, (usize, serde_json::Error)> {
    let read = |from: usize, part: &[&RawValue]| {
        let one = |(at, raw): (usize, &&RawValue)| serde_json::from_str(raw.get()).map_err(|error| (from + at, error));
        part.iter().enumerate().map(one).collect::<Result<Vec<T>, _>>()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    if raw.len() < MANY || threads == 1 {
        return read(0, raw);
    }
    let size = raw.len().div_ceil(threads);
    thread::scope(|scope| {
        let parts: Vec<_> = raw.chunks(size).enumerate().map(|(n, part)| scope.spawn(move || read(n * size, part))).collect();
        let mut records = Vec::with_capacity(raw.len());
        for part in parts {
            records.extend(part.join().expect("reading a record returns errors and does not panic")?);
        }
        Ok(records)
    })
}

fn damage(collection: &'static str, line: usize, column: usize, reason: String) -> Damage {
    Damage { collection, file: format!("{collection}.json"), line, column, reason }
}

/// Line and column of what follows `before`, both from 1.
fn place(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

/// serde's words without the place, which is told apart.
pub fn short(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
