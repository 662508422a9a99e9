//! The truth about the system: what was looked at, when, and what to do. Never waits for an outside service: what is
//! told is what the last look saw.

mod machine;
mod networks;
mod own;
mod services;

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::state::AppState;

/// How often something is written to see whether it can be, when nothing is written anyway.
const WRITE_AGAIN: Duration = Duration::from_secs(300);

/// Parts the flat map does not speak of.
const BESIDE: [&str; 3] = ["gpu", "disk", "memory"];

/// How a part of the system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It works.
    Ok,
    /// It works, and something should be done.
    Warning,
    /// It does not work.
    Bad,
    /// It is not set up.
    Off,
    /// Nobody has looked yet.
    Unknown,
}

/// One part of the system.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SystemCheck)]
pub struct Check {
    /// As the flat map has it.
    pub name: &'static str,
    /// As a page says it.
    pub label: String,
    /// How it is.
    pub state: Health,
    /// In one of the words of the contract.
    pub word: String,
    /// When it was looked at.
    pub checked_at: Option<DateTime<Utc>>,
    /// How long the answer took.
    pub latency_ms: Option<u64>,
    /// What was seen.
    pub detail: String,
    /// What to do; empty when there is nothing to do.
    pub hint: String,
}

/// Looks at everything now, all at once. What was wrong is part of what the checks tell.
pub async fn look(app: &AppState, now: DateTime<Utc>) {
    let _ = tokio::join!(
        super::models::look(app, now),
        super::gemini::test(app, now),
        super::trainings::look(app, now),
        app.store.probe(),
        machine::look(app, now),
        machine::measure(app, now),
        networks::look(app, now),
    );
    app.events.tell(super::watching::system("status"));
}

/// What is looked at again and again so that nobody has to: what costs nothing.
pub async fn look_around(app: &AppState, now: DateTime<Utc>) {
    app.meters.tidy();
    machine::look(app, now).await;
    machine::measure_again(app, now).await;
    if app.store.last_write().is_none_or(|beat| beat.at.elapsed() > WRITE_AGAIN) {
        // How it went is part of what the check tells.
        let _ = app.store.probe().await;
    }
    networks::look_again(app, now).await;
}

/// Every part that can be looked at.
pub fn checks(app: &AppState, now: DateTime<Utc>) -> Vec<Check> {
    let mut checks = vec![own::store(app, now)];
    checks.extend(services::comfyui(app));
    checks.push(own::scheduler(app, now));
    checks.push(services::gemini(app, now));
    checks.extend(networks::checks(app, now));
    checks.push(services::trainer(app));
    checks.extend(machine::checks(app));
    checks
}

/// The words of the contract by name: of several ComfyUI servers, the best.
pub fn words(checks: &[Check]) -> BTreeMap<&'static str, String> {
    let mut words = BTreeMap::new();
    for check in checks.iter().filter(|check| !BESIDE.contains(&check.name)) {
        let better = !words.contains_key(check.name) || check.state == Health::Ok;
        if better {
            words.insert(check.name, check.word.clone());
        }
    }
    words
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}
