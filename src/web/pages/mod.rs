//! The pages: a file a page, its server functions on top.

pub mod access;
pub mod activity;
pub mod backups;
pub mod calendar;
pub mod characters;
pub mod content;
pub mod datasets;
pub mod find;
pub mod imports;
pub mod jobs;
pub mod login;
pub mod logs;
pub mod models;
pub mod notifications;
pub mod posts;
pub mod prompts;
pub mod review;
pub mod schedules;
pub mod settings;
pub mod studio;
pub mod system;
pub mod theme;
pub mod today;
pub mod training;
