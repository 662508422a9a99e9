//! Pictures on their way into datasets: which names they have taken, and how many are looked at at once. Never stored.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::dataset::{DatasetId, ImageName};

/// How many pictures are decoded at a time: each may take 300 MB.
const EYES: usize = 2;

/// What is on its way.
#[derive(Debug)]
pub struct Incoming {
    taken: Mutex<HashSet<(DatasetId, String)>>,
    eyes: Semaphore,
}

/// A name that nobody else gets, until this is dropped.
#[derive(Debug)]
pub struct Taken<'a> {
    incoming: &'a Incoming,
    dataset: DatasetId,
    name: ImageName,
}

impl Default for Incoming {
    fn default() -> Self {
        Self { taken: Mutex::default(), eyes: Semaphore::new(EYES) }
    }
}

impl Incoming {
    /// Takes a name, or the same with a number when it is in use. `is_used` tells whether the dataset has a picture
    /// with that key; it is asked while nobody else can take a name, so it must look at what is stored now.
    pub fn take(&self, dataset: &DatasetId, wanted: &ImageName, is_used: impl Fn(&str) -> bool) -> Taken<'_> {
        let mut taken = self.lock();
        let names = std::iter::once(wanted.clone()).chain((2..).map(|number| wanted.numbered(number)));
        for name in names {
            let key = (dataset.clone(), name.key());
            if !taken.contains(&key) && !is_used(&key.1) {
                taken.insert(key);
                return Taken { incoming: self, dataset: dataset.clone(), name };
            }
        }
        unreachable!("there are more numbers than pictures")
    }

    /// Waits for a turn to decode a picture.
    pub async fn look(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed; without a turn one would only be less careful with memory.
        self.eyes.acquire().await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<(DatasetId, String)>> {
        // A set of names cannot be left half changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken<'_> {
    /// The name.
    pub fn name(&self) -> &ImageName {
        &self.name
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.incoming.lock().remove(&(self.dataset.clone(), self.name.key()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dataset::Format;

    #[test]
    fn a_name_on_its_way_is_not_given_twice() {
        let incoming = Incoming::default();
        let (here, there) = (DatasetId::from("here"), DatasetId::from("there"));
        let name = ImageName::new("Luna.png", Format::Png);
        let first = incoming.take(&here, &name, |_| false);
        let second = incoming.take(&here, &ImageName::new("luna.webp", Format::Webp), |_| false);
        let elsewhere = incoming.take(&there, &name, |_| false);
        let stored = incoming.take(&here, &name, |key| key == "luna-3");
        let names = [&first, &second, &elsewhere, &stored].map(|taken| taken.name().as_str());
        assert_eq!(names, ["Luna.png", "luna-2.webp", "Luna.png", "Luna-4.png"]);
        drop(first);
        assert_eq!(incoming.take(&here, &name, |_| false).name().as_str(), "Luna.png");
    }
}
