//! Notifications: made from what changes in the store, each once, by one watcher; and what people do with them.
//!
//! What is told of a thing follows from how it stands, and its id from what is told. So looking twice, or looking
//! again after a restart, makes nothing twice, and what was missed while nobody watched is made up for.

mod notices;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use tokio::sync::broadcast::error::RecvError;

use self::notices::Notice;
use crate::{
    domain::{
        notification::{Delivery, KEPT, Notification, NotificationId, NotificationKind, Subject},
        problem::{Kind, Problem},
        run::RunState,
    },
    error::Error,
    state::AppState,
    store::{Changed, State},
};

/// How far back failed jobs are made up for when there is no notification yet.
const FIRST_LOOK: Duration = Duration::days(1);

/// How many of the newest failed jobs are looked at after a pause.
const FAILED_JOBS: usize = 200;

/// Makes notifications from what changes, until the store is closed.
pub async fn watch(app: AppState) {
    let mut changes = app.store.changes();
    // At the start, and whenever some changes were missed, everything is looked at.
    let mut behind = true;
    loop {
        if behind {
            let subjects = everything(&app.store.read(), Utc::now());
            behind = !look(&app, &subjects).await;
        }
        match changes.recv().await {
            Ok(changed) => {
                let subjects = about(&app.store.read(), &changed);
                behind |= !look(&app, &subjects).await;
            }
            Err(RecvError::Lagged(_)) => behind = true,
            Err(RecvError::Closed) => return,
        }
    }
}

/// What a round of changes may be worth telling of.
fn about(state: &State, changed: &[Changed]) -> Vec<Subject> {
    let mut subjects: Vec<_> = changed.iter().filter_map(|change| subject_of(state, change)).collect();
    // Many pictures are one review.
    subjects.dedup();
    subjects
}

fn subject_of(state: &State, change: &Changed) -> Option<Subject> {
    match change.collection {
        "posts" => Some(Subject::Post { id: change.id.as_str().into() }),
        "accounts" => Some(Subject::Account { id: change.id.clone() }),
        "content" => Some(Subject::Review),
        "runs" => match state.runs.get(&change.id).map(|run| &run.state) {
            Some(RunState::Missed { .. }) => Some(Subject::Missed),
            Some(RunState::Failed { .. }) | None => Some(Subject::Run { id: change.id.as_str().into() }),
            Some(RunState::Running { .. } | RunState::Ok | RunState::DryRun | RunState::Skipped { .. }) => None,
        },
        // Most changes of a job are its progress, which is nothing to tell of.
        "jobs" => {
            let ended = state.jobs.get(&change.id).is_none_or(|job| job.status.is_final());
            let subject = Subject::Job { id: change.id.as_str().into() };
            (ended || state.notifications.count("open", &subject.key()) > 0).then_some(subject)
        }
        _ => None,
    }
}

/// Everything that may be worth telling of, and everything told of that may be over.
fn everything(state: &State, now: DateTime<Utc>) -> Vec<Subject> {
    let newest = state.notifications.iter().map(|told| told.at).max();
    // A minute, because two changes at almost the same moment may have been told in the other order.
    let since = newest.map_or(now - FIRST_LOOK, |newest| newest - Duration::minutes(1));
    let posts = super::publishing::needing_a_person(state).into_iter().map(|post| Subject::Post { id: post.id.clone() });
    let jobs = state.jobs.indexed("status", "failed").take(FAILED_JOBS);
    let jobs = jobs.filter(|job| job.finished_at.is_some_and(|at| at >= since)).map(|job| Subject::Job { id: job.id.clone() });
    let runs = state.runs.indexed("state", "failed").take(FAILED_JOBS);
    let runs = runs.filter(|run| run.finished_at.is_some_and(|at| at >= since)).map(|run| Subject::Run { id: run.id.clone() });
    let accounts = state.accounts.iter().map(|account| Subject::Account { id: account.id.clone() });
    let open = state.notifications.iter().filter(|told| told.over_at.is_none()).map(|told| told.subject.clone());
    posts.chain(jobs).chain(runs).chain(accounts).chain(open).chain([Subject::Review, Subject::Missed]).collect()
}

/// Looks at how each subject stands, and notes what is new about it. Answers whether that could be stored.
async fn look(app: &AppState, subjects: &[Subject]) -> bool {
    let state = app.store.read();
    let now = Utc::now();
    let subjects: Vec<_> = subjects.iter().filter(|subject| !news(&state, subject, now).is_empty()).cloned().collect();
    if subjects.is_empty() {
        return true;
    }
    let written = app
        .store
        .write(move |tx| {
            let mut told: Vec<_> = subjects.iter().flat_map(|subject| news(tx.state(), subject, now)).collect();
            // What was missed for a while comes in the order in which it happened.
            told.sort_by_key(|told| told.at);
            told.into_iter().try_for_each(|told| tx.put(told))?;
            while tx.table::<Notification>().len() > KEPT {
                let Some(oldest) = tx.table::<Notification>().iter().next().map(|oldest| oldest.id.clone()) else { break };
                tx.delete::<Notification>(oldest.as_str())?;
            }
            Ok::<_, Error>(())
        })
        .await;
    match written {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "notifications could not be stored; they are made up for with the next change");
            false
        }
    }
}

/// The notifications of a subject that have to be stored for it to be told as it stands; mostly none.
fn news(state: &State, subject: &Subject, now: DateTime<Utc>) -> Vec<Notification> {
    let key = subject.key();
    let open = state.notifications.indexed("open", &key).map(|told| Notification::clone(told));
    let Some(notice) = notices::of(state, subject) else { return closed(open, now) };
    let id = Notification::id_of(notice.kind, subject, &notice.moment);
    if state.notifications.get(id.as_str()).is_some() {
        return Vec::new();
    }
    match notice.kind {
        NotificationKind::Review | NotificationKind::RunMissed => match state.notifications.indexed("subject", &key).next() {
            // As long as nobody has looked, it says how many there are by now.
            Some(told) if told.is_unread() && told.over_at.is_none() => {
                let newer = Notification { title: notice.title, at: told.at.max(notice.at), ..Notification::clone(told) };
                if newer == **told { Vec::new() } else { vec![newer] }
            }
            Some(told) if told.at >= notice.at => Vec::new(),
            _ => renewed(state, open, subject, id, notice, now),
        },
        // It is told once that it broke, however often that is seen.
        NotificationKind::AccountBroken if state.notifications.count("open", &key) > 0 => Vec::new(),
        _ => renewed(state, open, subject, id, notice, now),
    }
}

fn closed(open: impl Iterator<Item = Notification>, now: DateTime<Utc>) -> Vec<Notification> {
    let close = |mut told: Notification| {
        told.close(now);
        told
    };
    open.map(close).collect()
}

/// A new notification takes the place of those of its subject that are open.
fn renewed(
    state: &State,
    open: impl Iterator<Item = Notification>,
    subject: &Subject,
    id: NotificationId,
    notice: Notice,
    now: DateTime<Utc>,
) -> Vec<Notification> {
    let mut told = closed(open, now);
    let Notice { kind, at, title, words, character_id, .. } = notice;
    let delivery = (!state.settings.webhook_url.is_empty()).then(|| Delivery::due(now));
    told.push(Notification { id, kind, subject: subject.clone(), title, words, character_id, at, read_at: None, over_at: None, delivery });
    told
}

/// Some notifications of a longer list, newest first.
#[derive(Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub notifications: Vec<Arc<Notification>>,
    /// How many there are in all.
    pub total: usize,
    /// Ask with this for what comes after.
    pub next: Option<NotificationId>,
}

/// Notifications, or only those nobody has read, newest first, after the notification `cursor`.
pub fn page(state: &State, only_unread: bool, cursor: Option<&NotificationId>, limit: usize) -> Result<Page, Error> {
    let table = &state.notifications;
    let lost = || Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.");
    let start = cursor.map_or(Ok(u64::MAX), |id| table.position_of(id.as_str()).ok_or_else(lost))?;
    let (walk, total): (Box<dyn Iterator<Item = &Arc<Notification>>>, usize) = match only_unread {
        true => (Box::new(table.indexed_before("unread", "true", start)), table.count("unread", "true")),
        false => (Box::new(table.before(start)), table.len()),
    };
    let mut notifications: Vec<_> = walk.take(limit + 1).cloned().collect();
    let more = notifications.len() > limit;
    notifications.truncate(limit);
    let next = notifications.last().filter(|_| more).map(|told| told.id.clone());
    Ok(Page { notifications, total, next })
}

/// How many nobody has read.
pub fn unread(state: &State) -> usize {
    state.notifications.count("unread", "true")
}

/// Which notifications a person has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All there are.
    All,
    /// These; those that are gone are passed over.
    These(Vec<NotificationId>),
}

/// Notes that a person has read them. Answers how many were unread before.
pub async fn read(app: &AppState, which: Which, now: DateTime<Utc>) -> Result<usize, Error> {
    if matches!(&which, Which::These(ids) if ids.len() > KEPT) {
        return Err(Problem::invalid("ids", format!("Name at most {KEPT} notifications.")).into());
    }
    app.store
        .write(move |tx| {
            let table = tx.table::<Notification>();
            let wanted: Vec<_> = match which {
                Which::All => table.indexed("unread", "true").map(|told| Notification::clone(told)).collect(),
                Which::These(ids) => ids
                    .iter()
                    .filter_map(|id| table.get(id.as_str()))
                    .filter(|told| told.is_unread())
                    .map(|told| Notification::clone(told))
                    .collect(),
            };
            let count = wanted.len();
            for mut told in wanted {
                told.read_at = Some(now);
                tx.put(told)?;
            }
            Ok(count)
        })
        .await
}
