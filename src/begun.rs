//! What was begun and is not yet on disk.

use crate::{error::Error, store::Writing};

/// Something that is on its way to the disk. What follows from it is made ready meanwhile; nobody is told before it is
/// [durable](Begun::durable).
#[derive(Debug)]
pub struct Begun<T> {
    /// As it will be.
    pub value: T,
    writing: Writing<(), Error>,
}

impl<T> Begun<T> {
    /// It will be so when this has been written.
    pub fn new(value: T, writing: Writing<(), Error>) -> Self {
        Self { value, writing }
    }

    /// Waits until it is on disk. After an error, nothing has come of it.
    pub async fn durable(self) -> Result<T, Error> {
        self.writing.await?;
        Ok(self.value)
    }
}
