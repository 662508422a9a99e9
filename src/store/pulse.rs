//! How writing goes: what the last commit took, and how long the journal is.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;

use super::StoreError;
use crate::meters::Meters;

/// What the writer thread says of itself.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    last: ArcSwapOption<Beat>,
    journal: AtomicU64,
    pub(super) meters: OnceLock<Meters>,
}

/// The last time something was made durable, or could not be.
#[derive(Debug, Clone)]
pub struct Beat {
    /// When.
    pub at: Instant,
    /// How long the disk took.
    pub took: Duration,
    /// Why it is not on disk.
    pub failed: Option<StoreError>,
}

impl Pulse {
    /// So many changes were made durable together, or were not.
    pub(super) fn beat(&self, changes: usize, took: Duration, durable: &Result<(), StoreError>) {
        self.last.store(Some(Beat { at: Instant::now(), took, failed: durable.as_ref().err().cloned() }.into()));
        if let Some(meters) = self.meters.get() {
            meters.commit(changes, durable.is_ok(), took);
        }
    }

    /// The journal is so long now.
    pub(super) fn journal_is(&self, bytes: u64) {
        self.journal.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn journal(&self) -> u64 {
        self.journal.load(Ordering::Relaxed)
    }

    pub(super) fn last(&self) -> Option<Beat> {
        self.last.load().as_deref().cloned()
    }
}
