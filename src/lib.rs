//! Digital Dalla: a dashboard for people who run AI personas from a GPU box at home.
//!
//! The tour, in reading order:

#![recursion_limit = "256"]

pub mod domain;

pub mod actor;
pub mod meters;
pub mod store;

pub mod integrations;

pub mod agenda;
pub mod attempts;
pub mod begun;
pub mod config;
pub mod error;
pub mod events;
pub mod expected;
pub mod gpu;
pub mod imports;
pub mod incoming;
pub mod limits;
pub mod live;
pub mod logs;
pub mod prepared;
pub mod state;
pub mod trash;
pub mod underway;
pub mod vitals;

pub mod service;

pub mod api;
pub mod assets;
pub mod jobs;
pub mod router;
pub mod run;
pub mod sandbox;
#[expect(missing_docs, reason = "the component macro makes a public field of each property")]
pub mod web;
