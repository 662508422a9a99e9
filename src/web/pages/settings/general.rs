//! Settings → General: the zone, the clock, with which day weeks begin, and the theme.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        settings::{Theme, WeekStart},
        times::Hours,
    },
    expected::Expected,
    service::{self, settings::SettingsChange},
    web::{
        actions::{Done, Sending, submit},
        components::zones::Zones,
        context,
        form::{Choice, Field, Form, OptionGroup, ProblemSummary},
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GeneralForm {
    timezone: String,
    clock: String,
    week_start: String,
    theme: String,
}

/// Saves how pages say times, and how they look.
#[server(prefix = "/actions", endpoint = "settings/general")]
pub async fn save_general(#[server(default)] form: GeneralForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "general", page: "/settings#general".into(), values: &form }, async {
        let change = SettingsChange {
            timezone: form.timezone.clone().into(),
            clock: form.clock.clone().into(),
            week_start: form.week_start.clone().into(),
            theme: form.theme.clone().into(),
            ..SettingsChange::default()
        };
        service::settings::change(&app, change, Expected::ANY).await?;
        Ok(Done::to("/settings#general").saying(format!("Saved. It is {}.", app.times().in_full(Utc::now()))))
    })
    .await
}

/// How pages say times, and how they look.
#[component]
pub(super) fn GeneralCard() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let form = Form::new("general", || GeneralForm {
        timezone: state.settings.timezone.clone(),
        clock: state.settings.clock.key().into(),
        week_start: state.settings.week_start.key().into(),
        theme: state.settings.theme.key().into(),
    });
    let clocks = Hours::ALL.map(|hours| (hours.key().to_owned(), hours.label().to_owned())).to_vec();
    let starts = WeekStart::ALL.map(|start| (start.key().to_owned(), start.label().to_owned())).to_vec();
    let themes = Theme::ALL.map(|theme| (theme.key().to_owned(), theme.label().to_owned())).to_vec();
    let usual = app.usual_zone();
    let origin = if app.config.has_timezone() { "which DALLA_TIMEZONE says" } else { "the zone of this machine" };
    let help = format!("For pages, and for characters and schedules without one of their own. Empty means {usual}, {origin}.");
    let now = app.times().in_full(Utc::now());
    view! {
        <section class="card" id="general"><header><h2>"General"</h2><p>{format!("It is {now} in {}.", app.timezone())}</p></header><div class="body">
            <form class="form" method="post" action="/actions/settings/general" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="timezone" label="Time zone" value=form.values.timezone.clone() wrong=form.wrong("timezone") optional=true help=help
                    placeholder=usual.to_string() list="zones"/>
                <Zones/>
                <div class="field-row halves">
                    <Choice name="clock" label="Clock" value=form.values.clock.clone() options=vec![OptionGroup::plain(clocks)] wrong=form.wrong("clock")/>
                    <Choice name="weekStart" label="Weeks begin with" value=form.values.week_start.clone() options=vec![OptionGroup::plain(starts)] wrong=form.wrong("weekStart")/>
                </div>
                <Choice name="theme" label="Theme" value=form.values.theme.clone() options=vec![OptionGroup::plain(themes)] wrong=form.wrong("theme")
                    help="For everybody who has not chosen one with the switch in the menu."/>
                <div class="form-actions"><button class="button primary">"Save"</button></div>
            </form>
        </div></section>
    }
}
