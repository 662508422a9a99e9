//! Making everything ready that a trainer reads: the pictures as they are now, and their description.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::places::Places;
use crate::{
    domain::{
        dataset::{Dataset, with_words_first},
        problem::{Kind, Problem},
        training::Plan,
    },
    error::Error,
    integrations::kohya::{dataset_toml, samples_json},
    service::disk::free,
};

/// What is made ready.
pub(super) struct Preparation {
    pub(super) places: Places,
    pub(super) dataset: std::sync::Arc<Dataset>,
    /// Where the dataset's pictures lie.
    pub(super) pictures: PathBuf,
    pub(super) plan: Plan,
}

impl Preparation {
    /// Makes it ready, whole or not at all. The pictures are those of this moment, whatever happens to the dataset
    /// later; they take no room, as long as both folders are on one disk.
    pub(super) fn make(&self) -> Result<(), Error> {
        let made = self.write();
        if made.is_err() {
            // A half-made folder is of no use; whether it can be removed changes nothing.
            let _ = fs::remove_dir_all(self.places.home());
        }
        made.map_err(Error::file("Making the training's folder"))
    }

    fn write(&self) -> std::io::Result<()> {
        let folder = self.places.dataset();
        fs::create_dir_all(&folder)?;
        fs::create_dir_all(self.places.output())?;
        for image in self.dataset.usable() {
            link(&self.pictures.join(image.name.as_str()), &folder.join(image.name.as_str()))?;
            // A picture without a caption has none; the trainer then goes by the trigger word.
            if !image.caption.is_empty() {
                let caption = with_words_first(&image.caption, &self.plan.trigger_word);
                fs::write(folder.join(image.name.caption_file()), format!("{caption}\n"))?;
            }
        }
        fs::write(self.places.home().join("dataset.toml"), dataset_toml(&self.plan, &folder))?;
        fs::write(self.places.home().join("samples.json"), samples_json(&self.plan))
    }
}

/// A second name for the file where that can be, else a copy.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => fs::copy(from, to).map(drop),
        linked => linked,
    }
}

/// Whether the disk has room for what a training writes, with `reserve` bytes beside.
pub(super) fn room(folder: &Path, plan: &Plan, reserve: u64) -> Result<(), Problem> {
    let free = match free(folder) {
        Ok(free) => free,
        Err(error) => {
            tracing::warn!(%error, "how much room the disk has cannot be told");
            return Ok(());
        }
    };
    let needed = plan.bytes().saturating_add(reserve);
    if free >= needed {
        return Ok(());
    }
    let words = format!(
        "The disk has too little room: this training needs about {}, and {} are free. Make room, save less often, or leave out the saved states.",
        gigabytes(needed),
        gigabytes(free)
    );
    Err(Problem::new(Kind::StorageFull, words))
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
