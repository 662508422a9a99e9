//! The pages: server-rendered, complete without script.

pub mod actions;
pub mod app;
pub mod components;
pub mod context;
pub mod entries;
pub mod flash;
pub mod form;
pub mod pages;
pub mod places;
pub mod shell;
pub mod words;

use leptos::prelude::provide_context;

use crate::state::AppState;

/// What pages and server functions find in their context.
pub fn context(app: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let app = app.clone();
    move || provide_context(app.clone())
}
