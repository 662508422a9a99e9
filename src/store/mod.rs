//! The store: everything in memory, every change in a journal before it is acknowledged, arrays for people.
//!
//! A change runs on one writer thread against the newest state. The writer takes all changes that wait, appends
//! them to the journal in one write, syncs once, publishes the new state, and only then acknowledges each. A
//! little later the changed collections are written as arrays, and the journal is cut. Reads take a snapshot:
//! they never touch the disk and never wait.

mod adopt;
mod arrays;
mod copying;
mod durable;
mod error;
mod inbox;
mod journal;
mod key;
mod load;
mod lock;
mod peek;
mod pulse;
mod record;
mod replay;
mod secrets;
mod state;
mod table;
mod texts;
mod told;
mod transaction;
mod writer;

use std::{
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, mpsc},
    task::{Context, Poll},
    thread::JoinHandle,
};

use arc_swap::ArcSwap;
use secrecy::SecretString;
use tokio::sync::{broadcast, oneshot};

pub use self::{
    adopt::{WRITTEN, take_keys},
    copying::{Hold, copied, hold},
    error::{Damage, OpenError, StoreError},
    load::{NO_TEXT, short, text_of},
    peek::{Peeked, in_use, peek},
    pulse::Beat,
    record::{Record, SealedSecret, day},
    secrets::SecretState,
    state::State,
    table::{Position, Table},
    told::Change,
    transaction::Transaction,
};
use self::{
    inbox::{Inbox, Message},
    secrets::Vault,
    writer::Ran,
};
use crate::{actor, config::SecretKey, meters::Meters};

/// How many rounds of changes a slow watcher may fall behind before it is told that it missed some.
const WATCHED_ROUNDS: usize = 4_096;

/// Where the store is, and where its key comes from.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The data folder; made when it is not there.
    pub dir: PathBuf,
    /// Where the key comes from that seals the secrets.
    pub key: SecretKey,
}

/// Everything stored. A cheap handle.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    messages: mpsc::Sender<Message>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A writer that has ended already does not need to be told.
        let _ = self.messages.send(Message::Abandoned);
    }
}

/// What readers and the writer thread have in common.
struct Shared {
    dir: PathBuf,
    state: ArcSwap<State>,
    changes: broadcast::Sender<Arc<Vec<Changed>>>,
    vault: Vault,
    damaged: Vec<Damage>,
    pulse: pulse::Pulse,
}

/// What happened to one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The collection it is in.
    pub collection: &'static str,
    /// Its id.
    pub id: String,
    /// Whether it is gone.
    pub deleted: bool,
}

/// A change on its way to the disk; answers as [`Store::write`] does.
#[derive(Debug)]
#[must_use = "it is not known to be on disk before this has answered"]
pub struct Writing<T, E>(oneshot::Receiver<Result<T, E>>);

impl<T, E: From<StoreError>> Future for Writing<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|told| told.unwrap_or_else(|_| Err(StoreError::Closed.into())))
    }
}

/// What is wrong with the store, if anything.
#[derive(Debug, Clone, Default)]
pub struct StoreHealth {
    /// Files that could not be read, and are left as they are.
    pub damaged: Vec<Damage>,
    /// Why stored secrets cannot be read, when they cannot.
    pub secrets_locked: Option<String>,
}

impl Store {
    /// Opens the store of a folder: locks it, reads the arrays, replays the journal.
    pub async fn open(options: OpenOptions) -> Result<Self, OpenError> {
        let opened = tokio::task::spawn_blocking(move || open(options)).await;
        let (store, adopted) = opened.map_err(|_| OpenError::Broke)??;
        adopt::finish(&store, adopted).await.map_err(OpenError::Adopt)?;
        Ok(store)
    }

    /// Everything as it is now. Never waits.
    pub fn read(&self) -> Arc<State> {
        self.0.shared.state.load_full()
    }

    /// Changes records of one or several collections, all or nothing.
    ///
    /// The change sees everything that was stored before it and runs alone; it must be quick. When this answers
    /// with the change's value, it is on disk, together with the lines of activity that say who did it.
    pub async fn write<T, E>(&self, change: impl FnOnce(&mut Transaction) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.begin_write(change).await
    }

    /// The same for who has something to do while the disk works: the change is on its way when this returns, whether
    /// or not what it returns is waited for.
    pub fn begin_write<T, E>(&self, change: impl FnOnce(&mut Transaction) -> Result<T, E> + Send + 'static) -> Writing<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let actor = actor::current();
        let run = Box::new(move |state: &mut Arc<State>, shared: &Shared| Ran::of(change, actor, state, shared, reply));
        // A writer that has ended lets go of the change, and with it of who was to be told.
        let _ = self.0.messages.send(Message::Change(run));
        Writing(answer)
    }

    /// Says that a change is likely to come within microseconds: it then finds the writer awake.
    pub fn announce_change(&self) {
        // A writer that has ended does not need to be told.
        let _ = self.0.messages.send(Message::Announced);
    }

    /// Tells of changes from now on, as they are published.
    pub fn changes(&self) -> broadcast::Receiver<Arc<Vec<Changed>>> {
        self.0.shared.changes.subscribe()
    }

    /// What is wrong with the store.
    pub fn health(&self) -> StoreHealth {
        StoreHealth { damaged: self.0.shared.damaged.clone(), secrets_locked: self.0.shared.vault.locked().map(str::to_owned) }
    }

    /// Writes a line into the journal that changes nothing, and waits until it is on disk as a change does.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.messages.send(Message::Probe(reply)).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// How it went the last time something was written; `None` when nothing was yet.
    pub fn last_write(&self) -> Option<Beat> {
        self.0.shared.pulse.last()
    }

    /// How many bytes the journal has.
    pub fn journal_bytes(&self) -> u64 {
        self.0.shared.pulse.journal()
    }

    /// Counts what is written from now on; only the first call counts.
    pub fn count_in(&self, meters: Meters) {
        let _ = self.0.shared.pulse.meters.set(meters);
    }

    /// Every secret that can be unsealed: for finding them where they must not be.
    pub fn secrets(&self) -> Vec<SecretString> {
        let state = self.read();
        // What the key is checked with is no secret, and is in every log.
        let sealed = state.secrets.iter().filter(|sealed| sealed.id != secrets::KEY_CHECK);
        sealed.filter_map(|sealed| self.0.shared.vault.unseal(sealed)).collect()
    }

    /// What may be shown of a secret.
    pub fn mask(&self, owner: &str, field: &str) -> SecretState {
        self.mask_in(&self.read(), owner, field)
    }

    /// The same as it was at one moment.
    pub fn mask_in(&self, state: &State, owner: &str, field: &str) -> SecretState {
        match state.secrets.get(&secrets::id(owner, field)) {
            None => SecretState::Absent,
            Some(sealed) => self.0.shared.vault.mask(sealed),
        }
    }

    /// A secret itself, for the moment it is used. `None` when it is not set or cannot be unsealed.
    pub fn secret(&self, owner: &str, field: &str) -> Option<SecretString> {
        self.secret_in(&self.read(), owner, field)
    }

    /// The same as it was at one moment.
    pub fn secret_in(&self, state: &State, owner: &str, field: &str) -> Option<SecretString> {
        self.0.shared.vault.unseal(state.secrets.get(&secrets::id(owner, field))?)
    }

    /// Bytes that stay the same for as long as the secret key does, and nobody without it can tell: for what has to be
    /// sealed or signed outside of the store. Different for each purpose; made up anew where the key is missing.
    pub fn derived_key(&self, purpose: &str) -> [u8; 64] {
        self.0.shared.vault.derive(purpose)
    }

    /// Where everything lies.
    pub fn dir(&self) -> &Path {
        &self.0.shared.dir
    }

    /// Writes all arrays, cuts the journal and releases the folder. Changes after this are refused.
    pub async fn close(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.messages.send(Message::Close(reply)).map_err(|_| StoreError::Closed)?;
        let written = answer.await.map_err(|_| StoreError::Closed)?;
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // The thread has answered and only has to end.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
        written
    }
}

fn open(options: OpenOptions) -> Result<(Store, adopt::Adopted), OpenError> {
    let OpenOptions { dir, key } = options;
    std::fs::create_dir_all(&dir).map_err(|source| OpenError::Folder { dir: dir.clone(), source })?;
    let lock = lock::take(&dir)?;
    arrays::tidy(&dir).map_err(OpenError::io(&dir))?;
    let load::Loaded { mut state, mut damaged, journal } = load::load(&dir)?;
    let vault = Vault::open(&key, &state.secrets)?;
    let adopted = adopt::find(&dir, &mut state, &vault, &mut damaged);
    let shared = Arc::new(Shared {
        dir,
        state: ArcSwap::from_pointee(state),
        changes: broadcast::channel(WATCHED_ROUNDS).0,
        vault,
        damaged,
        pulse: pulse::Pulse::default(),
    });
    let (messages, inbox) = mpsc::channel();
    let writer = writer::start(Arc::clone(&shared), journal, lock, Inbox::new(inbox), messages.clone());
    Ok((Store(Arc::new(Inner { shared, messages, writer: Mutex::new(Some(writer)) })), adopted))
}
