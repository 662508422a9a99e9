//! What was begun and is not yet on disk.

use crate::{error::Error, store::Writing};

/// Something that is on its way to the disk. What follows from it can be made ready meanwhile; nobody may be told before it
/// is [durable](Begun::durable).
#[derive(Debug)]
pub struct Begun<T> {
    /// As it will be.
    pub value: T,
    /// Its way to the disk.
    pub writing: Writing<(), Error>,
}

impl<T> Begun<T> {
    /// Waits until it is on disk. After an error, nothing has come of it.
    pub async fn durable(self) -> Result<T, Error> {
        self.writing.await?;
        Ok(self.value)
    }
}
