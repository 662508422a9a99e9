//! Settings → Gemini: its key and the model that writes.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Try, saved_but};
use crate::{
    domain::{character::NewSecret, sent::Sent},
    expected::Expected,
    service::{self, gemini::KeyInForce, settings::SettingsChange},
    web::{
        actions::{Done, Sending, press, submit},
        components::page::Pill,
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
        service::settings::change(&app, change, Expected::ANY).await?;
        if service::gemini::key_in_force(&app) == KeyInForce::None {
            return Ok(Done::to("/settings#gemini").saying("Saved. Without a key, templates write."));
        }
        match service::gemini::test(&app, Utc::now()).await {
            Ok(_) => Ok(Done::to("/settings#gemini").saying("Saved, and Gemini answers.")),
            Err(error) => Err(saved_but(error)),
        }
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

/// The key for Gemini, and the model that writes.
#[component]
pub(super) fn GeminiCard() -> impl IntoView {
    let app = context::app();
    let force = service::gemini::key_in_force(&app);
    let standing = app.gemini.standing();
    let form = Form::new("gemini", || GeminiForm { gemini_model: service::gemini::model(&app), ..GeminiForm::default() });
    let (mask, origin) = match &force {
        KeyInForce::Stored(mask) => (mask.as_str().to_owned(), "Stored here, sealed, and in force."),
        KeyInForce::Locked => ("••••••••".to_owned(), "The stored key cannot be unsealed: the secret key is missing."),
        KeyInForce::Environment(mask) => {
            (mask.as_str().to_owned(), "GEMINI_API_KEY of the environment is in force. A key stored here comes first.")
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
            <div class="cluster">{state}{(force != KeyInForce::None).then(|| view! { <Try action="/actions/settings/test-gemini"/> })}</div>
            <form class="form" method="post" action="/actions/settings/gemini" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="geminiApiKey" label="Key" kind=Kind::Secret value="" wrong=form.wrong("geminiApiKey") placeholder=mask help=form.help_of_secret(origin) limit=500/>
                {stored.then(|| view! { <label class="check"><input type="checkbox" name="form[clear]"/><span>"Forget the stored key"</span></label> })}
                <Choice name="geminiModel" label="Model" value=form.values.gemini_model.clone() options=vec![OptionGroup::plain(models)] wrong=form.wrong("geminiModel")
                    help="The list is Gemini's own, as of the last test."/>
                <div class="form-actions"><button class="button primary">"Save and test"</button></div>
            </form>
        </div></section>
    }
}
