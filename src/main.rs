//! Starts Digital Dalla: read the settings, open the store, run server and workers, stop cleanly.

use std::process::ExitCode;

use digital_dalla::{config::Config, run};

fn main() -> ExitCode {
    let config = Config::from_process();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(run::run(config)),
        Err(error) => Err(format!("the runtime cannot be started: {error}")),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            eprintln!("digital-dalla: {words}");
            ExitCode::FAILURE
        }
    }
}
