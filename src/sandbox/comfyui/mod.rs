//! A ComfyUI that draws made-up pictures: HTTP and WebSocket as recorded from version 0.3.64.

mod execution;
mod faults;
mod models;
mod picture;
mod routes;
mod server;
mod sockets;
mod validation;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::runtime::Runtime;

pub use self::{
    faults::{Breakage, Fault, Faults},
    models::{ModelEntry, Models},
};
use self::{models::Shelf, server::Server};

/// How the simulator behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long one sampling step takes.
    pub step_time: Duration,
    /// What lies in its model folders.
    pub models: Models,
    /// A folder of this machine whose files are LoRAs of it too.
    pub lora_dir: Option<std::path::PathBuf>,
}

impl Default for Options {
    /// Slow enough to watch, and the models of the recordings.
    fn default() -> Self {
        Self { step_time: Duration::from_millis(150), models: Models::default(), lora_dir: None }
    }
}

/// A running simulator. A cheap handle; it ends with the last one.
#[derive(Clone)]
pub struct ComfySandbox(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    lasting: Arc<Lasting>,
    /// A runtime of its own: dropping it breaks every connection off, as a crash does.
    running: Mutex<Option<Runtime>>,
}

/// What outlives a restart of the simulated server.
struct Lasting {
    step_time: Duration,
    shelf: Shelf,
    faults: Faults,
    received: Mutex<Vec<ReceivedPrompt>>,
    /// How often it was asked to let go of its models.
    freed: Mutex<u32>,
}

/// A workflow that was accepted.
#[derive(Debug, Clone)]
pub struct ReceivedPrompt {
    /// The prompt's id, chosen by the client or by us.
    pub prompt_id: String,
    /// The workflow.
    pub graph: Value,
}

impl ComfySandbox {
    /// Starts one on a free port of this machine.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let lasting = Lasting {
            step_time: options.step_time,
            shelf: Shelf::new(options.models, options.lora_dir),
            faults: Faults::default(),
            received: Mutex::default(),
            freed: Mutex::default(),
        };
        let lasting = Arc::new(lasting);
        let runtime = run(listener, Arc::clone(&lasting))?;
        Ok(Self(Arc::new(Inner { address, lasting, running: Mutex::new(Some(runtime)) })))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// What is to go wrong.
    pub fn faults(&self) -> &Faults {
        &self.0.lasting.faults
    }

    /// Every workflow that was accepted, over all restarts.
    pub fn prompts_received(&self) -> Vec<ReceivedPrompt> {
        lock(&self.0.lasting.received).clone()
    }

    /// How often it was asked to let go of its models.
    pub fn freed(&self) -> u32 {
        *lock(&self.0.lasting.freed)
    }

    /// Puts a file into a model folder; lists are read anew on each request.
    pub fn add_model(&self, folder: &str, entry: ModelEntry) {
        self.0.lasting.shelf.add(folder, entry);
    }

    /// Takes a file out of a model folder.
    pub fn remove_model(&self, folder: &str, name: &str) {
        self.0.lasting.shelf.remove(folder, name);
    }

    /// Ends it as a crash does: every connection breaks off, and the port is closed.
    pub async fn stop(&self) {
        let running = lock(&self.0.running).take();
        let ended = tokio::task::spawn_blocking(move || {
            if let Some(runtime) = running {
                runtime.shutdown_timeout(Duration::from_secs(2));
            }
        });
        // Whether it ended in time: nothing of it is used any more.
        let _ = ended.await;
    }

    /// Starts it again on the same port. History, queue and files of the output folder are gone.
    pub async fn start_again(&self) -> std::io::Result<()> {
        let listener = TcpListener::bind(self.0.address)?;
        let runtime = run(listener, Arc::clone(&self.0.lasting))?;
        *lock(&self.0.running) = Some(runtime);
        Ok(())
    }

    /// Both.
    pub async fn restart(&self) -> std::io::Result<()> {
        self.stop().await;
        self.start_again().await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(runtime) = lock(&self.running).take() {
            runtime.shutdown_background();
        }
    }
}

fn run(listener: TcpListener, lasting: Arc<Lasting>) -> std::io::Result<Runtime> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("sandbox-comfyui").enable_all().build()?;
    let server = Arc::new(Server::new(lasting));
    runtime.spawn(Arc::clone(&server).work());
    runtime.spawn(async move {
        let served = async { axum::serve(tokio::net::TcpListener::from_std(listener)?, routes::router(server)).await };
        if let Err(error) = served.await {
            tracing::error!(%error, "the simulated ComfyUI broke down");
        }
    });
    Ok(runtime)
}

/// Nothing in the simulator can be left half done by a panic elsewhere.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
