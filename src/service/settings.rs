//! Settings of the installation: what a person may set while it runs.

use std::collections::BTreeMap;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::{
    gemini::{self, KEY, KeyInForce, OWNER},
    trainings::{self, TrainerChange},
    webhooks,
};
use crate::{
    domain::{
        backup::MOST_KEPT,
        character::NewSecret,
        problem::{Checks, Problem},
        secret::Mask,
        sent::Sent,
        settings::Fit,
        template::{self, Templates},
    },
    error::Error,
    state::AppState,
    store::{SecretState, State},
};

/// Most templates of a kind.
const MOST_TEMPLATES: usize = 200;
/// Longest template, in characters.
const LONGEST_TEMPLATE: usize = 1_000;

/// What a request says of the settings. The names the older apps used are understood.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SettingsChange {
    /// Secret. The mask keeps it, `null` or an empty text clears it.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "GEMINI_API_KEY", alias = "gemini_api_key")]
    pub gemini_api_key: Sent<NewSecret>,
    /// Whether everything happens except the calls that make posts public: `true` or `false`.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "dry_run", alias = "DRY_RUN")]
    pub dry_run: Sent<Flag>,
    /// Minutes between two posts of one account, 0–1440.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "gap_minutes")]
    pub gap_minutes: Sent<Number>,
    /// How many backups stay when a new one was made, 1–365; those marked to be kept do not count.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "backups_kept")]
    pub backups_kept: Sent<Number>,
    /// How a picture gets the shape a network wants: `crop`, `pad` or `fit`.
    #[schema(value_type = Option<String>)]
    pub fit: Sent<String>,
    /// Where notifications are sent: an http or https address. `null` or an empty text for nowhere.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "webhook_url")]
    pub webhook_url: Sent<String>,
    /// Secret: what they are signed with. The mask keeps it, `null` or an empty text clears it.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "webhook_secret")]
    pub webhook_secret: Sent<NewSecret>,
    /// As Gemini lists it; empty for the usual one.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "GEMINI_MODEL", alias = "gemini_model")]
    pub gemini_model: Sent<String>,
    /// Where LoRAs are trained.
    #[serde(flatten)]
    pub trainer: TrainerChange,
}

/// Yes or no, as a value of its own or as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Texts<bool>")]
pub struct Flag(pub Option<bool>);

/// A number, as a value of its own or as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Texts<u32>")]
pub struct Number(pub Option<u32>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text")]
enum Texts<T> {
    Value(T),
    Text(String),
}

impl From<Texts<bool>> for Flag {
    fn from(text: Texts<bool>) -> Self {
        Self(match text {
            Texts::Value(value) => Some(value),
            Texts::Text(text) => match text.trim().to_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Some(true),
                "false" | "off" | "no" | "0" => Some(false),
                _ => None,
            },
        })
    }
}

impl From<Texts<u32>> for Number {
    fn from(text: Texts<u32>) -> Self {
        Self(match text {
            Texts::Value(value) => Some(value),
            Texts::Text(text) => text.trim().parse().ok(),
        })
    }
}

/// Whether posts are rehearsals, in all: so it is at first, except where nothing can leave the machine.
pub fn is_dry_run(app: &AppState, state: &State) -> bool {
    state.settings.dry_run.unwrap_or(!app.config.sandbox)
}

/// The settings as the API shows them: a flat map of texts, secrets masked.
pub fn view(app: &AppState) -> BTreeMap<&'static str, String> {
    let state = app.store.read();
    let key = match gemini::key_in_force(app) {
        KeyInForce::Stored(mask) | KeyInForce::Environment(mask) => mask.as_str().to_owned(),
        KeyInForce::Locked => "••••••••".to_owned(),
        KeyInForce::None => String::new(),
    };
    let comfy: Vec<_> = app.config.comfyui.iter().map(|url| url.as_str().trim_end_matches('/')).collect();
    let mut view = trainings::settings_view(app, &state);
    view.extend([
        (KEY, key),
        ("geminiModel", gemini::model(app)),
        ("dryRun", is_dry_run(app, &state).to_string()),
        ("paused", state.settings.paused.to_string()),
        ("gapMinutes", state.settings.gap().num_minutes().to_string()),
        ("backupsKept", super::backups::kept(&state).to_string()),
        ("fit", state.settings.fit.key().to_owned()),
        ("publicUrl", app.config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()).unwrap_or_default()),
        ("timezone", app.timezone.to_string()),
        ("comfyuiUrl", comfy.join(",")),
        ("webhookUrl", state.settings.webhook_url.clone()),
        (webhooks::SECRET, webhook_secret(app).unwrap_or_default()),
    ]);
    view
}

/// Changes the settings. What is not sent stays.
pub async fn change(app: &AppState, change: SettingsChange) -> Result<(), Error> {
    let key = new_key(app, change.gemini_api_key)?;
    let secret = new_secret(webhooks::SECRET, webhook_secret(app).as_deref(), change.webhook_secret)?;
    let mut checks = Checks::default();
    let model = change.gemini_model.map(|model| model.trim().trim_start_matches("models/").to_owned());
    let plain = |model: &str| model.len() <= 100 && model.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    checks.require(
        model.value().is_none_or(|model| plain(model)),
        "geminiModel",
        "Write the model's name as Gemini lists it, as in gemini-3.5-flash-lite.",
    );
    let flag = matches!(change.dry_run, Sent::Value(Flag(None)));
    checks.require(!flag, "dryRun", "Write true or false.");
    let gap = change.gap_minutes.value().is_none_or(|number| number.0.is_some_and(|minutes| minutes <= 1_440));
    checks.require(gap, "gapMinutes", "Choose 0 to 1440 minutes.");
    let kept = change.backups_kept.value().is_none_or(|number| number.0.is_some_and(|count| (1..=MOST_KEPT).contains(&count)));
    checks.require(kept, "backupsKept", format!("Choose 1 to {MOST_KEPT} backups."));
    let known = change.fit.value().is_none_or(|fit| Fit::from_key(fit).is_some());
    checks.require(known, "fit", "Choose crop, pad or fit.");
    let webhook = change.webhook_url.map(|url| url.trim().to_owned());
    if let Some(fault) = webhook.value().filter(|url| !url.is_empty()).and_then(|url| fault_of_address(url)) {
        checks.wrong("webhookUrl", fault);
    }
    trainings::check_settings(app, &change.trainer, &mut checks).await;
    checks.finish()?;
    let changed = !matches!(key, Sent::Absent) || !model.is_absent();
    app.store
        .write(move |tx| {
            match key {
                Sent::Absent => {}
                Sent::Null => tx.delete_secret(OWNER, KEY)?,
                Sent::Value(NewSecret(key)) => tx.put_secret(OWNER, KEY, &key.into())?,
            }
            match secret {
                Sent::Absent => {}
                Sent::Null => tx.delete_secret(OWNER, webhooks::SECRET)?,
                Sent::Value(NewSecret(secret)) => tx.put_secret(OWNER, webhooks::SECRET, &secret.into())?,
            }
            let mut settings = tx.settings().clone();
            webhook.set(&mut settings.webhook_url);
            model.set(&mut settings.gemini_model);
            match change.dry_run {
                Sent::Absent => {}
                Sent::Null => settings.dry_run = None,
                Sent::Value(Flag(dry_run)) => settings.dry_run = dry_run,
            }
            match change.gap_minutes {
                Sent::Absent => {}
                Sent::Null => settings.gap_minutes = None,
                Sent::Value(Number(minutes)) => settings.gap_minutes = minutes,
            }
            match change.backups_kept {
                Sent::Absent => {}
                Sent::Null => settings.backups_kept = None,
                Sent::Value(Number(count)) => settings.backups_kept = count,
            }
            change.fit.map(|fit| Fit::from_key(&fit).unwrap_or_default()).set(&mut settings.fit);
            trainings::apply_settings(&mut settings.trainer, change.trainer);
            Ok::<_, Error>(tx.put_settings(settings)?)
        })
        .await?;
    if changed {
        app.gemini.forget();
    }
    Ok(())
}

/// The templates in force.
pub fn templates(app: &AppState) -> Templates {
    app.store.read().settings.templates.clone().unwrap_or_default()
}

/// Changes the templates; `None` goes back to those we come with.
pub async fn set_templates(app: &AppState, templates: Option<Templates>) -> Result<(), Error> {
    if let Some(templates) = &templates {
        let mut checks = Checks::default();
        check("captions", &templates.captions, &mut checks);
        check("prompts", &templates.prompts, &mut checks);
        checks.finish()?;
    }
    app.store
        .write(move |tx| {
            let mut settings = tx.settings().clone();
            settings.templates = templates;
            Ok::<_, Error>(tx.put_settings(settings)?)
        })
        .await
}

fn check(field: &str, lines: &[String], checks: &mut Checks) {
    checks.require(!lines.is_empty(), field, "Keep at least one template, or go back to those it came with.");
    checks.require(lines.len() <= MOST_TEMPLATES, field, "At most 200 templates.");
    for (place, line) in lines.iter().enumerate().take(MOST_TEMPLATES) {
        let fault = if line.chars().count() > LONGEST_TEMPLATE {
            Some("It is longer than 1,000 characters.".to_owned())
        } else {
            template::fault(line)
        };
        if let Some(fault) = fault {
            checks.require(false, field, format!("Line {}: {fault}", place + 1));
        }
    }
}

fn new_key(app: &AppState, sent: Sent<NewSecret>) -> Result<Sent<NewSecret>, Problem> {
    let shown = match gemini::key_in_force(app) {
        KeyInForce::Stored(mask) | KeyInForce::Environment(mask) => Some(mask),
        KeyInForce::Locked | KeyInForce::None => None,
    };
    new_secret(KEY, shown.as_ref().map(Mask::as_str), sent)
}

/// What may be shown of the secret notifications are signed with; `None` when there is none.
pub fn webhook_secret(app: &AppState) -> Option<String> {
    match app.store.mask(OWNER, webhooks::SECRET) {
        SecretState::Absent => None,
        SecretState::Set(mask) => Some(mask.as_str().to_owned()),
        SecretState::Locked => Some("••••••••".to_owned()),
    }
}

/// Why notifications cannot be sent to an address.
fn fault_of_address(text: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(text) else { return Some("Write the whole address, starting with http:// or https://.") };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Some("Write an address that starts with http:// or https://.");
    }
    // It is stored and shown as it is.
    if !url.username().is_empty() || url.password().is_some() {
        return Some("Leave out name and password: the address is shown on this page. The secret tells the other side that it was us.");
    }
    (text.len() > 1_000).then_some("Keep the address to 1,000 characters.")
}

/// What is to happen to a secret: a mask that came back unchanged keeps what is stored.
fn new_secret(field: &str, shown: Option<&str>, sent: Sent<NewSecret>) -> Result<Sent<NewSecret>, Problem> {
    let Sent::Value(NewSecret(text)) = sent else { return Ok(sent) };
    let text = text.trim();
    if shown == Some(text) {
        Ok(Sent::Absent)
    } else if text.is_empty() {
        Ok(Sent::Null)
    } else if text.starts_with('•') {
        Err(Problem::invalid(field, "These dots stand for a key. Paste the key itself."))
    } else if text.len() > 500 || !text.chars().all(|c| c.is_ascii_graphic()) {
        Err(Problem::invalid(field, "This is not a key: it is too long, or holds spaces or line breaks."))
    } else {
        Ok(Sent::Value(NewSecret(text.to_owned())))
    }
}
