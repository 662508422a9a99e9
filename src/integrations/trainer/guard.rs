//! The guard of one run: starts the trainer, stops it when told to, and writes down how it ended.
//!
//! It runs in a process of its own and is made of as little as can be, for nobody watches it.

use std::{
    fs::{File, OpenOptions},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitCode, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep, timeout},
};

use super::{
    folder::{GuardOrder, RunFolder, RunningNote},
    processes,
};
use crate::domain::training::Ending;

/// How long processes that cannot be ended are waited for: those that hang in a driver may take a while.
const STUBBORN: Duration = Duration::from_secs(20);

/// Guards the run of that folder until it has ended.
pub fn main(folder: PathBuf) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let guarded = runtime.and_then(|runtime| runtime.block_on(guard(&RunFolder::new(folder))));
    match guarded {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("digital-dalla: a training cannot be guarded: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn guard(folder: &RunFolder) -> std::io::Result<()> {
    // Handlers and not "ignore", which the trainer would inherit. First of all, so that no signal is missed.
    let (mut terminate, mut interrupt, mut hang_up) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
    // Kept until the end: as long as it is locked, everybody knows that somebody guards this run.
    let _lock = folder.lock()?;
    if !folder.claim(b"guard")? {
        return Ok(());
    }
    adopt_orphans();
    let order: GuardOrder = folder.read("order.json")?.ok_or_else(|| std::io::Error::other("there is no order"))?;
    let mut trainer = match start(&order) {
        Ok(trainer) => trainer,
        Err(error) => return folder.write("ending.json", &Ending::NotStarted { why: error.to_string() }),
    };
    let pid = trainer.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
    folder.write("running.json", &RunningNote { guard: processes::ourselves(), trainer: processes::of(pid) })?;
    let ended = tokio::select! {
        ended = trainer.wait() => ended?,
        () = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hang_up.recv() => {}
            }
        } => stop(&mut trainer, Duration::from_secs_f64(order.grace)).await?,
    };
    // Whatever it has started and left behind goes with it, before anybody is told that it is over.
    end_the_rest().await;
    folder.write("ending.json", &ending(ended))?;
    if !cfg!(target_os = "linux") {
        processes::end_group(processes::ourselves().pid);
    }
    Ok(())
}

/// Processes whose parent ends become ours, so that we know of everything the trainer has started.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        eprintln!("digital-dalla: orphans of the trainer cannot be adopted: {error}");
    }
}

fn start(order: &GuardOrder) -> std::io::Result<Child> {
    let log: File = OpenOptions::new().append(true).create(true).open(&order.log)?;
    Command::new(&order.program)
        .args(&order.arguments)
        .current_dir(&order.folder)
        .envs(order.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        // Both into the same file, by the trainer itself: it needs nobody to listen.
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}

/// Asks the trainer and everything it has started to end, and ends what does not.
async fn stop(trainer: &mut Child, grace: Duration) -> std::io::Result<ExitStatus> {
    processes::signal_all(&processes::descendants(processes::ourselves().pid), Signal::TERM);
    if let Ok(ended) = timeout(grace, trainer.wait()).await {
        return ended;
    }
    processes::signal_all(&processes::descendants(processes::ourselves().pid), Signal::KILL);
    trainer.start_kill()?;
    trainer.wait().await
}

/// Ends everything that is left; new ones may come while the old ones go.
async fn end_the_rest() {
    let begun = Instant::now();
    while begun.elapsed() < STUBBORN {
        let left = processes::descendants(processes::ourselves().pid);
        if left.is_empty() {
            return;
        }
        processes::signal_all(&left, Signal::KILL);
        sleep(Duration::from_millis(20)).await;
    }
}

fn ending(ended: ExitStatus) -> Ending {
    match (ended.code(), ended.signal()) {
        (Some(code), _) => Ending::Exit { code },
        (None, Some(signal)) => Ending::Signal { signal },
        (None, None) => Ending::Vanished,
    }
}
