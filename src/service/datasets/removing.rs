//! Taking pictures or whole datasets away, and bringing them back.

use chrono::{DateTime, Utc};

use super::{captions, files, folder, get, pictures, places, to_the_end, update, with_files};
use crate::{
    domain::{
        dataset::{Changed, Dataset, DatasetId, DatasetImage, ImageName, MOST_IMAGES, Removed},
        problem::Problem,
    },
    error::Error,
    expected::Expected,
    state::AppState,
};

/// What came back.
#[derive(Debug, Clone)]
pub struct Undone {
    /// Of which dataset.
    pub dataset: DatasetId,
    /// What, in a sentence.
    pub words: String,
}

/// Deletes a dataset with its files, and stops what is written for it. Answers what brings it back until the next
/// restart.
pub async fn delete(app: &AppState, id: &DatasetId, expected: Expected, now: DateTime<Utc>) -> Result<String, Error> {
    // Nothing is stopped for one that has changed.
    expected.check(&*get(app, id)?)?;
    stop_jobs(app, id, now).await;
    let (app, id) = (app.clone(), id.clone());
    to_the_end(async move {
        let places = places(&app, &id)?;
        let marking = places.clone();
        with_files("Deleting a dataset", move || marking.mark_dataset()).await?;
        let gone = id.clone();
        let deleted = app.store.write(move |tx| {
            let stored = tx.get::<Dataset>(gone.as_str()).ok_or_else(|| Problem::not_found("dataset"))?;
            expected.check(&*stored)?;
            tx.delete::<Dataset>(gone.as_str())?;
            Ok::<_, Error>(stored)
        });
        let deleted = match deleted.await {
            Ok(deleted) => deleted,
            Err(error) => {
                places.dataset_arrived();
                return Err(error);
            }
        };
        // One that was ordered just before has no dataset any more, and ends by itself.
        let token = uuid::Uuid::new_v4().to_string();
        let moved = token.clone();
        with_files("Deleting a dataset", move || places.take_out_dataset(&moved)).await?;
        keep_as(&app, token.clone(), Removed::Dataset(Box::new(Dataset::clone(&deleted)))).await;
        Ok(token)
    })
    .await
}

/// Takes pictures out of a dataset. Those that are not there are passed over.
pub async fn remove_images(
    app: &AppState,
    id: &DatasetId,
    names: Vec<String>,
    expected: Expected,
    now: DateTime<Utc>,
) -> Result<Changed, Error> {
    let dataset = get(app, id)?;
    let names: Vec<ImageName> = names.iter().filter_map(|name| dataset.image(name)).map(|image| image.name.clone()).collect();
    if names.is_empty() {
        return Err(Problem::invalid("names", "Choose at least one picture that is there.").into());
    }
    let (app, id) = (app.clone(), id.clone());
    to_the_end(async move {
        let places = places(&app, &id)?;
        let (marking, marked) = (places.clone(), names.clone());
        with_files("Removing pictures", move || marking.mark_all(&marked)).await?;
        let removed = update(&app, &id, now, move |dataset| {
            let mut there = dataset.images.iter().filter(|image| names.contains(&image.name));
            there.try_for_each(|image| pictures::check(image, &expected))?;
            Ok(take_from(dataset, &names))
        })
        .await?;
        let token = uuid::Uuid::new_v4().to_string();
        let (moved, gone) = (token.clone(), removed.iter().map(|(_, image)| image.name.clone()).collect::<Vec<_>>());
        with_files("Removing pictures", move || places.take_out(&gone, &moved)).await?;
        let changed = removed.len();
        keep_as(&app, token.clone(), Removed::Images { dataset: id, images: removed }).await;
        Ok(Changed { changed, undo: Some(token) })
    })
    .await
}

fn take_from(dataset: &mut Dataset, names: &[ImageName]) -> Vec<(usize, DatasetImage)> {
    let (mut kept, mut removed) = (Vec::new(), Vec::new());
    for (place, image) in std::mem::take(&mut dataset.images).into_iter().enumerate() {
        if names.contains(&image.name) {
            removed.push((place, image));
        } else {
            kept.push(image);
        }
    }
    dataset.images = kept;
    removed
}

/// Brings back what was taken away together, or captions as they were.
pub async fn undo(app: &AppState, token: &str, now: DateTime<Utc>) -> Result<Undone, Error> {
    let gone = || Problem::conflict("It is too late to undo this: the server was restarted since, or much was deleted after it.");
    let removed = app.removed.take(token).ok_or_else(gone)?;
    let (app, token) = (app.clone(), token.to_owned());
    to_the_end(async move {
        let undone = match removed.clone() {
            Removed::Dataset(dataset) => bring_back_dataset(&app, *dataset, &token).await,
            Removed::Images { dataset, images } => bring_back_images(&app, dataset, images, &token, now).await,
            Removed::Captions { dataset, captions } => bring_back_captions(&app, dataset, captions, now).await,
        };
        if undone.is_err() {
            keep_as(&app, token, removed).await;
        }
        undone
    })
    .await
}

async fn bring_back_dataset(app: &AppState, dataset: Dataset, token: &str) -> Result<Undone, Error> {
    let places = places(app, &dataset.id)?;
    let (moving, token) = (places.clone(), token.to_owned());
    with_files("Bringing a dataset back", move || moving.bring_back_dataset(&token)).await?;
    let (id, words) = (dataset.id.clone(), format!("{} is back.", dataset.name));
    app.store.write(move |tx| Ok::<_, Error>(tx.put(dataset)?)).await?;
    places.dataset_arrived();
    Ok(Undone { dataset: id, words })
}

async fn bring_back_images(
    app: &AppState,
    id: DatasetId,
    images: Vec<(usize, DatasetImage)>,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Undone, Error> {
    let (dataset, places) = (get(app, &id)?, places(app, &id)?);
    let count = images.len();
    let full = || Problem::conflict(format!("There is no room for them any more: a dataset holds at most {MOST_IMAGES} pictures."));
    if dataset.images.len() + count > MOST_IMAGES {
        return Err(full().into());
    }
    let used = |key: &str| super::taking::is_used(app, &id, key);
    let (mut taken, mut back, mut moves) = (Vec::new(), Vec::new(), Vec::new());
    for (place, image) in images {
        let name = app.incoming.take(&id, &image.name, used);
        moves.push((image.name.clone(), name.name().clone(), image.caption.clone()));
        back.push((place, DatasetImage { name: name.name().clone(), ..image }));
        taken.push(name);
    }
    let (moving, token, names) = (places.clone(), token.to_owned(), moves.clone());
    with_files("Bringing pictures back", move || {
        names.iter().try_for_each(|(was, name, caption)| moving.bring_back(was, name, caption, &token))
    })
    .await?;
    update(app, &id, now, move |dataset| {
        if dataset.images.len() + back.len() > MOST_IMAGES {
            return Err(full().into());
        }
        for (place, image) in back {
            dataset.images.insert(place.min(dataset.images.len()), image);
        }
        Ok(())
    })
    .await?;
    moves.iter().for_each(|(_, name, _)| places.arrived(name.as_str()));
    drop(taken);
    let words = if count == 1 { "The picture is back.".to_owned() } else { format!("{count} pictures are back.") };
    Ok(Undone { dataset: id, words })
}

async fn bring_back_captions(app: &AppState, id: DatasetId, before: Vec<(ImageName, String)>, now: DateTime<Utc>) -> Result<Undone, Error> {
    let count = captions::set_many(app, &id, before, now).await?.len();
    let words = if count == 1 { "The caption is as it was.".to_owned() } else { format!("{count} captions are as they were.") };
    Ok(Undone { dataset: id, words })
}

/// Keeps what can be brought back without files. Answers its token.
pub(super) async fn keep(app: &AppState, removed: Removed) -> String {
    let token = uuid::Uuid::new_v4().to_string();
    keep_as(app, token.clone(), removed).await;
    token
}

/// Keeps what can be brought back; files of what there is no more room for go.
async fn keep_as(app: &AppState, token: String, removed: Removed) {
    let Some(oldest) = app.removed.keep_as(token, removed) else { return };
    let root = folder::root(app);
    if let Err(error) = with_files("Emptying the trash", move || files::forget(&root, &oldest)).await {
        tracing::warn!(%error, "files that were deleted stay behind until the next start");
    }
}

/// Stops what is written for a dataset.
async fn stop_jobs(app: &AppState, id: &DatasetId, now: DateTime<Utc>) {
    let state = app.store.read();
    let unfinished: Vec<_> =
        state.jobs.indexed("dataset", id.as_str()).filter(|job| !job.status.is_final()).map(|job| job.id.clone()).collect();
    for job in unfinished {
        // One that ended in the meantime needs no stopping.
        let _ = super::super::jobs::cancel(app, &job, now).await;
    }
}
