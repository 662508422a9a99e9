//! Datasets: what can be done with pictures and captions that a LoRA is trained on.

mod archive;
mod captions;
mod checks;
mod copying;
mod describing;
mod files;
mod folder;
mod looking;
mod pictures;
mod receiving;
mod removing;
mod start;
mod taking;
mod whole;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use self::{
    captions::{set_caption, use_tool},
    checks::{checks, family, fix},
    copying::{copy_contents, copyable},
    describing::{order_descriptions, unfinished},
    folder::{folder, lies_in},
    pictures::{LookedAgain, Picture, look_again, picture, thumbnail},
    receiving::{Broke, Receiving},
    removing::{Undone, delete, remove_images, undo},
    start::{look_at_all, tidy},
};
pub(super) use self::{describing::describe, looking::decoded, receiving::too_large, taking::words as about_broken};
use crate::{
    domain::{
        character::CharacterId,
        check::Verdict,
        dataset::{Dataset, DatasetChange, DatasetId, NewDataset, worst},
        problem::{Kind, Problem},
    },
    error::Error,
    expected::Expected,
    state::AppState,
};

/// A dataset in a list: what it is, and how it stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DatasetSummary)]
pub struct Summary {
    /// Its id.
    pub id: DatasetId,
    /// Who is to be seen in it.
    pub character_id: CharacterId,
    /// As people call it.
    pub name: String,
    /// The word its LoRA is to be called by.
    pub trigger_word: String,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// How many pictures there are.
    pub images: usize,
    /// How many of them have a caption.
    pub captioned: usize,
    /// How its checks stand, for the family of the character's model.
    pub verdict: Verdict,
}

/// One dataset.
pub fn get(app: &AppState, id: &DatasetId) -> Result<Arc<Dataset>, Error> {
    app.store.read().datasets.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("dataset").into())
}

/// All datasets, or those of a character, newest first.
pub fn list(app: &AppState, character: Option<&str>) -> Vec<Arc<Dataset>> {
    let state = app.store.read();
    match character {
        Some(id) => state.datasets.indexed("character", id).cloned().collect(),
        None => state.datasets.newest().cloned().collect(),
    }
}

/// What a list says of a dataset.
pub fn summary(app: &AppState, dataset: &Dataset) -> Summary {
    Summary {
        id: dataset.id.clone(),
        character_id: dataset.character_id.clone(),
        name: dataset.name.clone(),
        trigger_word: dataset.trigger_word.clone(),
        created_at: dataset.created_at,
        updated_at: dataset.updated_at,
        images: dataset.images.len(),
        captioned: dataset.images.iter().filter(|image| !image.caption.is_empty()).count(),
        verdict: worst(&checks(app, dataset, family(app, dataset))),
    }
}

/// Makes an empty dataset.
pub async fn create(app: &AppState, new: NewDataset, now: DateTime<Utc>) -> Result<Dataset, Error> {
    let unknown = |_| Problem::invalid("characterId", "Choose a character.");
    let character = super::characters::get(app, &new.character_id).map_err(unknown)?;
    // A trigger word that is taken over is not to stand in the way: a person has not typed it.
    let hers = character.trigger_word.split(',').next().unwrap_or_default().to_owned();
    let dataset = Dataset::new(character.id.clone(), new.name, new.trigger_word.unwrap_or(hers), now);
    dataset.check()?;
    let stored = dataset.clone();
    app.store.write(move |tx| Ok::<_, Error>(tx.put(stored)?)).await?;
    Ok(dataset)
}

/// Changes name or trigger word.
pub async fn change(
    app: &AppState,
    id: &DatasetId,
    change: DatasetChange,
    expected: Expected,
    now: DateTime<Utc>,
) -> Result<Dataset, Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Dataset>(id.as_str()).ok_or_else(|| Problem::not_found("dataset"))?;
            expected.check(&*stored)?;
            let mut dataset = Dataset::clone(&stored);
            dataset.apply(change, now);
            dataset.check()?;
            tx.put(dataset.clone())?;
            Ok(dataset)
        })
        .await
}

/// Changes the newest record of a dataset; a change that refuses leaves it as it was.
async fn update<T: Send + 'static>(
    app: &AppState,
    id: &DatasetId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Dataset) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Dataset>(id.as_str()).ok_or_else(|| Problem::not_found("dataset"))?;
            let mut dataset = Dataset::clone(&stored);
            let value = change(&mut dataset)?;
            if dataset != *stored {
                dataset.updated_at = Some(now);
                tx.put(dataset)?;
            }
            Ok(value)
        })
        .await
}

/// Does something to the end, also when the caller goes away: files and record are not to part.
async fn to_the_end<T: Send + 'static>(work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Result<T, Error> {
    tokio::spawn(work).await.unwrap_or_else(|_| Err(broke().into()))
}

/// Does something with files, off the threads that answer requests.
async fn with_files<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Error::file(doing)),
        Err(_) => Err(broke().into()),
    }
}

fn broke() -> Problem {
    Problem::new(Kind::Internal, "Something in this server broke. The log says what.")
}

fn places(app: &AppState, id: &DatasetId) -> Result<files::Places, Problem> {
    Ok(files::Places::new(folder::root(app), folder::file_name(id)?))
}
