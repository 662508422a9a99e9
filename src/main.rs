//! Starts Digital Dalla: read the settings, open the store, run server and workers, stop cleanly.

use std::process::ExitCode;

use digital_dalla::{config::Config, integrations::trainer, run, sandbox};
use mimalloc::MiMalloc;

/// Requests make many small things that do not live long.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // Two things this program is beside a server, both started by itself only.
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next().as_deref().and_then(|first| first.to_str()) {
        Some(trainer::GUARD) => return trainer::guard::main(arguments.next().unwrap_or_default().into()),
        Some(sandbox::trainer::TRAINER) => {
            return sandbox::trainer::main(arguments.map(|argument| argument.to_string_lossy().into_owned()).collect());
        }
        _ => {}
    }
    let config = Config::from_process();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(run::run(config)),
        Err(error) => Err(format!("the runtime cannot be started: {error}")),
    };
    match ended {
        Ok(code) => code,
        Err(words) => {
            eprintln!("digital-dalla: {words}");
            ExitCode::FAILURE
        }
    }
}
