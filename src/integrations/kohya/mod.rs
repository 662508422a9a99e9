//! kohya-ss's sd-scripts: what to tell the trainer, and what its words mean.
//!
//! Facts about its arguments and its output are those of version 0.10.1, taken from recordings of real runs.

mod check;
mod clues;
mod command;
mod dataset;
mod failure;
mod lines;
#[cfg(test)]
mod recordings;
mod safetensors;
mod samples;
mod sign;
mod states;
mod tail;
mod watcher;

pub use self::{
    check::{Checked, Sighting, look},
    command::{Invocation, Launcher, Order, invocation},
    dataset::dataset_toml,
    failure::explain,
    safetensors::{Header, LoraFault, read_header},
    samples::{Sample, sample_of, samples_json},
    sign::Sign,
    states::{SavedState, newest_state},
    tail::{TAIL_BYTES, last_lines},
    watcher::Watcher,
};
