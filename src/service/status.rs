//! The truth about the system: what was looked at, when, and what to do. Never waits for an outside service: what is
//! told is what the last look saw.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::gemini::{self, KeyInForce};
use crate::{integrations::comfyui::Sight, state::AppState};

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

/// Looks at every outside service now. What was wrong is part of what the checks tell.
pub async fn look(app: &AppState, now: DateTime<Utc>) {
    super::models::look(app, now).await;
    let _ = gemini::test(app, now).await;
}

/// Every part that can be looked at.
pub fn checks(app: &AppState, now: DateTime<Utc>) -> Vec<Check> {
    let mut checks = vec![database(app, now)];
    checks.extend(comfyui(app));
    checks.push(scheduler(app, now));
    checks.push(gemini(app));
    checks.push(trainer(app));
    checks
}

/// The words of the contract by name: of several ComfyUI servers, the best.
pub fn words(checks: &[Check]) -> serde_json::Map<String, serde_json::Value> {
    let mut words = serde_json::Map::new();
    for check in checks {
        let better = words.get(check.name).is_none() || check.state == Health::Ok;
        if better {
            words.insert(check.name.into(), check.word.clone().into());
        }
    }
    words
}

fn database(app: &AppState, now: DateTime<Utc>) -> Check {
    let health = app.store.health();
    let state = app.store.read();
    let counts = format!(
        "{} characters, {} pictures, {} prompts, {} jobs",
        state.characters.len(),
        state.content.len(),
        state.prompts.len(),
        state.jobs.len()
    );
    let damaged: Vec<_> = health.damaged.iter().map(ToString::to_string).collect();
    let (standing, word, detail, hint) = match (damaged.is_empty(), health.secrets_locked) {
        (false, _) => (
            Health::Bad,
            "Error",
            damaged.join(" "),
            "Stop the server, mend the file or put a copy in its place, and start again.".to_owned(),
        ),
        (true, Some(why)) => (Health::Warning, "OK", why, "Put the secret key back where it was, or enter the keys again.".to_owned()),
        (true, None) => (Health::Ok, "OK", counts, String::new()),
    };
    Check {
        name: "database",
        label: "Store".into(),
        state: standing,
        word: word.into(),
        checked_at: Some(now),
        latency_ms: None,
        detail,
        hint,
    }
}

fn comfyui(app: &AppState) -> Vec<Check> {
    let several = app.comfy.servers().len() > 1;
    let one = |server: &crate::integrations::comfyui::Server| {
        let seen = server.seen();
        let failed = "Connection Failed".to_owned();
        let (state, word, detail, hint) = match &seen.sight {
            Sight::Unknown => (Health::Unknown, failed, "It has not answered yet.".to_owned(), String::new()),
            Sight::Up { system, .. } => {
                (Health::Ok, "Connected".to_owned(), format!("Version {}, {}", system.version, system.device), String::new())
            }
            Sight::Down { error } => {
                let word = error.status().map_or(failed, |status| format!("Error (Status: {status})"));
                (Health::Bad, word, error.to_string(), "Start ComfyUI, or set COMFYUI_URL to where it listens.".to_owned())
            }
        };
        let label = if several { format!("ComfyUI {}", server.comfy.address()) } else { "ComfyUI".into() };
        Check { name: "comfyui", label, state, word, checked_at: seen.at, latency_ms: seen.took.map(millis), detail, hint }
    };
    app.comfy.servers().iter().map(|server| one(server)).collect()
}

fn scheduler(app: &AppState, now: DateTime<Utc>) -> Check {
    let state = app.store.read();
    let summary = super::schedules::summary(&state);
    let tasks = format!("{} of {} tasks are active.", summary.active, summary.total);
    let (standing, word, detail, hint) = match (super::schedules::behind(app, now), state.settings.paused, app.agenda.last()) {
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

fn gemini(app: &AppState) -> Check {
    let standing = app.gemini.standing();
    let model = gemini::model(app);
    let tokens = tokens_this_month(app, Utc::now());
    let used = if tokens > 0 { format!(" {tokens} tokens used this month.") } else { String::new() };
    let (state, word, detail, hint) = match (gemini::key_in_force(app), &standing.problem) {
        (KeyInForce::None, _) => (
            Health::Off,
            "Not Configured",
            "Templates write captions and prompts.".to_owned(),
            "Set a key under Settings to let Gemini write.".to_owned(),
        ),
        (KeyInForce::Locked, _) => (
            Health::Bad,
            "Configured",
            "The stored key cannot be unsealed.".to_owned(),
            "Put the secret key back, or enter the Gemini key again.".into(),
        ),
        (_, Some(problem)) if problem.is_passing() => {
            (Health::Warning, "Configured", format!("{problem}{used}"), "Templates write until it answers again.".into())
        }
        (_, Some(problem)) => (Health::Bad, "Configured", format!("{problem}{used}"), "See Settings.".into()),
        (_, None) if standing.checked_at.is_none() => {
            (Health::Unknown, "Configured", format!("The key was not tested yet.{used}"), String::new())
        }
        (_, None) => match standing.models.iter().find(|one| one.name == model) {
            Some(one) => match &one.warning {
                Some(warning) => (
                    Health::Warning,
                    "Configured",
                    format!("{model} will not stay: {warning}.{used}"),
                    "Choose another model under Settings.".into(),
                ),
                None => (Health::Ok, "Configured", format!("{model} writes.{used}"), String::new()),
            },
            None => (
                Health::Bad,
                "Configured",
                format!("Gemini does not have the model {model}."),
                "Choose another model under Settings.".into(),
            ),
        },
    };
    let latency = standing.checked_at.map(|_| millis(standing.latency));
    Check {
        name: "gemini_api",
        label: "Gemini".into(),
        state,
        word: word.into(),
        checked_at: standing.checked_at,
        latency_ms: latency,
        detail,
        hint,
    }
}

fn trainer(app: &AppState) -> Check {
    let launcher = super::trainings::trainer(app, &app.store.read()).launcher;
    let seen = launcher.as_ref().and_then(|launcher| app.trainer.last(launcher));
    let checked_at = seen.as_ref().map(|seen| seen.at);
    let (state, word, detail, hint) = match (launcher, seen.map(|seen| seen.seen)) {
        (None, _) => (
            Health::Off,
            "Not Configured",
            "LoRAs cannot be trained.".to_owned(),
            "Set the folder of kohya's sd-scripts under Settings to train them.".to_owned(),
        ),
        (Some(_), None) => (Health::Unknown, "Configured", "It was not looked at yet.".to_owned(), String::new()),
        (Some(_), Some(Ok(what))) => (Health::Ok, "Configured", format!("{what}."), String::new()),
        (Some(_), Some(Err(words))) => (Health::Bad, "Configured", words, "See Settings.".to_owned()),
    };
    Check { name: "lora_trainer", label: "Trainer".into(), state, word: word.into(), checked_at, latency_ms: None, detail, hint }
}

/// What the calls to Gemini cost in the last thirty days, from the jobs that made them.
fn tokens_this_month(app: &AppState, now: DateTime<Utc>) -> u64 {
    let since = now - chrono::Duration::days(30);
    let state = app.store.read();
    let jobs = state.jobs.newest().take_while(|job| job.created_at >= since);
    jobs.flat_map(|job| job.work.usage()).map(crate::domain::words::Usage::tokens).sum()
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}
