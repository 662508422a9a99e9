//! A dataset's folder: its pictures, and beside each its caption as a file of its own, so that a person can read
//! them and a trainer can be led there.

use std::{
    collections::HashSet,
    ffi::OsStr,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{
    domain::{
        dataset::{Dataset, DatasetId},
        problem::Problem,
    },
    error::Error,
    state::AppState,
};

/// The folder of a dataset, ready for a trainer: each caption's file says what is stored, a picture without a
/// caption has none, and there is no picture in it that the dataset does not know.
///
/// Refuses (conflict) when there is nothing to train on, or when a file is not as it should be: a trainer would
/// break off, or train on something else.
pub async fn folder(app: &AppState, id: &DatasetId) -> Result<PathBuf, Error> {
    let dataset = super::get(app, id)?;
    if dataset.images.is_empty() {
        return Err(Problem::conflict("There are no pictures in this dataset.").into());
    }
    let broken = dataset.images.iter().filter(|image| image.broken.is_some()).count();
    if broken > 0 {
        let words = format!("{broken} of the dataset's pictures cannot be read. Remove them, or put their files back.");
        return Err(Problem::conflict(words).into());
    }
    let home = home(app, id)?;
    let ready = tokio::task::spawn_blocking(move || make_ready(&home, &dataset).map(|()| home));
    ready.await.unwrap_or_else(|_| Err(Problem::conflict("The dataset's folder could not be made ready.").into()))
}

fn make_ready(home: &Path, dataset: &Dataset) -> Result<(), Error> {
    for image in &dataset.images {
        let there = std::fs::metadata(home.join(image.name.as_str())).map(|about| about.len());
        if there.ok() != Some(image.bytes) {
            let words = format!("The file {} is not as it was when it was added. Look at the files again.", image.name);
            return Err(Problem::conflict(words).into());
        }
    }
    let known: HashSet<&str> = dataset.images.iter().map(|image| image.name.as_str()).collect();
    let reading = Error::file("Reading a dataset's folder");
    let files = names_in(home).map_err(reading)?;
    if let Some(stray) = files.iter().find(|name| is_picture(name) && !known.contains(name.as_str())) {
        let words = format!("The folder holds {stray}, which is not part of the dataset. Look at the files again to take it in.");
        return Err(Problem::conflict(words).into());
    }
    write_captions(home, dataset).map_err(Error::file("Writing captions"))
}

/// Makes the caption files say what is stored.
pub(super) fn write_captions(home: &Path, dataset: &Dataset) -> std::io::Result<()> {
    let mut wanted = HashSet::new();
    for image in dataset.images.iter().filter(|image| !image.caption.is_empty()) {
        let name = image.name.caption_file();
        write_if_other(&home.join(&name), &image.caption)?;
        wanted.insert(name);
    }
    // A trainer breaks off at a caption file that is empty, and reads one that nobody means any more.
    for name in names_in(home)?.into_iter().filter(|name| name.ends_with(".txt") && !wanted.contains(name)) {
        remove(&home.join(name))?;
    }
    Ok(())
}

fn write_if_other(path: &Path, text: &str) -> std::io::Result<()> {
    let line = format!("{text}\n");
    match std::fs::read(path) {
        Ok(there) if there == line.as_bytes() => Ok(()),
        Ok(_) | Err(_) => super::super::media::write_durably(path, line.as_bytes()),
    }
}

/// The files in a folder; none when there is no folder.
pub(super) fn names_in(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

/// What a trainer takes for a picture, by its ending.
pub(super) fn is_picture(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "png" | "jpg" | "jpeg" | "webp" | "bmp" | "avif" | "jxl")
}

/// Removes a file; one that is not there is as good as removed.
pub(super) fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Where a dataset's files lie, for a person to read.
pub fn lies_in(app: &AppState, id: &DatasetId) -> Option<String> {
    let home = home(app, id).ok()?;
    Some(std::path::absolute(&home).unwrap_or(home).display().to_string())
}

/// Where a dataset's files lie.
pub(super) fn home(app: &AppState, id: &DatasetId) -> Result<PathBuf, Problem> {
    Ok(root(app).join(file_name(id)?))
}

/// Where all datasets lie. Folders that begin with a dot are ours.
pub(super) fn root(app: &AppState) -> PathBuf {
    app.store.dir().join("datasets")
}

/// Ids may be any text; only those that make a plain file name have a folder.
pub(super) fn file_name(id: &DatasetId) -> Result<&str, Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let fits = !id.as_str().is_empty() && id.as_str().len() <= 100 && id.as_str().chars().all(plain);
    if fits { Ok(id.as_str()) } else { Err(Problem::not_found("dataset")) }
}
