//! Pictures named by their paths: they become a dataset.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tokio_util::io::ReaderStream;

use super::settings;
use crate::{
    domain::{
        dataset::{DatasetId, NewDataset, Received},
        problem::{Checks, FieldError, Kind, Problem},
        training::TrainRequest,
    },
    error::Error,
    expected::Expected,
    service::{
        datasets::{self, Broke, Receiving},
        disk::blocking,
        media,
    },
    state::AppState,
};

/// Makes a dataset of the pictures that a request names. All of them, or none.
pub(super) async fn dataset_of(app: &AppState, request: &TrainRequest, now: DateTime<Utc>) -> Result<DatasetId, Error> {
    let files = resolve(app, &request.image_paths).await?;
    let name = format!("Pictures of {}", app.times().moment(now));
    let new = NewDataset { character_id: request.character_id.clone(), name, trigger_word: request.trigger_word.clone() };
    let id = datasets::create(app, new, now).await?.id;
    let received = take_in(app, &id, files).await;
    let refused = match received {
        Ok(received) if received.refused.is_empty() => return Ok(id),
        Ok(received) => refusal(&received).into(),
        Err(error) => error,
    };
    // Half of what was named is not what was asked for.
    datasets::delete(app, &id, Expected::ANY, now).await?;
    Err(refused)
}

async fn take_in(app: &AppState, id: &DatasetId, files: Vec<PathBuf>) -> Result<Received, Error> {
    let mut receiving = Receiving::begin(app, id)?;
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let opened = tokio::fs::File::open(&file).await.map_err(Error::file("Reading a picture"))?;
        match receiving.file(&name, ReaderStream::with_capacity(opened, 1 << 16)).await {
            Ok(()) => {}
            Err(Broke::Ours(error)) => return Err(error),
            Err(Broke::Theirs(error)) => return Err(Error::file("Reading a picture")(error)),
        }
    }
    receiving.finish().await
}

fn refusal(received: &Received) -> Problem {
    let errors =
        received.refused.iter().map(|file| FieldError { field: "imagePaths".into(), message: format!("{}: {}", file.file, file.why) });
    let errors: Vec<_> = errors.collect();
    let message = errors.first().map(|error| error.message.clone()).unwrap_or_default();
    Problem { kind: Kind::Invalid, message, errors }
}

/// The files that are meant, each with the caption beside it. Nothing outside the folders that are allowed, however the
/// path is written and wherever a link in it leads.
async fn resolve(app: &AppState, paths: &[String]) -> Result<Vec<PathBuf>, Error> {
    let folders = settings::trainer(app, &app.store.read()).image_folders;
    let ours: Vec<_> = paths.iter().map(|path| media::content_at(app, path).and_then(|id| media::original_path(app, &id).ok())).collect();
    let paths = paths.to_vec();
    blocking(move || {
        let folders: Vec<_> = folders.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        let (mut files, mut checks) = (Vec::new(), Checks::default());
        for (path, ours) in paths.iter().zip(ours) {
            let allowed = |path: &Path| {
                path.canonicalize().ok().filter(|real| real.is_file() && folders.iter().any(|folder| real.starts_with(folder)))
            };
            match ours.or_else(|| allowed(Path::new(path.trim()))) {
                Some(file) => {
                    let caption = allowed(&file.with_extension("txt"));
                    files.push(file);
                    files.extend(caption);
                }
                None => checks.wrong("imagePaths", refused(path, folders.is_empty())),
            }
        }
        checks.finish()?;
        Ok(files)
    })
    .await
}

fn refused(path: &str, no_folders: bool) -> String {
    // Whether there is such a file somewhere else is nobody's business.
    let shown: String = path.chars().filter(|letter| !letter.is_control()).take(200).collect();
    if no_folders {
        format!("{shown} is no picture of this server. To use pictures from elsewhere, allow their folder under Settings.")
    } else {
        format!("{shown} is no picture of this server, and no file below a folder that is allowed under Settings.")
    }
}
