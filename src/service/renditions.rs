//! The JPEG a network gets: in its shape and size, without metadata; made once and kept beside the picture.

use std::{io::Write, path::PathBuf};

use bytes::Bytes;
use image::{DynamicImage, Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops};

use crate::{
    domain::{caption::Network, content::ContentId, problem::Problem, settings::Fit},
    error::Error,
    state::AppState,
};

/// What a network takes.
struct Limits {
    /// Width by height, from and to.
    shapes: Option<(f64, f64)>,
    narrowest: u32,
    longest_side: u32,
    bytes: usize,
}

/// Instagram: 4:5 to 1.91:1, 320–1440 wide, 8 MB
/// (<https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>).
/// X: 5 MB, no rule about shapes (<https://docs.x.com/x-api/media/quickstart/best-practices>).
fn limits(network: Network) -> Limits {
    match network {
        Network::Instagram => Limits { shapes: Some((0.8, 1.91)), narrowest: 320, longest_side: 1_440, bytes: 8_000_000 },
        Network::X => Limits { shapes: None, narrowest: 1, longest_side: 4_096, bytes: 5_000_000 },
    }
}

/// Whether a network takes a picture of that shape as it is.
pub fn takes_shape(network: Network, width: u32, height: u32) -> bool {
    let shape = f64::from(width) / f64::from(height.max(1));
    limits(network).shapes.is_none_or(|(from, to)| (from..=to).contains(&shape))
}

/// How large a picture of that size is on a network.
pub fn frame(network: Network, fit: Fit, width: u32, height: u32) -> (u32, u32) {
    let limits = limits(network);
    framed(&limits, fit, scaled(&limits, width.max(1), height.max(1)))
}

/// The JPEG of a content for a network; made now if it was not made before.
pub async fn jpeg(app: &AppState, id: &ContentId, network: Network, fit: Fit) -> Result<Bytes, Error> {
    let kept = path(app, id, network, fit)?;
    if let Ok(bytes) = tokio::fs::read(&kept).await {
        return Ok(bytes.into());
    }
    let original = super::media::original_path(app, id)?;
    let made = tokio::task::spawn_blocking(move || {
        let png = std::fs::read(original).map_err(|_| Problem::conflict("The picture's file is gone."))?;
        let picture = image::load_from_memory(&png).map_err(|_| damaged())?;
        let jpeg = encode(shaped(&flat(&picture), network, fit), limits(network).bytes)?;
        let folder = kept.parent().unwrap_or(std::path::Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::file("Writing a picture for a network"))?;
        file.write_all(&jpeg).map_err(Error::file("Writing a picture for a network"))?;
        // What is not there after a power cut is simply made again.
        file.persist(&kept).map_err(|error| Error::file("Writing a picture for a network")(error.error))?;
        Ok(Bytes::from(jpeg))
    });
    made.await.unwrap_or_else(|_| Err(damaged().into()))
}

/// Where the JPEGs of a content lie, made or not.
pub(super) fn paths(app: &AppState, id: &ContentId) -> Vec<PathBuf> {
    let all = Network::ALL.into_iter().flat_map(|network| Fit::ALL.map(|fit| (network, fit)));
    all.filter_map(|(network, fit)| path(app, id, network, fit).ok()).collect()
}

fn path(app: &AppState, id: &ContentId, network: Network, fit: Fit) -> Result<PathBuf, Error> {
    Ok(super::media::original_path(app, id)?.with_extension(format!("{}-{}.jpg", network.key(), fit.key())))
}

fn damaged() -> Problem {
    Problem::conflict("The picture's file is damaged.")
}

/// The picture without transparency, on white.
fn flat(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let over_white = |part: u8| ((u32::from(part) * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255) as u8;
        Rgb([over_white(red), over_white(green), over_white(blue)])
    })
}

/// The picture in a size and shape the network takes.
fn shaped(picture: &RgbImage, network: Network, fit: Fit) -> RgbImage {
    let limits = limits(network);
    let picture = sized(picture, &limits);
    let (width, height) = framed(&limits, fit, picture.dimensions());
    if (width, height) == picture.dimensions() {
        return picture;
    }
    match fit {
        Fit::Crop => {
            let (left, top) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
            imageops::crop_imm(&picture, left, top, width, height).to_image()
        }
        Fit::Pad => laid_on(RgbImage::from_pixel(width, height, edge_colour(&picture)), &picture),
        Fit::Fit => laid_on(blurred(&picture, width, height), &picture),
    }
}

fn sized(picture: &RgbImage, limits: &Limits) -> RgbImage {
    let (width, height) = scaled(limits, picture.width(), picture.height());
    if (width, height) == picture.dimensions() {
        return picture.clone();
    }
    imageops::resize(picture, width, height, imageops::FilterType::Lanczos3)
}

/// A size within the network's limits, of the same shape.
fn scaled(limits: &Limits, width: u32, height: u32) -> (u32, u32) {
    let longest = width.max(height);
    let scale = if longest > limits.longest_side {
        f64::from(limits.longest_side) / f64::from(longest)
    } else if width < limits.narrowest {
        f64::from(limits.narrowest) / f64::from(width)
    } else {
        return (width, height);
    };
    let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    (scaled(width), scaled(height))
}

/// The size of the shape nearest to that one which the network takes.
fn framed(limits: &Limits, fit: Fit, (width, height): (u32, u32)) -> (u32, u32) {
    let Some((from, to)) = limits.shapes else { return (width, height) };
    let (wide, high) = (f64::from(width), f64::from(height));
    let shape = wide / high;
    if (from..=to).contains(&shape) {
        return (width, height);
    }
    let (wide, high) = match (fit, shape > to) {
        (Fit::Crop, false) => (wide, (wide / from).floor()),
        (Fit::Crop, true) => ((high * to).floor(), high),
        (Fit::Pad | Fit::Fit, false) => ((high * from).ceil(), high),
        (Fit::Pad | Fit::Fit, true) => (wide, (wide / to).ceil()),
    };
    (wide as u32, high as u32)
}

fn laid_on(mut ground: RgbImage, picture: &RgbImage) -> RgbImage {
    let (left, top) = ((ground.width() - picture.width()) / 2, (ground.height() - picture.height()) / 2);
    imageops::replace(&mut ground, picture, left.into(), top.into());
    ground
}

fn edge_colour(picture: &RgbImage) -> Rgb<u8> {
    let (right, bottom) = (picture.width() - 1, picture.height() - 1);
    let sides = (0..=bottom).flat_map(|y| [(0, y), (right, y)]).chain((0..=right).flat_map(|x| [(x, 0), (x, bottom)]));
    let (mut sum, mut count) = ([0_u64; 3], 0_u64);
    for (x, y) in sides {
        let pixel = picture.get_pixel(x, y).0;
        sum.iter_mut().zip(pixel).for_each(|(sum, part)| *sum += u64::from(part));
        count += 1;
    }
    Rgb(sum.map(|sum| (sum / count.max(1)) as u8))
}

/// The picture grown until it covers everything, out of focus. Blurred small, because nobody sees the difference.
fn blurred(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let small = imageops::thumbnail(picture, 64, 64);
    let soft = imageops::fast_blur(&small, 4.0);
    imageops::resize(&soft, width, height, imageops::FilterType::CatmullRom)
}

/// A baseline JPEG of at most so many bytes.
fn encode(picture: RgbImage, most: usize) -> Result<Vec<u8>, Problem> {
    for quality in [92, 85, 75, 60, 40] {
        let mut jpeg = Vec::new();
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, quality)).map_err(|_| damaged())?;
        if jpeg.len() <= most {
            return Ok(jpeg);
        }
    }
    Err(Problem::conflict("The picture is too large for the network, however hard it is pressed."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_gets_a_shape_and_size_instagram_takes() {
        for (width, height) in [(512, 768), (896, 1_152), (1_080, 1_920), (3_000, 800), (100, 300), (320, 400), (1_911, 1_000), (64, 4_096)]
        {
            let picture = RgbImage::from_pixel(width, height, Rgb([10, 120, 200]));
            for fit in Fit::ALL {
                let made = shaped(&picture, Network::Instagram, fit).dimensions();
                assert_eq!(made, frame(Network::Instagram, fit, width, height), "what is shown beforehand is what is made");
                let (width, height) = made;
                assert!(takes_shape(Network::Instagram, width, height), "{width}×{height} {fit:?}");
                assert!(width <= 1_440, "{width}×{height} {fit:?}");
            }
        }
    }

    #[test]
    fn what_is_kept_whole_is_whole() {
        let tall = RgbImage::from_fn(900, 1_600, |_, y| if y < 800 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        for fit in [Fit::Pad, Fit::Fit] {
            let made = shaped(&tall, Network::Instagram, fit);
            assert_eq!(made.height(), 1_440, "only its size changed");
            assert!(made.get_pixel(made.width() / 2, 1)[0] > 250 && made.get_pixel(made.width() / 2, made.height() - 2)[2] > 250);
        }
        let cropped = shaped(&tall, Network::Instagram, Fit::Crop);
        assert_eq!(cropped.get_pixel(10, cropped.height() / 2 - 5)[0], 255, "the middle stays");
    }

    #[test]
    fn x_takes_every_shape() {
        let tall = RgbImage::from_pixel(900, 5_000, Rgb([1, 2, 3]));
        assert_eq!(shaped(&tall, Network::X, Fit::Crop).dimensions(), (737, 4_096));
    }

    #[test]
    fn a_jpeg_is_plain_and_carries_nothing() {
        let jpeg = encode(RgbImage::from_pixel(64, 64, Rgb([9, 9, 9])), 1_000_000).unwrap();
        // Baseline has the marker SOF0; metadata would be in APP1 and higher.
        let markers: Vec<u8> = jpeg.windows(2).filter(|pair| pair[0] == 0xFF && pair[1] >= 0xC0).map(|pair| pair[1]).collect();
        assert!(markers.contains(&0xC0) && !markers.iter().any(|marker| (0xE1..=0xEF).contains(marker)), "{markers:x?}");
    }
}
