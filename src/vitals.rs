//! How the machine is, and how the networks answered: what was last seen, so that no page has to look itself.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use sysinfo::{MemoryRefreshKind, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::domain::{account::Outcome, caption::Network};

/// What was last seen.
#[derive(Debug)]
pub struct Vitals {
    machine: ArcSwapOption<Machine>,
    storage: ArcSwapOption<Storage>,
    networks: Mutex<Vec<(Network, Asked)>>,
    tests: Mutex<Vec<(Network, Tested)>>,
    /// When this process started.
    pub started: Instant,
}

impl Default for Vitals {
    fn default() -> Self {
        Self {
            machine: ArcSwapOption::default(),
            storage: ArcSwapOption::default(),
            networks: Mutex::default(),
            tests: Mutex::default(),
            started: Instant::now(),
        }
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

/// What a network said of the keys for all characters.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// When.
    pub at: DateTime<Utc>,
    /// What it said.
    pub outcome: Outcome,
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

/// How large what is stored is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// When it was measured.
    pub at: DateTime<Utc>,
    /// The arrays and the journal.
    pub records: u64,
    /// Pictures.
    pub media: u64,
    /// Pictures to train on.
    pub datasets: u64,
    /// What trainings have made.
    pub trainings: u64,
    /// Backups.
    pub backups: u64,
    /// Whatever else is there.
    pub others: u64,
}

impl Storage {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.records + self.media + self.datasets + self.trainings + self.backups + self.others
    }
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

    /// How large what is stored was when it was last measured.
    pub fn storage(&self) -> Option<Storage> {
        self.storage.load().as_deref().copied()
    }

    /// Remembers what was measured.
    pub fn measured(&self, storage: Storage) {
        self.storage.store(Some(storage.into()));
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

    /// What a network last said of the keys for all characters.
    pub fn tested(&self, network: Network) -> Option<Tested> {
        self.tests().iter().find(|(known, _)| *known == network).map(|(_, tested)| tested.clone())
    }

    /// Remembers what a network said of the keys for all characters, or that they are others now.
    pub fn note_test(&self, network: Network, tested: Option<Tested>) {
        let mut tests = self.tests();
        tests.retain(|(known, _)| *known != network);
        tests.extend(tested.map(|tested| (network, tested)));
    }

    fn tests(&self) -> MutexGuard<'_, Vec<(Network, Tested)>> {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Measures what is stored in the data folder. Reads every folder in it, so not on a thread others wait for.
pub fn measure(dir: &Path, now: DateTime<Utc>) -> Storage {
    let mut storage = Storage { at: now, records: 0, media: 0, datasets: 0, trainings: 0, backups: 0, others: 0 };
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(about) = entry.metadata() else { continue };
        let part = match entry.file_name().to_str() {
            _ if about.is_file() => &mut storage.records,
            Some("media") => &mut storage.media,
            Some("datasets") => &mut storage.datasets,
            Some("trainings") => &mut storage.trainings,
            Some("backups") => &mut storage.backups,
            Some(_) | None => &mut storage.others,
        };
        *part += if about.is_dir() { size_of(entry.path()) } else { about.len() };
    }
    storage
}

/// The files of a folder and those in it. What vanishes meanwhile or cannot be read counts nothing; links are not
/// followed.
fn size_of(folder: PathBuf) -> u64 {
    let mut size = 0;
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) => size += about.len(),
                Err(_) => {}
            }
        }
    }
    size
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
    fn what_is_stored_is_measured_by_kind() {
        let dir = tempfile::tempdir().unwrap();
        for (file, size) in [("posts.json", 3), ("journal.ndjson", 4), ("media/a.png", 10), ("datasets/d/one.png", 20), ("trainer/x", 5)] {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, vec![0; size]).unwrap();
        }
        let seen = measure(dir.path(), DateTime::UNIX_EPOCH);
        assert_eq!((seen.records, seen.media, seen.datasets, seen.trainings, seen.backups, seen.others), (7, 10, 20, 0, 0, 5));
        assert_eq!(seen.total(), 42);
        assert_eq!(measure(Path::new("/no/such/folder"), DateTime::UNIX_EPOCH).total(), 0);
    }

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
