//! Posts, and the timeline they appear on (<https://docs.x.com/x-api/posts/create-post>).

use std::collections::BTreeMap;

use axum::{Json, http::StatusCode};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use twitter_text::{ParserBackend, extractor::Extractor};
use twitter_text_config::config_v3;

use super::{
    Shared,
    accounts::Persona,
    bodies::NewPost,
    ledger::{Posted, media_key},
    lock,
    problem::{duplicate, forbidden, invalid},
};
use crate::sandbox::social::Refused;

/// `POST /2/tweets`.
pub(super) fn create(shared: &Shared, persona: &Persona, body: NewPost) -> Result<(StatusCode, Json<Value>), Refused> {
    let media_ids = body.media.map(|media| media.media_ids);
    if body.text.is_empty() && media_ids.is_none() {
        return Err(invalid("text or media is required."));
    }
    let weighted = twitter_text::parse_with_parser_backend(&body.text, config_v3(), true, ParserBackend::External).weighted_length;
    if weighted > 280 {
        return Err(forbidden(
            "Your Tweet text is too long. For more information on how Twitter determines text length see our documentation.",
        ));
    }
    if media_ids.as_ref().is_some_and(|ids| !(1..=4).contains(&ids.len())) {
        return Err(invalid("media_ids must hold 1 to 4 ids."));
    }
    let media_ids = media_ids.unwrap_or_default();
    shared.change(|ledger| {
        for id in &media_ids {
            if ledger.unattached(id, &persona.username).is_none_or(|media| media.open.is_some()) {
                return Err(invalid("Your media IDs are invalid."));
            }
        }
        let again = |post: &Posted| post.account == persona.username && post.text == body.text;
        if !body.text.is_empty() && ledger.posts.iter().any(again) {
            return Err(duplicate());
        }
        let mut alt_texts = Vec::new();
        for id in &media_ids {
            if let Some(media) = ledger.unattached(id, &persona.username) {
                media.attached = true;
                alt_texts.push(media.alt_text.clone());
            }
        }
        let id = ledger.next_id();
        let answer = json!({"data": {"id": id, "text": body.text, "edit_history_post_ids": [id]}});
        ledger.posts.push(Posted {
            id,
            account: persona.username.clone(),
            text: body.text,
            media: media_ids,
            alt_texts,
            made_with_ai: body.made_with_ai,
            at: Utc::now(),
        });
        Ok((StatusCode::CREATED, Json(answer)))
    })
}

/// `GET /2/users/{id}/tweets`: newest first.
pub(super) fn timeline(shared: &Shared, persona: &Persona, query: &BTreeMap<String, String>) -> Result<Json<Value>, Refused> {
    let field = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let since = match field("start_time") {
        "" => DateTime::UNIX_EPOCH,
        text => match DateTime::parse_from_rfc3339(text) {
            Ok(since) => since.with_timezone(&Utc),
            Err(_) => return Err(invalid("start_time is not a valid time.")),
        },
    };
    let Some(most) = field("max_results").parse().ok().filter(|most| (5..=100).contains(most)) else {
        return Err(invalid("max_results must be 5 to 100."));
    };
    let attachments =
        field("tweet.fields").split(',').any(|field| field == "attachments") && field("expansions") == "attachments.media_keys";
    let posts = lock(&shared.ledger).posts.clone();
    let ours = posts.iter().rev().filter(|post| post.account == persona.username && post.at >= since);
    let data: Vec<_> = ours.take(most).map(|post| told(shared, post, attachments)).collect();
    if data.is_empty() {
        return Ok(Json(json!({"meta": {"result_count": 0}})));
    }
    Ok(Json(json!({"meta": {"result_count": data.len()}, "data": data})))
}

fn told(shared: &Shared, post: &Posted, attachments: bool) -> Value {
    let at = post.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut told = json!({"id": post.id, "text": shown(post), "created_at": at, "edit_history_tweet_ids": [post.id]});
    if attachments && !post.media.is_empty() {
        let renamed = shared.renames_media.load(std::sync::atomic::Ordering::Relaxed);
        let key = |id: &String| if renamed { format!("3_9{id}") } else { media_key(id) };
        told["attachments"] = json!({"media_keys": post.media.iter().map(key).collect::<Vec<_>>()});
    }
    told
}

/// Words as a timeline shows them: links shortened, one for the pictures at the end, and three characters escaped.
fn shown(post: &Posted) -> String {
    let mut text = post.text.clone();
    for link in Extractor::new().extract_urls(&post.text) {
        text = text.replacen(&link, "https://t.co/sandbox0001", 1);
    }
    if !post.media.is_empty() {
        text = format!("{text} https://t.co/sandbox0002").trim_start().to_owned();
    }
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
