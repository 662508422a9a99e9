//! What the simulated server holds in memory, and loses when it is restarted: queue, history, files, node cache.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::{Lasting, lock, sockets::Sockets};

/// How many files the output folder holds before the oldest are deleted.
const MOST_FILES: usize = 200;

pub(super) struct Server {
    pub(super) lasting: Arc<Lasting>,
    pub(super) sockets: Sockets,
    pub(super) queue: Mutex<Queue>,
    pub(super) work: Notify,
    pub(super) history: Mutex<Vec<(String, Value)>>,
    pub(super) files: Mutex<Files>,
    pub(super) cache: Mutex<Cache>,
    /// Set by an order to stop what runs.
    pub(super) interrupted: Mutex<bool>,
    /// Reads of the history that still answer nothing.
    pub(super) lag: Mutex<u32>,
}

#[derive(Default)]
pub(super) struct Queue {
    pub(super) next: i64,
    pub(super) pending: Vec<Item>,
    pub(super) running: Option<Item>,
}

/// A prompt in the queue.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) number: i64,
    pub(super) prompt_id: String,
    pub(super) client_id: Option<String>,
    pub(super) graph: Map<String, Value>,
    pub(super) extra: Value,
    pub(super) outputs: Vec<String>,
}

/// The output folder.
#[derive(Default)]
pub(super) struct Files {
    by_place: HashMap<Place, Bytes>,
    order: Vec<Place>,
}

/// Folder, subfolder, name.
pub(super) type Place = (String, String, String);

/// What is left of the last prompt: its nodes by what went into them, and what its output nodes put out.
#[derive(Default)]
pub(super) struct Cache {
    pub(super) nodes: HashSet<String>,
    pub(super) outputs: BTreeMap<String, Value>,
}

impl Server {
    pub(super) fn new(lasting: Arc<Lasting>) -> Self {
        Self {
            lasting,
            sockets: Sockets::default(),
            queue: Mutex::default(),
            work: Notify::new(),
            history: Mutex::default(),
            files: Mutex::default(),
            cache: Mutex::default(),
            interrupted: Mutex::default(),
            lag: Mutex::default(),
        }
    }

    /// How many prompts run and wait, as everybody is told.
    pub(super) fn status(&self) -> Value {
        let queue = lock(&self.queue);
        let remaining = queue.pending.len() + usize::from(queue.running.is_some());
        json!({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": remaining}}}})
    }

    /// Puts a prompt into the queue.
    pub(super) fn enqueue(&self, mut item: Item, front: bool) -> i64 {
        let mut queue = lock(&self.queue);
        item.number = if front { -queue.next } else { queue.next };
        queue.next += 1;
        let number = item.number;
        queue.pending.push(item);
        drop(queue);
        self.sockets.tell_all(&self.status());
        self.work.notify_one();
        number
    }
}

impl Queue {
    /// The prompt with the lowest number.
    pub(super) fn take(&mut self) -> Option<Item> {
        let at = self.pending.iter().enumerate().min_by_key(|(_, item)| item.number).map(|(at, _)| at)?;
        Some(self.pending.remove(at))
    }
}

impl Item {
    /// As the queue and the history show it.
    pub(super) fn shown(&self) -> Value {
        json!([self.number, self.prompt_id, self.graph, self.extra, self.outputs])
    }
}

impl Files {
    /// Stores a picture under the next free number: names count up from the highest that is there.
    pub(super) fn save(&mut self, folder: &str, prefix: &str, bytes: Bytes) -> Value {
        let (subfolder, stem) = prefix.rsplit_once('/').unwrap_or(("", prefix));
        let numbered = |(of, sub, name): &Place| {
            let number = name.strip_prefix(stem)?.strip_prefix('_')?.strip_suffix("_.png")?;
            (of == folder && sub == subfolder).then(|| number.parse::<u32>().ok()).flatten()
        };
        let highest = self.by_place.keys().filter_map(numbered).max().unwrap_or(0);
        let name = format!("{stem}_{:05}_.png", highest + 1);
        let place: Place = (folder.to_owned(), subfolder.to_owned(), name.clone());
        self.by_place.insert(place.clone(), bytes);
        self.order.push(place);
        if self.order.len() > MOST_FILES {
            let oldest = self.order.remove(0);
            self.by_place.remove(&oldest);
        }
        json!({"filename": name, "subfolder": subfolder, "type": folder})
    }

    pub(super) fn get(&self, place: &Place) -> Option<Bytes> {
        self.by_place.get(place).cloned()
    }

    /// Deletes what an output names.
    pub(super) fn delete(&mut self, image: &Value) {
        let part = |name: &str| image[name].as_str().unwrap_or_default().to_owned();
        self.by_place.remove(&(part("type"), part("subfolder"), part("filename")));
    }
}
