//! Settings of the installation: what a person may set while it runs. All of it takes effect at once.

mod addresses;
mod general;
mod posting;
mod request;
mod secrets;
mod templates;

use std::collections::BTreeMap;

use chrono::Utc;

use self::{addresses::Addresses, general::General, posting::Posting, secrets::Secrets};
pub use self::{
    addresses::{Origin, comfyui_origin, comfyui_text, public_text},
    posting::spent_this_month,
    request::{Dollars, Flag, Number, SettingsChange},
    secrets::webhook_secret,
    templates::{set_templates, templates},
};
use super::{
    accounts,
    gemini::{self, KEY, KeyInForce},
    publishing, trainings, webhooks,
};
use crate::{
    domain::{backup::MOST_KEPT, character::Credential, job::Lane, problem::Checks, sent::Sent},
    error::Error,
    expected::Expected,
    state::AppState,
    store::State,
    vitals::Storage,
};

/// Whether posts are rehearsals, in all: so it is at first, except where nothing can leave the machine.
pub fn is_dry_run(app: &AppState, state: &State) -> bool {
    state.settings.dry_run.unwrap_or(!app.config.sandbox)
}

/// The settings as the API shows them: a flat map of texts, secrets masked, and how large what is stored is.
pub fn view(app: &AppState) -> BTreeMap<&'static str, String> {
    with_sizes(app, set(app))
}

/// What is set, and how large what is stored is.
pub fn with_sizes(app: &AppState, mut set: BTreeMap<&'static str, String>) -> BTreeMap<&'static str, String> {
    set.extend(sizes(app.vitals.storage()));
    set
}

/// What of it is set.
pub fn set(app: &AppState) -> BTreeMap<&'static str, String> {
    let state = app.store.read();
    let settings = &state.settings;
    let key = match gemini::key_in_force(app) {
        KeyInForce::Stored(mask) | KeyInForce::Environment(mask) => mask.as_str().to_owned(),
        KeyInForce::Locked => "••••••••".to_owned(),
        KeyInForce::None => String::new(),
    };
    let (caps, prices) = (settings.caps, settings.prices());
    let mut view = trainings::settings_view(app, &state);
    view.extend([
        ("timezone", app.timezone().to_string()),
        ("clock", settings.clock.key().to_owned()),
        ("weekStart", settings.week_start.key().to_owned()),
        ("theme", settings.theme.key().to_owned()),
        (KEY, key),
        ("geminiModel", gemini::model(app)),
        ("instagramAccountId", accounts::account_id_for_all(app)),
        ("dryRun", is_dry_run(app, &state).to_string()),
        ("paused", settings.paused.to_string()),
        ("gapMinutes", settings.gap().num_minutes().to_string()),
        ("instagramPerDay", caps.instagram.per_day.to_string()),
        ("instagramPerMonth", caps.instagram.per_month.to_string()),
        ("xPerDay", caps.x.per_day.to_string()),
        ("xPerMonth", caps.x.per_month.to_string()),
        ("xPostPrice", prices.post.to_string()),
        ("xLinkPrice", prices.link.to_string()),
        ("backupsKept", super::backups::kept(&state).to_string()),
        ("fit", settings.fit.key().to_owned()),
        ("publicUrl", public_text(app)),
        ("comfyuiUrl", comfyui_text(app)),
        ("webhookUrl", settings.webhook_url.clone()),
        (webhooks::SECRET, webhook_secret(app).unwrap_or_default()),
        ("dataDir", app.store.dir().display().to_string()),
    ]);
    view.extend(Credential::ALL.map(|credential| (credential.field(), accounts::mask_for_all(app, credential).unwrap_or_default())));
    view
}

/// How large what is stored was when it was last measured, in bytes; empty before the first time.
fn sizes(seen: Option<Storage>) -> [(&'static str, String); 6] {
    let size = |of: fn(&Storage) -> u64| seen.as_ref().map(|seen| of(seen).to_string()).unwrap_or_default();
    [
        ("dataBytes", size(Storage::total)),
        ("recordsBytes", size(|seen| seen.records)),
        ("mediaBytes", size(|seen| seen.media)),
        ("datasetsBytes", size(|seen| seen.datasets)),
        ("trainingsBytes", size(|seen| seen.trainings)),
        ("backupsBytes", size(|seen| seen.backups)),
    ]
}

/// Changes the settings, all of what is sent or nothing. What is not sent stays.
pub async fn change(app: &AppState, mut change: SettingsChange, expected: Expected) -> Result<(), Error> {
    let set = set(app);
    expected.check_own(&set)?;
    let before = app.store.read();
    let keys = change.take_keys();
    let (gemini, webhook) = (std::mem::take(&mut change.gemini_api_key), std::mem::take(&mut change.webhook_secret));
    let mut checks = Checks::default();
    let known = with_sizes(app, set);
    // What is only shown may come back with the rest.
    for name in change.other.keys().filter(|name| !known.contains_key(name.as_str())) {
        checks.wrong(name, "There is no such setting.");
    }
    let secrets = Secrets::check(app, gemini, webhook, keys, &mut checks);
    let is_set = app.store.read().settings.zone().is_some();
    let general = General::check(&change, app.timezone(), is_set, &mut checks);
    let posting = Posting::check(&change, &mut checks);
    let addresses = Addresses::check(app, &change, &mut checks);
    let model = gemini_model(&change, &mut checks);
    let account = instagram_account(app, &change, &mut checks);
    let most = format!("Choose 1 to {MOST_KEPT} backups.");
    let kept = posting::number(&change.backups_kept, "backupsKept", 1..=MOST_KEPT, &most, &mut checks);
    trainings::check_settings(app, &change.trainer, &mut checks).await;
    checks.finish()?;
    let asks_anew = secrets.has_gemini() || !model.is_absent();
    let storing = app.clone();
    let moved = app
        .store
        .write(move |tx| {
            expected.check_since(&*before.settings, tx.settings())?;
            let other_account = !account.is_absent();
            secrets.apply(&storing, tx)?;
            if other_account {
                accounts::forget_for_all(&storing, tx, &[crate::domain::caption::Network::Instagram])?;
            }
            let mut settings = tx.settings().clone();
            general.apply(&mut settings);
            let has_room = posting.apply(&mut settings);
            let moved = addresses.apply(&mut settings);
            model.set(&mut settings.gemini_model);
            account.set(&mut settings.instagram_account_id);
            kept.set_option(&mut settings.backups_kept);
            trainings::apply_settings(&mut settings.trainer, change.trainer);
            tx.put_settings(settings)?;
            if has_room {
                publishing::look_again(tx, Utc::now())?;
            }
            Ok::<_, Error>(moved)
        })
        .await?;
    if asks_anew {
        app.gemini.forget();
    }
    if moved {
        app.take_up_comfyui();
        // Nobody has to wait for a server that may not be there.
        let app = app.clone();
        tokio::spawn(async move { super::models::look(&app, Utc::now()).await });
    }
    app.wake(Lane::Publish);
    Ok(())
}

fn gemini_model(change: &SettingsChange, checks: &mut Checks) -> Sent<String> {
    let model = change.gemini_model.clone().map(|model| model.trim().trim_start_matches("models/").to_owned());
    let plain = |model: &str| model.len() <= 100 && model.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    checks.require(
        model.value().is_none_or(|model| plain(model)),
        "geminiModel",
        "Write the model's name as Gemini lists it, as in gemini-3.5-flash-lite.",
    );
    model
}

/// An id that comes back as the environment has it is not to be stored because of that.
fn instagram_account(app: &AppState, change: &SettingsChange, checks: &mut Checks) -> Sent<String> {
    let id = change.instagram_account_id.clone().map(|id| id.trim().to_owned());
    let plain = |id: &String| id.len() <= 40 && id.chars().all(|c| c.is_ascii_digit());
    checks.require(id.value().is_none_or(plain), "instagramAccountId", "The account id is a number. Instagram shows it to developers.");
    let same = id.value().is_some_and(|id| *id == accounts::account_id_for_all(app));
    if same { Sent::Absent } else { id }
}
