//! How the machine is, and how the networks answered: what was last seen, so that no page has to look itself.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use sysinfo::{MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::domain::caption::Network;

/// What was last seen.
#[derive(Debug)]
pub struct Vitals {
    machine: ArcSwapOption<Machine>,
    networks: Mutex<Vec<(Network, Asked)>>,
    /// When this process started.
    pub started: Instant,
}

impl Default for Vitals {
    fn default() -> Self {
        Self { machine: ArcSwapOption::default(), networks: Mutex::default(), started: Instant::now() }
    }
}

/// When a network was last asked about an account, and how long it took to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
}

/// What was seen of the machine.
#[derive(Debug, Clone)]
pub struct Machine {
    /// When.
    pub at: DateTime<Utc>,
    /// How long the look took: a disk that is ill is slow.
    pub took: Duration,
    /// The disk of the data folder; words when it could not be looked at.
    pub disk: Result<Disk, String>,
    /// The memory, where the system tells.
    pub memory: Option<Memory>,
}

/// A disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// What is free for us.
    pub free: u64,
    /// All of it.
    pub total: u64,
}

/// Memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What this process has.
    pub ours: u64,
    /// What the machine has left.
    pub available: u64,
    /// What the machine has.
    pub total: u64,
}

impl Vitals {
    /// What was last seen of the machine.
    pub fn machine(&self) -> Option<Machine> {
        self.machine.load().as_deref().cloned()
    }

    /// Remembers what was seen.
    pub fn remember(&self, machine: Machine) {
        self.machine.store(Some(machine.into()));
    }

    /// When a network was last asked about an account.
    pub fn asked(&self, network: Network) -> Option<Asked> {
        self.networks().iter().find(|(known, _)| *known == network).map(|(_, asked)| *asked)
    }

    /// Remembers that a network was asked.
    pub fn note(&self, network: Network, asked: Asked) {
        let mut networks = self.networks();
        networks.retain(|(known, _)| *known != network);
        networks.push((network, asked));
    }

    fn networks(&self) -> MutexGuard<'_, Vec<(Network, Asked)>> {
        // Nothing in here can be left half done, so a panic elsewhere does no harm.
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the machine. A disk that is far away may be slow to answer, so not on a thread others wait for.
pub fn look(dir: &Path, now: DateTime<Utc>) -> Machine {
    let begun = Instant::now();
    let disk = rustix::fs::statvfs(dir).map_err(|error| std::io::Error::from(error).to_string());
    let disk = disk
        .map(|about| Disk { free: about.f_bavail.saturating_mul(about.f_frsize), total: about.f_blocks.saturating_mul(about.f_frsize) });
    let took = begun.elapsed();
    Machine { at: now, took, disk, memory: memory() }
}

/// What the memory is like now, where the system tells.
pub fn memory() -> Option<Memory> {
    let mut system = System::new().ok()?;
    let ours = Pid::from_u32(std::process::id());
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&[ours]),
        false,
        ProcessRefreshKind::nothing().with_memory().without_tasks(),
    );
    let used = system.process(ours)?.memory();
    Some(Memory { ours: used, available: system.available_memory(), total: system.total_memory() })
}

/// The system this runs on, in words.
pub fn platform() -> String {
    let system = System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned());
    let kernel = System::kernel_version().map(|version| format!(", kernel {version}")).unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{system}{kernel}, {}, {processors} processors", std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_disk_and_memory() {
        let seen = look(Path::new("."), DateTime::UNIX_EPOCH);
        let disk = seen.disk.unwrap();
        assert!(disk.total > 0 && disk.free <= disk.total);
        let memory = seen.memory.unwrap();
        assert!(memory.ours > 1_000_000 && memory.ours < memory.total, "{memory:?}");
        assert!(look(Path::new("/no/such/folder"), DateTime::UNIX_EPOCH).disk.is_err());
        assert!(platform().contains("processors"));
    }
}
