//! What each kind of record tells of itself.

use serde_json::{Map, Value};

use super::{Change, changed_fields};
use crate::{
    domain::{
        access::{ApiToken, Login},
        account::{Account, Outcome},
        activity::{Actor, Deed},
        character::{Character, CharacterId, Credential},
        content::{Content, ReviewState},
        job::{Job, JobStatus, Work},
        library::Prompt,
        post::{Post, PostState},
        settings::Settings,
    },
    store::{
        record::SealedSecret,
        secrets,
        state::{SETTINGS, State},
    },
};

/// What is about coming in.
const ACCESS: &str = "access";

fn name(state: &State, id: &CharacterId) -> String {
    state.characters.get(id.as_str()).map_or_else(|| "a deleted character".to_owned(), |one| one.name.clone())
}

fn fields<T: serde::Serialize>(record: &T) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

pub(in crate::store) fn character(Change { before, after, by }: Change<'_, Character>) -> Option<Deed> {
    let verb = match (before, after) {
        (None, _) => "created".to_owned(),
        (_, None) => "deleted".to_owned(),
        (Some(_), Some(_)) if !by.is_somebody() => return None,
        (Some(old), Some(new)) => format!("changed{}", changed_fields(&fields(old), &fields(new))?),
    };
    let one = after.or(before)?;
    let several = format!("characters were {}", verb.split(':').next().unwrap_or_default());
    let words = format!("{} was {verb}", one.name);
    Some(Deed { kind: "characters", subject: one.id.to_string(), character_id: Some(one.id.clone()), words, several })
}

pub(in crate::store) fn content(Change { before, after, by }: Change<'_, Content>, state: &State) -> Option<Deed> {
    let verb = match (before, after) {
        (None, _) => "made",
        (_, None) => "deleted",
        (Some(old), Some(new)) if old.state != new.state => match new.state {
            ReviewState::Draft => "taken out of review",
            ReviewState::InReview => "sent to review",
            ReviewState::Approved => "approved",
            ReviewState::Rejected => "rejected",
        },
        (Some(old), Some(new)) => {
            let words = |one: &Content| (one.caption.clone(), one.twitter_caption.clone(), one.alt_text.clone());
            if !by.is_somebody() || words(old) == words(new) {
                return None;
            }
            "given other words"
        }
    };
    let one = after.or(before)?;
    let whose = name(state, &one.character_id);
    let reason = after.filter(|one| !one.reject_reason.is_empty()).map(|one| format!(": {}", one.reject_reason));
    Some(Deed {
        kind: "content",
        subject: one.id.to_string(),
        character_id: Some(one.character_id.clone()),
        words: format!("A picture of {whose} was {verb}{}", reason.unwrap_or_default()),
        several: format!("pictures of {whose} were {verb}"),
    })
}

pub(in crate::store) fn prompt(Change { before, after, by }: Change<'_, Prompt>, state: &State) -> Option<Deed> {
    let verb = match (before, after) {
        (None, _) => "added",
        (_, None) => "deleted",
        (Some(old), Some(new)) if by.is_somebody() && old != new => "changed",
        (Some(_), Some(_)) => return None,
    };
    let one = after.or(before)?;
    let whose = name(state, &one.character_id);
    Some(Deed {
        kind: "prompts",
        subject: one.id.to_string(),
        character_id: Some(one.character_id.clone()),
        words: format!("A prompt for {whose} was {verb}"),
        several: format!("prompts for {whose} were {verb}"),
    })
}

/// Posts tell of themselves; of other jobs is told that they were asked for, and when nothing came of them.
pub(in crate::store) fn job(Change { before, after, .. }: Change<'_, Job>, state: &State) -> Option<Deed> {
    let job = after.filter(|job| !matches!(job.work, Work::Publish(_)))?;
    let turned = before.is_none_or(|before| before.status.key() != job.status.key());
    let verb = match &job.status {
        JobStatus::Queued if before.is_none() => "asked for".to_owned(),
        JobStatus::Queued if before.is_some_and(|before| before.status.is_final()) => "asked for again".to_owned(),
        JobStatus::Failed { problem } if turned => format!("given up: {}", problem.message),
        JobStatus::Cancelled if turned => "stopped".to_owned(),
        JobStatus::Queued
        | JobStatus::Running
        | JobStatus::Done
        | JobStatus::Failed { .. }
        | JobStatus::Cancelled
        | JobStatus::Interrupted => return None,
    };
    let whose = job.character_id.as_ref().map(|id| format!(" for {}", name(state, id))).unwrap_or_default();
    let what = job.work.label();
    Some(Deed {
        kind: "jobs",
        subject: job.id.to_string(),
        character_id: job.character_id.clone(),
        several: format!("jobs{whose} were {}", verb.split(':').next().unwrap_or_default()),
        words: format!("{what}{whose} was {verb}"),
    })
}

pub(in crate::store) fn post(Change { before, after, by }: Change<'_, Post>, state: &State) -> Option<Deed> {
    let verb = match (before, after) {
        (_, None) => "deleted".to_owned(),
        (None, Some(_)) => "asked for".to_owned(),
        (Some(old), Some(new)) if old.state.key() != new.state.key() => became(&new.state, by)?,
        (Some(old), Some(new)) if by.is_somebody() && old.caption != new.caption => "given other words".to_owned(),
        (Some(old), Some(new)) if by.is_somebody() && old.scheduled_at != new.scheduled_at => "moved to another time".to_owned(),
        (Some(_), Some(_)) => return None,
    };
    let post = after.or(before)?;
    let (whose, network) = (name(state, &post.character_id), post.network.label());
    Some(Deed {
        kind: "posts",
        subject: post.id.to_string(),
        character_id: Some(post.character_id.clone()),
        several: format!("posts of {whose} on {network} were {}", verb.split(':').next().unwrap_or_default()),
        words: format!("A post of {whose} on {network} was {verb}"),
    })
}

/// What a post has become, when that is worth a line.
fn became(state: &PostState, by: &Actor) -> Option<String> {
    Some(match state {
        PostState::Scheduled { .. } if by.is_somebody() => "put back into the queue".to_owned(),
        // A worker is on it, or it waits a little longer.
        PostState::Publishing | PostState::Scheduled { .. } => return None,
        PostState::Published { .. } => "published".to_owned(),
        PostState::Failed { problem } => format!("not published: {}", problem.message),
        PostState::Unconfirmed { finding, .. } => format!("sent, and whether it is out is not known: {finding}"),
        PostState::Held { why, .. } => format!("held: {why}"),
        PostState::Cancelled => "taken back".to_owned(),
        PostState::DryRun => "rehearsed".to_owned(),
    })
}

/// Of an account is told when it begins to work, and when it stops.
pub(in crate::store) fn account(Change { before, after, .. }: Change<'_, Account>, state: &State) -> Option<Deed> {
    let account = after?;
    let worked = before.map(|before| matches!(before.outcome, Outcome::Connected { .. }));
    let verb = match &account.outcome {
        Outcome::Connected { .. } if worked != Some(true) => "works".to_owned(),
        Outcome::Broken { problem } if worked != Some(false) => format!("does not work: {}", problem.message),
        Outcome::Connected { .. } | Outcome::Broken { .. } => return None,
    };
    let (whose, network) = (name(state, &account.character_id), account.network.label());
    Some(Deed {
        kind: "accounts",
        subject: account.character_id.to_string(),
        character_id: Some(account.character_id.clone()),
        words: format!("The account of {whose} on {network} {verb}"),
        several: format!("accounts of {whose} were tested"),
    })
}

pub(in crate::store) fn login(Change { before, after, by }: Change<'_, Login>) -> Option<Deed> {
    let (one, words, several) = match (before, after) {
        (None, Some(new)) => (new, format!("Logged in from {}", new.address), "sessions were begun"),
        (Some(old), None) => {
            let own = matches!(by, Actor::Session { id, .. } if *id == old.id);
            // Those that nobody used any more end by themselves.
            if !by.is_somebody() {
                return None;
            }
            let words = if own { "Logged out".to_owned() } else { format!("A session was ended: {}", old.agent) };
            (old, words, "sessions were ended")
        }
        (Some(_), Some(_)) | (None, None) => return None,
    };
    Some(about_access(one.id.to_string(), words, several))
}

pub(in crate::store) fn token(Change { before, after, .. }: Change<'_, ApiToken>) -> Option<Deed> {
    let (one, words, several) = match (before, after) {
        (None, Some(new)) => {
            let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.key()).collect();
            (new, format!("The token “{}” was made ({})", new.name, scopes.join(", ")), "tokens were made")
        }
        (Some(old), None) => (old, format!("The token “{}” was revoked", old.name), "tokens were revoked"),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    Some(about_access(one.id.to_string(), words, several))
}

fn about_access(subject: String, words: String, several: &str) -> Deed {
    Deed { kind: ACCESS, subject, character_id: None, words, several: several.to_owned() }
}

/// Of a secret is told whose it is, and never what.
pub(in crate::store) fn secret(Change { before, after, by }: Change<'_, SealedSecret>, state: &State) -> Option<Deed> {
    let verb = match (before, after) {
        (None, _) => "set",
        (_, None) => "removed",
        (Some(_), Some(_)) if by.is_somebody() => "changed",
        (Some(_), Some(_)) => "renewed",
    };
    let id = &after.or(before)?.id;
    let (owner, field) = id.rsplit_once('/')?;
    if *id == secrets::PASSWORD {
        return Some(about_access(id.clone(), format!("The password was {verb}"), "passwords were set"));
    }
    if let Some(character) = state.characters.get(owner) {
        let network = if field.starts_with("instagram") { "Instagram" } else { "X" };
        return Some(Deed {
            kind: "accounts",
            subject: character.id.to_string(),
            character_id: Some(character.id.clone()),
            words: format!("A key of {} for {network} was {verb}", character.name),
            several: format!("keys of {} for {network} were {verb}", character.name),
        });
    }
    let words = match field {
        "geminiApiKey" => format!("The key for Gemini was {verb}"),
        field if Credential::ALL.iter().any(|credential| credential.field() == field) => {
            let network = if field.starts_with("instagram") { "Instagram" } else { "X" };
            format!("A key of all characters for {network} was {verb}")
        }
        _ => return None,
    };
    Some(Deed { kind: SETTINGS, subject: id.clone(), character_id: None, words, several: format!("keys were {verb}") })
}

/// Settings are one object, and not a record.
pub(in crate::store) fn settings(before: &State, after: &State, _: &str, _: &Actor) -> Option<Deed> {
    let (old, new): (&Settings, &Settings) = (&before.settings, &after.settings);
    let words = match (old.paused == new.paused, old.dry_run == new.dry_run) {
        (false, _) if new.paused => "Posting was paused".to_owned(),
        (false, _) => "Posting was resumed".to_owned(),
        (true, false) if new.dry_run == Some(true) => "Dry run was switched on".to_owned(),
        (true, false) => "Dry run was switched off".to_owned(),
        (true, true) => {
            let (mut old, mut new) = (fields(old), fields(new));
            // The password's own line says it.
            old.remove("passwordSince");
            new.remove("passwordSince");
            format!("Settings were changed{}", changed_fields(&old, &new)?)
        }
    };
    Some(Deed { kind: SETTINGS, subject: SETTINGS.to_owned(), character_id: None, several: words.clone(), words })
}
