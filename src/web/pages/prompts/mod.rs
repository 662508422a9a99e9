//! The prompt library.

pub mod edit;
pub mod list;
pub mod templates;
