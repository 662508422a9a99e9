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
            <form method="post" action="/actions/system/look"><button class="button"><Icon of=icondata_lu::LuRefreshCw/>"Look again"</button></form>
        </Heading>
        <section class="card" id="status" data-live="system"><div class="body"><ul class="list">{rows}</ul></div></section>
        <p class="muted small">{format!("Digital Dalla {}. Everything is stored in {dir}.", env!("CARGO_PKG_VERSION"))}</p>
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
    let took = check.latency_ms.filter(|took| *took > 0).map(|took| format!(" · {took} ms"));
    let hint = (!check.hint.is_empty()).then(|| view! { <p>{check.hint.clone()}</p> });
    view! {
        <li>
            <Pill tone words=word/>
            <div><b>{check.label.clone()}</b><p>{check.detail.clone()}</p>{hint}</div>
            <span class="end muted"><words::Time at=check.checked_at/>{took}</span>
        </li>
    }
}
