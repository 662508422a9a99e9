//! The pages of generated pictures.

pub mod detail;
pub mod grid;
