//! The templates that write when Gemini cannot.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::template::{Templates, VARIABLES},
    expected::Expected,
    service,
    web::{
        actions::{Done, Sending, press, submit},
        components::page::Heading,
        context,
        form::{Field, Form, Kind, ProblemSummary},
    },
};

/// What is typed: a template a line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplatesForm {
    captions: String,
    prompts: String,
}

/// Saves the templates.
#[server(prefix = "/actions", endpoint = "templates/save")]
pub async fn save_templates(#[server(default)] form: TemplatesForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "templates", page: "/prompts/templates".into(), values: &form }, async {
        let lines = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let templates = Templates { captions: lines(&form.captions), prompts: lines(&form.prompts) };
        service::settings::set_templates(&app, Some(templates), Expected::ANY).await?;
        Ok(Done::to("/prompts/templates").saying("Templates saved."))
    })
    .await
}

/// Goes back to the templates we come with.
#[server(prefix = "/actions", endpoint = "templates/reset")]
pub async fn reset_templates() -> Result<(), ServerFnError> {
    let app = context::app();
    press("/prompts/templates", async {
        service::settings::set_templates(&app, None, Expected::ANY).await?;
        Ok(Done::to("/prompts/templates").saying("These are the templates it came with."))
    })
    .await
}

/// The page.
#[component]
pub fn TemplatesPage() -> impl IntoView {
    let app = context::app();
    let form = Form::new("templates", || {
        let templates = service::settings::templates(&app);
        TemplatesForm { captions: templates.captions.join("\n"), prompts: templates.prompts.join("\n") }
    });
    let values = form.values.clone();
    let variables = VARIABLES.map(|(name, words)| view! { <dt><code>{format!("{{{name}}}")}</code></dt><dd>{words}</dd> }).collect_view();
    view! {
        <Heading title="Templates" sub="They write when there is no key for Gemini, its quota is spent, or it is down.".into_any()/>
        <form class="form" method="post" action="/actions/templates/save" data-guard="" data-submit-key="">
            <ProblemSummary problem=form.problem.clone()/>
            <Field name="captions" label="For captions, one a line" kind=Kind::Text(8) value=values.captions wrong=form.wrong("captions")
                help="A line that speaks of something that is not known then is passed over."/>
            <Field name="prompts" label="For prompts, one a line" kind=Kind::Text(10) value=values.prompts wrong=form.wrong("prompts")
                help="{dawn|dusk} stands for one of the words."/>
            <dl class="facts">{variables}</dl>
            <div class="form-actions">
                <button class="button primary">"Save templates"</button>
                <button class="button quiet" formaction="/actions/templates/reset" formnovalidate=true>"Back to those it came with"</button>
            </div>
        </form>
    }
}
