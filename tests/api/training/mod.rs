//! Trainings, from pictures to a LoRA at work, with the simulated trainer.

mod bad_input;
mod failures;
mod life;
mod pages;
mod restarts;
mod scheduled;
mod sharing;
mod stage;
mod versions;
