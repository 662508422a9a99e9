//! Digital Dalla: a dashboard for people who run AI personas from a GPU box at home.
pub mod domain;
pub mod integrations;
