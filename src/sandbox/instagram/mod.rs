//! An Instagram that takes posts: the Graph API as far as publishing pictures goes, strict where Meta's is, for as
//! many accounts as there are tokens.

mod accounts;
mod checks;
mod containers;
mod ledger;
mod media;
mod refusal;
mod routes;
mod site;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use self::ledger::Ledger;
pub use self::{
    accounts::{CORTEX, TOKEN, token, username},
    ledger::Posted,
};
use super::social::{self, Faults, Memory, Spoiled, lock};

/// One thing that is to go wrong, once.
pub type Fault = social::Fault<Step, Answer>;

/// The calls it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Whose token it is.
    Me,
    /// How many posts are left.
    Quota,
    /// A container of one picture.
    Create,
    /// A container around several.
    Gather,
    /// How it stands with a container.
    Status,
    /// The call that makes it public.
    Publish,
    /// The address of a post.
    Permalink,
    /// The newest posts of the account.
    Recent,
    /// Another term for a token.
    Renew,
}

/// What is answered instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// An error of that code and subcode, with status 400.
    Code(i64, i64),
    /// This status, with a page instead of JSON.
    Http(u16),
    /// Nothing was found: an empty list.
    Nothing,
    /// A container is said to be in that state.
    Container(String),
}

/// How it behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How often a container is asked about before it is ready.
    pub reads: u32,
    /// Where it remembers what went out, over its own restart.
    pub memory: Option<PathBuf>,
}

/// A running simulator. It ends when this is dropped.
pub struct InstagramSandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    address: String,
    reads: u32,
    faults: Arc<Faults<Step, Answer>>,
    ledger: Mutex<Ledger>,
    memory: Memory,
    hides_captions: AtomicBool,
    /// It fetches pictures itself.
    http: reqwest::Client,
}

impl InstagramSandbox {
    /// Starts one on a free port of this machine.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let memory = Memory::new(options.memory)?;
        let listener = memory.listen().await?;
        let address = listener.local_addr()?;
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(10));
        let shared = Arc::new(Shared {
            address: format!("http://{address}"),
            reads: options.reads,
            faults: Arc::default(),
            ledger: Mutex::new(memory.recall()),
            memory,
            hides_captions: AtomicBool::new(false),
            http: http.build().map_err(std::io::Error::other)?,
        });
        let serving = social::serve(listener, routes::router(Arc::clone(&shared)));
        Ok(Self { address, shared, serving })
    }

    /// Where it listens, the version included.
    pub fn url(&self) -> String {
        format!("http://{}/v26.0", self.address)
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

    /// The picture of a post, by its id in [`Posted::pictures`].
    pub fn picture(&self, id: &str) -> Option<bytes::Bytes> {
        self.shared.memory.picture(id)
    }

    /// So many posts of 24 hours are used, by whatever program.
    pub fn use_up(&self, account: &str, posts: u32) {
        lock(&self.shared.ledger).used_elsewhere.insert(account.to_owned(), posts);
    }

    /// From now on captions of posts are not told, as with some setups.
    pub fn hide_captions(&self) {
        self.shared.hides_captions.store(true, Ordering::Relaxed);
    }
}

impl Drop for InstagramSandbox {
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
        refusal::instead(answer)
    }

    fn lose(&self, account: &str) {
        self.change(|ledger| ledger.containers.retain(|_, container| container.account != account));
    }
}
