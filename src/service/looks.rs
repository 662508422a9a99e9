//! What a picture looks like, as a perceptual hash: the same for one that was only cut, resized or pressed again.

use image::DynamicImage;
use image_hasher::{HashAlg, HasherConfig, ImageHash};

use crate::{domain::content::ContentId, error::Error, state::AppState};

/// Of 256 bits: what two encodings of one picture differ by, and two pictures do not.
const ALIKE: u32 = 12;

/// What a picture looks like.
pub fn of(picture: &DynamicImage) -> String {
    hasher().hash_image(picture).to_base64()
}

/// What the picture of a content looks like; empty when that cannot be told.
pub async fn of_content(app: &AppState, id: &ContentId) -> Result<String, Error> {
    let path = super::media::original_path(app, id)?;
    let read = tokio::task::spawn_blocking(move || {
        let png = std::fs::read(path).ok()?;
        Some(of(&image::load_from_memory(&png).ok()?))
    });
    Ok(read.await.ok().flatten().unwrap_or_default())
}

/// Whether two pictures look alike. One that is not known is like none.
pub fn are_alike(one: &str, other: &str) -> bool {
    matches!((read(one), read(other)), (Some(one), Some(other)) if are_near(&one, &other))
}

/// Which of many pictures look alike: groups of two or more, by their places. Each picture is in one group at most.
pub fn groups<'a>(looks: impl Iterator<Item = &'a str>) -> Vec<Vec<usize>> {
    let mut left: Vec<_> = looks.enumerate().filter_map(|(place, look)| Some((place, read(look)?))).collect();
    let mut groups = Vec::new();
    while !left.is_empty() {
        let (first, look) = left.remove(0);
        let (alike, others): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, other)| are_near(&look, other));
        left = others;
        if !alike.is_empty() {
            groups.push(std::iter::once(first).chain(alike.into_iter().map(|(place, _)| place)).collect());
        }
    }
    groups
}

fn read(text: &str) -> Option<ImageHash<Vec<u8>>> {
    ImageHash::from_base64(text).ok().filter(|look: &ImageHash<Vec<u8>>| !look.as_bytes().is_empty())
}

fn are_near(one: &ImageHash<Vec<u8>>, other: &ImageHash<Vec<u8>>) -> bool {
    one.as_bytes().len() == other.as_bytes().len() && one.dist(other) <= ALIKE
}

fn hasher() -> image_hasher::Hasher {
    HasherConfig::new().hash_alg(HashAlg::DoubleGradient).hash_size(16, 16).to_hasher()
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn picture(seed: u32) -> DynamicImage {
        let waves =
            |x: u32, y: u32| ((f64::from(x * seed) / 37.0).sin() * 90.0 + (f64::from(y + seed * 13) / 23.0).cos() * 90.0 + 128.0) as u8;
        RgbImage::from_fn(400, 500, |x, y| Rgb([waves(x, y), waves(y, x), waves(x + 40, y)])).into()
    }

    #[test]
    fn the_same_picture_in_another_size_is_alike_and_others_are_not() {
        let hash = of(&picture(3));
        assert!(are_alike(&hash, &of(&picture(3).resize(300, 375, image::imageops::FilterType::Triangle))));
        for seed in [1, 2, 5, 9] {
            assert!(!are_alike(&hash, &of(&picture(seed))), "{seed}");
        }
        assert!(!are_alike("", "") && !are_alike("nonsense", &hash));
        let (first, second) = (of(&picture(1)), of(&picture(2)));
        let all = [first.as_str(), second.as_str(), "", second.as_str(), "nonsense", first.as_str(), first.as_str(), &hash];
        assert_eq!(groups(all.into_iter()), [vec![0, 5, 6], vec![1, 3]]);
    }
}
