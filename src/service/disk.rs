//! Work with files, away from the threads that answer, and how much room a disk has.

use std::{io, path::Path};

use crate::{
    domain::problem::{Kind, Problem},
    error::Error,
};

/// Does work that waits for files on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        Err(Problem::new(Kind::Internal, "Something in this server broke while it worked with files. The log says what.").into())
    })
}

/// Bytes that are free where a folder is, or is to be.
pub(super) fn free(folder: &Path) -> io::Result<u64> {
    let folder = std::path::absolute(folder)?;
    let there = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let about = rustix::fs::statvfs(there)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}
