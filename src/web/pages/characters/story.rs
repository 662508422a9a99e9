//! A character's story arcs: when what happens, where arcs overlap and where there is none.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{about, page_of, timeline::Timeline};
use crate::{
    domain::{
        character::{Character, CharacterId},
        instruction::Piece,
        narrative::{Beat, Narrative, NarrativeId, Seam, seams},
        problem::{Checks, Problem},
        words::CaptionRequest,
    },
    service,
    web::{
        actions::{Done, Sending, press, submit},
        components::{
            captions::WhoWrites,
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
    /// Scenes of single days.
    beats: Vec<BeatRow>,
}

/// A scene as it is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BeatRow {
    date: String,
    scene: String,
}

/// How many empty rows for scenes follow those that are filled.
const SPARE: usize = 2;

impl ArcForm {
    fn of(arc: &Narrative) -> Self {
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        Self {
            arc: arc.id.to_string(),
            title: arc.title.clone(),
            description: arc.description.clone(),
            start_date: day(arc.start_date),
            end_date: day(arc.end_date),
            beats: arc.beats.iter().map(|beat| BeatRow { date: beat.date.to_string(), scene: beat.scene.clone() }).collect(),
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
        let mut beats = Vec::new();
        for (place, row) in self.beats.iter().enumerate().filter(|(_, row)| !row.date.trim().is_empty() || !row.scene.trim().is_empty()) {
            match row.date.trim().parse() {
                Ok(date) => beats.push(Beat { date, scene: row.scene.trim().to_owned() }),
                Err(_) => checks.require(false, format!("beats[{place}].date"), "Say on which day this happens, as YYYY-MM-DD."),
            }
        }
        checks.finish()?;
        beats.sort_by_key(|beat| beat.date);
        Ok(Narrative {
            id: if self.arc.is_empty() { NarrativeId::new() } else { self.arc.into() },
            title: self.title.trim().to_owned(),
            description: self.description,
            start_date,
            end_date,
            beats,
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
        let today = character.today(Utc::now(), app.timezone());
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
                    words="An arc says what happens in the character's life between two days. Prompts and captions follow the current arc.">
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
            <Told character=Character::clone(&character)/>
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
    let rows = (0..values.beats.len() + SPARE).map(|place| beat_row(&form, place));
    let beats = rows.collect_view();
    view! {
        <section class="card" id="arc"><header><h2>{title}</h2></header><div class="body">
            <form class="form" method="post" action="/actions/characters/save-arc" data-guard="">
                <input type="hidden" name="id" value=id.to_string()/>
                <input type="hidden" name="form[arc]" value=values.arc/>
                <ProblemSummary problem=form.problem.clone()/>
                <Field name="title" label="Title" value=values.title wrong=form.wrong("title") required=true limit=200 placeholder="The Crystal Quest"/>
                <Field name="description" label="What happens" kind=Kind::Text(4) value=values.description wrong=form.wrong("description") limit=10_000
                    help="Its first sentence goes into the pictures while the arc lasts."/>
                <div class="field-row">
                    <Field name="startDate" label="First day" kind=Kind::Date value=values.start_date wrong=form.wrong("startDate") required=true/>
                    <Field name="endDate" label="Last day" kind=Kind::Date value=values.end_date wrong=form.wrong("endDate") required=true/>
                </div>
                <details class="fold" open=!values.beats.is_empty()>
                    <summary>"Scenes of single days"</summary>
                    <p class="help">"On its day a scene takes the place of the description, in pictures and captions."</p>
                    {beats}
                </details>
                <div class="form-actions"><button class="button primary">"Save story arc"</button><a class="button quiet" href=page_of(&id, "story")>"Close"</a></div>
            </form>
        </div></section>
    }
}

fn beat_row(form: &Form<ArcForm>, place: usize) -> impl IntoView + use<> {
    let row = form.values.beats.get(place).cloned().unwrap_or_default();
    let wrong = form.wrong(&format!("beats[{place}].date")).or_else(|| form.wrong(&format!("beats[{place}].scene")));
    let error = wrong.map(|wrong| view! { <p class="error"><Icon of=icondata_lu::LuCircleAlert/>{wrong}</p> });
    let number = place + 1;
    view! {
        <div class="field beat">
            <input type="date" name=format!("form[beats][{place}][date]") value=row.date aria-label=format!("Day of scene {number}")/>
            <input type="text" name=format!("form[beats][{place}][scene]") value=row.scene maxlength="1000" aria-label=format!("Scene {number}")
                placeholder="Finds the first crystal"/>
            {error}
        </div>
    }
}

/// What Gemini would be told today, piece by piece.
#[component]
fn Told(character: Character) -> impl IntoView {
    let request = CaptionRequest {
        character_id: Some(character.id.clone()),
        prompt: "(what happens in the picture)".into(),
        ..CaptionRequest::default()
    };
    let told = service::captions::preview(&context::app(), &request, Utc::now());
    told.ok().map(|told| {
        view! {
            <section class="card" id="told"><header><h2>"What would be written today"</h2>
                <p>"This is what Gemini is told when it writes a caption for Instagram, word for word, and where each piece comes from."</p></header>
                <div class="body told">
                    <WhoWrites/>
                    <h3>"Who it is to be"</h3>{pieces(told.system)}
                    <h3>"What it is to write"</h3>{pieces(told.task)}
                </div>
            </section>
        }
    })
}

fn pieces(pieces: Vec<Piece>) -> impl IntoView {
    let rows = pieces.into_iter().map(|piece| view! { <dt>{piece.origin.label()}</dt><dd class="pre">{piece.text}</dd> });
    view! { <dl class="facts">{rows.collect_view()}</dl> }
}
