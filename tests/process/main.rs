//! The real binary: started, killed, starved, and stopped.

mod access;
mod binary;
mod damage;
mod life;
mod power;
