//! What can go wrong, gathered for the service and everything that calls it.

use crate::{
    domain::problem::{Kind, Problem},
    integrations::{comfyui::ComfyError, gemini::GeminiError},
    store::StoreError,
};

/// A failure of a deed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule was broken, or something is not there: words for the person.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// ComfyUI failed.
    #[error(transparent)]
    Comfy(#[from] ComfyError),
    /// Gemini failed.
    #[error(transparent)]
    Gemini(#[from] GeminiError),
    /// A file of ours could not be read or written.
    #[error("{doing}: {source}")]
    File {
        /// What we were about to do.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// Says what was being done when a file failed.
    pub fn file(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { doing, source }
    }
}

impl From<Error> for Problem {
    /// The one place where a failure becomes words, and where its cause is logged.
    fn from(error: Error) -> Self {
        match error {
            Error::Problem(problem) => problem,
            Error::Store(error) => store_problem(&error),
            Error::Comfy(error) => comfy_problem(&error),
            Error::Gemini(error) => gemini_problem(&error),
            Error::File { doing, source } if is_full(&source) => {
                tracing::warn!(doing, error = %source, "the disk is full");
                Problem::new(Kind::StorageFull, DISK_FULL)
            }
            Error::File { doing, source } => {
                tracing::error!(doing, error = %source, "a file failed");
                Problem::new(Kind::Internal, format!("{doing} failed: {source}."))
            }
        }
    }
}

const DISK_FULL: &str = "The disk is full. Nothing was stored and nothing was lost; make room and try again.";

fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

fn store_problem(error: &StoreError) -> Problem {
    match error {
        StoreError::ReadOnly { .. } => Problem::new(Kind::ReadOnly, error.to_string()),
        StoreError::DiskFull => Problem::new(Kind::StorageFull, DISK_FULL),
        other => {
            tracing::error!(error = %other, "the store failed");
            Problem::new(Kind::Internal, "The change could not be stored. The log says why; nothing was lost.")
        }
    }
}

fn comfy_problem(error: &ComfyError) -> Problem {
    let kind = if error.is_unreachable() { Kind::Unreachable } else { Kind::Refused };
    Problem::new(kind, error.to_string())
}

fn gemini_problem(error: &GeminiError) -> Problem {
    let kind = match error {
        GeminiError::Unreachable => Kind::Unreachable,
        GeminiError::TooSlow => Kind::TooSlow,
        _ => Kind::Refused,
    };
    Problem::new(kind, error.to_string())
}
