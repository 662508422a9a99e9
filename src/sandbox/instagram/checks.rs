//! What Instagram refuses about pictures and words
//! (<https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/media>).

use axum::{body::Bytes, http::header};
use image::ImageFormat;

use super::{
    Shared,
    refusal::{parameter, refusal},
};
use crate::sandbox::social::Refused;

const LARGEST: usize = 8 << 20;

/// Fetches a picture from its public address, and looks at it.
pub(super) async fn fetched(shared: &Shared, address: &str) -> Result<Bytes, Refused> {
    let not_fetched = |words: &str| {
        let words = format!("Only photo or video can be accepted as media type. The media could not be fetched from this URI: {words}");
        refusal(9004, 2_207_052, &words)
    };
    if !address.is_ascii() {
        return Err(parameter("image_url must be US-ASCII."));
    }
    let answer = shared.http.get(address).send().await.map_err(|error| match error.is_timeout() {
        true => refusal(-2, 2_207_003, "It takes too long to download the media."),
        false => not_fetched("no answer"),
    })?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(not_fetched(&format!("status {}", answer.status().as_u16())));
    }
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    if !kind.starts_with("image/") {
        return Err(not_fetched(&kind));
    }
    let length = answer.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let bytes = answer.bytes().await.map_err(|_| not_fetched("it broke off"))?;
    if length != Some(bytes.len()) {
        return Err(not_fetched("without its length"));
    }
    picture(&kind, &bytes)?;
    Ok(bytes)
}

fn picture(kind: &str, bytes: &[u8]) -> Result<(), Refused> {
    if bytes.len() > LARGEST {
        return Err(refusal(36_000, 2_207_004, "The image is too large to download. It should be less than 8 MiB."));
    }
    let format = || refusal(36_001, 2_207_005, "The image format is not supported.");
    if kind != "image/jpeg" {
        return Err(format());
    }
    let picture = image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).map_err(|_| format())?;
    let ratio = f64::from(picture.width()) / f64::from(picture.height().max(1));
    if !(0.8..=1.91).contains(&ratio) {
        return Err(refusal(36_003, 2_207_009, "The submitted image with aspect ratio cannot be published."));
    }
    Ok(())
}

pub(super) fn caption(text: &str) -> Result<(), Refused> {
    let marks = |mark: char| text.split_whitespace().filter(|word| word.len() > 1 && word.starts_with(mark)).count();
    if text.chars().count() > 2_200 || marks('#') > 30 {
        return Err(refusal(36_004, 2_207_010, "The caption was too long or has too many hashtags."));
    }
    if marks('@') > 20 {
        return Err(refusal(100, 2_207_040, "Cannot use more than 20 tags per created media."));
    }
    Ok(())
}

pub(super) fn alt_text(text: &str) -> Result<(), Refused> {
    if text.chars().count() > 1_000 { Err(parameter("alt_text must be at most 1000 characters.")) } else { Ok(()) }
}
