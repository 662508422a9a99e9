//! The login page: a password, and the way to the page that was asked for.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};

use crate::{
    domain::access::Visitor,
    service,
    web::{
        actions::{self, is_ours},
        components::password::{ForManagers, Password},
        context,
        form::Form,
    },
};

/// The form's name, by which the page knows what was wrong.
pub const FORM: &str = "login";

/// The page. Whoever is in already is led on.
#[component]
pub fn Login() -> impl IntoView {
    provide_meta_context();
    let app = context::app();
    let next = Some(context::query("next")).filter(|next| is_ours(next)).unwrap_or_else(|| "/".to_owned());
    let is_in = matches!(context::visitor(), Some(Visitor::Session(_)));
    if is_in || !service::access::is_asked(&app.store.read()) {
        actions::redirect(&next);
    }
    let form = Form::new(FORM, || ());
    let locked = service::access::locked(&app).map(|why| view! { <div class="note warn"><p>{why}</p></div> });
    let asked = (next != "/").then(|| view! { <p class="muted small">"Then you come to the page you asked for."</p> });
    view! {
        <Title text="Log in · Digital Dalla"/>
        <main id="main" class="door">
            <section class="card"><div class="body stack">
                <p class="brand"><span class="mark"></span>"Digital Dalla"</p>
                <h1>"Log in"</h1>
                {locked}
                <form class="form" method="post" action="/login">
                    <input type="hidden" name="next" value=next/>
                    <ForManagers/>
                    <Password name="password" about="password" label="Password" fill="current-password" wrong=form.wrong("password") first=true/>
                    <div class="form-actions"><button class="button primary">"Log in"</button></div>
                </form>
                {asked}
                <p class="muted small">"Forgotten? On the machine it runs on, stop it and set a new one: "<code>"digital-dalla set-password"</code></p>
            </div></section>
        </main>
    }
    .into_any()
}
