//! The real binary: started, killed, starved, and stopped.

mod binary;
mod damage;
mod life;
mod power;
mod training;
