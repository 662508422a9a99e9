//! The app through the doors its users go through: the JSON API, and forms as a browser without script sends them.

mod access;
mod accounts;
mod activity;
mod bad_input;
mod calendar;
mod characters;
mod content;
mod datasets;
mod doors;
mod images;
mod interrupted_runs;
mod interruptions;
mod notifications;
mod pages;
mod posts;
mod review;
mod runs;
mod schedule_forms;
mod schedules;
mod secrets;
mod security;
mod support;
mod ticks;
mod training;
mod words;
