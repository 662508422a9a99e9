//! Settings → ComfyUI: where its servers are, and whether they answer.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Try, saved_but};
use crate::{
    domain::problem::{Kind as Trouble, Problem},
    expected::Expected,
    integrations::comfyui::{Server, Sight},
    service::{
        self,
        settings::{Origin, SettingsChange},
    },
    state::AppState,
    web::{
        actions::{Done, Sending, press, submit},
        components::page::Pill,
        context,
        form::{Field, Form, Kind, ProblemSummary},
        words,
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ComfyuiForm {
    comfyui_url: String,
}

/// Saves where the servers are, and looks at each.
#[server(prefix = "/actions", endpoint = "settings/comfyui")]
pub async fn save_comfyui(#[server(default)] form: ComfyuiForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "comfyui", page: "/settings#comfyui".into(), values: &form }, async {
        let change = SettingsChange { comfyui_url: form.comfyui_url.clone().into(), ..SettingsChange::default() };
        service::settings::change(&app, change, Expected::ANY).await?;
        service::models::look(&app, Utc::now()).await;
        match told(&app) {
            Ok(words) => Ok(Done::to("/settings#comfyui").saying(format!("Saved. {words}"))),
            Err(problem) => Err(saved_but(problem)),
        }
    })
    .await
}

/// Looks at every server.
#[server(prefix = "/actions", endpoint = "settings/test-comfyui")]
pub async fn test_comfyui() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/settings#comfyui", async {
        service::models::look(&app, Utc::now()).await;
        Ok(Done::to("/settings#comfyui").saying(told(&app)?))
    })
    .await
}

/// What the last look has seen; a problem when a server does not answer.
fn told(app: &AppState) -> Result<String, Problem> {
    let servers = app.comfy.servers();
    let down = |server: &std::sync::Arc<Server>| match &server.seen().sight {
        Sight::Down { error } => Some(error.to_string()),
        Sight::Up { .. } | Sight::Unknown => None,
    };
    let down: Vec<_> = servers.iter().filter_map(down).collect();
    match (down.as_slice(), servers.len()) {
        ([], 1) => Ok("ComfyUI answers.".into()),
        ([], count) => Ok(format!("All {count} servers answer.")),
        (down, _) => Err(Problem::new(Trouble::Unreachable, down.join(" "))),
    }
}

/// Where the servers are.
#[component]
pub(super) fn ComfyuiCard() -> impl IntoView {
    let app = context::app();
    let stored = app.store.read().settings.comfyui_urls.join("\n");
    let form = Form::new("comfyui", || ComfyuiForm { comfyui_url: stored });
    let in_force = service::settings::comfyui_text(&app).replace(',', ", ");
    let origin = match service::settings::comfyui_origin(&app) {
        Origin::Settings => "Set here, and in force.".to_owned(),
        Origin::Start if app.config.sandbox => format!("Empty means the simulated one at {in_force}."),
        Origin::Start => format!("In force is COMFYUI_URL of the environment: {in_force}. Addresses set here come first."),
        Origin::Usual => format!("Nobody has set any, so {in_force} is used, where ComfyUI usually listens."),
    };
    view! {
        <section class="card" id="comfyui"><header><h2>"ComfyUI"</h2><p>"Draws the pictures. With several servers, each picture goes to the one that has the least to do."</p></header><div class="body stack">
            <div id="comfyui-servers" data-live="system settings"><Servers/></div>
            <Try action="/actions/settings/test-comfyui"/>
            <form class="form" method="post" action="/actions/settings/comfyui" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="comfyuiUrl" label="Addresses" kind=Kind::Text(2) value=form.values.comfyui_url.clone() wrong=form.wrong("comfyuiUrl") optional=true
                    help=format!("One a line. {origin} A picture that is being drawn stays where it is.")/>
                <div class="form-actions"><button class="button primary">"Save and test"</button></div>
            </form>
        </div></section>
    }
}

/// Each server, as it was last seen.
#[component]
fn Servers() -> impl IntoView {
    let servers = context::app().comfy.servers();
    let rows = servers.iter().map(|server| {
        let seen = server.seen();
        let (tone, word, detail) = match &seen.sight {
            Sight::Unknown => ("", "Not looked at yet", String::new()),
            Sight::Up { system, catalogue } => {
                let models = words::count(catalogue.models.len(), "model", "models");
                ("ok", "Answers", format!("Version {}, {}, {models}", system.version, system.device))
            }
            Sight::Down { error } => ("bad", "No answer", error.to_string()),
        };
        view! {
            <li>
                <Pill tone words=word/>
                <div><span class="mono">{server.comfy.address().to_owned()}</span><p>{detail}</p></div>
                <span class="end muted"><words::Time at=seen.at/></span>
            </li>
        }
    });
    view! { <ul class="list">{rows.collect_view()}</ul> }
}
