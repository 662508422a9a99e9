//! Settings → Notifications: the webhook they are sent to.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Try;
use crate::{
    domain::{character::NewSecret, notification::DeliveryState, sent::Sent},
    expected::Expected,
    service::{self, settings::SettingsChange},
    web::{
        actions::{Done, Sending, press, submit},
        components::page::Pill,
        context,
        form::{Field, Form, Kind, ProblemSummary},
        words,
    },
};

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
        service::settings::change(&app, change, Expected::ANY).await?;
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
pub(super) fn WebhookCard() -> impl IntoView {
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
            {is_set.then(|| view! { <Try action="/actions/settings/test-webhook" words="Send a test"/> })}
            <form class="form" method="post" action="/actions/settings/webhook" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="webhookUrl" label="Address" value=form.values.webhook_url.clone() wrong=form.wrong("webhookUrl") placeholder="https://…"
                    help="http or https, also in your own network. Empty for nowhere." limit=1000/>
                <Field name="webhookSecret" label="Secret" kind=Kind::Secret value="" wrong=form.wrong("webhookSecret") placeholder=mask.clone().unwrap_or_default()
                    help=form.help_of_secret("Signs each message: Dalla-Signature is the HMAC-SHA256 of Dalla-Timestamp, a dot and the body. Without one nothing is signed.") limit=500/>
                {mask.is_some().then(|| view! { <label class="check"><input type="checkbox" name="form[clear]"/><span>"Forget the stored secret"</span></label> })}
                <div class="form-actions"><button class="button primary">"Save"</button></div>
            </form>
        </div></section>
    }
}
