//! The form of a task: what is typed, and what it says in words before it is stored.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Times, training::Training};
use crate::{
    domain::{
        backup::Extent,
        character::CharacterId,
        model::LoraUse,
        problem::{Checks, Problem},
        sent::Sent,
        task::{MissedPolicy, ReviewWish, Task, TaskChange, TaskType},
    },
    service::schedules,
    web::{
        components::zones::Zones,
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary, sent},
        pages::{
            characters::look::{LoraFields, LoraRow, loras},
            models::{lora_options, model_options},
        },
    },
};

/// What is typed. Everything is text until it is checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskForm {
    pub(super) character_id: String,
    kind: String,
    pub(super) schedule: String,
    pub(super) timezone: String,
    active: Option<String>,
    missed_policy: String,
    missed_window_hours: String,
    prompt: String,
    negative_prompt: String,
    style: String,
    mood: String,
    model: String,
    /// `own` (the character's), `none`, or `these`.
    lora_choice: String,
    loras: Vec<LoraRow>,
    steps: String,
    cfg: String,
    width: String,
    height: String,
    count: String,
    generate_caption: Option<String>,
    post_to_instagram: Option<String>,
    post_to_twitter: Option<String>,
    review: String,
    pub(super) base_model: String,
    pub(super) dataset_id: String,
    pub(super) preset: String,
    extent: String,
}

/// The form as it stands in a URL, for the preview.
#[derive(Deserialize)]
struct InQuery {
    form: TaskForm,
}

impl TaskForm {
    /// What was typed so far, when the page is asked for with it.
    pub fn from_query() -> Option<Self> {
        let parts = use_context::<axum::http::request::Parts>()?;
        let query = parts.uri.query().filter(|query| query.contains("form%5B") || query.contains("form["))?;
        serde_qs::Config::new(5, false).deserialize_str::<InQuery>(query).ok().map(|typed| typed.form)
    }

    /// A new task of that character.
    pub fn new(character: Option<CharacterId>) -> Self {
        Self { character_id: character.map(|id| id.to_string()).unwrap_or_default(), ..Self::of(&Task::new(Utc::now())) }
    }

    /// A task as it would have been typed.
    pub fn of(task: &Task) -> Self {
        let config = task.config().unwrap_or_default();
        let text = |number: Option<String>| number.unwrap_or_default();
        let on = |yes: bool| yes.then(|| "on".to_owned());
        let row = |lora: &LoraUse| LoraRow { name: lora.name.clone(), strength: lora.strength.to_string() };
        let to_x = task.kind == TaskType::GenerateAndPostToTwitter;
        Self {
            character_id: task.character_id.to_string(),
            kind: task.kind.key().to_owned(),
            schedule: task.schedule.clone(),
            timezone: task.timezone.clone(),
            active: on(task.active),
            missed_policy: task.missed_policy.key().to_owned(),
            missed_window_hours: task.missed_window_hours.to_string(),
            negative_prompt: config.negative_prompt.clone(),
            style: config.style.clone(),
            mood: config.mood.clone(),
            model: text(config.model.clone()),
            lora_choice: match &config.loras {
                None => "own",
                Some(loras) if loras.is_empty() => "none",
                Some(_) => "these",
            }
            .to_owned(),
            loras: config.loras.iter().flatten().map(row).collect(),
            steps: text(config.steps.map(|steps| steps.to_string())),
            cfg: text(config.cfg.map(|cfg| cfg.to_string())),
            width: text(config.width.map(|width| width.to_string())),
            height: text(config.height.map(|height| height.to_string())),
            count: text(config.count.map(|count| count.to_string())),
            generate_caption: on(config.writes_caption()),
            post_to_instagram: on(config.post_to_instagram.unwrap_or(!to_x)),
            post_to_twitter: on(config.post_to_twitter.unwrap_or(to_x)),
            review: config.review.key().to_owned(),
            base_model: config.base_model.clone(),
            dataset_id: config.dataset_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            preset: config.preset.unwrap_or_default().key().to_owned(),
            extent: config.extent.key().to_owned(),
            prompt: config.prompt,
        }
    }

    /// The change it asks for. What cannot be read is left for the task's own rules, which have the words for it.
    pub fn change(self) -> Result<TaskChange, Problem> {
        let mut checks = Checks::default();
        let text = |typed: &str| Some(typed.trim()).filter(|typed| !typed.is_empty()).map_or(Value::Null, |typed| json!(typed));
        // People also write decimal commas.
        let number = |typed: &str| text(&typed.replace(',', "."));
        let loras = match self.lora_choice.as_str() {
            "none" => json!([]),
            "these" => json!(loras(&self.loras, &mut checks)),
            _ => Value::Null,
        };
        checks.finish()?;
        let mut config: Map<String, Value> = [
            ("prompt", text(&self.prompt)),
            ("negativePrompt", text(&self.negative_prompt)),
            ("style", text(&self.style)),
            ("mood", text(&self.mood)),
            ("model", text(&self.model)),
            ("steps", number(&self.steps)),
            ("cfg", number(&self.cfg)),
            ("width", number(&self.width)),
            ("height", number(&self.height)),
            ("count", number(&self.count)),
            ("loras", loras),
            ("generateCaption", if self.generate_caption.is_some() { Value::Null } else { json!(false) }),
            ("review", if self.review == ReviewWish::Autonomy.key() { Value::Null } else { text(&self.review) }),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
        let kind = TaskType::from_key(&self.kind);
        if kind == TaskType::Backup {
            config = Map::from_iter([("extent".to_owned(), text(&self.extent))]);
        }
        if kind.posts() {
            config.insert("postToInstagram".into(), json!(self.post_to_instagram.is_some()));
            config.insert("postToTwitter".into(), json!(self.post_to_twitter.is_some()));
        }
        if kind == TaskType::TrainLora {
            config.extend([
                ("baseModel".to_owned(), text(&self.base_model)),
                ("datasetId".to_owned(), text(&self.dataset_id)),
                ("preset".to_owned(), text(&self.preset)),
            ]);
        }
        Ok(TaskChange {
            character_id: Sent::Value(CharacterId::from(self.character_id.as_str())),
            kind: Sent::Value(kind),
            schedule: Sent::Value(self.schedule),
            active: Sent::Value(self.active.is_some()),
            config: Sent::Value(config),
            timezone: Sent::Value(self.timezone),
            missed_policy: MissedPolicy::from_key(&self.missed_policy).map_or(Sent::Absent, Sent::Value),
            missed_window_hours: Sent::Value(self.missed_window_hours.trim().parse().unwrap_or(0)),
        })
    }
}

/// Schedules people ask for most, to start from.
const EXAMPLES: [(&str, &str); 6] = [
    ("0 18 * * *", "Every evening"),
    ("0 9 * * MON-FRI", "Weekday mornings"),
    ("0 9,13,19 * * *", "Three times a day"),
    ("30 10 * * SAT,SUN", "Weekend mornings"),
    ("6h", "Every 6 hours"),
    ("0 12 1 * *", "First of the month"),
];

/// The fields, of a new task or of a stored one.
#[component]
pub fn TaskFields(form: Form<TaskForm>, #[prop(optional_no_strip)] stored: Option<Arc<Task>>) -> impl IntoView {
    let app = context::app();
    let people: Vec<_> = app.store.read().characters.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    let values = form.values.clone();
    let extents = Extent::ALL.map(|extent| (extent.key().to_owned(), extent.label().to_owned())).to_vec();
    let action = if stored.is_none() { "/actions/schedules/create" } else { "/actions/schedules/save" };
    let here = stored.as_ref().map_or_else(|| "/schedules/new".to_owned(), |task| super::page_of(&task.id));
    let back = stored.as_ref().map_or_else(|| "/schedules".to_owned(), |task| super::page_of(&task.id));
    let hidden = stored.as_ref().map(|task| view! { <input type="hidden" name="id" value=task.id.to_string()/> });
    view! {
        <form class="form task-form" method="post" action=action data-guard="" data-submit-key="" data-live-preview="#schedule-preview">
            {hidden}
            <ProblemSummary problem=form.problem.clone()/>
            <div class="field-row halves">
                <Choice name="kind" about="type" label="What" value=values.kind.clone() options=kinds(&values.kind) wrong=form.wrong("type")/>
                <div class="for-characters"><Choice name="characterId" label="For whom" value=values.character_id.clone() options=vec![OptionGroup::plain(people)] wrong=form.wrong("characterId")/></div>
                <div class="for-backups"><Choice name="extent" about="config.extent" label="How much" value=values.extent.clone() options=vec![OptionGroup::plain(extents)] wrong=form.wrong("config.extent")/></div>
            </div>
            <When form=form.clone() stored/>
            <Networks form=form.clone()/>
            <Pictures form=form.clone()/>
            <Training form=form.clone()/>
            <Missed form=form.clone()/>
            <label class="check">
                <input type="checkbox" name=sent("active") checked=values.active.is_some()/>
                <span>"Active: it runs by itself"</span>
            </label>
            <div class="form-actions">
                <button class="button primary">"Save schedule"</button>
                <button class="button noscript" formmethod="get" formaction=here>"Show when it runs"</button>
                <a class="button quiet" href=back>"Back"</a>
            </div>
        </form>
    }
}

/// The types there are, and the one it has when that is another.
fn kinds(current: &str) -> Vec<OptionGroup> {
    let mut options: Vec<_> = TaskType::OFFERED.map(|kind| (kind.key().to_owned(), kind.label().to_owned())).to_vec();
    let current = TaskType::from_key(current);
    if !current.key().is_empty() && !TaskType::OFFERED.contains(&current) {
        options.push((current.key().to_owned(), format!("{} ({})", current.label(), current.key())));
    }
    vec![OptionGroup::plain(options)]
}

/// The schedule, with examples to start from, and what it means.
#[component]
fn When(form: Form<TaskForm>, stored: Option<Arc<Task>>) -> impl IntoView {
    let values = form.values.clone();
    let zone_help = format!("Whose clock counts. Empty means {}.", context::app().timezone());
    let chips = EXAMPLES.map(|(schedule, words)| {
        view! { <button type="button" class="chip" data-fill="#field-schedule" data-value=schedule title=schedule>{words}</button> }
    });
    let listed = EXAMPLES.map(|(schedule, words)| view! { <option value=schedule>{words}</option> });
    view! {
        <section class="stack">
            <div class="field-row halves">
                <Field name="schedule" label="When" value=values.schedule.clone() wrong=form.wrong("schedule") placeholder="0 18 * * *" list="examples" required=true
                    help="Minute, hour, day of the month, month, weekday; or an interval, as in 6h."/>
                <Field name="timezone" label="Time zone" value=values.timezone.clone() wrong=form.wrong("timezone") optional=true help=zone_help list="zones" placeholder="Europe/Rome"/>
            </div>
            <datalist id="examples">{listed.collect_view()}</datalist>
            <Zones/>
            <div class="chips js-only" role="group" aria-label="Examples">{chips.collect_view()}</div>
            <Preview schedule=values.schedule timezone=values.timezone stored/>
            <details class="fold">
                <summary>"How a schedule is written"</summary>
                <dl class="facts">
                    <dt><code>"0 18 * * *"</code></dt><dd>"every day at 18:00"</dd>
                    <dt><code>"*/15 9-17 * * MON-FRI"</code></dt><dd>"every 15 minutes from 9 to 18, on weekdays"</dd>
                    <dt><code>"30 10 1,15 * *"</code></dt><dd>"on the 1st and 15th at 10:30"</dd>
                    <dt><code>"0 8 L * *"</code></dt><dd>"on the last day of each month at 8:00"</dd>
                    <dt><code>"0 9 * * MON#2"</code></dt><dd>"on the second Monday of the month at 9:00"</dd>
                    <dt><code>"@daily"</code></dt><dd>"also @hourly, @weekly, @monthly, @yearly"</dd>
                    <dt><code>"90m, 6h, 1d"</code></dt><dd>"again and again after so long, counted from now"</dd>
                </dl>
            </details>
        </section>
    }
}

/// A schedule in words with its next times, or what is wrong with it.
#[component]
fn Preview(schedule: String, timezone: String, stored: Option<Arc<Task>>) -> impl IntoView {
    let app = context::app();
    let body = if schedule.trim().is_empty() {
        view! { <p class="muted">"What you write stands here in words, with the next five times."</p> }.into_any()
    } else {
        // Intervals of a stored one go on counting from where they began.
        let unchanged = stored.filter(|task| task.schedule == schedule && task.timezone == timezone);
        let preview = match unchanged {
            Some(task) => schedules::preview_of(&app, &task, Utc::now()),
            None => schedules::preview(&app, &schedule, &timezone, Utc::now()),
        };
        match preview {
            Ok(preview) => {
                let zone = preview.timezone.parse().unwrap_or(app.timezone());
                view! { <p class="strong">{preview.words}</p><Times times=preview.next_runs zone/><p class="muted small">{format!("In the time of {zone}.")}</p> }
                    .into_any()
            }
            Err(problem) => {
                let words = problem.errors.iter().map(|error| view! { <p>{error.message.clone()}</p> }).collect_view();
                view! { <div class="note warn"><div>{words}</div></div> }.into_any()
            }
        }
    };
    view! { <div class="schedule-preview" id="schedule-preview" role="status">{body}</div> }
}

#[component]
fn Networks(form: Form<TaskForm>) -> impl IntoView {
    let values = form.values.clone();
    let wrong = form.wrong("config.postToInstagram");
    view! {
        <section class="stack for-posts">
            <fieldset class="checks">
                <legend>"Where it is posted"</legend>
                <label class="check"><input type="checkbox" name=sent("postToInstagram") id="field-config-postToInstagram" checked=values.post_to_instagram.is_some()/><span>"Instagram"</span></label>
                <label class="check"><input type="checkbox" name=sent("postToTwitter") checked=values.post_to_twitter.is_some()/><span>"X"</span></label>
                {wrong.map(|wrong| view! { <p class="error">{wrong}</p> })}
            </fieldset>
        </section>
    }
}

/// What is drawn; folded, for it follows the character.
#[component]
fn Pictures(form: Form<TaskForm>) -> impl IntoView {
    let catalogue = context::app().comfy.catalogue();
    let values = form.values.clone();
    let wishes = ReviewWish::ALL.map(|wish| (wish.key().to_owned(), wish.label().to_owned())).to_vec();
    let wrong = |field: &str| form.wrong(&format!("config.{field}"));
    let open = form
        .problem
        .as_ref()
        .is_some_and(|problem| problem.errors.iter().any(|error| error.field.starts_with("config.") || error.field.starts_with("loras")));
    let (own, none, these) =
        (values.lora_choice != "none" && values.lora_choice != "these", values.lora_choice == "none", values.lora_choice == "these");
    let choice = |value: &'static str, words: &'static str, on: bool| {
        view! { <label><input type="radio" name=sent("loraChoice") value=value checked=on/><span>{words}</span></label> }
    };
    let options = lora_options(&catalogue, "None");
    let rows = (0..(values.loras.len() + 1).max(2)).map(|place| {
        let row = values.loras.get(place).cloned().unwrap_or_default();
        let (wrong_name, wrong_strength) =
            (form.wrong(&format!("config.loras[{place}].name")), form.wrong(&format!("config.loras[{place}].strength")));
        view! { <LoraFields place row options=options.clone() wrong_name wrong_strength/> }
    });
    view! {
        <section class="stack for-pictures">
            <Field name="prompt" about="config.prompt" label="What happens in the picture" kind=Kind::Text(2) value=values.prompt.clone() wrong=wrong("prompt") optional=true
                help="Empty means the oldest unused prompt of her library; when there is none, a new idea for the story arc she is in."/>
            <label class="check">
                <input type="checkbox" name=sent("generateCaption") checked=values.generate_caption.is_some()/>
                <span>"Write the words that go with it"</span>
            </label>
            <Choice name="review" about="config.review" label="Review" value=values.review.clone() options=vec![OptionGroup::plain(wishes)] wrong=wrong("review")
                help="What waits for a person goes out once it is approved."/>
            <details class="fold" open=open>
                <summary>"Model, size and style "<span class="muted">"empty follows the character"</span></summary>
                <div class="stack">
                    <Choice name="model" about="config.model" label="Model" value=values.model.clone() options=model_options(&catalogue, "As set for the character") wrong=wrong("model")/>
                    <fieldset class="segmented">
                        <legend>"LoRA"</legend>
                        {choice("own", "Her own", own)}
                        {choice("none", "None", none)}
                        {choice("these", "These", these)}
                    </fieldset>
                    <details class="fold" open=these><summary>"Choose LoRAs"</summary>{rows.collect_view()}</details>
                    <div class="field-row">
                        <Field name="style" about="config.style" label="Style" value=values.style.clone() wrong=wrong("style") optional=true/>
                        <Field name="mood" about="config.mood" label="Mood" value=values.mood.clone() wrong=wrong("mood") optional=true/>
                    </div>
                    <div class="field-row">
                        <Field name="count" about="config.count" label="How many" kind=Kind::Number value=values.count.clone() wrong=wrong("count") placeholder="1"/>
                        <Field name="width" about="config.width" label="Width" kind=Kind::Number value=values.width.clone() wrong=wrong("width") placeholder="usual"/>
                        <Field name="height" about="config.height" label="Height" kind=Kind::Number value=values.height.clone() wrong=wrong("height") placeholder="usual"/>
                        <Field name="steps" about="config.steps" label="Steps" kind=Kind::Number value=values.steps.clone() wrong=wrong("steps") placeholder="usual"/>
                        <Field name="cfg" about="config.cfg" label="Cfg" kind=Kind::Number value=values.cfg.clone() wrong=wrong("cfg") placeholder="usual"/>
                    </div>
                    <Field name="negativePrompt" about="config.negativePrompt" label="Negative prompt" kind=Kind::Text(2) value=values.negative_prompt.clone() wrong=wrong("negativePrompt") optional=true/>
                </div>
            </details>
        </section>
    }
}

#[component]
fn Missed(form: Form<TaskForm>) -> impl IntoView {
    let values = form.values.clone();
    let policies = MissedPolicy::ALL.map(|policy| (policy.key().to_owned(), policy.label().to_owned())).to_vec();
    let open = form.wrong("missedWindowHours").is_some();
    let chosen = MissedPolicy::from_key(&values.missed_policy).unwrap_or_default();
    view! {
        <details class="fold" open=open>
            <summary>"When this server was off "<span class="muted">{chosen.label().to_lowercase()}</span></summary>
            <div class="field-row halves">
                <Choice name="missedPolicy" label="Runs that were missed" value=values.missed_policy options=vec![OptionGroup::plain(policies)] wrong=form.wrong("missedPolicy")/>
                <Field name="missedWindowHours" label="Of the last hours" kind=Kind::Number value=values.missed_window_hours wrong=form.wrong("missedWindowHours")
                    help="Older ones are left out."/>
            </div>
        </details>
    }
}
