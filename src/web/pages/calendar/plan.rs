//! Plan this week: drafts from the story arc, with times they could go out at. Says what it will do before it does it.

use chrono::{Duration, NaiveDate, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        calendar::{self, Span, View},
        character::{Character, CharacterId},
        narrative,
        plan::{PlanRequest, Week},
        problem::Problem,
    },
    service::plans,
    state::AppState,
    web::{
        actions::{Done, Sending, submit},
        components::page::{Empty, Heading},
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary},
        pages::posts::deeds::{network_options, networks},
        words,
    },
};

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanForm {
    /// Empty means everybody who is in a story arc.
    character: String,
    week: String,
    count: String,
    from_hour: String,
    to_hour: String,
    network: String,
}

/// The form as it stands in a URL, for the preview.
#[derive(Deserialize)]
struct InQuery {
    form: PlanForm,
}

impl PlanForm {
    fn usual(week: NaiveDate) -> Self {
        let usual = PlanRequest::default();
        Self {
            character: context::query("character"),
            week: week.to_string(),
            count: usual.count.to_string(),
            from_hour: usual.from_hour.to_string(),
            to_hour: usual.to_hour.to_string(),
            network: "instagram".into(),
        }
    }

    /// What was typed so far, when the page is asked for with it.
    fn from_query() -> Option<Self> {
        let parts = use_context::<axum::http::request::Parts>()?;
        let query = parts.uri.query().filter(|query| query.contains("form%5B") || query.contains("form["))?;
        serde_qs::Config::new(5, false).deserialize_str::<InQuery>(query).ok().map(|typed| typed.form)
    }

    /// The request it makes.
    fn request(&self, app: &AppState) -> Result<PlanRequest, Problem> {
        let number = |field: &str, text: &str| text.trim().parse::<u32>().map_err(|_| Problem::invalid(field, "Write a whole number."));
        let week = calendar::day(&self.week).ok_or_else(|| Problem::invalid("week", "Choose a week."))?;
        let everybody = || in_story(app, week).into_iter().map(|(character, _)| character.id.clone()).collect();
        let request = PlanRequest {
            character_ids: if self.character.is_empty() { everybody() } else { vec![CharacterId::from(self.character.as_str())] },
            week: Some(week),
            count: number("count", &self.count)?,
            from_hour: number("fromHour", &self.from_hour)?,
            to_hour: number("toHour", &self.to_hour)?,
            networks: networks(&self.network)?,
        };
        request.check()?;
        Ok(request)
    }
}

/// Has the drafts of a week made.
#[server(prefix = "/actions", endpoint = "calendar/plan")]
pub async fn plan_week(#[server(default)] form: PlanForm) -> Result<(), ServerFnError> {
    let app = context::app();
    submit(Sending { name: "plan", page: "/calendar/plan".into(), values: &form }, async {
        let request = form.request(&app)?;
        let week = request.week.map(|day| day.to_string()).unwrap_or_default();
        let jobs = plans::week(&app, request, Utc::now()).await?;
        let drafts: usize = jobs.iter().filter_map(|job| job.prompts()).map(|order| order.request.count as usize).sum();
        let words = format!("{} being made. They come to review, each with its time.", words::count(drafts, "draft is", "drafts are"));
        Ok(Done::to(super::address(View::Week, &week, None)).saying(words))
    })
    .await
}

/// Active characters that are in a story arc on a day of that week which is still to come, each with that arc's title.
fn in_story(app: &AppState, week: NaiveDate) -> Vec<(std::sync::Arc<Character>, String)> {
    let today = Utc::now().with_timezone(&app.timezone()).date_naive();
    let state = app.store.read();
    let arc = |character: &Character| {
        let week = Week::of(week, state.settings.week_start.day(), app.timezone());
        week.days_from(today).find_map(|day| narrative::active(&character.narratives, day)).map(|arc| arc.title.clone())
    };
    let active = state.characters.iter().filter(|character| character.is_active);
    active.filter_map(|character| Some((std::sync::Arc::clone(character), arc(character)?))).collect()
}

/// The page.
#[component]
pub fn Plan() -> impl IntoView {
    let app = context::app();
    let today = Utc::now().with_timezone(&app.timezone()).date_naive();
    let weeks = [(today, "This week"), (today + Duration::days(7), "Next week")];
    if weeks.iter().all(|(day, _)| in_story(&app, *day).is_empty()) {
        return view! {
            <Heading title="Plan this week"/>
            <Empty icon=icondata_lu::LuBookOpen title="Nobody is in a story arc" words="Drafts are drawn from a character's story. Give somebody an arc for these days first.">
                <a class="button primary" href="/characters">"Characters"</a>
            </Empty>
        }
        .into_any();
    }
    let form = Form::new("plan", || PlanForm::from_query().unwrap_or_else(|| PlanForm::usual(today)));
    let values = form.values.clone();
    let everybody = (String::new(), "Everybody who is in a story arc".to_owned());
    let state = app.store.read();
    let people = state.characters.iter().filter(|one| one.is_active).map(|one| (one.id.to_string(), one.name.clone()));
    let people: Vec<_> = [everybody].into_iter().chain(people).collect();
    let weeks = weeks
        .map(|(day, words)| (day.to_string(), format!("{words}, {}", Span::new(View::Week, day, state.settings.week_start.day()).title())))
        .to_vec();
    view! {
        <Heading title="Plan this week" sub="Drafts from the story arc, for you to review. Approving one schedules it at its time.".into_any()/>
        <div class="with-side">
            <section class="card"><div class="body">
                <form class="form" method="post" action="/actions/calendar/plan" data-live-preview="#plan-preview">
                    <ProblemSummary problem=form.problem.clone()/>
                    <Choice name="character" about="characterIds" label="Who" value=values.character options=vec![OptionGroup::plain(people)] wrong=form.wrong("characterIds")/>
                    <Choice name="week" label="When" value=values.week options=vec![OptionGroup::plain(weeks)] wrong=form.wrong("week")/>
                    <div class="field-row">
                        <Field name="count" label="Drafts of each" kind=Kind::Number value=values.count wrong=form.wrong("count")/>
                        <Field name="fromHour" label="From (hour)" kind=Kind::Number value=values.from_hour wrong=form.wrong("fromHour")/>
                        <Field name="toHour" label="To (hour)" kind=Kind::Number value=values.to_hour wrong=form.wrong("toHour")/>
                    </div>
                    <Choice name="network" label="Where" value=values.network options=vec![OptionGroup::plain(network_options())] wrong=form.wrong("network")/>
                    <div class="form-actions">
                        <button class="button primary">"Make the drafts"</button>
                        <button class="button noscript" formmethod="get" formaction="/calendar/plan">"Show the times"</button>
                        <a class="button quiet" href="/calendar">"Cancel"</a>
                    </div>
                </form>
            </div></section>
            <section class="card" id="plan-preview"><header><h2>"What would be made"</h2></header><div class="body"><Preview form=form.values/></div></section>
        </div>
    }
    .into_any()
}

/// The times that would be proposed, of each character.
#[component]
fn Preview(form: PlanForm) -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let previews = form.request(&app).and_then(|request| plans::preview(&app, &request, Utc::now()));
    let previews = match previews {
        Ok(previews) => previews,
        Err(problem) => return view! { <p class="muted">{problem.message}</p> }.into_any(),
    };
    let arcs = calendar::day(&form.week).map(|week| in_story(&app, week)).unwrap_or_default();
    let rows = previews.into_iter().map(|(id, times)| {
        let name = state.characters.get(id.as_str()).map_or_else(String::new, |one| one.name.clone());
        let arc = arcs.iter().find(|(character, _)| character.id == id).map(|(_, arc)| arc.clone());
        let times = times.into_iter().map(|at| {
            view! { <li><time datetime=at.to_rfc3339()>{app.times().soon(at)}</time></li> }
        });
        view! {
            <div class="plan-person"><h3>{name}</h3>{arc.map(|arc| view! { <p class="muted small">{arc}</p> })}<ol>{times.collect_view()}</ol></div>
        }
    });
    view! {
        <div class="stack">{rows.collect_view()}
            <p class="muted small">"For each: a prompt from the arc, a picture, words for where it is to go. Nothing goes out before you approve it."</p></div>
    }
    .into_any()
}
