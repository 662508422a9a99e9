//! The machine: the disk, the memory, and the graphics card as ComfyUI tells it.

use chrono::{DateTime, Duration, Utc};

use super::{Check, Health, millis};
use crate::{
    integrations::comfyui::Sight,
    state::AppState,
    vitals::{self, Disk, Machine, Memory},
};

/// With less than this a disk is as good as full.
const NO_ROOM: u64 = 200_000_000;
/// With less than this a person should make room: a training alone takes that much.
const LITTLE_ROOM: u64 = 5_000_000_000;
/// With less than this the system will soon end processes.
const LITTLE_MEMORY: u64 = 300_000_000;

/// Looks at the disk and the memory.
pub(super) async fn look(app: &AppState, now: DateTime<Utc>) {
    let dir = app.store.dir().to_owned();
    if let Ok(seen) = tokio::task::spawn_blocking(move || vitals::look(&dir, now)).await {
        app.vitals.remember(seen);
    }
}

/// How long what was measured of the data folder is believed.
const MEASURED: Duration = Duration::minutes(10);

/// Measures what is stored, unless that was done a short while ago.
pub(super) async fn measure_again(app: &AppState, now: DateTime<Utc>) {
    if app.vitals.storage().is_none_or(|seen| now - seen.at > MEASURED) {
        measure(app, now).await;
    }
}

/// Measures what is stored.
pub(super) async fn measure(app: &AppState, now: DateTime<Utc>) {
    let dir = app.store.dir().to_owned();
    if let Ok(seen) = tokio::task::spawn_blocking(move || vitals::measure(&dir, now)).await {
        app.vitals.measured(seen);
        app.events.tell(crate::service::watching::system("storage"));
    }
}

/// What was last seen of them.
pub(super) fn checks(app: &AppState) -> Vec<Check> {
    let seen = app.vitals.machine();
    let mut checks = cards(app);
    checks.push(disk(app, seen.as_ref()));
    checks.push(memory(seen.as_ref()));
    checks
}

fn cards(app: &AppState) -> Vec<Check> {
    let servers = app.comfy.servers();
    let cards = servers.iter().filter_map(|server| {
        let seen = server.seen();
        let Sight::Up { system, .. } = &seen.sight else { return None };
        let free = format!("{} of {} free", gigabytes(system.vram_free), gigabytes(system.vram_total));
        let (state, detail, hint) = match system.vram_total {
            0 => (Health::Warning, system.device.clone(), "ComfyUI tells of no memory of its own: pictures will take long.".to_owned()),
            _ => (Health::Ok, format!("{}, {free}.", system.device), String::new()),
        };
        let word = "Connected".to_owned();
        Some(Check {
            name: "gpu",
            label: "Graphics card".into(),
            state,
            word,
            checked_at: seen.at,
            latency_ms: seen.took.map(millis),
            detail,
            hint,
        })
    });
    let cards: Vec<_> = cards.collect();
    if !cards.is_empty() {
        return cards;
    }
    let detail = "ComfyUI tells of it when it answers.".to_owned();
    vec![unknown("gpu", "Graphics card", detail)]
}

fn disk(app: &AppState, seen: Option<&Machine>) -> Check {
    let Some(seen) = seen else { return unknown("disk", "Disk", "It was not looked at yet.".into()) };
    let dir = app.store.dir().display();
    let (state, word, detail, hint) = match &seen.disk {
        Err(error) => (Health::Bad, "Error", format!("{dir} cannot be looked at: {error}."), "See whether the disk is there."),
        Ok(Disk { free, total }) => {
            let detail = format!("{} of {} free where {dir} is.", gigabytes(*free), gigabytes(*total));
            match *free {
                free if free < NO_ROOM => (Health::Bad, "Full", detail, "Make room: nothing can be stored when it is full."),
                free if free < LITTLE_ROOM => (Health::Warning, "Low", detail, "Make room before the next training or backup."),
                _ => (Health::Ok, "OK", detail, ""),
            }
        }
    };
    let (checked_at, latency_ms) = (Some(seen.at), Some(millis(seen.took)));
    Check { name: "disk", label: "Disk".into(), state, word: word.into(), checked_at, latency_ms, detail, hint: hint.into() }
}

fn memory(seen: Option<&Machine>) -> Check {
    let Some((at, Memory { ours, available, total })) = seen.and_then(|seen| Some((seen.at, seen.memory?))) else {
        return unknown("memory", "Memory", "The system does not tell of it.".into());
    };
    let detail = format!("{:.0} MB in use by Digital Dalla; {} of {} free.", ours as f64 / 1e6, gigabytes(available), gigabytes(total));
    let (state, word, hint) = match available {
        free if free < LITTLE_MEMORY => (Health::Warning, "Low", "End what is not needed, or the system will end something by itself."),
        _ => (Health::Ok, "OK", ""),
    };
    Check {
        name: "memory",
        label: "Memory".into(),
        state,
        word: word.into(),
        checked_at: Some(at),
        latency_ms: None,
        detail,
        hint: hint.into(),
    }
}

fn unknown(name: &'static str, label: &str, detail: String) -> Check {
    let (state, word, hint) = (Health::Unknown, "Unknown".to_owned(), String::new());
    Check { name, label: label.into(), state, word, checked_at: None, latency_ms: None, detail, hint }
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
