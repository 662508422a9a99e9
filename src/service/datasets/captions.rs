//! Captions of a dataset: one by hand, or many with a tool.

use chrono::{DateTime, Utc};

use super::{get, pictures, places, update, with_files};
use crate::{
    domain::{
        dataset::{CaptionsRequest, Changed, Dataset, DatasetId, DatasetImage, ImageName, LONGEST_CAPTION, Removed},
        problem::Problem,
    },
    error::Error,
    expected::Expected,
    state::AppState,
};

/// Gives a picture another caption.
pub async fn set_caption(
    app: &AppState,
    id: &DatasetId,
    name: &str,
    caption: &str,
    expected: Expected,
    now: DateTime<Utc>,
) -> Result<DatasetImage, Error> {
    let (name, caption) = (name.to_owned(), caption.to_owned());
    let image = update(app, id, now, move |dataset| {
        let image = dataset.image_mut(&name).ok_or_else(|| Problem::not_found("picture"))?;
        pictures::check(image, &expected)?;
        image.set_caption(&caption)?;
        Ok(image.clone())
    })
    .await?;
    write_files(app, id, vec![image.name.clone()]).await;
    Ok(image)
}

/// Changes many captions with a tool.
pub async fn use_tool(app: &AppState, id: &DatasetId, request: CaptionsRequest, now: DateTime<Utc>) -> Result<Changed, Error> {
    let dataset = get(app, id)?;
    request.check(&dataset.trigger_word)?;
    let before = update(app, id, now, move |dataset| {
        let trigger = dataset.trigger_word.clone();
        let wanted = |image: &DatasetImage| request.names.is_empty() || request.names.iter().any(|name| name == image.name.as_str());
        let mut new = Vec::new();
        for image in dataset.images.iter().filter(|image| wanted(image)) {
            let caption = request.applied_to(&image.caption, &trigger);
            if caption.chars().count() > LONGEST_CAPTION {
                let words =
                    format!("The caption of {} would be longer than {LONGEST_CAPTION} characters. Nothing was changed.", image.name);
                return Err(Problem::conflict(words).into());
            }
            new.push((image.name.clone(), caption));
        }
        Ok(put(dataset, new))
    })
    .await?;
    Ok(changed(app, id, before).await)
}

/// Gives pictures these captions. Answers those that changed, as they were before.
pub(super) async fn set_many(
    app: &AppState,
    id: &DatasetId,
    captions: Vec<(ImageName, String)>,
    now: DateTime<Utc>,
) -> Result<Vec<(ImageName, String)>, Error> {
    let before = update(app, id, now, move |dataset| Ok(put(dataset, captions))).await?;
    write_files(app, id, before.iter().map(|(name, _)| name.clone()).collect()).await;
    Ok(before)
}

/// What a change of captions did, with what takes it back. Their files follow.
pub(super) async fn changed(app: &AppState, id: &DatasetId, before: Vec<(ImageName, String)>) -> Changed {
    let count = before.len();
    if count == 0 {
        return Changed { changed: 0, undo: None };
    }
    write_files(app, id, before.iter().map(|(name, _)| name.clone()).collect()).await;
    let undo = super::removing::keep(app, Removed::Captions { dataset: id.clone(), captions: before }).await;
    Changed { changed: count, undo: Some(undo) }
}

fn put(dataset: &mut Dataset, captions: Vec<(ImageName, String)>) -> Vec<(ImageName, String)> {
    let mut before = Vec::new();
    for (name, caption) in captions {
        if let Some(image) = dataset.image_mut(name.as_str()).filter(|image| image.caption != caption) {
            before.push((name, std::mem::replace(&mut image.caption, caption)));
        }
    }
    before
}

/// Makes the text files beside these pictures say what is stored, for whoever reads the folder. What counts is the
/// record, and the whole folder is looked over again before it is trained on: a failure is only said in the log.
pub(super) async fn write_files(app: &AppState, id: &DatasetId, names: Vec<ImageName>) {
    let Ok(places) = places(app, id) else { return };
    let (app, id) = (app.clone(), id.clone());
    let written = with_files("Writing captions beside their pictures", move || {
        let state = app.store.read();
        let Some(dataset) = state.datasets.get(id.as_str()) else { return Ok(()) };
        let captions = names.iter().filter_map(|name| dataset.image(name.as_str()));
        captions.into_iter().try_for_each(|image| places.write_caption(&image.name, &image.caption))
    });
    if let Err(error) = written.await {
        tracing::warn!(%error, "captions could not be written beside their pictures");
    }
}
