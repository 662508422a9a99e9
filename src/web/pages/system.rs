//! Status: what was looked at, when, and what to do.

use chrono::Utc;
use leptos::prelude::*;

use crate::{
    service::{
        self,
        status::{Check, Health},
    },
    web::{
        actions::{Done, press},
        components::{
            icon::Icon,
            page::{Heading, Pill},
        },
        context, words,
    },
};

/// Looks at everything now.
#[server(prefix = "/actions", endpoint = "system/look")]
pub async fn look_now() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/system", async {
        service::status::look(&app, Utc::now()).await;
        Ok(Done::to("/system").saying("Looked again."))
    })
    .await
}

/// The page.
#[component]
pub fn System() -> impl IntoView {
    let app = context::app();
    let rows = service::status::checks(&app, Utc::now()).into_iter().map(row).collect_view();
    let dir = app.store.dir().display().to_string();
    view! {
        <Heading title="Status">
            <a class="button" href="/system/diagnostics"><Icon of=icondata_lu::LuStethoscope/>"Diagnostics"</a>
            <form method="post" action="/actions/system/look"><button class="button"><Icon of=icondata_lu::LuRefreshCw/>"Look again"</button></form>
        </Heading>
        <section class="card" id="status" data-live="system"><div class="body"><ul class="list">{rows}</ul></div></section>
        <p class="muted small">{format!("Digital Dalla {}. Everything is stored in {dir}.", env!("CARGO_PKG_VERSION"))}</p>
    }
}

/// Everything somebody needs who is asked for help: to copy, or to send along.
#[component]
pub fn Diagnostics() -> impl IntoView {
    let app = context::app();
    let text = AsyncDerived::new(move || {
        let app = app.clone();
        // The system is asked how it is.
        async move { tokio::task::spawn_blocking(move || service::diagnostics::text(&app, Utc::now())).await.unwrap_or_default() }
    });
    view! {
        <Heading title="Diagnostics" sub="For whoever helps you. Keys, tokens and passwords are not in it; names of characters and words of errors are.".into_any()>
            <button type="button" class="button primary js-only" data-copy="#diagnostics"><Icon of=icondata_lu::LuCopy/>"Copy"</button>
            <a class="button" href="/api/system/diagnostics" download=""><Icon of=icondata_lu::LuDownload/>"Download"</a>
        </Heading>
        <Suspense fallback=|| ()>{move || Suspend::new(async move { view! { <pre class="log diagnostics" id="diagnostics">{text.await}</pre> } })}</Suspense>
        <p><a href="/system">"Back to Status"</a></p>
    }
}

fn row(check: Check) -> impl IntoView {
    let (tone, word) = match check.state {
        Health::Ok => ("ok", "Works"),
        Health::Warning => ("warn", "Look at this"),
        Health::Bad => ("bad", "Does not work"),
        Health::Off => ("", "Not set up"),
        Health::Unknown => ("", "Not known yet"),
    };
    let took = check.latency_ms.map(|took| if took == 0 { " · under 1 ms".to_owned() } else { format!(" · {took} ms") });
    let hint = (!check.hint.is_empty()).then(|| view! { <p>{check.hint.clone()}</p> });
    view! {
        <li>
            <Pill tone words=word/>
            <div><b>{check.label.clone()}</b><p>{check.detail.clone()}</p>{hint}</div>
            <span class="end muted"><words::Time at=check.checked_at/>{took}</span>
        </li>
    }
}
