//! Metrics: everything about this process as Prometheus reads it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::status::{self, Health};
use crate::{
    domain::{
        job::{JobStatus, Lane},
        post::PostState,
    },
    meters::Level,
    state::AppState,
    store::State,
    vitals,
};

/// What was counted so far, and how everything stands now. Walks through all jobs and asks the system, so not on a
/// thread others wait for.
pub fn text(app: &AppState, now: DateTime<Utc>) -> String {
    let state = app.store.read();
    let mut levels = store(app, &state);
    levels.extend(jobs(&state));
    levels.extend(posts(&state));
    levels.extend(scheduler(app, &state, now));
    levels.extend(services(app, now));
    levels.extend(process(app));
    app.meters.text(levels)
}

fn plain(name: &'static str, value: f64) -> Level<'static> {
    (name, Vec::new(), value)
}

fn store(app: &AppState, state: &State) -> Vec<Level<'static>> {
    let counts = state.counts().into_iter();
    let mut levels: Vec<_> =
        counts.map(|(collection, count)| ("dalla_store_records", vec![("collection", collection.to_owned())], count as f64)).collect();
    levels.push(plain("dalla_store_journal_bytes", app.store.journal_bytes() as f64));
    levels.push(plain("dalla_store_damaged_files", app.store.health().damaged.len() as f64));
    levels
}

/// Counted one by one: nobody else asks for both, and no index has to be kept up with every job.
fn jobs(state: &State) -> Vec<Level<'static>> {
    let mut counts: BTreeMap<(&'static str, &'static str), u32> = BTreeMap::new();
    // All of them, so that one that has become none is told as none.
    counts.extend(Lane::ALL.into_iter().flat_map(|lane| JobStatus::KEYS.map(|status| ((lane.key(), status), 0))));
    for job in state.jobs.iter() {
        *counts.entry((job.work.lane().key(), job.status.key())).or_default() += 1;
    }
    let level = |((lane, status), count): ((&'static str, &'static str), u32)| {
        ("dalla_jobs", vec![("lane", lane.to_owned()), ("state", status.to_owned())], f64::from(count))
    };
    counts.into_iter().map(level).collect()
}

fn posts(state: &State) -> Vec<Level<'static>> {
    let count = |key: &str| state.posts.count("state", key) as f64;
    PostState::KEYS.iter().map(|(key, _)| ("dalla_posts", vec![("state", (*key).to_owned())], count(key))).collect()
}

fn scheduler(app: &AppState, state: &State, now: DateTime<Utc>) -> Vec<Level<'static>> {
    let mut levels = vec![plain("dalla_scheduler_paused", f64::from(u8::from(state.settings.paused)))];
    if let Some(last) = app.agenda.last() {
        levels.push(plain("dalla_scheduler_last_tick_age_seconds", (now - last).as_seconds_f64()));
    }
    levels
}

/// What is not set up, or was not looked at yet, is neither up nor down.
fn services(app: &AppState, now: DateTime<Utc>) -> Vec<Level<'static>> {
    let up = |health| match health {
        Health::Ok | Health::Warning => Some(1.0),
        Health::Bad => Some(0.0),
        Health::Off | Health::Unknown => None,
    };
    let mut levels: Vec<Level<'static>> = Vec::new();
    for check in status::checks(app, now) {
        let Some(value) = up(check.state) else { continue };
        let labels = vec![("service", check.name.to_owned())];
        // Of several servers of a kind, one that works is enough.
        match levels.iter_mut().find(|(_, known, _)| *known == labels) {
            Some(known) => known.2 = known.2.max(value),
            None => levels.push(("dalla_service_up", labels, value)),
        }
    }
    levels
}

fn process(app: &AppState) -> Vec<Level<'static>> {
    let mut levels = vec![
        ("dalla_build_info", vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0),
        plain("dalla_uptime_seconds", app.vitals.started.elapsed().as_secs_f64()),
        plain("dalla_event_watchers", app.events.watchers() as f64),
    ];
    if let Some(memory) = vitals::memory() {
        levels.push(plain("process_resident_memory_bytes", memory.ours as f64));
    }
    if let Some(Ok(disk)) = app.vitals.machine().map(|machine| machine.disk) {
        levels.push(plain("dalla_disk_free_bytes", disk.free as f64));
    }
    levels
}
