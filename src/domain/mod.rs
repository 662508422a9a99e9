//! What we talk about: plain data, ids and pure rules.
//!
//! Nothing here reads a clock, a file or the network, and nothing here is secret: whatever is in these
//! types may be shown to anyone who may see the page.

pub mod access;
pub mod account;
pub mod activity;
pub mod answered;
pub mod autonomy;
pub mod backup;
pub mod calendar;
pub mod caption;
pub mod character;
pub mod check;
pub mod content;
pub mod dataset;
pub mod event;
pub mod generation;
pub mod id;
pub mod import;
pub mod instruction;
pub mod job;
mod lenient;
pub mod library;
pub mod log;
pub mod model;
pub mod moment;
pub mod narrative;
pub mod notification;
pub mod plan;
pub mod post;
pub mod problem;
pub mod prompt;
pub mod run;
pub mod schedule;
pub mod secret;
pub mod sent;
pub mod settings;
pub mod task;
pub mod template;
pub mod times;
pub mod training;
pub mod words;
