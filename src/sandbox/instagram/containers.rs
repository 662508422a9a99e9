//! Containers: handing over pictures, and asking how it stands with them.

use std::collections::BTreeMap;

use axum::Json;
use chrono::Utc;
use serde_json::{Value, json};

use super::{
    Shared,
    accounts::Persona,
    checks,
    ledger::{Container, Kind},
    refusal::{no_such, parameter, refusal},
};
use crate::sandbox::social::Refused;

/// The fields of a form, decoded.
pub(super) type Fields = BTreeMap<String, String>;

/// What a container may be made of.
const KNOWN: [&str; 7] = ["image_url", "caption", "alt_text", "is_ai_generated", "is_carousel_item", "media_type", "children"];

/// `POST /{account}/media`.
pub(super) async fn create(shared: &Shared, persona: &Persona, fields: &Fields) -> Result<Json<Value>, Refused> {
    let container = made(shared, persona, fields).await?;
    Ok(shared.change(|ledger| {
        let id = format!("1790{:013}", ledger.next_id());
        ledger.containers.insert(id.clone(), container);
        Json(json!({ "id": id }))
    }))
}

/// Whether it is the container around several pictures.
pub(super) fn is_carousel(fields: &Fields) -> bool {
    fields.get("media_type").is_some_and(|kind| kind == "CAROUSEL")
}

async fn made(shared: &Shared, persona: &Persona, fields: &Fields) -> Result<Container, Refused> {
    if let Some(unknown) = fields.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(parameter(&format!("Param {unknown} is not known to this simulator.")));
    }
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let flag = |name: &str| match field(name) {
        "" | "false" => Ok(false),
        "true" => Ok(true),
        _ => Err(parameter(&format!("Param {name} must be a boolean."))),
    };
    let (caption, alt_text) = (field("caption").to_owned(), field("alt_text").to_owned());
    let (made_with_ai, child) = (flag("is_ai_generated")?, flag("is_carousel_item")?);
    checks::caption(&caption)?;
    checks::alt_text(&alt_text)?;
    let container = |kind, pictures, alt_texts| Container {
        account: persona.username.clone(),
        kind,
        caption: caption.clone(),
        pictures,
        alt_texts,
        made_with_ai,
        made_at: Utc::now(),
        reads: shared.reads,
        published: false,
    };
    if is_carousel(fields) {
        let (pictures, alt_texts) = children(shared, persona, field("children"))?;
        return Ok(container(Kind::Carousel, pictures, alt_texts));
    }
    if !matches!(field("media_type"), "" | "IMAGE") {
        return Err(refusal(100, 2_207_023, "The media type is unknown."));
    }
    if child && (!caption.is_empty() || made_with_ai) {
        return Err(parameter("A carousel item takes neither caption nor is_ai_generated."));
    }
    let bytes = checks::fetched(shared, field("image_url")).await?;
    let picture = shared.change(|ledger| ledger.next_id()).to_string();
    shared.memory.keep_picture(&picture, bytes);
    Ok(container(if child { Kind::Child } else { Kind::Single }, vec![picture], vec![alt_text]))
}

/// The pictures of a carousel, each with what is to be seen.
fn children(shared: &Shared, persona: &Persona, ids: &str) -> Result<(Vec<String>, Vec<String>), Refused> {
    let ids: Vec<_> = ids.split(',').filter(|id| !id.is_empty()).collect();
    if !(2..=10).contains(&ids.len()) {
        return Err(refusal(100, 2_207_028, "A carousel needs two to ten items."));
    }
    let mut ledger = super::lock(&shared.ledger);
    let (mut pictures, mut alt_texts) = (Vec::new(), Vec::new());
    for id in ids {
        let child = ledger.container(id, &persona.username).filter(|child| child.kind == Kind::Child);
        let child = child.ok_or_else(|| refusal(24, 2_207_008, "The media container does not exist or has expired."))?;
        if child.status() != "FINISHED" {
            return Err(refusal(9007, 2_207_027, "Media ID is not available."));
        }
        pictures.extend(child.pictures.clone());
        alt_texts.extend(child.alt_texts.clone());
    }
    Ok((pictures, alt_texts))
}

/// `GET /{container}`.
pub(super) fn status(shared: &Shared, persona: &Persona, id: &str) -> Result<Json<Value>, Refused> {
    shared.change(|ledger| {
        let container = ledger.container(id, &persona.username).ok_or_else(|| no_such(id))?;
        let status = container.status();
        container.reads = container.reads.saturating_sub(1);
        let words = match status {
            "FINISHED" => "Finished: Media has been uploaded and it is ready to be published.",
            "IN_PROGRESS" => "In Progress: Media is still being processed.",
            "PUBLISHED" => "Published: Media has been published.",
            _ => "Expired: The container was not published within 24 hours.",
        };
        Ok(Json(json!({"status_code": status, "status": words, "id": id})))
    })
}
