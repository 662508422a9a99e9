//! A post's way on X: pictures, alt texts, post; and finding out afterwards.

use chrono::{DateTime, Duration, Utc};

use super::{
    ledger::{Ledger, Stop},
    networks::Finding,
};
use crate::{
    domain::{
        account::Outcome,
        caption::{self, Network},
        post::{Attempt, Deed, Post, Trouble, Upload},
        problem::{Kind, Problem},
    },
    integrations::x::{Keys, Seen, XError},
    service::{accounts, renditions},
    state::AppState,
};

fn trouble(error: &XError) -> Trouble {
    let kind = match error {
        XError::Unreachable => Kind::Unreachable,
        XError::TooSlow => Kind::TooSlow,
        _ => Kind::Refused,
    };
    Trouble { refusal: error.refusal(false), problem: Problem::new(kind, error.to_string()) }
}

fn keys(app: &AppState, post: &Post) -> Result<Keys, Trouble> {
    accounts::x_keys(app, &post.character_id).map_err(Ledger::problem)
}

/// Asks whose account it is, and keeps that: its name is in every link, its id in every look. Answers the name.
pub(super) async fn whose(ledger: &Ledger, post: &Post) -> Result<String, Trouble> {
    let seen = accounts::glimpse(&ledger.app);
    let me = ledger.app.x.me(&keys(&ledger.app, post)?).await.map_err(|error| trouble(&error))?;
    accounts::learn(&ledger.app, post, (&me.username, &me.id), seen, Utc::now()).await.map_err(Ledger::problem)?;
    Ok(me.username)
}

/// Hands the pictures over, each with what is to be seen.
pub(super) async fn prepare(ledger: &Ledger) -> Result<(), Stop> {
    let post = ledger.read()?;
    let keys = keys(&ledger.app, &post)?;
    let fit = ledger.app.store.read().settings.fit;
    let had = post.open_attempt().map_or(0, |attempt| attempt.uploads.len());
    for picture in &post.pictures[had.min(post.pictures.len())..] {
        let call = async {
            let jpeg = renditions::jpeg(&ledger.app, &picture.content_id, Network::X, fit).await.map_err(Ledger::problem)?;
            ledger.app.x.upload(&keys, &jpeg).await.map_err(|error| trouble(&error))
        };
        let keep = |attempt: &mut Attempt, media: &crate::integrations::x::Media, now| {
            attempt.uploads.push(Upload { id: media.id.clone(), media_key: media.media_key.clone(), made_at: now });
            format!("X took it as {}.", media.id)
        };
        let media = ledger.step(Deed::Upload, call, keep).await?;
        if !picture.alt_text.is_empty() {
            let call = async { ledger.app.x.describe(&keys, &media.id, &picture.alt_text).await.map_err(|error| trouble(&error)) };
            match ledger.step(Deed::AltText, call, |_, (), _| "X took it.".to_owned()).await {
                // A post without alt text is better than none.
                Ok(()) | Err(Stop::Trouble(_)) => {}
                Err(stop) => return Err(stop),
            }
        }
    }
    Ok(())
}

/// The call that makes it public.
pub(super) async fn publish(ledger: &Ledger, post: &Post) -> Result<String, Trouble> {
    let keys = keys(&ledger.app, post)?;
    let media: Vec<_> =
        post.open_attempt().map(|attempt| attempt.uploads.iter().map(|upload| upload.id.as_str()).collect()).unwrap_or_default();
    let answer = ledger.app.x.post(&keys, &post.caption, &media).await;
    answer.map_err(|error| Trouble { refusal: error.refusal(true), ..trouble(&error) })
}

/// The address of a post follows from its id.
pub(super) fn link(ledger: &Ledger, post: &Post, id: &str) -> String {
    let state = ledger.app.store.read();
    let username = state.accounts.get(&post.account()).and_then(|account| match &account.outcome {
        Outcome::Connected { username, .. } => Some(username.clone()),
        Outcome::Broken { .. } => None,
    });
    ledger.app.x.address_of(username.as_deref().unwrap_or("i"), id)
}

/// Whether an attempt is out: a post on the account's timeline shows its pictures, or has its words.
pub(super) async fn look(ledger: &Ledger, post: &Post, attempt: &Attempt, sent_at: DateTime<Utc>) -> Result<Finding, Trouble> {
    let keys = keys(&ledger.app, post)?;
    let known = ledger.app.store.read().accounts.get(&post.account()).and_then(|account| match &account.outcome {
        Outcome::Connected { network_id, .. } => Some(network_id.clone()),
        Outcome::Broken { .. } => None,
    });
    let account = match known {
        Some(account) => account,
        None => ledger.app.x.me(&keys).await.map_err(|error| trouble(&error))?.id,
    };
    let timeline = ledger.app.x.timeline(&keys, &account, sent_at - Duration::minutes(10)).await.map_err(|error| trouble(&error))?;
    Ok(match ours(ledger, post, attempt, &timeline, sent_at) {
        Some(seen) => Finding::Out { network_id: Some(seen.id.clone()), url: Some(link(ledger, post, &seen.id)) },
        None => Finding::NotSeen("It is not on the account's timeline.".into()),
    })
}

fn ours<'a>(ledger: &Ledger, post: &Post, attempt: &Attempt, timeline: &'a [Seen], sent_at: DateTime<Utc>) -> Option<&'a Seen> {
    let keys: Vec<_> = attempt.uploads.iter().filter_map(|upload| upload.media_key.as_deref()).collect();
    let shows = |seen: &&Seen| seen.attachments.media_keys.iter().any(|key| keys.contains(&key.as_str()));
    let state = ledger.app.store.read();
    let taken =
        |id: &str| state.posts.indexed("account", &post.account()).any(|other| other.id != post.id && other.network_id() == Some(id));
    let own = caption::before_links(&post.caption);
    let says = |seen: &&Seen| {
        let theirs = html_escape::decode_html_entities(&seen.text);
        // Their clock is not ours.
        let since = sent_at - Duration::minutes(2);
        !own.is_empty() && caption::before_links(&theirs) == own && seen.created_at.is_none_or(|at| at >= since) && !taken(&seen.id)
    };
    timeline.iter().find(shows).or_else(|| timeline.iter().find(says))
}
