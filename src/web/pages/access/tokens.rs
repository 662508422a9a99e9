//! Tokens with which programs come in.

use chrono::Utc;
use leptos::prelude::*;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::PAGE;
use crate::{
    domain::access::{NewToken, Scope, TokenId, TokenView},
    service::access,
    web::{
        actions::{Done, Sending, press, submit},
        components::{icon::Icon, page::Pill},
        context,
        flash::MadeToken,
        form::{Field, Form, ProblemSummary},
        words,
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenForm {
    name: String,
    read: Option<String>,
    write: Option<String>,
    publish: Option<String>,
}

impl TokenForm {
    fn chosen(&self, scope: Scope) -> bool {
        match scope {
            Scope::Read => self.read.is_some(),
            Scope::Write => self.write.is_some(),
            Scope::Publish => self.publish.is_some(),
        }
    }
}

/// Makes a token, and shows it once.
#[server(prefix = "/actions", endpoint = "access/make-token")]
pub async fn make_token(#[server(default)] form: TokenForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "token", page: format!("{PAGE}#tokens"), values: &form }, async {
        let scopes = Scope::ALL.into_iter().filter(|scope| form.chosen(*scope)).collect();
        let new = NewToken { name: form.name.clone(), scopes }.tidied();
        let name = new.name.clone();
        let token = access::make(&app, new, Utc::now()).await?;
        Ok(Done::to(format!("{PAGE}#tokens")).showing(MadeToken { name, text: token.expose_secret().to_owned() }))
    })
    .await
}

/// Revokes a token.
#[server(prefix = "/actions", endpoint = "access/revoke-token")]
pub async fn revoke_token(id: TokenId) -> Result<(), ServerFnError> {
    let app = context::app();
    press(PAGE, async {
        access::revoke(&app, &id).await?;
        Ok(Done::to(format!("{PAGE}#tokens")).saying("Revoked. Whatever used it is let in no longer."))
    })
    .await
}

/// The list, and the form for a new one.
#[component]
pub(super) fn TokensCard() -> impl IntoView {
    let tokens = access::tokens(&context::app());
    let made = context::flash().token.map(|made| view! { <Made made/> });
    let rows = tokens.into_iter().map(row).collect_view();
    let list = (!rows.is_empty()).then(|| view! { <ul class="list">{rows}</ul> });
    let form = Form::new("token", || TokenForm { read: Some("on".into()), ..TokenForm::default() });
    let scopes = Scope::ALL.map(|scope| {
        let name = format!("form[{}]", scope.key());
        view! { <label class="check"><input type="checkbox" name=name checked=form.values.chosen(scope)/><span>{scope.label()}</span></label> }
    });
    let wrong = form.wrong("scopes").map(|wrong| view! { <p class="error" id="field-scopes-error">{wrong}</p> });
    view! {
        <section class="card" id="tokens"><header><h2>"Tokens"</h2><p>"For programs that use the API: scripts, front ends, shortcuts on a phone. Sent as "<code>"Authorization: Bearer …"</code></p></header><div class="body stack">
            {made}
            {list}
            <h3>"A new one"</h3>
            <form class="form narrow" method="post" action="/actions/access/make-token">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="name" label="What it is for" value=form.values.name.clone() wrong=form.wrong("name") limit=60 placeholder="Phone shortcuts"/>
                <div class="field" id="field-scopes"><fieldset class="checks"><legend>"What it may do"</legend>{scopes.collect_view()}</fieldset>{wrong}</div>
                <div class="form-actions"><button class="button"><Icon of=icondata_lu::LuPlus/>"Make a token"</button></div>
            </form>
        </div></section>
    }
}

/// The token that was just made. The page it is on is kept by nobody.
#[component]
fn Made(made: MadeToken) -> impl IntoView {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.insert_header(axum::http::header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    }
    view! {
        <div class="note ok made-token" role="status">
            <p><b>{format!("The token “{}”.", made.name)}</b>" Copy it now: it is not shown again."</p>
            <div class="input-row">
                <input type="text" readonly=true value=made.text.clone() aria-label="The token" id="made-token" class="mono"/>
                <button type="button" class="button js-only" data-copy="#made-token"><Icon of=icondata_lu::LuCopy/>"Copy"</button>
            </div>
        </div>
    }
}

fn row(token: TokenView) -> impl IntoView {
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.key()).collect();
    let used = match token.used_at {
        Some(at) => view! { "last used "<words::Time at=Some(at)/> }.into_any(),
        None => view! { "never used" }.into_any(),
    };
    view! {
        <li>
            <Pill tone="" words=scopes.join(" · ")/>
            <div><b>{token.name.clone()}</b><p>{format!("Ends in {}, made ", token.ending)}<words::Time at=Some(token.created_at)/>"; "{used}</p></div>
            <form class="end" method="post" action="/actions/access/revoke-token">
                <input type="hidden" name="id" value=token.id.to_string()/>
                <button class="button small danger" aria-label=format!("Revoke the token {}", token.name)>"Revoke"</button>
            </form>
        </li>
    }
}
