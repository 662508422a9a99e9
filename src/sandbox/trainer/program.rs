//! The program itself, as Python would be: answers what it is asked, and runs scripts.

use std::{io::Write, process::ExitCode, time::Duration};

use serde::Deserialize;

use super::{
    arguments::Arguments,
    behaviour::{Behaviour, Fault},
    run,
};

/// A recorded run.
#[derive(Deserialize)]
struct Recording {
    return_code: i32,
    events: Vec<Piece>,
}

#[derive(Deserialize)]
struct Piece {
    t_ms: u64,
    stream: String,
    text: String,
}

/// Does what Python is told on its command line.
pub fn main(arguments: Vec<String>) -> ExitCode {
    match arguments.first().map(String::as_str) {
        // The only thing anybody asks it beside running a script: its version, and what it lacks.
        Some("-c") => {
            println!("3.11.9\n");
            ExitCode::SUCCESS
        }
        Some("--idle") => run::idle(),
        Some(script) if script.ends_with(".py") => script_of(arguments),
        _ => ExitCode::from(2),
    }
}

fn script_of(words: Vec<String>) -> ExitCode {
    note_start(&words);
    let behaviour: Behaviour = std::fs::read("sandbox.json").ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    if let Some(Fault::Replay { recording, faster }) = &behaviour.fault {
        return replay(recording, *faster);
    }
    match Arguments::read(words.into_iter()) {
        Ok(arguments) => run::train(&arguments, &behaviour),
        Err(said) => {
            eprintln!("usage: train_network.py [-h] …\n{said}");
            ExitCode::from(2)
        }
    }
}

/// One line in one write, so that starts at the same moment do not mix.
fn note_start(words: &[String]) {
    let line = serde_json::to_string(&(std::process::id(), words)).unwrap_or_default() + "\n";
    let opened = std::fs::OpenOptions::new().append(true).create(true).open("starts.ndjson");
    if let Err(error) = opened.and_then(|mut file| file.write_all(line.as_bytes())) {
        eprintln!("the start could not be noted: {error}");
    }
}

/// Says what was said in a recorded run, at its pace, and ends as it did.
fn replay(path: &std::path::Path, faster: f64) -> ExitCode {
    let recording = std::fs::read(path).map_err(|error| error.to_string());
    let recording: Recording = match recording.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string())) {
        Ok(recording) => recording,
        Err(error) => {
            eprintln!("there is no such recording: {error}");
            return ExitCode::from(3);
        }
    };
    let mut at = 0;
    for piece in &recording.events {
        std::thread::sleep(Duration::from_secs_f64((piece.t_ms - at) as f64 / 1_000.0 / faster.max(0.001)));
        at = piece.t_ms;
        let written = match piece.stream.as_str() {
            "stdout" => std::io::stdout().write_all(piece.text.as_bytes()).and_then(|()| std::io::stdout().flush()),
            "stderr" => std::io::stderr().write_all(piece.text.as_bytes()),
            _ => Ok(()),
        };
        if written.is_err() {
            return ExitCode::FAILURE;
        }
    }
    match recording.return_code {
        code @ 0.. => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        signal => run::end_by(-signal),
    }
}
