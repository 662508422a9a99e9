//! What the simulated networks have in common: faults that can be asked for, connections that can be cut off, a
//! memory, and a page that shows what went out.

mod faults;
mod line;
mod memory;
mod wall;

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::response::{IntoResponse, Response};

pub use self::faults::{Fault, Faults, What, When};
pub(super) use self::{
    faults::{Spoiled, routes},
    line::{cut_off, serve},
    memory::Memory,
    wall::{Shown, page},
};

/// An answer that is a refusal.
#[derive(Debug)]
pub(super) struct Refused(Box<Response>);

impl Refused {
    pub(super) fn new(answer: impl IntoResponse) -> Self {
        Self(Box::new(answer.into_response()))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Nothing in the simulators can be left half done by a panic elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
