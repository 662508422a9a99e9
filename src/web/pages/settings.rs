//! Settings of the installation.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{character::NewSecret, notification::DeliveryState, sent::Sent, settings::Fit},
    service::{
        self,
        gemini::KeyInForce,
        settings::{Flag, Number, SettingsChange},
    },
    web::{
        actions::{Done, Sending, press, submit},
        components::page::{Heading, Pill},
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary},
        words,
    },
};

/// What is typed. The key is never given back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GeminiForm {
    #[serde(skip_serializing)]
    gemini_api_key: String,
    gemini_model: String,
    clear: Option<String>,
}

/// Saves key and model, and tries them.
#[server(prefix = "/actions", endpoint = "settings/gemini")]
pub async fn save_gemini(#[server(default)] form: GeminiForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "gemini", page: "/settings#gemini".into(), values: &form }, async {
        let typed = form.gemini_api_key.trim();
        let key = match (form.clear.is_some(), typed.is_empty()) {
            (true, _) => Sent::Null,
            (false, true) => Sent::Absent,
            (false, false) => Sent::Value(NewSecret(typed.to_owned())),
        };
        let change = SettingsChange { gemini_api_key: key, gemini_model: form.gemini_model.clone().into(), ..SettingsChange::default() };
        service::settings::change(&app, change).await?;
        if service::gemini::key_in_force(&app) == KeyInForce::None {
            return Ok(Done::to("/settings#gemini").saying("Saved. Without a key, templates write."));
        }
        service::gemini::test(&app, Utc::now()).await?;
        Ok(Done::to("/settings#gemini").saying("Saved, and Gemini answers."))
    })
    .await
}

/// Tries the key in force.
#[server(prefix = "/actions", endpoint = "settings/test-gemini")]
pub async fn test_gemini() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/settings#gemini", async {
        service::gemini::test(&app, Utc::now()).await?;
        Ok(Done::to("/settings#gemini").saying("Gemini answers, and the key is good."))
    })
    .await
}

/// What is typed about posting.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PostingForm {
    dry_run: Option<String>,
    gap_minutes: String,
    fit: String,
}

/// Saves how carefully posts go out.
#[server(prefix = "/actions", endpoint = "settings/posting")]
pub async fn save_posting(#[server(default)] form: PostingForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "posting", page: "/settings#posting".into(), values: &form }, async {
        let change = SettingsChange {
            dry_run: Sent::Value(Flag(Some(form.dry_run.is_some()))),
            gap_minutes: Sent::Value(Number(form.gap_minutes.trim().parse().ok())),
            fit: form.fit.clone().into(),
            ..SettingsChange::default()
        };
        service::settings::change(&app, change).await?;
        let words = if form.dry_run.is_some() { "Saved. Posts are rehearsals." } else { "Saved. Posts go out for real." };
        Ok(Done::to("/settings#posting").saying(words))
    })
    .await
}

/// How carefully posts go out.
#[component]
fn PostingCard() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let form = Form::new("posting", || PostingForm {
        dry_run: service::settings::is_dry_run(&app, &state).then(|| "on".into()),
        gap_minutes: state.settings.gap().num_minutes().to_string(),
        fit: state.settings.fit.key().into(),
    });
    let fits = Fit::ALL.map(|fit| (fit.key().to_owned(), fit.label().to_owned())).to_vec();
    view! {
        <section class="card" id="posting"><header><h2>"Posting safety"</h2><p>"What holds for every account."</p></header><div class="body">
            <form class="form" method="post" action="/actions/settings/posting" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <label class="check"><input type="checkbox" name="form[dryRun]" checked=form.values.dry_run.is_some()/>
                    <span>"Dry run: everything happens except the calls that make posts public"</span></label>
                <Field name="gapMinutes" label="Minutes between two posts of one account" kind=Kind::Number value=form.values.gap_minutes.clone() wrong=form.wrong("gapMinutes")/>
                <Choice name="fit" label="When a picture has a shape Instagram does not take" value=form.values.fit.clone() options=vec![OptionGroup::plain(fits)]
                    wrong=form.wrong("fit") help="Instagram takes 4:5 to 1.91:1. The original is never changed."/>
                <div class="form-actions"><button class="button primary">"Save"</button></div>
            </form>
        </div></section>
    }
}

/// From where Instagram fetches pictures.
#[component]
fn PublicCard() -> impl IntoView {
    let app = context::app();
    let state = match (&app.bucket, &app.config.public_url) {
        (Some(bucket), _) => {
            view! { <Pill tone="ok" words="Set up"/><span>"Bucket "<span class="mono">{bucket.name().to_owned()}</span></span> }.into_any()
        }
        (None, Some(url)) => {
            view! { <Pill tone="ok" words="Set up"/><span class="mono">{url.as_str().trim_end_matches('/').to_owned()}</span> }.into_any()
        }
        (None, None) => view! { <Pill tone="" words="Not set up"/><span class="muted">"Posts to Instagram are held."</span> }.into_any(),
    };
    let listener = app
        .config
        .public_listen
        .map(|address| view! { <p class="small muted">{format!("A listener of its own answers nothing else on {address}.")}</p> });
    view! {
        <section class="card" id="public"><header><h2>"Public media"</h2><p>"Instagram fetches pictures itself, from a public https address. X takes them from here."</p></header><div class="body stack">
            <div class="cluster">{state}</div>
            {listener}
            <p class="small">"Set "<code>"DALLA_PUBLIC_URL"</code>" to an https address that leads here: a named tunnel or a reverse proxy. Only pictures with a signed address that ends after six hours are shown there. With "<code>"DALLA_PUBLIC_LISTEN"</code>" they get a port of their own, so that nothing else faces the tunnel."</p>
            <p class="small">"Or set "<code>"DALLA_S3_BUCKET"</code>" and its keys: a picture lies there until Instagram has read it."</p>
        </div></section>
    }
}

/// What is typed about the webhook. The secret is never given back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookForm {
    webhook_url: String,
    #[serde(skip_serializing)]
    webhook_secret: String,
    clear: Option<String>,
}

/// Saves where notifications are sent.
#[server(prefix = "/actions", endpoint = "settings/webhook")]
pub async fn save_webhook(#[server(default)] form: WebhookForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "webhook", page: "/settings#notifications".into(), values: &form }, async {
        let typed = form.webhook_secret.trim();
        let secret = match (form.clear.is_some(), typed.is_empty()) {
            (true, _) => Sent::Null,
            (false, true) => Sent::Absent,
            (false, false) => Sent::Value(NewSecret(typed.to_owned())),
        };
        let change = SettingsChange { webhook_url: form.webhook_url.clone().into(), webhook_secret: secret, ..SettingsChange::default() };
        service::settings::change(&app, change).await?;
        let words = if form.webhook_url.trim().is_empty() {
            "Saved. Notifications stay here."
        } else {
            "Saved. Send a test to see whether it arrives."
        };
        Ok(Done::to("/settings#notifications").saying(words))
    })
    .await
}

/// Sends a test to the webhook.
#[server(prefix = "/actions", endpoint = "settings/test-webhook")]
pub async fn test_webhook() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/settings#notifications", async {
        service::webhooks::test(&app, Utc::now()).await?;
        Ok(Done::to("/settings#notifications").saying("The test arrived."))
    })
    .await
}

/// Where notifications are sent besides the bell.
#[component]
fn WebhookCard() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let form = Form::new("webhook", || WebhookForm { webhook_url: state.settings.webhook_url.clone(), ..WebhookForm::default() });
    let mask = service::settings::webhook_secret(&app);
    let is_set = !state.settings.webhook_url.is_empty();
    let standing = match service::webhooks::last(&state) {
        _ if !is_set => {
            view! { <Pill tone="" words="Not set up"/><span class="muted">"Notifications stay under the bell."</span> }.into_any()
        }
        None => view! { <Pill tone="" words="Nothing sent yet"/> }.into_any(),
        Some(last) => {
            let (tone, word) = match last.state {
                DeliveryState::Delivered => ("ok", "Arrived"),
                DeliveryState::Waiting { .. } => ("warn", "Sent again soon"),
                DeliveryState::GivenUp => ("bad", "Given up"),
            };
            let tries = words::count(last.attempts as usize, "try", "tries");
            view! { <Pill tone words=word/><span class="muted small">{tries}", "<words::Time at=last.tried_at/></span>{(!last.trouble.is_empty()).then(|| view! { <p class="small">{last.trouble.clone()}</p> })} }
                .into_any()
        }
    };
    view! {
        <section class="card" id="notifications"><header><h2>"Notifications"</h2><p>"Each is sent to a program of yours as well: a POST with JSON."</p></header><div class="body stack">
            <div class="cluster" id="webhook-standing" data-live="notification settings">{standing}</div>
            <form class="form" method="post" action="/actions/settings/webhook" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="webhookUrl" label="Address" value=form.values.webhook_url.clone() wrong=form.wrong("webhookUrl") placeholder="https://…"
                    help="http or https, also in your own network. Empty for nowhere." limit=1000/>
                <Field name="webhookSecret" label="Secret" kind=Kind::Secret value="" wrong=form.wrong("webhookSecret") placeholder=mask.clone().unwrap_or_default()
                    help="Signs each message: Dalla-Signature is the HMAC-SHA256 of Dalla-Timestamp, a dot and the body. Without one nothing is signed." limit=500/>
                {mask.is_some().then(|| view! { <label class="check"><input type="checkbox" name="form[clear]"/><span>"Forget the stored secret"</span></label> })}
                <div class="form-actions">
                    <button class="button primary">"Save"</button>
                    {is_set.then(|| view! { <button class="button" formaction="/actions/settings/test-webhook" formnovalidate=true>"Send a test"</button> })}
                </div>
            </form>
        </div></section>
    }
}

/// The page.
#[component]
pub fn Settings() -> impl IntoView {
    let app = context::app();
    let dir = app.store.dir().display().to_string();
    view! {
        <Heading title="Settings"/>
        <div class="stack">
            <PostingCard/>
            <GeminiCard/>
            <PublicCard/>
            <WebhookCard/>
            <super::training::setup::TrainingCard/>
            <super::access::AccessCard/>
            <super::backups::BackupCard/>
            <section class="card"><header><h2>"This installation"</h2><p>"Set when it is started: by flags, the environment or .env."</p></header><div class="body">
                <dl class="facts">
                    <dt>"Time zone"</dt><dd>{app.timezone.to_string()}</dd>
                    <dt>"ComfyUI"</dt><dd>{app.config.comfyui.iter().map(|url| url.as_str().trim_end_matches('/').to_owned()).collect::<Vec<_>>().join(", ")}</dd>
                    <dt>"Data"</dt><dd>{dir}</dd>
                </dl>
            </div></section>
        </div>
    }
}

#[component]
fn GeminiCard() -> impl IntoView {
    let app = context::app();
    let force = service::gemini::key_in_force(&app);
    let standing = app.gemini.standing();
    let form = Form::new("gemini", || GeminiForm { gemini_model: service::gemini::model(&app), ..GeminiForm::default() });
    let (mask, origin) = match &force {
        KeyInForce::Stored(mask) => (mask.as_str().to_owned(), "The stored key is in force; it is sealed."),
        KeyInForce::Locked => ("••••••••".to_owned(), "The stored key cannot be unsealed: the secret key is missing."),
        KeyInForce::Environment(mask) => {
            (mask.as_str().to_owned(), "The key from GEMINI_API_KEY is in force. One stored here comes first.")
        }
        KeyInForce::None => (String::new(), "There is no key, so templates write. Get one at aistudio.google.com."),
    };
    let state = match (&force, &standing.problem, standing.checked_at) {
        (KeyInForce::None, ..) => view! { <Pill tone="" words="Not set up"/> }.into_any(),
        (_, Some(problem), _) => view! { <Pill tone="bad" words="Does not work"/><p class="small">{problem.to_string()}</p> }.into_any(),
        (_, None, Some(at)) => {
            view! { <Pill tone="ok" words="Works"/><span class="muted small">"tested "<words::Time at=Some(at)/></span> }.into_any()
        }
        (_, None, None) => view! { <Pill tone="" words="Not tested yet"/> }.into_any(),
    };
    let mut models: Vec<_> = standing
        .models
        .iter()
        .map(|model| {
            let warning = model.warning.as_ref().map(|warning| format!(" ({warning})")).unwrap_or_default();
            (model.name.clone(), format!("{}{warning}", model.label))
        })
        .collect();
    if models.is_empty() {
        models.push((form.values.gemini_model.clone(), form.values.gemini_model.clone()));
    }
    let stored = matches!(force, KeyInForce::Stored(_) | KeyInForce::Locked);
    view! {
        <section class="card" id="gemini"><header><h2>"Gemini"</h2><p>"Writes captions and prompts. What it is told goes to Google."</p></header><div class="body stack">
            <div class="cluster">{state}</div>
            <form class="form" method="post" action="/actions/settings/gemini" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="geminiApiKey" label="Key" kind=Kind::Secret value="" wrong=form.wrong("geminiApiKey") placeholder=mask help=origin limit=500/>
                {stored.then(|| view! { <label class="check"><input type="checkbox" name="form[clear]"/><span>"Forget the stored key"</span></label> })}
                <Choice name="geminiModel" label="Model" value=form.values.gemini_model.clone() options=vec![OptionGroup::plain(models)] wrong=form.wrong("geminiModel")
                    help="The list is Gemini's own, as of the last test."/>
                <div class="form-actions">
                    <button class="button primary">"Save and test"</button>
                    {(force != KeyInForce::None).then(|| view! { <button class="button" formaction="/actions/settings/test-gemini" formnovalidate=true>"Test"</button> })}
                </div>
            </form>
        </div></section>
    }
}
