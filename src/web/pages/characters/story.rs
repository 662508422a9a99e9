//! A character's story arcs: when what happens, where arcs overlap and where there is none.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{about, page_of, timeline::Timeline};
use crate::{
    domain::{
        character::{Character, CharacterId},
        narrative::{Narrative, NarrativeId, Seam, seams},
        problem::{Checks, Problem},
    },
    service,
    web::{
        actions::{Done, Sending, press, submit},
        components::{
            icon::Icon,
            page::{Empty, Pill},
        },
        context,
        form::{Field, Form, Kind, ProblemSummary},
        words,
    },
};

/// What is typed about one arc.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ArcForm {
    /// Empty for a new one.
    arc: String,
    title: String,
    description: String,
    start_date: String,
    end_date: String,
}

impl ArcForm {
    fn of(arc: &Narrative) -> Self {
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        Self {
            arc: arc.id.to_string(),
            title: arc.title.clone(),
            description: arc.description.clone(),
            start_date: day(arc.start_date),
            end_date: day(arc.end_date),
        }
    }

    fn narrative(self) -> Result<Narrative, Problem> {
        let mut checks = Checks::default();
        let mut day = |field: &str, typed: &str| {
            let day = typed.trim().parse().ok();
            checks.require(day.is_some() || typed.trim().is_empty(), field, "Write the day as YYYY-MM-DD.");
            day
        };
        let (start_date, end_date) = (day("startDate", &self.start_date), day("endDate", &self.end_date));
        checks.finish()?;
        Ok(Narrative {
            id: if self.arc.is_empty() { NarrativeId::new() } else { self.arc.into() },
            title: self.title.trim().to_owned(),
            description: self.description,
            start_date,
            end_date,
            extra: serde_json::Map::new(),
        })
    }
}

/// Adds an arc or changes one.
#[server(prefix = "/actions", endpoint = "characters/save-arc")]
pub async fn save_arc(id: CharacterId, #[server(default)] form: ArcForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id, "story");
    let back = if form.arc.is_empty() { format!("{page}?new=1#arc") } else { format!("{page}?arc={}#arc", context::encode(&form.arc)) };
    submit(Sending { name: "arc", page: back, values: &form }, async {
        service::characters::save_narrative(&app, &id, form.clone().narrative()?, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Story arc saved."))
    })
    .await
}

/// Removes an arc.
#[server(prefix = "/actions", endpoint = "characters/delete-arc")]
pub async fn delete_arc(id: CharacterId, arc: NarrativeId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id, "story");
    press(&page, async {
        service::characters::delete_narrative(&app, &id, arc, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Story arc removed."))
    })
    .await
}

/// The page.
#[component]
pub fn Story() -> impl IntoView {
    about("story", |character| {
        let app = context::app();
        let today = character.today(Utc::now(), app.timezone);
        let page = page_of(&character.id, "story");
        let editing = context::query("arc");
        let chosen = character.narratives.iter().find(|arc| arc.id.as_str() == editing);
        let adding = !context::query("new").is_empty()
            || context::flash().refused.is_some_and(|refused| refused.form == "arc" && editing.is_empty());
        let form = (chosen.is_some() || adding)
            .then(|| view! { <ArcEditor id=character.id.clone() stored=chosen.map(ArcForm::of).unwrap_or_default()/> });
        let add = view! { <a class="button small push" href=format!("{page}?new=1#arc")><Icon of=icondata_lu::LuPlus/>"New story arc"</a> };
        if character.narratives.is_empty() && form.is_none() {
            return view! {
                <Empty icon=icondata_lu::LuBookOpen title="No story yet"
                    words="An arc says what happens in her life between two days. Prompts and captions follow the arc she is in.">
                    <a class="button primary" href=format!("{page}?new=1#arc")>"Write the first arc"</a>
                </Empty>
            }
            .into_any();
        }
        view! {
            <section class="card"><header><h2>"Timeline"</h2>{add}</header><div class="body">
                <Timeline narratives=character.narratives.clone() today/>
                <Seams narratives=character.narratives.clone()/>
            </div></section>
            {form}
            <Arcs character=Character::clone(&character) today/>
        }
        .into_any()
    })
}

/// Gaps and overlaps, in words.
#[component]
fn Seams(narratives: Vec<Narrative>) -> impl IntoView {
    let rows = seams(&narratives).into_iter().map(|seam| match seam {
        Seam::Gap { from, to } => {
            let days = usize::try_from((to - from).num_days() + 1).unwrap_or_default();
            view! { <li><Pill tone="warn" words="Gap"/><div>{format!("No arc from {} to {} ({}).", words::long_day(from), words::long_day(to), words::count(days, "day", "days"))}</div></li> }.into_any()
        }
        Seam::Overlap { from, to, titles: [earlier, later] } => {
            view! { <li><Pill tone="info" words="Overlap"/><div>{format!("{earlier} and {later} run together from {} to {}; {later} counts.", words::long_day(from), words::long_day(to))}</div></li> }.into_any()
        }
    });
    view! { <ul class="list">{rows.collect_view()}</ul> }
}

#[component]
fn Arcs(character: Character, today: chrono::NaiveDate) -> impl IntoView {
    let mut arcs = character.narratives.clone();
    arcs.sort_by_key(|arc| (arc.start_date, arc.end_date));
    let rows = arcs.into_iter().map(|arc| {
        let pill = match (arc.day(today), arc.start_date, arc.end_date) {
            (Some(day), ..) => view! { <Pill tone="run" words=format!("Day {} of {}", day.day, day.of)/> },
            (None, Some(start), _) if start > today => view! { <Pill tone="info" words="To come"/> },
            (None, _, Some(_)) => view! { <Pill tone="" words="Over"/> },
            (None, _, None) => view! { <Pill tone="warn" words="No dates"/> },
        };
        let day = |day: Option<chrono::NaiveDate>| day.map(words::long_day).unwrap_or_else(|| "?".into());
        view! {
            <li>
                {pill}
                <div><b>{arc.title.clone()}</b>
                    <p class="muted">{day(arc.start_date)}" – "{day(arc.end_date)}</p>
                    <p>{words::start(&arc.description, 240)}</p></div>
                <span class="end cluster">
                    <a class="button small" href=format!("{}?arc={}#arc", page_of(&character.id, "story"), context::encode(arc.id.as_str())) aria-label=format!("Edit {}", arc.title)>"Edit"</a>
                    <form method="post" action="/actions/characters/delete-arc">
                        <input type="hidden" name="id" value=character.id.to_string()/>
                        <input type="hidden" name="arc" value=arc.id.to_string()/>
                        <button class="button small danger" aria-label=format!("Remove {}", arc.title)>"Remove"</button>
                    </form>
                </span>
            </li>
        }
    });
    view! { <section class="card"><header><h2>"Story arcs"</h2></header><div class="body"><ul class="list">{rows.collect_view()}</ul></div></section> }
}

/// The form for one arc.
#[component]
fn ArcEditor(id: CharacterId, stored: ArcForm) -> impl IntoView {
    let title = if stored.arc.is_empty() { "New story arc" } else { "Edit story arc" };
    let form = Form::new("arc", || stored);
    let values = form.values.clone();
    view! {
        <section class="card" id="arc"><header><h2>{title}</h2></header><div class="body">
            <form class="form" method="post" action="/actions/characters/save-arc" data-guard="">
                <input type="hidden" name="id" value=id.to_string()/>
                <input type="hidden" name="form[arc]" value=values.arc/>
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="title" label="Title" value=values.title wrong=form.wrong("title") required=true limit=200 placeholder="The Crystal Quest"/>
                <Field name="description" label="What happens" kind=Kind::Text(4) value=values.description wrong=form.wrong("description") limit=10_000
                    help="Its first sentence goes into her pictures while the arc lasts."/>
                <div class="field-row">
                    <Field name="startDate" label="First day" kind=Kind::Date value=values.start_date wrong=form.wrong("startDate") required=true/>
                    <Field name="endDate" label="Last day" kind=Kind::Date value=values.end_date wrong=form.wrong("endDate") required=true/>
                </div>
                <div class="form-actions"><button class="button primary">"Save story arc"</button><a class="button quiet" href=page_of(&id, "story")>"Close"</a></div>
            </form>
        </div></section>
    }
}
