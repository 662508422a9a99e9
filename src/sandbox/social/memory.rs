//! What a simulated network remembers, over its own restart where it is given a folder: everything it holds, the
//! pictures, and its port, so that links to it stay good.

use std::{collections::HashMap, io::Write, net::Ipv4Addr, path::PathBuf, sync::Mutex};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::TcpListener;

use super::lock;

/// A memory; without a folder it ends with the simulator.
#[derive(Default)]
pub(in crate::sandbox) struct Memory {
    folder: Option<PathBuf>,
    pictures: Mutex<HashMap<String, Bytes>>,
}

impl Memory {
    pub(in crate::sandbox) fn new(folder: Option<PathBuf>) -> std::io::Result<Self> {
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { folder, pictures: Mutex::default() })
    }

    /// The port it had before, while it is free; else another.
    pub(in crate::sandbox) async fn listen(&self) -> std::io::Result<TcpListener> {
        let before = self.folder.as_ref().and_then(|folder| std::fs::read_to_string(folder.join("port")).ok()?.trim().parse().ok());
        let again = match before {
            Some(port) => TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.ok(),
            None => None,
        };
        let listener = match again {
            Some(listener) => listener,
            None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        if let Some(folder) = &self.folder {
            std::fs::write(folder.join("port"), listener.local_addr()?.port().to_string())?;
        }
        Ok(listener)
    }

    /// What was remembered last; nothing when that cannot be read.
    pub(in crate::sandbox) fn recall<T: DeserializeOwned + Default>(&self) -> T {
        let text = self.folder.as_ref().and_then(|folder| std::fs::read(folder.join("network.json")).ok());
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Remembers all of it. Whoever plays in the sandbox loses no sleep over a full disk.
    pub(in crate::sandbox) fn keep(&self, all: &impl Serialize) {
        let Some(folder) = &self.folder else { return };
        let kept = || {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, all)?;
            file.flush()?;
            file.persist(folder.join("network.json"))?;
            Ok::<_, std::io::Error>(())
        };
        if let Err(error) = kept() {
            tracing::warn!(%error, "a simulated network could not remember something");
        }
    }

    pub(in crate::sandbox) fn keep_picture(&self, id: &str, jpeg: Bytes) {
        if let Some(folder) = &self.folder {
            // Whether or not: it is in memory.
            let _ = std::fs::write(folder.join(format!("{id}.jpg")), &jpeg);
        }
        lock(&self.pictures).insert(id.to_owned(), jpeg);
    }

    pub(in crate::sandbox) fn picture(&self, id: &str) -> Option<Bytes> {
        let plain = id.chars().all(|c| c.is_ascii_digit());
        let known = lock(&self.pictures).get(id).cloned();
        known.or_else(|| std::fs::read(self.folder.as_ref().filter(|_| plain)?.join(format!("{id}.jpg"))).ok().map(Bytes::from))
    }
}
