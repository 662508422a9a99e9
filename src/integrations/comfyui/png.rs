//! Telling a whole PNG from half a one, without decoding it.

use bytes::Bytes;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The last chunk of every PNG: no length, the name, its checksum.
const END: &[u8] = b"\0\0\0\0IEND\xaeB`\x82";

/// Width and height of a PNG that is all there.
pub(super) fn size(bytes: &Bytes) -> Option<(u32, u32)> {
    let rest = bytes.strip_prefix(SIGNATURE)?;
    let number = |at: usize| Some(u32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?));
    let header = rest.get(4..8)? == b"IHDR";
    (header && bytes.ends_with(END)).then_some(())?;
    Some((number(8)?, number(12)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend(b"\0\0\0\x0dIHDR\0\0\x02\0\0\0\x03\0\x08\x02\0\0\0????");
        bytes.extend(END);
        bytes
    }

    #[test]
    fn a_whole_picture_tells_its_size() {
        assert_eq!(size(&picture().into()), Some((512, 768)));
    }

    #[test]
    fn half_a_picture_and_other_files_are_none() {
        let whole = picture();
        for length in 0..whole.len() {
            assert_eq!(size(&Bytes::copy_from_slice(&whole[..length])), None);
        }
        assert_eq!(size(&Bytes::from_static(b"<html>")), None);
    }
}
