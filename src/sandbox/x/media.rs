//! Media: in one call or in pieces, and what is to be seen on them
//! (<https://docs.x.com/x-api/media/introduction>).

use std::collections::BTreeMap;

use axum::{Json, extract::Multipart, http::StatusCode};
use bytes::Bytes;
use chrono::Utc;
use image::ImageFormat;
use serde_json::{Value, json};

use super::{
    Shared,
    accounts::Persona,
    bodies::{Beginning, Description},
    ledger::{Media, media_key},
    problem::{invalid, too_large},
};
use crate::sandbox::social::Refused;

const LARGEST: usize = 5_000_000;

/// The parts of a multipart body, whose names have to be among those that are known.
pub(super) async fn parts(mut body: Multipart, known: &[&str]) -> Result<BTreeMap<String, Bytes>, Refused> {
    let mut parts = BTreeMap::new();
    while let Some(part) = body.next_field().await.map_err(|_| invalid("The multipart body cannot be read."))? {
        let name = part.name().unwrap_or_default().to_owned();
        if !known.contains(&name.as_str()) {
            return Err(invalid(&format!("The field {name} is not defined, and additional properties are not allowed.")));
        }
        if name == "media" && (part.file_name().is_none() || part.content_type().is_none_or(|kind| !kind.starts_with("image/"))) {
            return Err(Refused::new((StatusCode::BAD_REQUEST, Json(json!({"code": 38, "message": "media parameter is missing."})))));
        }
        let bytes = part.bytes().await.map_err(|_| invalid("The multipart body cannot be read."))?;
        parts.insert(name, bytes);
    }
    Ok(parts)
}

/// `POST /2/media/upload`.
pub(super) fn upload(shared: &Shared, persona: &Persona, parts: BTreeMap<String, Bytes>) -> Result<Json<Value>, Refused> {
    if parts.get("media_category").is_none_or(|category| *category != "tweet_image") {
        return Err(invalid("media_category must be tweet_image."));
    }
    let bytes = parts.get("media").cloned().ok_or_else(|| invalid("media is missing."))?;
    let told = about(&bytes)?;
    let id = shared.change(|ledger| {
        let id = ledger.next_id();
        ledger.media.insert(id.clone(), Media::of(persona, None));
        id
    });
    Ok(done(shared, &id, bytes, told))
}

/// `POST /2/media/upload/initialize`.
pub(super) fn initialize(shared: &Shared, persona: &Persona, body: Beginning) -> Result<Json<Value>, Refused> {
    if body.media_category != "tweet_image" || !body.media_type.starts_with("image/") {
        return Err(invalid("This simulator takes pictures only."));
    }
    if body.total_bytes > LARGEST {
        return Err(too_large());
    }
    shared.change(|ledger| {
        let id = ledger.next_id();
        ledger.media.insert(id.clone(), Media::of(persona, Some((body.total_bytes, BTreeMap::new()))));
        Ok(Json(json!({"data": {"id": id, "media_key": media_key(&id), "expires_after_secs": 86_400}})))
    })
}

/// `POST /2/media/upload/{id}/append`.
pub(super) fn append(shared: &Shared, persona: &Persona, id: &str, parts: &BTreeMap<String, Bytes>) -> Result<Json<Value>, Refused> {
    let place = parts.get("segment_index").and_then(|index| std::str::from_utf8(index).ok()?.parse::<u32>().ok());
    let (Some(place @ 0..=999), Some(bytes)) = (place, parts.get("media")) else {
        return Err(invalid("segment_index must be 0 to 999, and media has to be there."));
    };
    shared.change(|ledger| {
        let open = ledger.unattached(id, &persona.username).and_then(|media| media.open.as_mut());
        let (_, pieces) = open.ok_or_else(|| invalid("Invalid media id."))?;
        pieces.insert(place, bytes.to_vec());
        Ok(Json(json!({"data": {"expires_at": Utc::now().timestamp() + 86_400}})))
    })
}

/// `POST /2/media/upload/{id}/finalize`.
pub(super) fn finalize(shared: &Shared, persona: &Persona, id: &str) -> Result<Json<Value>, Refused> {
    let whole = shared.change(|ledger| {
        let media = ledger.unattached(id, &persona.username)?;
        let (announced, pieces) = media.open.take()?;
        let in_order = pieces.keys().copied().eq(0..pieces.len() as u32);
        let bytes: Vec<u8> = pieces.into_values().flatten().collect();
        (in_order && bytes.len() == announced).then(|| Bytes::from(bytes))
    });
    let bytes = whole.ok_or_else(|| invalid("Segments do not add up to provided total file size."))?;
    let told = about(&bytes)?;
    Ok(done(shared, id, bytes, told))
}

/// `POST /2/media/metadata`.
pub(super) fn describe(shared: &Shared, persona: &Persona, body: Description) -> Result<Json<Value>, Refused> {
    let text = body.metadata.alt_text.text;
    if text.is_empty() || text.chars().count() > 1_000 {
        return Err(invalid("alt_text must have 1 to 1000 characters."));
    }
    shared.change(|ledger| {
        let media = ledger.unattached(&body.id, &persona.username).ok_or_else(|| invalid("Invalid media id."))?;
        media.alt_text = text.clone();
        Ok(Json(json!({"data": {"id": body.id, "associated_metadata": {"alt_text": {"text": text}}}})))
    })
}

fn about(bytes: &Bytes) -> Result<Value, Refused> {
    if bytes.len() > LARGEST {
        return Err(too_large());
    }
    let unreadable = || invalid("The media could not be read.");
    let (format, kind) = match image::guess_format(bytes) {
        Ok(format @ ImageFormat::Jpeg) => (format, "image/jpeg"),
        Ok(format @ ImageFormat::Png) => (format, "image/png"),
        Ok(_) | Err(_) => return Err(unreadable()),
    };
    let picture = image::load_from_memory_with_format(bytes, format).map_err(|_| unreadable())?;
    Ok(json!({"image_type": kind, "w": picture.width(), "h": picture.height()}))
}

fn done(shared: &Shared, id: &str, bytes: Bytes, image: Value) -> Json<Value> {
    let size = bytes.len();
    shared.memory.keep_picture(id, bytes);
    Json(json!({"data": {"id": id, "media_key": media_key(id), "size": size, "expires_after_secs": 86_400, "image": image}}))
}

impl Media {
    fn of(persona: &Persona, open: Option<(usize, BTreeMap<u32, Vec<u8>>)>) -> Self {
        Self { account: persona.username.clone(), alt_text: String::new(), attached: false, made_at: Utc::now(), open }
    }
}
