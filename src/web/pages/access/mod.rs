//! Settings → Access: who may come in.

mod password;
mod sessions;
mod tokens;

use chrono::Utc;
use leptos::prelude::*;

use self::{password::PasswordCard, sessions::SessionsCard, tokens::TokensCard};
pub use self::{
    password::{ChangePassword, SetPassword},
    sessions::{EndOthers, EndSession, LogOut},
    tokens::{MakeToken, RevokeToken},
};
use crate::{
    service,
    web::{
        components::{
            icon::Icon,
            page::{Heading, Pill},
        },
        context, words,
    },
};

/// Where this page is.
const PAGE: &str = "/settings/access";

/// The page.
#[component]
pub fn Access() -> impl IntoView {
    let is_asked = service::access::is_asked(&context::app().store.read());
    view! {
        <Heading title="Access"><a class="button quiet" href="/settings">"All settings"</a></Heading>
        <div class="stack">
            <PasswordCard/>
            {is_asked.then(|| view! { <SessionsCard/> })}
            <TokensCard/>
            <Doors/>
        </div>
    }
}

/// What stands in the settings about it, with the way here.
#[component]
pub fn AccessCard() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let said = match service::access::is_asked(&state) {
        true => {
            let sessions = words::count(service::access::sessions(&app, Utc::now()).len(), "session", "sessions");
            let tokens = words::count(state.tokens.len(), "token", "tokens");
            view! { <Pill tone="ok" words="Password set"/><span class="muted">{format!("{sessions}, {tokens}")}</span> }.into_any()
        }
        false => view! { <Pill tone="" words="No password"/><span class="muted">"Only this machine is let in."</span> }.into_any(),
    };
    view! {
        <section class="card" id="access"><header><h2>"Access"</h2><p>"Who may come in: password, sessions, tokens for programs."</p></header><div class="body stack">
            <div class="cluster">{said}</div>
            <div class="form-actions"><a class="button" href=PAGE><Icon of=icondata_lu::LuKeyRound/>"Password and tokens"</a></div>
        </div></section>
    }
}

/// From where the server can be reached, as it was started.
#[component]
fn Doors() -> impl IntoView {
    let app = context::app();
    let config = &app.config;
    let listen = config.listen;
    let reach = if listen.ip().is_loopback() { "this machine" } else { "other machines too" };
    let list = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let filled = |names: &[String]| names.iter().filter(|name| !name.trim().is_empty()).cloned().collect::<Vec<_>>();
    let proxies = config.trusted_proxies.iter().map(ToString::to_string).collect();
    view! {
        <section class="card"><header><h2>"Doors"</h2><p>"Set when it is started: by flags, the environment or .env."</p></header><div class="body stack">
            <dl class="facts">
                <dt>"Listens on"</dt><dd>{format!("{listen}, for {reach}")}</dd>
                <dt>"Other names"</dt><dd>{list(filled(&config.allowed_hosts))}</dd>
                <dt>"Front ends"</dt><dd>{list(filled(&config.cors_origins))}</dd>
                <dt>"Trusted proxies"</dt><dd>{list(proxies)}</dd>
            </dl>
            <p class="small muted">"To let other machines in: set a password, then start with "<code>"DALLA_LISTEN=0.0.0.0:3000"</code>". Behind a proxy that speaks https, name the proxy in "<code>"DALLA_TRUSTED_PROXIES"</code>" and the server's name in "<code>"DALLA_ALLOWED_HOSTS"</code>"."</p>
        </div></section>
    }
}
