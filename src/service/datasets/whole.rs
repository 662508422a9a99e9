//! Whether a picture's file is whole. Decoders forgive a file that breaks off and paint the rest grey; a LoRA would
//! learn the grey.

use crate::domain::dataset::Format;

/// The kind of picture these bytes begin like.
pub(super) fn format(start: &[u8]) -> Option<Format> {
    match start {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::Webp),
        _ => None,
    }
}

/// Whether the file goes on to its end.
pub(super) fn is_whole(bytes: &[u8], format: Format) -> bool {
    match format {
        Format::Png => png_ends(bytes).is_some(),
        Format::Jpeg => jpeg_ends(bytes).is_some(),
        Format::Webp => webp_ends(bytes).is_some(),
    }
}

/// Chunks follow each other up to `IEND`: length, name, data, checksum.
fn png_ends(bytes: &[u8]) -> Option<()> {
    let mut at = 8;
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        let name = bytes.get(at + 4..at + 8)?;
        at = at.checked_add(12)?.checked_add(length)?;
        if bytes.len() < at {
            return None;
        }
        if name == b"IEND" {
            return Some(());
        }
    }
}

/// The length in the header is that of everything after it.
fn webp_ends(bytes: &[u8]) -> Option<()> {
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?) as usize;
    (bytes.len() >= length.checked_add(8)?).then_some(())
}

/// Segments say how long they are; after a start of scan come coded bytes, in which 0xff is followed by 0x00 or a
/// restart, up to the next segment. A preview inside a segment has an end of its own, which is not ours.
fn jpeg_ends(bytes: &[u8]) -> Option<()> {
    const END: u8 = 0xd9;
    let mut at = 2;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        at += bytes.get(at..)?.iter().position(|byte| *byte != 0xff)?;
        let marker = *bytes.get(at)?;
        at += 1;
        match marker {
            END => return Some(()),
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let length = u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?) as usize;
                at += length.max(2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageFormat, RgbImage};

    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let picture: DynamicImage = RgbImage::from_fn(90, 70, |x, y| image::Rgb([(x * 3) as u8, (y * 3) as u8, (x * y) as u8])).into();
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_file_is_whole_only_with_its_end() {
        for (format, encoder) in [(Format::Png, ImageFormat::Png), (Format::Jpeg, ImageFormat::Jpeg), (Format::Webp, ImageFormat::WebP)] {
            let bytes = encoded(encoder);
            assert_eq!(super::format(&bytes), Some(format));
            assert!(is_whole(&bytes, format), "{format:?}");
            for length in [3, 12, 40, bytes.len() / 2, bytes.len() - 13] {
                assert!(!is_whole(&bytes[..length], format), "{format:?} of {length} bytes");
            }
            let longer = [bytes.as_slice(), b"some program's notes"].concat();
            assert!(is_whole(&longer, format), "{format:?} with something after it");
        }
    }

    #[test]
    fn the_end_of_a_preview_is_not_the_end_of_the_picture() {
        let picture = encoded(ImageFormat::Jpeg);
        let mut preview = vec![0xff, 0xe1, 0x01, 0x00];
        preview.resize(254, 7);
        preview.extend([0xff, 0xd9, 0, 0]);
        let with_preview = [&picture[..2], &preview, &picture[2..]].concat();
        assert!(is_whole(&with_preview, Format::Jpeg));
        assert!(!is_whole(&with_preview[..with_preview.len() / 2], Format::Jpeg));
    }

    #[test]
    fn nothing_else_begins_like_a_picture() {
        for start in [&b""[..], b"hello", b"GIF89a", b"\x89PNG", b"PK\x03\x04", b"RIFF....WAVE"] {
            assert_eq!(format(start), None);
        }
    }
}
