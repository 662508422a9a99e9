//! All ComfyUI servers of the installation: what each has, and which one is to draw next.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use futures::future::join_all;

use super::{Comfy, ComfyError, SystemStats};
use crate::domain::{
    generation::Recipe,
    model::{Catalogue, Family, ModelFile},
};

/// The servers, in the order of the setting.
///
/// They may be replaced at any time: whoever draws keeps the server that was chosen until the picture is there.
#[derive(Debug)]
pub struct Farm {
    servers: ArcSwap<Vec<Arc<Server>>>,
    /// Servers that were replaced while pictures of ours were being drawn on them.
    leaving: ArcSwap<Vec<Arc<Server>>>,
    /// What all of them have together.
    together: ArcSwap<Catalogue>,
}

/// One server, and what was last seen of it.
#[derive(Debug)]
pub struct Server {
    /// The client for it.
    pub comfy: Comfy,
    seen: ArcSwap<Sighting>,
    /// How many of our pictures it is drawing.
    ours: AtomicUsize,
}

/// What was seen of a server, and when.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// `None` before the first look.
    pub at: Option<DateTime<Utc>>,
    /// How long its first answer took, when there was one.
    pub took: Option<Duration>,
    /// What was seen.
    pub sight: Sight,
}

/// What was seen of a server.
#[derive(Debug, Clone)]
pub enum Sight {
    /// Nobody has looked yet.
    Unknown,
    /// It answered.
    Up {
        /// What it says of itself.
        system: SystemStats,
        /// What it can draw with.
        catalogue: Arc<Catalogue>,
    },
    /// It did not.
    Down {
        /// Why; its words say what to do.
        error: ComfyError,
    },
}

/// A server that was chosen; counts as busy until this is dropped.
#[derive(Debug)]
pub struct Ticket(Arc<Server>);

impl Farm {
    /// A farm of these servers, of which nothing is known yet.
    pub fn new(servers: Vec<Comfy>) -> Self {
        let servers = servers.into_iter().map(Server::new).collect();
        Self { servers: ArcSwap::from_pointee(servers), leaving: ArcSwap::default(), together: ArcSwap::default() }
    }

    /// The servers, in the order of the setting.
    pub fn servers(&self) -> Arc<Vec<Arc<Server>>> {
        self.servers.load_full()
    }

    /// Puts these servers in the place of those there were. What is known of one that stays is kept; pictures that are
    /// being drawn on one that goes are still fetched from it.
    pub fn replace(&self, wanted: Vec<Comfy>) {
        let mut before = Vec::clone(&self.servers());
        before.extend(self.leaving.load().iter().cloned());
        let known = |comfy: &Comfy| before.iter().find(|server| server.comfy.is_same(comfy)).map(Arc::clone);
        let servers: Vec<_> = wanted.into_iter().map(|comfy| known(&comfy).unwrap_or_else(|| Server::new(comfy))).collect();
        before.retain(|server| server.is_drawing() && !servers.iter().any(|stays| Arc::ptr_eq(stays, server)));
        self.leaving.store(Arc::new(before));
        self.servers.store(Arc::new(servers));
        self.gather();
    }

    /// How many pictures can be drawn at the same time: one on each server that was looked at, beside those that are
    /// still being drawn on servers that were replaced. One in any case, so that it is found out why none can be.
    pub fn room(&self) -> usize {
        let still: usize = self.leaving.load().iter().map(|server| server.ours.load(Ordering::Relaxed)).sum();
        let known = self.servers.load().iter().filter(|server| server.seen.load().at.is_some()).count();
        known.max(1) + still
    }

    /// What all servers that were up at the last look have together.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.together.load_full()
    }

    /// Whether any server was up at the last look.
    pub fn is_up(&self) -> bool {
        self.servers().iter().any(|server| server.catalogue().is_some())
    }

    /// Looks at every server, all at once. Answers whether anything is different from the last time.
    pub async fn look(&self, families: &BTreeMap<String, Family>, now: DateTime<Utc>) -> bool {
        let servers = self.servers();
        let looks = servers.iter().map(|server| server.look(families, now));
        let changed = join_all(looks).await.into_iter().any(|changed| changed);
        if changed {
            self.gather();
        }
        changed
    }

    /// Puts together what the servers have. Servers that were replaced meanwhile are not counted in.
    fn gather(&self) {
        loop {
            let servers = self.servers();
            self.together.store(Arc::new(merge(servers.iter().filter_map(|server| server.catalogue()))));
            if Arc::ptr_eq(&servers, &self.servers()) {
                return;
            }
        }
    }

    /// The server of that address, also one that was replaced while it was drawing for us.
    pub fn server(&self, address: &str) -> Option<Ticket> {
        let (servers, leaving) = (self.servers(), self.leaving.load());
        servers.iter().chain(leaving.iter()).find(|server| server.comfy.address() == address).map(Ticket::new)
    }

    /// The least busy server that has everything `recipe` needs, other than those in `except`.
    pub async fn choose(&self, recipe: &Recipe, except: &[String]) -> Option<Ticket> {
        let fits = |server: &&Arc<Server>| {
            !except.iter().any(|address| address == server.comfy.address()) && server.catalogue().is_some_and(|has| has_all(&has, recipe))
        };
        let servers = self.servers();
        let candidates: Vec<_> = servers.iter().filter(fits).collect();
        if let [only] = candidates.as_slice() {
            return Some(Ticket::new(only));
        }
        let loads = candidates.iter().map(|server| async {
            // A server that does not tell how busy it is comes last.
            let queued = server.comfy.load().await.unwrap_or(usize::MAX / 2);
            queued.max(server.ours.load(Ordering::Relaxed))
        });
        let loads = join_all(loads).await;
        candidates.iter().zip(loads).min_by_key(|(_, load)| *load).map(|(server, _)| Ticket::new(server))
    }
}

impl Server {
    fn new(comfy: Comfy) -> Arc<Self> {
        let seen = ArcSwap::from_pointee(Sighting { at: None, took: None, sight: Sight::Unknown });
        Arc::new(Self { comfy, seen, ours: AtomicUsize::new(0) })
    }

    /// What was last seen of it.
    pub fn seen(&self) -> Arc<Sighting> {
        self.seen.load_full()
    }

    fn is_drawing(&self) -> bool {
        self.ours.load(Ordering::Relaxed) > 0
    }

    fn catalogue(&self) -> Option<Arc<Catalogue>> {
        match &self.seen.load().sight {
            Sight::Up { catalogue, .. } => Some(Arc::clone(catalogue)),
            Sight::Unknown | Sight::Down { .. } => None,
        }
    }

    async fn look(&self, families: &BTreeMap<String, Family>, now: DateTime<Utc>) -> bool {
        let begun = Instant::now();
        let mut took = None;
        let looked = async {
            let system = self.comfy.system().await?;
            took = Some(begun.elapsed());
            Ok::<_, ComfyError>((system, self.comfy.catalogue(families).await?))
        };
        let sight = match looked.await {
            Ok((system, catalogue)) => Sight::Up { system, catalogue: Arc::new(catalogue) },
            Err(error) => Sight::Down { error },
        };
        let before = self.seen.swap(Arc::new(Sighting { at: Some(now), took, sight: sight.clone() }));
        match (&before.sight, &sight) {
            (Sight::Up { catalogue: before, .. }, Sight::Up { catalogue: after, .. }) => before != after,
            (Sight::Down { error: before }, Sight::Down { error: after }) => before != after,
            _ => true,
        }
    }
}

impl Ticket {
    fn new(server: &Arc<Server>) -> Self {
        server.ours.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(server))
    }

    /// The client for the chosen server.
    pub fn comfy(&self) -> &Comfy {
        &self.0.comfy
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.ours.fetch_sub(1, Ordering::Relaxed);
    }
}

fn has_all(catalogue: &Catalogue, recipe: &Recipe) -> bool {
    let companions = recipe.companions.as_ref().is_none_or(|needed| {
        catalogue.text_encoders.contains(&needed.t5)
            && catalogue.text_encoders.contains(&needed.clip_l)
            && catalogue.vaes.contains(&needed.vae)
    });
    companions && catalogue.model(&recipe.model).is_some() && recipe.loras.iter().all(|lora| catalogue.lora(&lora.name).is_some())
}

fn merge(catalogues: impl Iterator<Item = Arc<Catalogue>>) -> Catalogue {
    let mut all = Catalogue::default();
    for one in catalogues {
        add_files(&mut all.models, &one.models);
        add_files(&mut all.loras, &one.loras);
        for (all, one) in [
            (&mut all.text_encoders, &one.text_encoders),
            (&mut all.vaes, &one.vaes),
            (&mut all.samplers, &one.samplers),
            (&mut all.schedulers, &one.schedulers),
        ] {
            let new: Vec<_> = one.iter().filter(|name| !all.contains(name)).cloned().collect();
            all.extend(new);
        }
    }
    all
}

fn add_files(all: &mut Vec<ModelFile>, more: &[ModelFile]) {
    for file in more {
        if !all.iter().any(|known| known.name == file.name && known.kind == file.kind) {
            all.push(file.clone());
        }
    }
}
