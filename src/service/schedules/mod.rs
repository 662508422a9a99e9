//! Schedules: what will happen by itself.

mod planned;

pub use self::planned::{Planned, planned};
