//! Pictures' records, and what they say of having been posted.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    names::CONTENT,
    others::without_secrets,
    reading::{Raw, derived},
    shapes,
};
use crate::{
    domain::{
        caption::Network,
        content::{Content, ReviewState},
        post::{Post, PostPicture, PostState},
    },
    imports::{Found, Ready},
    store::Record,
};

/// Where the picture of a record is to be found.
pub(super) struct Pictured {
    /// Its id as it was sent.
    pub(super) id: String,
    /// What the record says of it: a path or an address.
    pub(super) said: Option<String>,
    /// Whether the record is one of ours, with a picture.
    pub(super) ours: bool,
}

type Read = (Found<Content, Option<Ready>>, Pictured, Vec<Found<Post>>);

/// What says that it is out on a network: flag, time, id and address.
const SAID: [(Network, [&str; 4]); 2] = [
    (Network::Instagram, ["postedToInstagram", "instagramPostedAt", "instagramPostId", "instagramUrl"]),
    (Network::X, ["postedToTwitter", "twitterPostedAt", "twitterPostId", "twitterUrl"]),
];

/// Reads one, with where its picture is, and a post for each network it is out on.
pub(super) fn read(fields: Map<String, Value>, file: &Arc<str>, now: DateTime<Utc>) -> Result<Read, String> {
    let mut raw = Raw::new(fields, CONTENT, &["createdAt", "imageUrl", "caption"]);
    without_secrets(&mut raw);
    raw.fields.entry("characterId").or_insert_with(|| "".into());
    let said = raw.fields.get("imageUrl").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let out: Vec<_> = SAID.into_iter().filter(|(_, names)| is_out(&raw.fields, names)).collect();
    state(&mut raw.fields, !out.is_empty());
    let ours = raw.fields.get("picture").is_some_and(Value::is_object);
    if said.as_deref().is_some_and(|said| said.starts_with("data:")) {
        // A picture within a record is not for reading again and again.
        raw.fields.shift_remove("imageUrl");
    }
    let notes = raw.fields.clone();
    let (mut content, mut unread): (Content, _) = raw.read(Content::COLLECTION)?;
    if content.planned_for.take().is_some() {
        unread.words.push("The time it was planned for is left out: nothing that is imported goes out by itself.".to_owned());
    }
    if let Err(problem) = content.check() {
        unread.words.extend(problem.errors.iter().map(|error| format!("{}: {} It comes as it is.", error.field, error.message)));
    }
    let pictured = Pictured { id: content.id.to_string(), said, ours };
    let posts = out.into_iter().filter(|_| !content.character_id.is_none());
    let posts = posts.map(|(network, names)| post(&content, &notes, network, names, file, now)).collect();
    Ok((unread.found(content, file, None), pictured, posts))
}

fn is_out(fields: &Map<String, Value>, [flag, _, id, url]: &[&str; 4]) -> bool {
    let says = |name: &str| fields.get(name).is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty()) || value.is_number());
    match fields.get(*flag) {
        Some(value) if shapes::flag(value).is_some() => shapes::flag(value) == Some(true),
        // A time, an object with the network's answer: something is there.
        Some(value) if !value.is_null() => true,
        Some(_) | None => says(id) || says(url),
    }
}

/// Where it stands, in our words.
fn state(fields: &mut Map<String, Value>, out: bool) {
    let known = fields.get("state").and_then(Value::as_str).and_then(ReviewState::from_key);
    if known.is_some() {
        return;
    }
    let said = fields.get("state").or_else(|| fields.get("status")).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let state = match said.as_str() {
        _ if out => ReviewState::Approved,
        "approved" | "ready" | "posted" | "published" => ReviewState::Approved,
        "rejected" | "discarded" | "deleted" => ReviewState::Rejected,
        "pending" | "review" | "in_review" | "inreview" => ReviewState::InReview,
        _ => ReviewState::Draft,
    };
    fields.insert("state".to_owned(), json!(state));
}

/// What an older app called posted is a post that is out.
fn post(
    content: &Content,
    notes: &Map<String, Value>,
    network: Network,
    [flag, at, id, url]: [&str; 4],
    file: &Arc<str>,
    now: DateTime<Utc>,
) -> Found<Post> {
    let time = |name: &str| notes.get(name)?.as_str()?.parse::<DateTime<Utc>>().ok();
    let at = time(at).or_else(|| time("postedAt")).or_else(|| time(flag)).or(content.updated_at).or(content.created_at);
    let text = |name: &str| notes.get(name).and_then(shapes::id);
    let url = text(url).filter(|url| url.starts_with("https://"));
    let mut words = vec!["It is shown as posted, because its picture says so.".to_owned()];
    if at.is_none() {
        words.push("When it went out is not known.".to_owned());
    }
    let at = at.unwrap_or(now);
    let mark = network.key().to_owned();
    let post = Post {
        id: derived(Post::COLLECTION, content.id.as_str(), &mark).into(),
        character_id: content.character_id.clone(),
        network,
        pictures: vec![PostPicture { content_id: content.id.clone(), alt_text: content.alt_text.clone(), looks: String::new() }],
        caption: content.caption_for(network).to_owned(),
        dry_run: false,
        scheduled_at: at,
        state: PostState::Published { published_at: at, network_id: text(id), url },
        job_id: None,
        attempts: Vec::new(),
        needs_approval: false,
        waived: Vec::new(),
        request: None,
        created_at: at,
        updated_at: at,
        extra: Map::new(),
    };
    Found { id: post.id.to_string(), record: post, mark, file: file.clone(), words, with: () }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-27T08:00:00Z".parse().unwrap()
    }

    fn found(value: Value) -> Read {
        read(value.as_object().unwrap().clone(), &"content.json".into(), now()).unwrap()
    }

    #[test]
    fn what_was_posted_is_out_and_never_due() {
        let (content, pictured, posts) = found(json!({
            "id": "p1", "characterId": 7, "image_url": "/generated/luna.png", "caption": "Mist.", "posted_to_instagram": true, "tweet_id": 1_234_567,
            "created_at": "2025-03-01T09:00:00Z"
        }));
        assert_eq!(
            (content.record.state, pictured.said.as_deref(), pictured.ours),
            (ReviewState::Approved, Some("/generated/luna.png"), false)
        );
        assert_eq!(posts.len(), 2);
        for post in &posts {
            assert!(!post.record.state.goes_on() && post.record.state.may_be_out());
            assert_eq!(post.record.scheduled_at, "2025-03-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap());
        }
        assert_eq!((posts[0].record.network_id(), posts[1].record.network_id()), (None, Some("1234567")));
    }

    #[test]
    fn whatever_an_older_app_wrote_there_says_whether_it_was_posted() {
        for (flag, out) in [
            (json!(true), true),
            (json!("2025-03-01T09:00:00Z"), true),
            (json!({"id": "17"}), true),
            (json!(1), true),
            (json!(false), false),
            (json!("no"), false),
            (json!(null), false),
        ] {
            let (_, _, posts) = found(json!({"id": 1, "characterId": "l", "postedToInstagram": flag}));
            assert_eq!(posts.len(), usize::from(out), "{flag}");
        }
    }

    #[test]
    fn states_of_older_apps_become_ours_and_no_time_stays_planned() {
        for (status, state) in [("pending", ReviewState::InReview), ("ready", ReviewState::Approved), ("odd", ReviewState::Draft)] {
            assert_eq!(found(json!({"id": 1, "status": status})).0.record.state, state);
        }
        let (content, ..) = found(json!({"id": 1, "state": "approved", "plannedFor": {"at": "2026-01-01T10:00:00Z", "networks": ["x"]}}));
        assert!(content.record.planned_for.is_none() && content.words.len() == 1, "{:?}", content.words);
    }
}
