//! What people do with posts in the ledger: changing, sending, taking back, and saying what they saw.

use chrono::{DateTime, Utc};

use super::{
    asking::in_time,
    checks, looking,
    queue::{call_off, dismiss, enqueue},
};
use crate::{
    domain::{
        caption::{self, Network},
        check::CheckName,
        job::Lane,
        post::{Deed, Post, PostChange, PostId, PostState, Resolution, Step},
        problem::{Checks, Kind, Problem},
    },
    error::Error,
    expected::Expected,
    state::AppState,
    store::Transaction,
};

/// Changes a post and stores it.
async fn with(
    app: &AppState,
    id: &PostId,
    now: DateTime<Utc>,
    change: impl FnOnce(&mut Transaction, &mut Post) -> Result<(), Error> + Send + 'static,
) -> Result<Post, Error> {
    let id = id.clone();
    let post = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Post>(id.as_str()).ok_or_else(|| Problem::not_found("post"))?;
            let mut post = Post::clone(&stored);
            change(tx, &mut post)?;
            post.updated_at = now;
            tx.put(post.clone())?;
            Ok::<_, Error>(post)
        })
        .await?;
    app.wake(Lane::Publish);
    Ok(post)
}

fn too_late(post: &Post) -> Error {
    let words = match post.state {
        PostState::Publishing => "It is going out right now.",
        PostState::Published { .. } => "It is out already.",
        PostState::Unconfirmed { .. } => "It may be out. Say first whether it is.",
        _ => "This cannot be done with the post as it is.",
    };
    Problem::conflict(words).into()
}

/// Changes time and words of a post that has not gone out. A new time puts it back into the queue.
pub async fn change(app: &AppState, id: &PostId, change: PostChange, expected: Expected, now: DateTime<Utc>) -> Result<Post, Error> {
    with(app, id, now, move |tx, post| {
        expected.check(post)?;
        if !post.state.may_be_sent() {
            return Err(too_late(post));
        }
        let mut checks = Checks::default();
        if let Some(words) = change.caption.value() {
            caption::check(post.network, "caption", words, &mut checks);
        }
        if let Some(at) = change.scheduled_at.value() {
            in_time(*at, now, &mut checks);
        }
        checks.finish()?;
        let before = post.caption.clone();
        change.caption.map(|words| words.trim().to_owned()).set(&mut post.caption);
        // On Instagram what was handed over carries the old words.
        if before != post.caption && post.network == Network::Instagram {
            post.attempts.iter_mut().for_each(|attempt| attempt.ended_at = attempt.ended_at.or(Some(now)));
        }
        if let Some(at) = change.scheduled_at.value() {
            not_twice(tx, post)?;
            post.scheduled_at = *at;
            post.state = PostState::Scheduled { waiting: String::new(), until: None };
            enqueue(tx, post, now)?;
        }
        Ok(())
    })
    .await
}

/// Whatever is put back into the queue must not meet another post of the same picture there.
fn not_twice(tx: &Transaction, post: &Post) -> Result<(), Problem> {
    match post.pictures.iter().find_map(|picture| checks::already_there(tx.state(), &picture.content_id, post.network, Some(&post.id))) {
        Some(other) => Err(Problem::conflict(format!("This picture is out, or on its way, with the post {}.", other.id))),
        None => Ok(()),
    }
}

/// Sends a post now. `anyway`: what held it is not to be minded, where that is up to a person.
pub async fn send(app: &AppState, id: &PostId, anyway: bool, now: DateTime<Utc>) -> Result<Post, Error> {
    with(app, id, now, move |tx, post| {
        if !post.state.may_be_sent() {
            return Err(too_late(post));
        }
        not_twice(tx, post)?;
        if let PostState::Held { check: check @ CheckName::Duplicate, .. } = post.state
            && anyway
        {
            post.waived.push(check);
        }
        if matches!(post.state, PostState::DryRun) {
            post.dry_run = false;
        }
        post.scheduled_at = now;
        post.state = PostState::Scheduled { waiting: String::new(), until: None };
        enqueue(tx, post, now)
    })
    .await
}

/// Takes a post back that has not gone out.
pub async fn cancel(app: &AppState, id: &PostId, now: DateTime<Utc>) -> Result<Post, Error> {
    with(app, id, now, move |tx, post| {
        let sent = post.open_attempt().is_some_and(|attempt| attempt.sent_at.is_some());
        let preparing = matches!(post.state, PostState::Publishing) && !sent;
        if !post.state.may_be_sent() && !preparing {
            return Err(too_late(post));
        }
        call_off(tx, post, now)
    })
    .await
}

/// Has the account read once more.
pub async fn reconcile(app: &AppState, id: &PostId, now: DateTime<Utc>) -> Result<Post, Error> {
    with(app, id, now, move |tx, post| {
        let PostState::Unconfirmed { looking, .. } = &mut post.state else {
            return Err(Problem::conflict("What became of this post is known.").into());
        };
        *looking = true;
        if let Some(attempt) = post.attempts.last_mut() {
            attempt.looks = attempt.looks.max(looking::LOOKS.len() as u32 - 1);
        }
        post.scheduled_at = post.scheduled_at.min(now);
        enqueue(tx, post, now)
    })
    .await
}

/// A person says whether a post is out.
pub async fn resolve(app: &AppState, id: &PostId, resolution: Resolution, now: DateTime<Utc>) -> Result<Post, Error> {
    let url = resolution.url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
    if url.as_deref().is_some_and(|url| !is_address(url)) {
        return Err(Problem::invalid("url", "Paste the post's address as it is in the browser, starting with https://.").into());
    }
    with(app, id, now, move |tx, post| {
        if !matches!(post.state, PostState::Unconfirmed { .. }) {
            return Err(Problem::conflict("What became of this post is known.").into());
        }
        dismiss(tx, post, now)?;
        let words = if resolution.published { "It is out." } else { "It is not out." };
        let sent = post.sent_attempts().filter_map(|attempt| attempt.sent_at).max();
        if let Some(attempt) = post.attempts.last_mut() {
            attempt.steps.push(Step { at: now, deed: Deed::Word, outcome: words.into(), failed: !resolution.published });
            attempt.ended_at = attempt.ended_at.or(Some(now));
        }
        let state = if resolution.published {
            PostState::Published { published_at: sent.unwrap_or(now), network_id: None, url }
        } else {
            PostState::Failed { problem: Problem::new(Kind::Refused, "A person has looked, and it is not out. It may be sent again.") }
        };
        post.turn(state, now);
        Ok(())
    })
    .await
}

fn is_address(url: &str) -> bool {
    let read = reqwest::Url::parse(url).ok();
    url.len() <= 500 && read.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty())
}
