//! Setting and changing the password.

use chrono::Utc;
use leptos::prelude::*;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::PAGE;
use crate::{
    domain::{
        access::Visitor,
        character::NewSecret,
        problem::{Kind, Problem},
    },
    error::Error,
    service::access::{self, Begun, Change},
    web::{
        actions::{Done, Sending, submit},
        components::{
            page::Pill,
            password::{ForManagers, Password},
        },
        context, flash,
        form::{Form, ProblemSummary},
        words,
    },
};

/// What is typed. Nothing of it is given back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordForm {
    current: NewSecret,
    password: NewSecret,
    again: NewSecret,
}

/// Sets the first password, and logs this browser in.
#[server(prefix = "/actions", endpoint = "access/set-password")]
pub async fn set_password(#[server(default)] form: PasswordForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "password", page: PAGE.into(), values: &form }, async {
        let again = SecretString::from(form.again.0.clone());
        access::set_first(&app, form.password.0.clone().into(), &again, Utc::now()).await?;
        log_this_browser_in().await?;
        Ok(Done::to(PAGE).saying("Set. From now on everybody has to log in; you are."))
    })
    .await
}

async fn log_this_browser_in() -> Result<(), Error> {
    let (Some(caller), Ok(session)) = (context::caller(), leptos_axum::extract::<Session>().await) else {
        return Err(Problem::new(Kind::Internal, "The password is set. Log in with it.").into());
    };
    let cookie = flash::renew(&session).await?;
    access::begin(&context::app(), Begun { cookie: &cookie, agent: context::agent(), address: caller.address }, Utc::now()).await
}

/// Changes the password. Other sessions end.
#[server(prefix = "/actions", endpoint = "access/change-password")]
pub async fn change_password(#[server(default)] form: PasswordForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "password", page: PAGE.into(), values: &form }, async {
        let caller = context::caller().ok_or_else(|| Problem::new(Kind::Internal, "It is not known who asks for this."))?;
        let change = Change {
            current: form.current.0.clone().into(),
            password: form.password.0.clone().into(),
            again: form.again.0.clone().into(),
            keep: context::visitor().as_ref().and_then(Visitor::session).cloned(),
            address: caller.address,
        };
        access::change(&app, change, Utc::now()).await?;
        Ok(Done::to(PAGE).saying("Changed. Other sessions are ended; tokens still work."))
    })
    .await
}

/// The password, and the form for it.
#[component]
pub(super) fn PasswordCard() -> impl IntoView {
    let state = context::app().store.read();
    let is_asked = access::is_asked(&state);
    let form = Form::new("password", PasswordForm::default);
    let standing = match is_asked {
        true => {
            let since = state.settings.password_since;
            view! { <Pill tone="ok" words="Set"/><span class="muted small"><words::Time at=since/></span> }.into_any()
        }
        false => {
            view! { <Pill tone="" words="Not set"/><span class="muted small">"Whoever is at this machine is let in, and nobody else."</span> }.into_any()
        }
    };
    let (action, button) =
        if is_asked { ("/actions/access/change-password", "Change password") } else { ("/actions/access/set-password", "Set password") };
    let current = is_asked.then(|| {
        view! { <Password name="form[current]" about="current" label="Password now" fill="current-password" wrong=form.wrong("current")/> }
    });
    view! {
        <section class="card" id="password"><header><h2>"Password"</h2><p>"Stored as an Argon2id hash, sealed. Once it is set, nobody comes in without it, here or from elsewhere."</p></header><div class="body stack">
            <div class="cluster">{standing}</div>
            <form class="form narrow" method="post" action=action>
                <ProblemSummary problem=form.problem.clone()/>
                <ForManagers/>
                {current}
                <Password name="form[password]" about="password" label="New password" fill="new-password" wrong=form.wrong("password") help="At least 10 characters; a few words do well."/>
                <Password name="form[again]" about="again" label="The same again" fill="new-password" wrong=form.wrong("again")/>
                <div class="form-actions"><button class="button primary">{button}</button></div>
            </form>
        </div></section>
    }
}
