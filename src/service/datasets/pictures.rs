//! The pictures themselves: where they are served from, and looking whether they are still as they were.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    folder, get,
    looking::{self, Seen, look_at},
    places,
    receiving::{LARGEST_TEXT, read_caption},
    taking::{Arrival, copied, take_in},
    update, with_files,
};
use crate::{
    domain::{
        dataset::{AddedFrom, Broken, DatasetId, DatasetImage, ImageName, Received},
        problem::{Kind, Problem},
    },
    error::Error,
    expected::Expected,
    prepared::Body,
    state::AppState,
};

/// A picture to be served.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its file.
    pub path: PathBuf,
    /// As the record has it.
    pub image: DatasetImage,
}

/// What was seen when the files were looked at again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LookedAgain {
    /// How many pictures cannot be read.
    pub broken: usize,
    /// How many can be read again, or are other pictures now.
    pub changed: usize,
    /// What was found in the folder that the dataset did not know.
    pub found: Received,
}

/// A picture's file.
pub fn picture(app: &AppState, id: &DatasetId, name: &str) -> Result<Picture, Error> {
    let dataset = get(app, id)?;
    let image = dataset.image(name).ok_or_else(|| Problem::not_found("picture"))?.clone();
    Ok(Picture { path: places(app, id)?.home().join(image.name.as_str()), image })
}

/// A picture has the tag of its file, and with its caption that of the answer to a change.
pub(super) fn check(image: &DatasetImage, expected: &Expected) -> Result<(), Problem> {
    let whole = Body::one(image).etag;
    expected.check_tags(|tag| tag.trim_matches('"') == image.digest || tag == &*whole)
}

/// A picture's thumbnail, made when it is not there.
pub async fn thumbnail(app: &AppState, id: &DatasetId, name: &str) -> Result<Picture, Error> {
    let Picture { path: original, image } = picture(app, id, name)?;
    let path = places(app, id)?.thumbnail(&image.name);
    if tokio::fs::try_exists(&path).await.unwrap_or_default() {
        return Ok(Picture { path, image });
    }
    let _turn = app.incoming.look().await;
    let to = path.clone();
    let made = with_files("Making a thumbnail", move || {
        let Some(webp) = looking::thumbnail(&original)? else { return Ok(false) };
        to.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        super::super::media::write_durably(&to, &webp).map(|()| true)
    });
    match made.await {
        Ok(true) => Ok(Picture { path, image }),
        Ok(false) | Err(_) => Err(Problem::not_found("picture").into()),
    }
}

/// Looks at every file again: those that cannot be read are marked, those that can be read again are not any more,
/// and pictures that a person has put into the folder become part of the dataset.
pub async fn look_again(app: &AppState, id: &DatasetId, now: DateTime<Utc>) -> Result<LookedAgain, Error> {
    let dataset = get(app, id)?;
    let mut looked = LookedAgain::default();
    for image in &dataset.images {
        let Some(seen) = see_again(app, id, image).await? else {
            looked.broken += usize::from(image.broken.is_some());
            continue;
        };
        match &seen {
            Ok(_) => looked.changed += 1,
            Err(_) => looked.broken += 1,
        }
        note(app, id, image.name.clone(), seen, now).await?;
    }
    looked.found = take_strays(app, id, now).await?;
    Ok(looked)
}

/// What is different about a picture's file; `None` when it is as the record says.
async fn see_again(app: &AppState, id: &DatasetId, image: &DatasetImage) -> Result<Option<Result<Seen, Broken>>, Error> {
    let path = places(app, id)?.home().join(image.name.as_str());
    let (format, digest, broken) = (image.name.format(), image.digest.clone(), image.broken);
    let _turn = app.incoming.look().await;
    with_files("Reading a picture", move || {
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok((broken != Some(Broken::Missing)).then_some(Err(Broken::Missing)));
            }
            Err(error) => return Err(error),
        };
        if looking::digest(&bytes) == digest && broken.is_none() {
            return Ok(None);
        }
        // A trainer goes by the name's ending, so another kind of picture is as good as none.
        let seen = look_at(&path)?.and_then(|seen| if seen.format == format { Ok(seen) } else { Err(Broken::NotAPicture) });
        Ok(if seen.as_ref().err() == broken.as_ref() && broken.is_some() { None } else { Some(seen) })
    })
    .await
}

async fn note(app: &AppState, id: &DatasetId, name: ImageName, seen: Result<Seen, Broken>, now: DateTime<Utc>) -> Result<(), Error> {
    if let Ok(seen) = &seen {
        let (path, webp) = (places(app, id)?.thumbnail(&name), seen.thumbnail.clone());
        with_files("Making a thumbnail", move || {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            super::super::media::write_durably(&path, &webp)
        })
        .await?;
    }
    update(app, id, now, move |dataset| {
        let Some(image) = dataset.image_mut(name.as_str()) else { return Ok(()) };
        match seen {
            Ok(seen) => {
                (image.width, image.height, image.bytes) = (seen.width, seen.height, seen.bytes);
                (image.hash, image.digest, image.broken) = (seen.hash, seen.digest, None);
            }
            Err(broken) => image.broken = Some(broken),
        }
        Ok(())
    })
    .await
}

/// Takes in what a person has put into the folder: pictures, with captions of the same name. What cannot be taken in
/// stays where it is, and is told.
async fn take_strays(app: &AppState, id: &DatasetId, now: DateTime<Utc>) -> Result<Received, Error> {
    let (dataset, places) = (get(app, id)?, places(app, id)?);
    let home = places.home();
    let listed = home.clone();
    let files = with_files("Reading a dataset's folder", move || folder::names_in(&listed)).await?;
    let mut received = Received::default();
    for name in files.into_iter().filter(|name| folder::is_picture(name) && dataset.image(name).is_none()) {
        let (root, stray) = (folder::root(app), home.join(&name));
        let text = dataset.images.iter().all(|image| image.name.stem() != stem(&name)).then(|| stray.with_extension("txt"));
        let from = stray.clone();
        let copying = with_files("Taking in a picture", move || {
            let text = text.filter(|text| std::fs::metadata(text).is_ok_and(|about| about.len() <= LARGEST_TEXT));
            Ok((copied(&root, &from)?, text.and_then(|text| std::fs::read(text).ok())))
        });
        let (part, text) = copying.await?;
        let caption = text.and_then(|text| read_caption(&text).ok()).unwrap_or_default();
        match take_in(app, id, Arrival { part, called: name.clone(), from: AddedFrom::Folder, caption }, now).await {
            Ok(image) => {
                let other_name = (image.name.as_str() != name).then_some(stray);
                with_files("Taking in a picture", move || other_name.map_or(Ok(()), |stray| folder::remove(&stray))).await?;
                received.added.push(image);
            }
            Err(Error::Problem(problem)) if problem.kind != Kind::Internal && problem.kind != Kind::NotFound => {
                received.refuse(&name, problem);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(received)
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
