//! The real binary: started, killed, starved, and stopped.

mod access;
mod binary;
mod damage;
mod jobs;
mod life;
mod posts;
mod power;
mod runs;
mod training;
