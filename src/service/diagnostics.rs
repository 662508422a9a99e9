//! Diagnostics: everything somebody needs who is asked for help, as text, and nothing that is secret.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    jobs,
    logs::{self, Filter, Veil},
    settings,
    status::{self, Health},
};
use crate::{domain::job::JobStatus, state::AppState, store::State, vitals};

/// How many lines of the log are in it.
const LINES: usize = 200;

/// How many failed jobs are in it.
const FAILED: usize = 10;

/// The text. Asks the system, so not on a thread others wait for.
pub fn text(app: &AppState, now: DateTime<Utc>) -> String {
    let state = app.store.read();
    let mut text = format!("Digital Dalla {}, {}\n", env!("CARGO_PKG_VERSION"), exact(now));
    part(&mut text, "Platform", &platform(app));
    part(&mut text, "Checks", &checks(app, now));
    part(&mut text, "Settings", &settings_in_force(app, &state));
    let counts = state.counts().iter().map(|(collection, count)| format!("{collection}: {count}")).collect::<Vec<_>>();
    part(&mut text, "Records", &counts);
    part(&mut text, "Last failed jobs", &failed(&state));
    part(&mut text, "Log", &log(app));
    // Once more over all of it: what a service answered may be in a reason, too.
    Veil::new(app).over(&text).into_owned()
}

fn part(text: &mut String, title: &str, lines: &[String]) {
    let _ = write!(text, "\n== {title}\n");
    if lines.is_empty() {
        text.push_str("(nothing)\n");
    }
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
}

fn platform(app: &AppState) -> Vec<String> {
    let up = app.vitals.started.elapsed().as_secs();
    vec![
        vitals::platform(),
        format!("running for {} h {} min{}", up / 3600, up / 60 % 60, if app.config.sandbox { ", in the sandbox" } else { "" }),
        format!("journal: {} bytes; watchers: {}", app.store.journal_bytes(), app.events.watchers()),
    ]
}

fn checks(app: &AppState, now: DateTime<Utc>) -> Vec<String> {
    let lines = status::checks(app, now).into_iter().map(|check| {
        let state = match check.state {
            Health::Ok => "ok",
            Health::Warning => "warning",
            Health::Bad => "bad",
            Health::Off => "off",
            Health::Unknown => "unknown",
        };
        let at = check.checked_at.map(|at| format!(" at {}", exact(at))).unwrap_or_default();
        let took = check.latency_ms.map(|took| format!(" in {took} ms")).unwrap_or_default();
        format!("{} [{state}, {}{at}{took}] {} {}", check.label, check.word, check.detail, check.hint).trim_end().to_owned()
    });
    lines.collect()
}

/// Names and values; of what may be secret or lead to somebody only whether it is set.
fn settings_in_force(app: &AppState, state: &State) -> Vec<String> {
    let config = &app.config;
    let is_set = |set: bool| if set { "set" } else { "not set" };
    let mut lines: Vec<_> = settings::view(app)
        .into_iter()
        .map(|(name, value)| match name {
            // Their addresses may hold passwords, or be passwords.
            "geminiApiKey"
            | "webhookSecret"
            | "webhookUrl"
            | "instagramApiKey"
            | "twitterAppKey"
            | "twitterAppSecret"
            | "twitterAccessToken"
            | "twitterAccessSecret" => format!("{name}: {}", is_set(!value.is_empty())),
            "comfyuiUrl" => {
                format!("{name}: {}", app.comfy.servers().iter().map(|server| server.comfy.address()).collect::<Vec<_>>().join(","))
            }
            _ => format!("{name}: {}", value.replace('\n', ", ")),
        })
        .collect();
    lines.extend([
        format!("listen: {}", config.listen),
        format!("publicListen: {}", config.public_listen.map(|at| at.to_string()).unwrap_or_default()),
        format!("log: {}", config.log),
        format!("bucket: {}", is_set(app.bucket.is_some())),
        format!("password: {}", is_set(state.has_password())),
        format!(
            "allowedHosts: {}, corsOrigins: {}, trustedProxies: {}",
            config.allowed_hosts.len(),
            config.cors_origins.len(),
            config.trusted_proxies.len()
        ),
        format!("networkKeys in the environment: {}", config.network_keys.len()),
        format!(
            "waitLimit: {} s, uploadLimit: {} bytes, pictureLimit: {} bytes",
            config.wait_limit.as_secs(),
            config.upload_limit,
            config.picture_limit
        ),
    ]);
    lines
}

fn failed(state: &State) -> Vec<String> {
    let line = |job: &std::sync::Arc<crate::domain::job::Job>| match &job.status {
        JobStatus::Failed { problem } => {
            Some(format!("{} {} ({}, {} attempts): {}", exact(job.updated_at), job.work.label(), job.id, job.attempts, problem.message))
        }
        _ => None,
    };
    jobs::failed(state, FAILED).iter().filter_map(line).collect()
}

fn log(app: &AppState) -> Vec<String> {
    let lines = logs::page(app, Filter::default(), LINES).lines;
    let millis = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    lines.iter().map(|line| format!("{} {} {}: {}", millis(line.at), line.level.key().to_uppercase(), line.target, line.words)).collect()
}

fn exact(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
