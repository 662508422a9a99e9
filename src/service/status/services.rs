//! The services beside us: ComfyUI, Gemini, the trainer.

use chrono::{DateTime, Utc};

use super::{Check, Health, millis};
use crate::{
    integrations::comfyui::{Server, Sight},
    service::{
        gemini::{self, KeyInForce},
        trainings,
    },
    state::AppState,
};

/// Each ComfyUI server.
pub(super) fn comfyui(app: &AppState) -> Vec<Check> {
    let several = app.comfy.servers().len() > 1;
    let one = |server: &Server| {
        let seen = server.seen();
        let failed = "Connection Failed".to_owned();
        let (state, word, detail, hint) = match &seen.sight {
            Sight::Unknown => (Health::Unknown, failed, "It has not answered yet.".to_owned(), String::new()),
            Sight::Up { system, .. } => {
                (Health::Ok, "Connected".to_owned(), format!("Version {}, {}", system.version, system.device), String::new())
            }
            Sight::Down { error } => {
                // What to do about it in the browser, the error says itself.
                let word = error.status().map_or(failed, |status| format!("Error (Status: {status})"));
                (Health::Bad, word, error.to_string(), "Its address can also be set as COMFYUI_URL.".to_owned())
            }
        };
        let label = if several { format!("ComfyUI {}", server.comfy.address()) } else { "ComfyUI".into() };
        Check { name: "comfyui", label, state, word, checked_at: seen.at, latency_ms: seen.took.map(millis), detail, hint }
    };
    app.comfy.servers().iter().map(|server| one(server)).collect()
}

/// Who writes.
pub(super) fn gemini(app: &AppState, now: DateTime<Utc>) -> Check {
    let standing = app.gemini.standing();
    let model = gemini::model(app);
    let tokens = tokens_this_month(app, now);
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
        (_, Some(problem)) => (Health::Bad, "Configured", format!("{problem}{used}"), String::new()),
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

/// Who trains.
pub(super) fn trainer(app: &AppState) -> Check {
    let launcher = trainings::trainer(app, &app.store.read()).launcher;
    let seen = launcher.as_ref().and_then(|launcher| app.trainer.last(launcher));
    let checked_at = seen.as_ref().map(|seen| seen.at);
    let latency_ms = seen.as_ref().map(|seen| millis(seen.took));
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
    Check { name: "lora_trainer", label: "Trainer".into(), state, word: word.into(), checked_at, latency_ms, detail, hint }
}

/// What the calls to Gemini cost in the last thirty days, from the jobs that made them.
fn tokens_this_month(app: &AppState, now: DateTime<Utc>) -> u64 {
    let since = now - chrono::Duration::days(30);
    let state = app.store.read();
    let jobs = state.jobs.newest().take_while(|job| job.created_at >= since);
    jobs.flat_map(|job| job.work.usage()).map(crate::domain::words::Usage::tokens).sum()
}
