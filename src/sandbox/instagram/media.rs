//! Publishing, and what is told of posts that are out.

use axum::Json;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    Shared,
    accounts::Persona,
    containers::Fields,
    ledger::{Kind, Posted, QUOTA},
    lock,
    refusal::{no_such, parameter, refusal},
};
use crate::sandbox::social::Refused;

/// `POST /{account}/media_publish`.
///
/// What a second call with the same container does is not documented. Here it posts a second time, so that nobody
/// who relies on more goes unseen.
pub(super) fn publish(shared: &Shared, persona: &Persona, fields: &Fields) -> Result<Json<Value>, Refused> {
    let creation = fields.get("creation_id").filter(|_| fields.len() == 1);
    let creation = creation.ok_or_else(|| parameter("The parameter creation_id is required, and the only one."))?;
    shared.change(|ledger| {
        let used = ledger.used(&persona.username);
        let id = format!("1780{:013}", ledger.next_id());
        let gone = || refusal(24, 2_207_006, "The requested resource does not exist.");
        let container = ledger.container(creation, &persona.username).ok_or_else(gone)?;
        if container.kind == Kind::Child {
            return Err(parameter("A carousel item cannot be published alone."));
        }
        match container.status() {
            "FINISHED" | "PUBLISHED" => {}
            "EXPIRED" => return Err(refusal(-2, 2_207_020, "The media you are trying to access has expired.")),
            _ => return Err(refusal(9007, 2_207_027, "Media ID is not available.")),
        }
        if used >= QUOTA {
            let words = "You reached maximum number of posts that is allowed to be published by Content Publishing API.";
            return Err(refusal(9, 2_207_042, words));
        }
        container.published = true;
        let posted = Posted {
            shortcode: format!("S{}", &id[10..]),
            account: persona.username.clone(),
            caption: container.caption.clone(),
            pictures: container.pictures.clone(),
            alt_texts: container.alt_texts.clone(),
            made_with_ai: container.made_with_ai,
            at: Utc::now(),
            container: creation.clone(),
            id: id.clone(),
        };
        ledger.posts.push(posted);
        Ok(Json(json!({ "id": id })))
    })
}

/// `GET /{media}`.
pub(super) fn permalink(shared: &Shared, persona: &Persona, id: &str, fields: &str) -> Result<Json<Value>, Refused> {
    let ledger = lock(&shared.ledger);
    let post = ledger.posts.iter().find(|post| post.id == id && post.account == persona.username);
    post.map(|post| Json(told(shared, post, fields))).ok_or_else(|| no_such(id))
}

/// `GET /{account}/media`: newest first.
pub(super) fn recent(shared: &Shared, persona: &Persona, query: &Fields) -> Json<Value> {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<i64>().ok());
    let since = number("since").and_then(|since| DateTime::from_timestamp(since, 0)).unwrap_or(DateTime::UNIX_EPOCH);
    let most = number("limit").unwrap_or(25).clamp(1, 100) as usize;
    let fields = query.get("fields").map(String::as_str).unwrap_or("id");
    let ledger = lock(&shared.ledger);
    let ours = ledger.posts.iter().rev().filter(|post| post.account == persona.username && post.at >= since);
    let data: Vec<_> = ours.take(most).map(|post| told(shared, post, fields)).collect();
    Json(json!({ "data": data }))
}

/// `GET /{account}/content_publishing_limit`.
pub(super) fn limit(shared: &Shared, persona: &Persona) -> Json<Value> {
    let used = lock(&shared.ledger).used(&persona.username);
    Json(json!({"data": [{"quota_usage": used, "config": {"quota_total": QUOTA, "quota_duration": 86_400}}]}))
}

fn told(shared: &Shared, post: &Posted, fields: &str) -> Value {
    let hides = shared.hides_captions.load(std::sync::atomic::Ordering::Relaxed);
    let mut told = json!({"id": post.id});
    for field in fields.split(',') {
        match field {
            "caption" if !post.caption.is_empty() && !hides => told[field] = post.caption.clone().into(),
            "permalink" => told[field] = shared.address_of(post).into(),
            // Without a colon in the offset.
            "timestamp" => told[field] = post.at.format("%Y-%m-%dT%H:%M:%S+0000").to_string().into(),
            _ => {}
        }
    }
    told
}

impl Shared {
    /// Where a post can be seen.
    pub(super) fn address_of(&self, post: &Posted) -> String {
        format!("{}/p/{}/", self.address, post.shortcode)
    }
}
