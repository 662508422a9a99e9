//! What is ours: the store and the scheduler.

use chrono::{DateTime, Utc};

use super::{Check, Health, millis};
use crate::{service::schedules, state::AppState, store::StoreHealth};

/// The store: its files, and how it went the last time something was written.
pub(super) fn store(app: &AppState, now: DateTime<Utc>) -> Check {
    let StoreHealth { damaged, secrets_locked } = app.store.health();
    let written = app.store.last_write();
    let checked_at = written.as_ref().and_then(|beat| chrono::Duration::from_std(beat.at.elapsed()).ok()).map(|ago| now - ago);
    let latency_ms = written.as_ref().map(|beat| millis(beat.took));
    let failed = written.and_then(|beat| beat.failed);
    let damaged: Vec<_> = damaged.iter().map(ToString::to_string).collect();
    let (state, word, detail, hint) = match (damaged.is_empty(), failed, secrets_locked) {
        (false, _, _) => {
            (Health::Bad, "Error", damaged.join(" "), "Stop the server, mend the file or put a copy in its place, and start again.")
        }
        (true, Some(error), _) => (
            Health::Bad,
            "Error",
            format!("Nothing could be stored the last time it was tried: {error}."),
            "Make room on the disk, and see whether the data folder may be written to. Nothing that was stored is lost.",
        ),
        (true, None, Some(why)) => (Health::Warning, "OK", why, "Put the secret key back where it was, or enter the keys again."),
        (true, None, None) => (Health::Ok, "OK", counts(app), ""),
    };
    Check { name: "database", label: "Store".into(), state, word: word.into(), checked_at, latency_ms, detail, hint: hint.into() }
}

fn counts(app: &AppState) -> String {
    let state = app.store.read();
    format!(
        "Characters: {}, pictures: {}, prompts: {}, jobs: {}.",
        state.characters.len(),
        state.content.len(),
        state.prompts.len(),
        state.jobs.len()
    )
}

/// The scheduler: whether its clock ticks.
pub(super) fn scheduler(app: &AppState, now: DateTime<Utc>) -> Check {
    let state = app.store.read();
    let summary = schedules::summary(&state);
    let tasks = format!("{} of {} tasks are active.", summary.active, summary.total);
    let (standing, word, detail, hint) = match (schedules::behind(app, now), state.settings.paused, app.agenda.last()) {
        (Some(why), _, _) => (Health::Bad, "Stopped", why, "See whether the clock of this machine is right.".to_owned()),
        (None, true, _) => (Health::Warning, "Paused", tasks, "Resume on the page of schedules.".to_owned()),
        (None, false, None) => (Health::Unknown, "Stopped", "It has not looked for due tasks yet.".to_owned(), String::new()),
        (None, false, Some(_)) => (Health::Ok, "Running", tasks, String::new()),
    };
    Check {
        name: "scheduler",
        label: "Schedules".into(),
        state: standing,
        word: word.into(),
        checked_at: app.agenda.last(),
        latency_ms: None,
        detail,
        hint,
    }
}
