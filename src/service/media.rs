//! The picture files: the PNG as ComfyUI made it, and a thumbnail beside it.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use crate::{
    domain::{
        content::{ContentId, Picture},
        problem::{Kind, Problem},
    },
    error::Error,
    state::AppState,
};

/// Thumbnails fit into a square of this many pixels: twice the width of a cell in the grid.
const THUMBNAIL: u32 = 448;
/// WebP quality, 0–100.
const THUMBNAIL_QUALITY: f32 = 78.0;

/// Stores a picture and its thumbnail; both are on disk when this answers.
pub async fn store(app: &AppState, id: &ContentId, png: Bytes) -> Result<Picture, Error> {
    let (original, thumbnail) = (original_path(app, id)?, thumbnail_path(app, id)?);
    let stored = tokio::task::spawn_blocking(move || write_both(&original, &thumbnail, &png));
    stored.await.unwrap_or_else(|_| Err(Problem::new(Kind::Refused, "ComfyUI's picture could not be read.").into()))
}

/// A content's picture for eyes that need no more: a JPEG of at most 1,024 pixels a side.
pub async fn to_look_at(app: &AppState, id: &ContentId) -> Result<Bytes, Error> {
    jpeg_to_look_at(original_path(app, id)?).await
}

/// The same of any picture's file.
pub(super) async fn jpeg_to_look_at(path: PathBuf) -> Result<Bytes, Error> {
    let made = tokio::task::spawn_blocking(move || {
        let png = std::fs::read(path).map_err(Error::file("Reading a picture"))?;
        let picture = image::load_from_memory(&png).map_err(|_| Problem::conflict("The picture's file is damaged."))?;
        let small = if picture.width().max(picture.height()) > 1_024 { picture.thumbnail(1_024, 1_024) } else { picture };
        let mut jpeg = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 85);
        small.to_rgb8().write_with_encoder(encoder).map_err(|_| Problem::conflict("The picture's file is damaged."))?;
        Ok(Bytes::from(jpeg))
    });
    made.await.unwrap_or_else(|_| Err(Problem::conflict("The picture's file is damaged.").into()))
}

/// The content whose picture a path names: one this server gave out, of its file or its address.
pub(super) fn content_at(app: &AppState, path: &str) -> Option<ContentId> {
    let folder = app.store.dir().join("media");
    let path = path.trim().split('?').next().unwrap_or_default();
    let inside = path.strip_prefix(&*folder.to_string_lossy()).and_then(|rest| rest.strip_prefix('/'));
    let served = || {
        let path = path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(path, |(_, path)| path);
        path.trim_start_matches('/').strip_prefix("media/")
    };
    let id = inside.or_else(served).and_then(|name| name.strip_suffix(".png")).map(ContentId::from)?;
    (file_name(&id).is_ok() && app.store.read().content.get(id.as_str()).is_some()).then_some(id)
}

/// Removes a picture's files. What cannot be removed is said in the log; nobody refers to it any more.
pub async fn remove(app: &AppState, id: &ContentId) {
    let ours = [original_path(app, id), thumbnail_path(app, id)].into_iter().flatten();
    for path in ours.chain(super::renditions::paths(app, id)) {
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(content.id = %id, %error, "a picture file stays behind");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

/// Removes what a kill left half written. Only before anything is written: whatever is unfinished then stays so.
pub async fn tidy(app: &AppState) {
    let folder = app.store.dir().join("media");
    let tidied = tokio::task::spawn_blocking(move || {
        for file in std::fs::read_dir(folder)? {
            let (path, name) = file.map(|file| (file.path(), file.file_name()))?;
            // As tempfile names them.
            let random = name.to_str().and_then(|name| name.strip_prefix(".tmp"));
            if random.is_some_and(|random| random.len() == 6 && random.chars().all(|c| c.is_ascii_alphanumeric())) {
                std::fs::remove_file(path)?;
            }
        }
        Ok::<_, std::io::Error>(())
    });
    match tidied.await {
        Ok(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => tracing::warn!(%error, "the folder for pictures was not tidied"),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the folder for pictures was not tidied"),
    }
}

/// Where a content's PNG lies.
pub fn original_path(app: &AppState, id: &ContentId) -> Result<PathBuf, Error> {
    Ok(app.store.dir().join("media").join(format!("{}.png", file_name(id)?)))
}

/// Where a content's thumbnail lies.
pub fn thumbnail_path(app: &AppState, id: &ContentId) -> Result<PathBuf, Error> {
    Ok(app.store.dir().join("media").join(format!("{}.thumb.webp", file_name(id)?)))
}

/// Ids of older apps may be any text; only those that make a plain file name have files of ours.
fn file_name(id: &ContentId) -> Result<&str, Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let fits = !id.as_str().is_empty() && id.as_str().len() <= 100 && id.as_str().chars().all(plain);
    if fits { Ok(id.as_str()) } else { Err(Problem::not_found("picture")) }
}

fn write_both(original: &Path, thumbnail: &Path, png: &Bytes) -> Result<Picture, Error> {
    let unreadable = |error: image::ImageError| {
        tracing::warn!(%error, "a picture could not be decoded");
        Problem::new(Kind::Refused, "ComfyUI's picture is damaged. Try again.")
    };
    let picture = image::load_from_memory_with_format(png, image::ImageFormat::Png).map_err(unreadable)?;
    let webp = thumbnail_of(&picture);
    if let Some(folder) = original.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file("Making the folder for pictures"))?;
    }
    write_durably(thumbnail, &webp).map_err(Error::file("Writing a thumbnail"))?;
    write_durably(original, png).map_err(Error::file("Writing a picture"))?;
    Ok(Picture { width: picture.width(), height: picture.height(), bytes: png.len() as u64, looks: super::looks::of(&picture) })
}

/// A picture's thumbnail, as WebP.
pub(super) fn thumbnail_of(picture: &image::DynamicImage) -> Vec<u8> {
    let small = picture.thumbnail(THUMBNAIL, THUMBNAIL).to_rgb8();
    webp::Encoder::from_rgb(&small, small.width(), small.height()).encode(THUMBNAIL_QUALITY).to_vec()
}

/// The file is there whole, or not at all.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist(path)?;
    std::fs::File::open(folder)?.sync_all()
}
