//! Taking one picture into a dataset: looked at first, then filed, then recorded.

use std::{collections::HashSet, fs};

use chrono::{DateTime, Utc};
use tempfile::TempPath;

use super::{
    files::Places,
    folder::{is_picture, names_in},
    get,
    looking::{LONGEST_SIDE, Seen, look_at},
    places, to_the_end, update, with_files,
};
use crate::{
    domain::{
        dataset::{AddedFrom, Broken, Dataset, DatasetId, DatasetImage, ImageName, LONGEST_CAPTION, MOST_IMAGES, one_line, stem_of},
        problem::{Kind, Problem},
    },
    error::Error,
    state::AppState,
};

/// A picture to be taken in.
pub(super) struct Arrival {
    /// Its bytes, complete.
    pub(super) part: TempPath,
    /// What it was called where it came from.
    pub(super) called: String,
    pub(super) from: AddedFrom,
    pub(super) caption: String,
}

/// Takes a picture in. When this answers, its file is on disk and the record names it.
pub(super) async fn take_in(app: &AppState, id: &DatasetId, arrival: Arrival, now: DateTime<Utc>) -> Result<DatasetImage, Error> {
    let dataset = get(app, id)?;
    has_room(&dataset)?;
    let Arrival { part, called, from, caption } = arrival;
    let (part, seen) = look(app, part).await?;
    let seen = seen.map_err(|broken| Problem::new(kind(broken), words(broken)))?;
    is_new(&dataset, &seen.digest)?;
    let places = places(app, id)?;
    let strays = strays(&places, &dataset, (from == AddedFrom::Folder).then(|| called.clone())).await?;
    let (app, id) = (app.clone(), id.clone());
    to_the_end(async move {
        let used = |key: &str| strays.contains(key) || is_used(&app, &id, key);
        let taken = app.incoming.take(&id, &ImageName::new(&called, seen.format), used);
        let (image, thumbnail) = record(taken.name().clone(), seen, from, &caption);
        file(&app, &id, places, part, image, thumbnail, now).await
    })
    .await
}

/// Whether a dataset has a picture with that key now.
pub(super) fn is_used(app: &AppState, id: &DatasetId, key: &str) -> bool {
    let state = app.store.read();
    state.datasets.get(id.as_str()).is_some_and(|dataset| dataset.images.iter().any(|image| image.name.key() == key))
}

/// The keys of pictures a person has put into the folder, but for the one that is just taken in: no other picture is
/// to take their place.
async fn strays(places: &Places, dataset: &Dataset, but: Option<String>) -> Result<HashSet<String>, Error> {
    let home = places.home();
    let files = with_files("Reading a dataset's folder", move || names_in(&home)).await?;
    let strays = files.into_iter().filter(|name| is_picture(name) && dataset.image(name).is_none() && but.as_ref() != Some(name));
    Ok(strays.map(|name| stem_of(&name).to_lowercase()).collect())
}

/// Files a picture and records it. What cannot be recorded is taken away again.
async fn file(
    app: &AppState,
    id: &DatasetId,
    places: Places,
    part: TempPath,
    image: DatasetImage,
    thumbnail: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<DatasetImage, Error> {
    let (name, there, caption) = (image.name.clone(), places.clone(), image.caption.clone());
    let filed = with_files("Filing a picture", move || there.bring_in(part, &name, &thumbnail, &caption)).await;
    let (name, new) = (image.name.clone(), image.clone());
    let recorded = match filed {
        Ok(()) => {
            let add = move |dataset: &mut Dataset| {
                has_room(dataset)?;
                is_new(dataset, &new.digest)?;
                dataset.images.push(new);
                Ok(())
            };
            update(app, id, now, add).await
        }
        Err(error) => Err(error),
    };
    let stays = recorded.is_ok();
    let tidied = with_files("Filing a picture", move || {
        if stays {
            places.arrived(name.as_str());
        } else {
            places.send_back(&name);
        }
        Ok(())
    });
    tidied.await?;
    recorded.map(|()| image)
}

/// Looks at a file, when it is its turn.
pub(super) async fn look(app: &AppState, part: TempPath) -> Result<(TempPath, Result<Seen, Broken>), Error> {
    let _turn = app.incoming.look().await;
    with_files("Reading a picture", move || look_at(&part).map(|seen| (part, seen))).await
}

fn record(name: ImageName, seen: Seen, from: AddedFrom, caption: &str) -> (DatasetImage, Vec<u8>) {
    let caption: String = one_line(caption).chars().take(LONGEST_CAPTION).collect();
    let Seen { width, height, bytes, hash, digest, thumbnail, format: _ } = seen;
    (DatasetImage { name, caption, width, height, bytes, hash, digest, added_from: from, broken: None }, thumbnail)
}

/// A copy of a file, to be taken in.
pub(super) fn copied(root: &std::path::Path, from: &std::path::Path) -> std::io::Result<TempPath> {
    let (mut to, part) = super::files::new_part(root)?;
    std::io::copy(&mut fs::File::open(from)?, &mut to)?;
    Ok(part)
}

pub(super) fn has_room(dataset: &Dataset) -> Result<(), Problem> {
    if dataset.images.len() < MOST_IMAGES {
        return Ok(());
    }
    Err(Problem::conflict(format!("A dataset holds at most {MOST_IMAGES} pictures, and this one is full.")))
}

fn is_new(dataset: &Dataset, digest: &str) -> Result<(), Problem> {
    match dataset.images.iter().find(|image| image.digest == digest && image.broken.is_none()) {
        Some(same) => Err(Problem::conflict(format!("The same picture is there already, as {}.", same.name))),
        None => Ok(()),
    }
}

fn kind(broken: Broken) -> Kind {
    match broken {
        Broken::TooLarge => Kind::TooLarge,
        Broken::Missing | Broken::Truncated | Broken::NotAPicture => Kind::Unsupported,
    }
}

/// What is said of a picture's file with which something is wrong.
pub(in crate::service) fn words(broken: Broken) -> String {
    match broken {
        Broken::Missing => "The file is gone.".to_owned(),
        Broken::Truncated => "The file breaks off: it was not copied or loaded to its end.".to_owned(),
        Broken::NotAPicture => super::receiving::NO_PICTURE.to_owned(),
        Broken::TooLarge => format!("A side of it is longer than {LONGEST_SIDE} pixels. Make it smaller: training needs 1,024."),
    }
}
