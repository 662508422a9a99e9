//! The real binary: started, killed, starved, and stopped.

mod binary;
mod damage;
mod jobs;
mod life;
mod posts;
mod power;
