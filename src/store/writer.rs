//! The one writer: takes all changes that wait, makes them durable together, then acknowledges each.

use std::{
    collections::BTreeSet,
    iter,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    Changed, Shared, Transaction,
    error::StoreError,
    inbox::{Inbox, Message},
    journal::Journal,
    load::Opened,
    lock::Lock,
    state::State,
    told,
};
use crate::domain::activity::Actor;

/// The arrays are written after so long without a change …
const QUIET: Duration = Duration::from_secs(1);
/// … but no later than this after the first change.
const LATEST: Duration = Duration::from_secs(5);
/// Most changes that are made durable together, so that nobody waits long for the others.
const MOST_TOGETHER: usize = 1_024;

/// A change that waits to be run.
pub(super) type Run = Box<dyn FnOnce(&mut Arc<State>, &Shared) -> Ran + Send>;

/// A change that has run and is not durable yet.
pub(super) struct Ran {
    operations: Vec<u8>,
    changed: Vec<Changed>,
    /// Tells the caller how it went.
    acknowledge: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

impl Ran {
    /// Runs a change of that actor against `state`, which it alters only when it succeeds.
    pub(super) fn of<T, E>(
        change: impl FnOnce(&mut Transaction) -> Result<T, E>,
        actor: Actor,
        state: &mut Arc<State>,
        shared: &Shared,
        reply: oneshot::Sender<Result<T, E>>,
    ) -> Self
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let mut transaction = Transaction::new(State::clone(state), shared, actor);
        // A change works on a copy, so that one that breaks down leaves nothing half done.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let value = change(&mut transaction)?;
            told::write_down(state, &mut transaction);
            Ok(value)
        }));
        let Transaction { state: after, operations, changed, .. } = transaction;
        // A caller that has gone away does not need to be told.
        match outcome {
            Ok(Ok(value)) => {
                *state = Arc::new(after);
                let acknowledge = move |durable: Result<(), StoreError>| {
                    let _ = reply.send(durable.map(|()| value).map_err(E::from));
                };
                Self { operations, changed, acknowledge: Box::new(acknowledge) }
            }
            Ok(Err(error)) => Self::without_effect(move || drop(reply.send(Err(error)))),
            Err(_) => Self::without_effect(move || drop(reply.send(Err(StoreError::Panicked.into())))),
        }
    }

    fn without_effect(tell: impl FnOnce() + Send + 'static) -> Self {
        Self { operations: Vec::new(), changed: Vec::new(), acknowledge: Box::new(|_| tell()) }
    }
}

struct Writer {
    shared: Arc<Shared>,
    journal: Journal,
    /// Held for as long as the writer lives.
    _lock: Lock,
    myself: Sender<Message>,
    dirty: BTreeSet<&'static str>,
    first_change: Option<Instant>,
    last_change: Instant,
    flushing: Option<Flushing>,
}

/// Arrays that are being written.
struct Flushing {
    collections: BTreeSet<&'static str>,
    journal_end: u64,
    thread: JoinHandle<()>,
}

/// Starts the writer. It ends when it is told to, or when nobody can tell it anything any more.
pub(super) fn start(shared: Arc<Shared>, opened: Opened, lock: Lock, inbox: Inbox, myself: Sender<Message>) -> JoinHandle<()> {
    let Opened { journal, behind } = opened;
    let is_damaged = |name: &str| shared.damaged.iter().any(|damage| damage.collection == name);
    let is_behind = |name: &str| behind.iter().any(|behind| behind == name);
    let dirty: BTreeSet<_> = super::state::COLLECTIONS.into_iter().filter(|name| is_behind(name) && !is_damaged(name)).collect();
    shared.pulse.journal_is(journal.len());
    let now = Instant::now();
    let first_change = (!dirty.is_empty()).then_some(now);
    let writer = Writer { shared, journal, _lock: lock, myself, dirty, first_change, last_change: now, flushing: None };
    thread::Builder::new().name("store".into()).spawn(move || writer.run(inbox)).expect("a thread can be started at the start")
}

impl Writer {
    fn run(mut self, mut inbox: Inbox) {
        loop {
            // A caller that has gone away does not need to be told, here and below.
            match inbox.next(self.flush_due()) {
                Ok(Message::Change(first)) => self.commit(first, &mut inbox),
                // Only what follows on it is handed out.
                Ok(Message::Announced) => {}
                Ok(Message::Probe(reply)) => drop(reply.send(self.append(vec![Vec::new()]))),
                Ok(Message::Flushed(written)) => self.end_flush(written),
                Ok(Message::Close(reply)) => {
                    let _ = reply.send(self.close());
                    return;
                }
                Ok(Message::Abandoned) => return self.abandon(),
                Err(RecvTimeoutError::Timeout) => self.start_flush(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Runs this change and all that wait, and makes them durable together.
    fn commit(&mut self, first: Run, inbox: &mut Inbox) {
        let mut state = self.shared.state.load_full();
        let runs = iter::once(first).chain(iter::from_fn(|| inbox.next_change()));
        let mut ran: Vec<_> = runs.take(MOST_TOGETHER).map(|run| run(&mut state, &self.shared)).collect();
        let lines: Vec<_> =
            ran.iter_mut().map(|ran| std::mem::take(&mut ran.operations)).filter(|operations| !operations.is_empty()).collect();
        let durable = if lines.is_empty() { Ok(()) } else { self.append(lines) };
        let changed: Vec<_> = ran.iter_mut().flat_map(|ran| std::mem::take(&mut ran.changed)).collect();
        let published = (durable.is_ok() && !changed.is_empty()).then(|| self.publish(state, &changed));
        ran.into_iter().for_each(|ran| (ran.acknowledge)(durable.clone()));
        if let Some(before) = published {
            // Whoever waits comes first; nobody watching is fine.
            let _ = self.shared.changes.send(Arc::new(changed));
            drop(before);
            self.journal.reserve_ahead();
        }
    }

    fn append(&mut self, lines: Vec<Vec<u8>>) -> Result<(), StoreError> {
        let (begun, changes) = (Instant::now(), lines.len());
        let durable = self.journal.append(&lines).map_err(StoreError::from);
        self.shared.pulse.beat(changes, begun.elapsed(), &durable);
        self.shared.pulse.journal_is(self.journal.len());
        durable
    }

    /// Makes the new state everybody's. Answers the one before: letting go of it takes a moment nobody has to wait for.
    fn publish(&mut self, state: Arc<State>, changed: &[Changed]) -> Arc<State> {
        self.dirty.extend(changed.iter().map(|change| change.collection));
        self.last_change = Instant::now();
        self.first_change.get_or_insert(self.last_change);
        self.shared.state.swap(state)
    }

    fn flush_due(&self) -> Option<Instant> {
        if self.flushing.is_some() {
            return None;
        }
        self.first_change.map(|first| (self.last_change + QUIET).min(first + LATEST))
    }

    /// Writes the arrays on a thread of their own; changes go on meanwhile.
    fn start_flush(&mut self) {
        let collections = std::mem::take(&mut self.dirty);
        self.first_change = None;
        let state = self.shared.state.load_full();
        let (shared, myself, names) = (Arc::clone(&self.shared), self.myself.clone(), collections.clone());
        let write = move || {
            let written = names.iter().try_for_each(|name| state.write_file(&shared.dir, name));
            // A writer that has ended does not need to be told.
            let _ = myself.send(Message::Flushed(written));
        };
        let thread = thread::Builder::new().name("store-arrays".into()).spawn(write).expect("a thread can be started");
        self.flushing = Some(Flushing { collections, journal_end: self.journal.len(), thread });
    }

    fn end_flush(&mut self, written: std::io::Result<()>) {
        let Some(Flushing { collections, journal_end, thread }) = self.flushing.take() else { return };
        // It has told its result and only has to end.
        let _ = thread.join();
        // What the journal holds of a damaged file is nowhere else.
        let may_cut = self.shared.damaged.is_empty();
        let cut = written.and_then(|()| if may_cut { self.journal.cut(journal_end) } else { Ok(()) });
        self.shared.pulse.journal_is(self.journal.len());
        if let Err(error) = cut {
            tracing::warn!(%error, "the arrays could not be written; everything is in the journal, and it is tried again");
            self.dirty.extend(collections);
            let now = Instant::now();
            self.first_change.get_or_insert(now);
            // Not again at once: a full disk stays full for a while.
            self.last_change = now + LATEST;
            self.first_change = Some(now + LATEST);
        }
    }

    /// The next to open the folder must not find somebody writing in it.
    fn abandon(mut self) {
        if let Some(Flushing { thread, .. }) = self.flushing.take() {
            let _ = thread.join();
        }
    }

    fn close(&mut self) -> Result<(), StoreError> {
        if let Some(Flushing { collections, thread, .. }) = self.flushing.take() {
            let _ = thread.join();
            // Whether it went well is not known yet; once more does no harm.
            self.dirty.extend(collections);
        }
        let state = self.shared.state.load_full();
        self.dirty.iter().try_for_each(|name| state.write_file(&self.shared.dir, name))?;
        if self.shared.damaged.is_empty() {
            self.journal.cut(self.journal.len())?;
        }
        Ok(())
    }
}
