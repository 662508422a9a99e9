//! The outside world, simulated on this machine: for newcomers, and for every test.
//!
//! The simulators speak the wire of the real services and are strict where those are. They name nothing else of
//! this crate, so that a test of our clients is a test against somebody else's words.

pub mod comfyui;
pub mod gemini;
pub mod instagram;
pub mod social;
pub mod trainer;
pub mod x;
