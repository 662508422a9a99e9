//! Settings → Posting safety: rehearsals, how close posts may be, how many there may be, and what they cost.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{sent::Sent, settings::Fit},
    expected::Expected,
    service::{
        self,
        settings::{Dollars, Flag, Number, SettingsChange},
    },
    web::{
        actions::{Done, Sending, submit},
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary},
        words,
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PostingForm {
    dry_run: Option<String>,
    gap_minutes: String,
    fit: String,
    instagram_per_day: String,
    instagram_per_month: String,
    x_per_day: String,
    x_per_month: String,
    x_post_price: String,
    x_link_price: String,
}

/// Saves how carefully posts go out.
#[server(prefix = "/actions", endpoint = "settings/posting")]
pub async fn save_posting(#[server(default)] form: PostingForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "posting", page: "/settings#posting".into(), values: &form }, async {
        let before = service::settings::is_dry_run(&app, &app.store.read());
        let dollars = |text: &str| if text.trim().is_empty() { Sent::Null } else { Sent::Value(Dollars::read(text)) };
        let change = SettingsChange {
            dry_run: Sent::Value(Flag(Some(form.dry_run.is_some()))),
            gap_minutes: Sent::Value(Number(form.gap_minutes.trim().parse().ok())),
            fit: form.fit.clone().into(),
            instagram_per_day: cap(&form.instagram_per_day),
            instagram_per_month: cap(&form.instagram_per_month),
            x_per_day: cap(&form.x_per_day),
            x_per_month: cap(&form.x_per_month),
            x_post_price: dollars(&form.x_post_price),
            x_link_price: dollars(&form.x_link_price),
            ..SettingsChange::default()
        };
        service::settings::change(&app, change, Expected::ANY).await?;
        let words = match (form.dry_run.is_some(), app.config.sandbox) {
            (now, _) if now == before => "Saved.",
            (true, _) => "Saved. Posts are rehearsals.",
            (false, true) => "Saved. Posts go to the simulated networks.",
            (false, false) => "Saved. Posts go out for real.",
        };
        Ok(Done::to("/settings#posting").saying(words))
    })
    .await
}

/// A field that is left empty sets no cap.
fn cap(text: &str) -> Sent<Number> {
    if text.trim().is_empty() { Sent::Null } else { Sent::Value(Number(text.trim().parse().ok())) }
}

/// No cap is an empty field.
fn shown(cap: u32) -> String {
    if cap == 0 { String::new() } else { cap.to_string() }
}

/// How carefully posts go out.
#[component]
pub(super) fn PostingCard() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let (caps, prices) = (state.settings.caps, state.settings.prices());
    let form = Form::new("posting", || PostingForm {
        dry_run: service::settings::is_dry_run(&app, &state).then(|| "on".into()),
        gap_minutes: state.settings.gap().num_minutes().to_string(),
        fit: state.settings.fit.key().into(),
        instagram_per_day: shown(caps.instagram.per_day),
        instagram_per_month: shown(caps.instagram.per_month),
        x_per_day: shown(caps.x.per_day),
        x_per_month: shown(caps.x.per_month),
        x_post_price: prices.post.to_string(),
        x_link_price: prices.link.to_string(),
    });
    let fits = Fit::ALL.map(|fit| (fit.key().to_owned(), fit.label().to_owned())).to_vec();
    let (count, dollars) = service::settings::spent_this_month(&app, &state, Utc::now());
    let spent = match count {
        0 => "Nothing went out on X this month.".to_owned(),
        _ => format!("{} on X this month, for about ${dollars:.2}.", words::count(count, "post went out", "posts went out")),
    };
    let values = form.values.clone();
    let number = |name: &'static str, label: &'static str, value: String| {
        view! { <Field name label kind=Kind::Number value wrong=form.wrong(name) placeholder="no cap"/> }
    };
    let price = |name: &'static str, label: &'static str, value: String| {
        view! { <Field name label kind=Kind::Number value wrong=form.wrong(name)/> }
    };
    view! {
        <section class="card" id="posting"><header><h2>"Posting safety"</h2><p>"What holds for every account."</p></header><div class="body">
            <form class="form" method="post" action="/actions/settings/posting" data-guard="">
                <ProblemSummary problem=form.problem.clone()/>
                <label class="check"><input type="checkbox" name="form[dryRun]" checked=values.dry_run.is_some()/>
                    <span>"Dry run: everything happens except the calls that make posts public"</span></label>
                <Field name="gapMinutes" label="Minutes between two posts of one account" kind=Kind::Number value=values.gap_minutes wrong=form.wrong("gapMinutes")/>
                <fieldset>
                    <legend>"Most posts of one account"</legend>
                    <div class="field-row">
                        {number("instagramPerDay", "Instagram, a day", values.instagram_per_day)}
                        {number("instagramPerMonth", "Instagram, a month", values.instagram_per_month)}
                        {number("xPerDay", "X, a day", values.x_per_day)}
                        {number("xPerMonth", "X, a month", values.x_per_month)}
                    </div>
                    <p class="help">"What is over the cap waits for the next day or month, where the character is. Instagram has a limit of its own, which is asked before each post."</p>
                </fieldset>
                <fieldset>
                    <legend>"What X charges, in dollars"</legend>
                    <div class="field-row">
                        {price("xPostPrice", "A post", values.x_post_price)}
                        {price("xLinkPrice", "A post with a link", values.x_link_price)}
                    </div>
                    <p class="help">{spent}" Empty means the price X has published."</p>
                </fieldset>
                <Choice name="fit" label="When a picture has a shape Instagram does not take" value=values.fit options=vec![OptionGroup::plain(fits)]
                    wrong=form.wrong("fit") help="Instagram takes 4:5 to 1.91:1. The original is never changed."/>
                <div class="form-actions"><button class="button primary">"Save"</button></div>
            </form>
        </div></section>
    }
}
