//! What is done about datasets when this server starts.

use chrono::{DateTime, Utc};

use super::{files, folder, list, places, update, with_files};
use crate::{
    domain::dataset::{Broken, Dataset, ImageName},
    error::Error,
    state::AppState,
};

/// Removes what was on its way when the last process ended. To be called before anything can be on its way.
pub async fn tidy(app: &AppState) -> Result<(), Error> {
    // While the list cannot be read, nobody knows what belongs to it.
    if app.store.health().damaged.iter().any(|damage| damage.collection == "datasets") {
        return Ok(());
    }
    let (root, datasets) = (folder::root(app), list(app, None));
    with_files("Tidying the folders of datasets", move || files::tidy(&root, &datasets)).await
}

/// Marks pictures whose files are gone or were cut while this server did not run.
pub async fn look_at_all(app: &AppState, now: DateTime<Utc>) {
    for dataset in list(app, None) {
        if let Err(error) = look_at(app, &dataset, now).await {
            tracing::warn!(dataset.id = %dataset.id, %error, "a dataset's files could not be looked at");
        }
    }
}

async fn look_at(app: &AppState, dataset: &std::sync::Arc<Dataset>, now: DateTime<Utc>) -> Result<(), Error> {
    let (home, looked_at) = (places(app, &dataset.id)?.home(), std::sync::Arc::clone(dataset));
    let found = with_files("Looking at the files of datasets", move || {
        let lost = looked_at.usable().filter_map(|image| {
            let broken = match std::fs::metadata(home.join(image.name.as_str())) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Broken::Missing,
                Ok(about) if about.len() < image.bytes => Broken::Truncated,
                // Whether a longer file is another picture is found out when a person asks for it.
                Ok(_) | Err(_) => return None,
            };
            Some((image.name.clone(), broken))
        });
        Ok(lost.collect::<Vec<(ImageName, Broken)>>())
    })
    .await?;
    if found.is_empty() {
        return Ok(());
    }
    tracing::warn!(dataset.id = %dataset.id, count = found.len(), "pictures of a dataset cannot be read any more");
    update(app, &dataset.id, now, move |dataset| {
        for (name, broken) in found {
            if let Some(image) = dataset.image_mut(name.as_str()) {
                image.broken = Some(broken);
            }
        }
        Ok(())
    })
    .await
}
