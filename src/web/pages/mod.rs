//! The pages: a file a page, its server functions on top.

pub mod characters;
pub mod content;
pub mod jobs;
pub mod models;
pub mod posts;
pub mod prompts;
pub mod review;
pub mod settings;
pub mod studio;
pub mod system;
pub mod theme;
pub mod today;
pub mod training;
