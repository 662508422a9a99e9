//! The browsers that are logged in.

use chrono::Utc;
use leptos::prelude::*;
use tower_sessions::Session;

use super::PAGE;
use crate::{
    domain::access::{LoginId, Visitor},
    service::access,
    web::{
        actions::{Done, press},
        components::page::Pill,
        context, words,
    },
};

/// Logs out.
#[server(prefix = "/actions", endpoint = "access/log-out")]
pub async fn log_out() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/", async {
        if let Some(id) = context::visitor().as_ref().and_then(Visitor::session) {
            access::end_own(&app, id).await?;
        }
        if let Ok(session) = leptos_axum::extract::<Session>().await
            && let Err(error) = session.flush().await
        {
            // It lets nobody in any more; what it still holds is a word for the next page.
            tracing::warn!(%error, "a session could not be emptied");
        }
        Ok(Done::to("/login"))
    })
    .await
}

/// Ends one session.
#[server(prefix = "/actions", endpoint = "access/end-session")]
pub async fn end_session(id: LoginId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(PAGE, async {
        access::end(&app, &id).await?;
        Ok(Done::to(PAGE).saying("Ended. That browser has to log in again."))
    })
    .await
}

/// Ends all sessions but this one.
#[server(prefix = "/actions", endpoint = "access/end-others")]
pub async fn end_others() -> Result<(), ServerFnError> {
    let app = context::app();
    press(PAGE, async {
        let own = context::visitor().as_ref().and_then(Visitor::session).cloned();
        access::end_all_but(&app, own).await?;
        Ok(Done::to(PAGE).saying("Ended. Other browsers have to log in again."))
    })
    .await
}

/// The list.
#[component]
pub(super) fn SessionsCard() -> impl IntoView {
    let sessions = access::sessions(&context::app(), Utc::now());
    let own = context::visitor().as_ref().and_then(Visitor::session).cloned();
    let others = sessions.iter().any(|session| Some(&session.id) != own.as_ref());
    let rows = sessions.iter().map(|session| {
        let deed = if Some(&session.id) == own.as_ref() {
            view! { <span class="end"><Pill tone="ok" words="This browser"/></span> }.into_any()
        } else {
            view! {
                <form class="end" method="post" action="/actions/access/end-session">
                    <input type="hidden" name="id" value=session.id.to_string()/>
                    <button class="button small danger" aria-label=format!("End the session: {}", session.agent)>"End"</button>
                </form>
            }
            .into_any()
        };
        view! {
            <li>
                <div><b>{session.agent.clone()}</b>
                    <p>{format!("From {}, since ", session.address)}<words::Time at=Some(session.created_at)/>"; last used "<words::Time at=Some(session.used_at)/></p></div>
                {deed}
            </li>
        }
    });
    let rows = rows.collect_view();
    let end = others.then(|| {
        view! { <form method="post" action="/actions/access/end-others"><button class="button danger">"End all others"</button></form> }
    });
    view! {
        <section class="card" id="sessions"><header><h2>"Sessions"</h2><p>"Browsers in which the password was typed. One that is not used for 30 days ends by itself."</p></header><div class="body stack">
            <ul class="list">{rows}</ul>
            {end}
        </div></section>
    }
}
