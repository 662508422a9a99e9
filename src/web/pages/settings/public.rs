//! Settings → Public media: from where Instagram fetches pictures.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Try;
use crate::{
    domain::problem::{Kind as Trouble, Problem},
    expected::Expected,
    service::{self, settings::SettingsChange},
    web::{
        actions::{Done, Sending, press, submit},
        components::page::Pill,
        context,
        form::{Field, Form, ProblemSummary},
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublicForm {
    public_url: String,
}

/// Saves the public address.
#[server(prefix = "/actions", endpoint = "settings/public")]
pub async fn save_public(#[server(default)] form: PublicForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "public", page: "/settings#public".into(), values: &form }, async {
        let change = SettingsChange { public_url: form.public_url.clone().into(), ..SettingsChange::default() };
        service::settings::change(&app, change, Expected::ANY).await?;
        let words = match service::settings::public_text(&app) {
            none if none.is_empty() => "Saved. Without an address, posts to Instagram are held.".to_owned(),
            address => format!("Saved. Instagram is told to fetch pictures from {address}."),
        };
        Ok(Done::to("/settings#public").saying(words))
    })
    .await
}

/// Asks for a picture through the public address.
#[server(prefix = "/actions", endpoint = "settings/test-public")]
pub async fn test_public() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/settings#public", async {
        let tested = service::handoff::test(&app, Utc::now()).await?;
        if !tested.came_through {
            return Err(Problem::new(Trouble::Unreachable, tested.words).into());
        }
        Ok(Done::to("/settings#public").saying(tested.words))
    })
    .await
}

/// From where Instagram fetches pictures.
#[component]
pub(super) fn PublicCard() -> impl IntoView {
    let app = context::app();
    let stored = app.store.read().settings.public_url.clone();
    let form = Form::new("public", || PublicForm { public_url: stored.clone() });
    let address = service::settings::public_text(&app);
    let state = match (&app.bucket, address.is_empty()) {
        (Some(bucket), _) => {
            view! { <Pill tone="ok" words="Set up"/><span>"Bucket "<span class="mono">{bucket.name().to_owned()}</span></span> }.into_any()
        }
        (None, false) => view! { <Pill tone="ok" words="Set up"/><span class="mono">{address.clone()}</span> }.into_any(),
        (None, true) => view! { <Pill tone="" words="Not set up"/><span class="muted">"Posts to Instagram are held."</span> }.into_any(),
    };
    let origin = match (stored.is_empty(), &app.config.public_url) {
        (false, _) => "Set here, and in force.",
        (true, Some(_)) if app.config.sandbox => "Empty means this server: the simulated Instagram is on this machine.",
        (true, Some(_)) => "DALLA_PUBLIC_URL of the environment is in force. An address set here comes first.",
        (true, None) => "An https address that leads here: a named tunnel or a reverse proxy.",
    };
    let test = service::handoff::is_configured(&app).then(|| view! { <Try action="/actions/settings/test-public"/> });
    let listener = app
        .config
        .public_listen
        .map(|address| view! { <p class="small muted">{format!("A listener of its own answers nothing else on {address}.")}</p> });
    view! {
        <section class="card" id="public"><header><h2>"Public media"</h2><p>"Instagram fetches pictures itself, from a public https address. X takes them from here."</p></header><div class="body stack">
            <div class="cluster">{state}{test}</div>
            {listener}
            <form class="form" method="post" action="/actions/settings/public" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="publicUrl" label="Public address" value=form.values.public_url.clone() wrong=form.wrong("publicUrl") optional=true
                    placeholder="https://pictures.example.org" help=origin limit=1000/>
                <div class="form-actions"><button class="button primary">"Save"</button></div>
            </form>
            <details class="fold"><summary>"Other ways"</summary><div class="stack">
                <p class="small">"Only pictures with a signed address that ends after six hours are shown there. With "<code>"DALLA_PUBLIC_LISTEN"</code>" they get a port of their own, so that nothing else faces the tunnel; that is set when it is started."</p>
                <p class="small">"Or set "<code>"DALLA_S3_BUCKET"</code>" and its keys when it is started: a picture lies there until Instagram has read it."</p>
            </div></details>
        </div></section>
    }
}
