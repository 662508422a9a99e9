//! The app through the doors its users go through: the JSON API, and forms as a browser without script sends them.

mod accounts;
mod bad_input;
mod characters;
mod content;
mod doors;
mod images;
mod interruptions;
mod pages;
mod posts;
mod review;
mod secrets;
mod support;
mod words;
