//! What is typed into the form of a task, and the change it asks for.

use chrono::Utc;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    domain::{
        character::CharacterId,
        model::LoraUse,
        problem::{Checks, Problem},
        sent::Sent,
        task::{MissedPolicy, ReviewWish, Task, TaskChange, TaskType},
    },
    web::pages::characters::look::{LoraRow, loras},
};

/// What is typed. Everything is text until it is checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskForm {
    pub(super) character_id: String,
    pub(super) kind: String,
    pub(super) schedule: String,
    pub(super) timezone: String,
    pub(super) active: Option<String>,
    pub(super) missed_policy: String,
    pub(super) missed_window_hours: String,
    pub(super) prompt: String,
    pub(super) negative_prompt: String,
    pub(super) style: String,
    pub(super) mood: String,
    pub(super) model: String,
    /// `own` (the character's), `none`, or `these`.
    pub(super) lora_choice: String,
    pub(super) loras: Vec<LoraRow>,
    pub(super) steps: String,
    pub(super) cfg: String,
    pub(super) width: String,
    pub(super) height: String,
    pub(super) count: String,
    pub(super) generate_caption: Option<String>,
    pub(super) post_to_instagram: Option<String>,
    pub(super) post_to_twitter: Option<String>,
    pub(super) review: String,
    pub(super) base_model: String,
    pub(super) dataset_id: String,
    pub(super) preset: String,
    pub(super) extent: String,
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
