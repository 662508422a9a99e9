//! Keeping a trainer: a process that outlives this one, is never started twice, and leaves nothing behind.
//!
//! Between us and the trainer stands a *guard*: this very program with another first argument. We start it in a process
//! group of its own and may then be stopped or killed; it starts the trainer, writes down how that ended, and stops it
//! with everything it started when it is told to. What both know of each other lies in the *folder of the run*:
//!
//! | file | written by | what |
//! |---|---|---|
//! | `order.json` | us | what the guard is to start |
//! | `lock` | the guard | locked as long as it lives, whatever ends it |
//! | `claim` | whoever is first | who decides about the run: a guard that starts it, or we, who give it up |
//! | `running.json` | the guard | who is running |
//! | `ending.json` | the guard | how it ended |
//!
//! A claim can be made once and never again, so a run is started at most once, whoever is killed at whatever moment.

mod environment;
mod folder;
pub mod guard;
mod processes;

pub use self::{
    environment::without_secrets,
    folder::{GuardOrder, RunFolder, Standing, Who},
    processes::sweep,
};

/// The first argument that makes a guard of this program.
pub const GUARD: &str = "trainer-guard";

/// The variable by which everything a run has started can be known.
pub const COOKIE: &str = "DALLA_TRAINING_RUN";

/// Starts the guard of a run: in a process group of its own, without anything secret, and free of us.
pub fn start_guard(program: &std::path::Path, folder: &RunFolder, run: &str) -> std::io::Result<tokio::process::Child> {
    let words = std::fs::OpenOptions::new().append(true).create(true).open(folder.path().join("guard.log"))?;
    tokio::process::Command::new(program)
        .arg(GUARD)
        .arg(folder.path())
        .env_clear()
        .envs(without_secrets(std::env::vars_os()))
        .env(COOKIE, run)
        .process_group(0)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(words)
        .spawn()
}
