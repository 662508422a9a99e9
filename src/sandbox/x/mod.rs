//! An X that takes posts: the API v2 as far as pictures and posts go, strict where X's is, for as many accounts as
//! there are keys.

mod accounts;
mod bodies;
mod ledger;
mod limits;
mod media;
mod posts;
mod problem;
mod routes;
mod signature;
mod site;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

pub use self::{
    accounts::{KEYS, keys, username},
    ledger::Posted,
};
use self::{ledger::Ledger, limits::Limits, signature::Nonces};
use super::social::{self, Faults, Memory, Spoiled, lock};

/// One thing that is to go wrong, once.
pub type Fault = social::Fault<Step, Answer>;

/// The calls it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Whose keys they are.
    Me,
    /// A picture in one call.
    Upload,
    /// A picture in pieces: the beginning.
    Initialize,
    /// One piece.
    Append,
    /// The end.
    Finalize,
    /// What is to be seen on a picture.
    Describe,
    /// The call that makes a post.
    Post,
    /// The account's own posts.
    Timeline,
}

/// What is answered instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// 400 `invalid-request`.
    Invalid,
    /// 401.
    Unauthorized,
    /// 402: no credits.
    NoCredits,
    /// 403: duplicate content.
    Duplicate,
    /// 403 `oauth1-permissions`: the token may only read.
    ReadOnly,
    /// 403 without much of a reason.
    NotPermitted,
    /// 413.
    TooLarge,
    /// 429, to be asked again after so many seconds.
    TooMany(u32),
    /// This status, with a page instead of JSON.
    Http(u16),
    /// Nothing was found: an empty timeline.
    Nothing,
}

/// How it behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where it remembers what went out, over its own restart.
    pub memory: Option<PathBuf>,
}

/// A running simulator. It ends when this is dropped.
pub struct XSandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    address: String,
    faults: Arc<Faults<Step, Answer>>,
    ledger: Mutex<Ledger>,
    memory: Memory,
    limits: Limits,
    nonces: Nonces,
    renames_media: AtomicBool,
}

impl XSandbox {
    /// Starts one on a free port of this machine.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let memory = Memory::new(options.memory)?;
        let listener = memory.listen().await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            address: format!("http://{address}"),
            faults: Arc::default(),
            ledger: Mutex::new(memory.recall()),
            memory,
            limits: Limits::default(),
            nonces: Nonces::default(),
            renames_media: AtomicBool::new(false),
        });
        let serving = social::serve(listener, routes::router(Arc::clone(&shared)));
        Ok(Self { address, shared, serving })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The page that shows what went out.
    pub fn page(&self) -> String {
        format!("http://{}/sandbox", self.address)
    }

    /// What is to go wrong, and what was called.
    pub fn faults(&self) -> &Faults<Step, Answer> {
        &self.shared.faults
    }

    /// What went out, oldest first.
    pub fn posts(&self) -> Vec<Posted> {
        lock(&self.shared.ledger).posts.clone()
    }

    /// The picture of a post, by its id in [`Posted::media`].
    pub fn picture(&self, id: &str) -> Option<bytes::Bytes> {
        self.shared.memory.picture(id)
    }

    /// From now on timelines show media under other keys than those given out. That they are the same is nowhere said.
    pub fn rename_media(&self) {
        self.shared.renames_media.store(true, Ordering::Relaxed);
    }
}

impl Drop for XSandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    /// Changes what is held, and remembers it.
    fn change<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut ledger = lock(&self.ledger);
        let answer = change(&mut ledger);
        self.memory.keep(&*ledger);
        answer
    }
}

impl Spoiled<Answer> for Arc<Shared> {
    fn say(&self, answer: Answer) -> Response {
        problem::instead(answer)
    }

    fn lose(&self, account: &str) {
        self.change(|ledger| ledger.media.retain(|_, media| media.account != account || media.attached));
    }
}
