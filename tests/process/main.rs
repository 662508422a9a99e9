//! The real binary: started, killed, starved, and stopped.

mod access;
mod backups;
mod binary;
mod check;
mod damage;
mod doctor;
mod imports;
mod jobs;
mod life;
mod posts;
mod power;
mod runs;
mod training;
