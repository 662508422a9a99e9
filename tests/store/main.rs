//! The store held to its promise, through its public face.

mod crashes;
mod indexes;
mod others;
mod promises;
mod secrets;
mod support;
