//! Looking at a folder without opening it: nothing is written, made or locked, also while a server works in it.

use std::{os::unix::fs::MetadataExt, path::Path, thread, time::Duration};

use super::{
    OpenOptions, adopt,
    error::{Damage, OpenError},
    load::{self, without},
    lock,
    record::Record,
    replay,
    secrets::Vault,
    state::{COLLECTIONS, State},
};
use crate::domain::task::Task;

/// How often is looked again while a server writes, and how long is waited in between.
const ROUNDS: usize = 200;
const PAUSE: Duration = Duration::from_millis(25);

/// What lies in a folder.
#[derive(Debug)]
pub struct Peeked {
    /// Everything that was acknowledged up to some moment of the look. What is damaged is empty.
    pub state: State,
    /// Files that cannot be read.
    pub damaged: Vec<Damage>,
    /// How many bytes of torn lines stand at the journal's end; they were never acknowledged.
    pub torn: usize,
    /// Whether characters hold keys in clear text, as older apps left them.
    pub clear_keys: bool,
    /// Why stored secrets cannot be read, when they cannot.
    pub secrets_locked: Option<String>,
}

/// Which version of a file it is: replacing it changes at least one of them.
type Mark = Option<(u64, i64, i64, u64)>;

/// Reads what lies in a folder, as the next start would. Blocks.
///
/// A server may write meanwhile. At each moment files and journal go together, for it might be killed at that moment;
/// so it is looked until all of them were read while no file was replaced and the journal was not cut.
pub fn peek(options: &OpenOptions) -> Result<Peeked, OpenError> {
    let dir = &options.dir;
    let mut rounds = 0;
    loop {
        let before = marks(dir);
        let (mut state, damaged) = load::arrays(dir);
        let journal = replay::bytes(dir)?;
        let still = before == marks(dir);
        let replayed = replay::replay_into(dir, &journal, &mut state);
        let whole = replayed.as_ref().copied().unwrap_or(journal.len());
        // A journal that was cut while it was read begins with another line now.
        let uncut = still && replay::bytes(dir)?.starts_with(&journal[..whole]);
        rounds += 1;
        if !uncut && rounds < ROUNDS {
            thread::sleep(PAUSE);
            continue;
        }
        if !uncut {
            return Err(OpenError::Busy { dir: dir.clone() });
        }
        let whole = replayed?;
        let torn = journal[whole..].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        without(&mut state, &damaged);
        let clear_keys = adopt::holds_clear_keys(&state);
        let secrets_locked = Vault::look(&options.key, &state.secrets);
        return Ok(Peeked { state, damaged, torn, clear_keys, secrets_locked });
    }
}

/// Whether a server works in a folder, and its process id, when that could be read.
pub fn in_use(dir: &Path) -> Option<Option<u32>> {
    lock::holder(dir)
}

fn marks(dir: &Path) -> Vec<Mark> {
    let mark = |name: &str| {
        let about = std::fs::metadata(dir.join(format!("{name}.json"))).ok()?;
        Some((about.ino(), about.mtime(), about.mtime_nsec(), about.len()))
    };
    COLLECTIONS.into_iter().chain(Task::OLDER_FILE).map(mark).collect()
}
