//! Looking at picture files: what they are by their bytes, never by their name.

use std::path::Path;

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};
use xxhash_rust::xxh3::xxh3_128;

use super::whole;
use crate::domain::dataset::{Broken, Format};

/// Longest side of a picture, in pixels.
pub(super) const LONGEST_SIDE: u32 = 8_192;
/// Most memory one picture may take while it is decoded: that of the largest there may be.
const MOST_MEMORY: u64 = 300 << 20;

/// A picture that was read to its end.
pub(super) struct Seen {
    pub(super) format: Format,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: u64,
    pub(super) hash: String,
    pub(super) digest: String,
    /// WebP.
    pub(super) thumbnail: Vec<u8>,
}

/// Reads a picture's file. The outer failure is the disk's, the inner one the picture's.
pub(super) fn look_at(path: &Path) -> std::io::Result<Result<Seen, Broken>> {
    let bytes = std::fs::read(path)?;
    Ok(see(&bytes))
}

/// The digest of a file's bytes.
pub(super) fn digest(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

/// A picture of any kind that is taken, read to its end within the limits.
pub(in crate::service) fn decoded(bytes: &[u8]) -> Result<(DynamicImage, Format), Broken> {
    let format = whole::format(bytes).ok_or(Broken::NotAPicture)?;
    if !whole::is_whole(bytes, format) {
        return Err(Broken::Truncated);
    }
    Ok((decode(bytes, format)?, format))
}

fn see(bytes: &[u8]) -> Result<Seen, Broken> {
    let (picture, format) = decoded(bytes)?;
    Ok(Seen {
        format,
        width: picture.width(),
        height: picture.height(),
        bytes: bytes.len() as u64,
        hash: super::super::looks::of(&picture),
        digest: digest(bytes),
        thumbnail: super::super::media::thumbnail_of(&picture),
    })
}

fn decode(bytes: &[u8], format: Format) -> Result<DynamicImage, Broken> {
    let format = match format {
        Format::Png => ImageFormat::Png,
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Webp => ImageFormat::WebP,
    };
    let mut reader = ImageReader::with_format(std::io::Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => Broken::TooLarge,
        _ => Broken::NotAPicture,
    })
}

/// A picture's thumbnail from its file, as WebP.
pub(super) fn thumbnail(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let bytes = std::fs::read(path)?;
    let decoded = whole::format(&bytes).and_then(|format| decode(&bytes, format).ok());
    Ok(decoded.map(|picture| super::super::media::thumbnail_of(&picture)))
}
