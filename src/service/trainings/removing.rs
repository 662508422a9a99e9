//! Deleting trainings, and what nobody knows of any more.

use std::collections::HashSet;

use super::{
    list::get,
    places::{Places, root},
};
use crate::{
    domain::{
        problem::Problem,
        training::{Training, TrainingId},
    },
    error::Error,
    service::disk::blocking,
    state::AppState,
};

/// Deletes a training that has ended, with its files. A LoRA that lies in ComfyUI's folder stays, and so do versions.
pub async fn delete(app: &AppState, id: &TrainingId) -> Result<(), Error> {
    get(app, id)?;
    let home = Places::of(app, id)?.home().to_owned();
    let gone = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Training>(gone.as_str()).ok_or_else(|| Problem::not_found("training"))?;
            if !stored.state.is_final() {
                return Err(Error::from(Problem::conflict("Stop this training before you delete it.")));
            }
            Ok(tx.delete::<Training>(gone.as_str())?)
        })
        .await?;
    blocking(move || match std::fs::remove_dir_all(home) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("Deleting a training's files")(error)),
        Ok(()) | Err(_) => Ok(()),
    })
    .await
}

/// Removes the folders of trainings that were never stored: we were cut off while they were being made ready.
pub async fn tidy(app: &AppState) -> Result<(), Error> {
    // While the list cannot be read, nobody knows what belongs to it.
    if app.store.health().damaged.iter().any(|damage| damage.collection == "trainings") {
        return Ok(());
    }
    let known: HashSet<String> = app.store.read().trainings.iter().map(|training| training.id.to_string()).collect();
    let root = root(app);
    blocking(move || {
        let Ok(entries) = std::fs::read_dir(&root) else { return Ok(()) };
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            // Only what is surely ours: a folder as we make it, in which no trainer was ever started.
            let ours = uuid::Uuid::parse_str(&name).is_ok()
                && entry.path().join("dataset.toml").exists()
                && !entry.path().join("train.log").exists();
            if ours && !known.contains(&name) {
                std::fs::remove_dir_all(entry.path()).map_err(Error::file("Tidying the folders of trainings"))?;
            }
        }
        Ok(())
    })
    .await
}
