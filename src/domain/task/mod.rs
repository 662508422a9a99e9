//! Tasks: what happens by itself for a character, and when.

mod config;
mod kind;

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

pub use self::{
    config::{ReviewWish, TaskConfig},
    kind::TaskType,
};
use super::{
    character::CharacterId,
    id::Id,
    lenient::{null_as_default, text_or_null},
    moment,
    problem::{Checks, Problem},
    schedule::{Clock, Schedule},
    sent::Sent,
};

/// The id of a task.
pub type TaskId = Id<Task>;

/// How long missed runs are made up for, unless the task says otherwise.
const USUAL_WINDOW_HOURS: u32 = 24;
/// Longest such time: a month.
const LONGEST_WINDOW_HOURS: u32 = 31 * 24;

/// A schedule of one character: what is done, when, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Made by us; ids of older apps are kept.
    pub id: TaskId,
    /// For whom; nobody's where the type needs no character.
    #[serde(default)]
    pub character_id: CharacterId,
    /// What is done.
    #[serde(default, rename = "type")]
    pub kind: TaskType,
    /// When: five-field cron, a name as in `@daily`, or an interval as in `6h`.
    #[serde(default, deserialize_with = "text_or_null")]
    pub schedule: String,
    /// Whether it happens by itself.
    #[serde(default = "yes", deserialize_with = "lenient_yes")]
    pub active: bool,
    /// How, as it was written: names of older apps included. [`Task::config`] reads it.
    #[serde(default, deserialize_with = "object_or_empty")]
    #[schema(value_type = TaskConfig)]
    pub config: Map<String, Value>,
    /// Whose wall clock counts (IANA); empty means that of the installation.
    #[serde(default, deserialize_with = "text_or_null", skip_serializing_if = "String::is_empty")]
    pub timezone: String,
    /// What happens about runs that were missed while this server did not run.
    #[serde(default, deserialize_with = "lenient_policy")]
    pub missed_policy: MissedPolicy,
    /// For how many hours they are made up for; 1–744.
    #[serde(default = "usual_window", skip_serializing_if = "is_usual_window")]
    pub missed_window_hours: u32,
    /// What intervals are counted from.
    #[serde(default, deserialize_with = "any_time", skip_serializing_if = "Option::is_none")]
    pub counts_from: Option<DateTime<Utc>>,
    /// When it was made.
    #[serde(default, deserialize_with = "any_time")]
    pub created_at: Option<DateTime<Utc>>,
    /// When a person last changed it.
    #[serde(default, deserialize_with = "any_time")]
    pub updated_at: Option<DateTime<Utc>>,
    /// The time of its last run.
    #[serde(default, deserialize_with = "any_time")]
    pub last_run: Option<DateTime<Utc>>,
    /// Times an older app has missed, each a text or an object: kept as they came.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(ignore)]
    pub missed_runs: Value,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: Map<String, Value>,
}

/// What is done about runs that were missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissedPolicy {
    /// Nothing: they are noted.
    Skip,
    /// The last one is made up for.
    #[default]
    Once,
    /// Each is made up for, the oldest first.
    All,
}

/// What a request says of a task, to make one or to change one. What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(as = TaskInput)]
pub struct TaskChange {
    /// For whom; needed to make one, but for a `backup`.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "character_id")]
    pub character_id: Sent<CharacterId>,
    /// `generate_and_post`, `generate_only`, `post_next`, `train_lora` or `backup`; needed to make one. The older `post_only` and
    /// `generate_and_post_to_twitter` are understood.
    #[schema(value_type = Option<String>)]
    #[serde(rename = "type")]
    pub kind: Sent<TaskType>,
    /// Five-field cron, a name as in `@daily`, or an interval as in `6h`; needed to make one.
    #[schema(value_type = Option<String>)]
    pub schedule: Sent<String>,
    /// Whether it happens by itself.
    #[schema(value_type = Option<bool>)]
    #[serde(alias = "isActive", alias = "enabled")]
    pub active: Sent<bool>,
    /// Merged key by key; `null` removes a key.
    #[schema(value_type = Option<TaskConfig>)]
    pub config: Sent<Map<String, Value>>,
    /// IANA name, as in `Europe/Rome`; empty for that of the installation.
    #[schema(value_type = Option<String>)]
    pub timezone: Sent<String>,
    /// `skip`, `once` or `all`.
    #[schema(value_type = Option<MissedPolicy>)]
    #[serde(alias = "missed_policy")]
    pub missed_policy: Sent<MissedPolicy>,
    /// 1–744.
    #[schema(value_type = Option<u32>)]
    #[serde(alias = "missed_window_hours")]
    pub missed_window_hours: Sent<u32>,
}

impl MissedPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Skip, Self::Once, Self::All];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Skip => "Leave them out",
            Self::Once => "Make up for the last one",
            Self::All => "Make up for each of them",
        }
    }

    /// The policy of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.key() == key)
    }
}

impl Task {
    /// A task of which nothing is known yet.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            id: TaskId::new(),
            character_id: CharacterId::from(""),
            kind: TaskType::default(),
            schedule: String::new(),
            active: true,
            config: Map::new(),
            timezone: String::new(),
            missed_policy: MissedPolicy::default(),
            missed_window_hours: USUAL_WINDOW_HOURS,
            counts_from: Some(now),
            created_at: Some(now),
            updated_at: Some(now),
            last_run: None,
            missed_runs: Value::Null,
            extra: Map::new(),
        }
    }

    /// Its schedule, or why it cannot be read.
    pub fn rule(&self) -> Result<Schedule, Problem> {
        Schedule::parse(&self.schedule)
    }

    /// Whose clock counts, and what intervals are counted from.
    pub fn clock(&self, otherwise: Tz) -> Clock {
        let origin = self.counts_from.or(self.created_at).unwrap_or(DateTime::UNIX_EPOCH);
        Clock { zone: self.timezone.parse().unwrap_or(otherwise), origin }
    }

    /// How it is to be done, or what of it cannot be read.
    pub fn config(&self) -> Result<TaskConfig, Problem> {
        TaskConfig::read(&self.kind, &self.config)
    }

    /// For how long missed runs are made up for.
    pub fn missed_window(&self) -> Duration {
        Duration::hours(self.missed_window_hours.into())
    }

    /// The times an older app has noted as missed, as far as they can be read.
    pub fn missed_before(&self) -> Vec<DateTime<Utc>> {
        let noted = match &self.missed_runs {
            Value::Array(noted) => noted.as_slice(),
            Value::Null => &[],
            one => std::slice::from_ref(one),
        };
        noted.iter().filter_map(moment_in).collect()
    }

    /// Applies what was sent; the result still has to pass [`Task::check`].
    pub fn apply(&mut self, change: TaskChange, now: DateTime<Utc>) {
        if let Sent::Value(character) = change.character_id {
            self.character_id = character;
        }
        if let Sent::Value(kind) = change.kind {
            self.kind = kind;
        }
        if !self.kind.needs_character() {
            self.character_id = CharacterId::none();
        }
        let before = self.schedule.clone();
        change.schedule.set_trimmed(&mut self.schedule);
        let resumed = change.active == Sent::Value(true) && !self.active;
        if before != self.schedule || resumed {
            self.counts_from = Some(now);
        }
        if let Sent::Value(active) = change.active {
            self.active = active;
        }
        match change.config {
            Sent::Absent => {}
            Sent::Null => self.config.clear(),
            Sent::Value(config) => config::merge(&mut self.config, config),
        }
        change.timezone.set_trimmed(&mut self.timezone);
        change.missed_policy.set(&mut self.missed_policy);
        change.missed_window_hours.or(USUAL_WINDOW_HOURS).set(&mut self.missed_window_hours);
        self.updated_at = Some(now);
    }

    /// Checks everything about it but whether its character is there.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        let named = !self.kind.needs_character() || !self.character_id.is_none();
        checks.require(named, "characterId", "Say for whom it is done.");
        if let Some(why) = self.kind.why_not() {
            checks.wrong("type", why);
        }
        if let Err(problem) = self.rule() {
            checks.wrong("schedule", problem.message);
        }
        checks.require(
            self.timezone.is_empty() || self.timezone.parse::<Tz>().is_ok(),
            "timezone",
            format!("“{}” is not a time zone. Use an IANA name, as in Europe/Rome.", self.timezone),
        );
        checks.require(
            (1..=LONGEST_WINDOW_HOURS).contains(&self.missed_window_hours),
            "missedWindowHours",
            format!("Choose 1 to {LONGEST_WINDOW_HOURS} hours."),
        );
        match self.config() {
            Ok(config) => config.check(&self.kind, &mut checks),
            Err(problem) => problem.errors.into_iter().for_each(|error| checks.wrong(error.field, error.message)),
        }
        checks.finish()
    }
}

fn yes() -> bool {
    true
}

fn usual_window() -> u32 {
    USUAL_WINDOW_HOURS
}

fn is_usual_window(hours: &u32) -> bool {
    *hours == USUAL_WINDOW_HOURS
}

/// Older apps left it out, or wrote a text.
fn lenient_yes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(active) => active,
        Value::String(text) => !matches!(text.trim().to_lowercase().as_str(), "false" | "no" | "off" | "0" | "paused"),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null | Value::Array(_) | Value::Object(_) => true,
    })
}

fn object_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Object(object) => object,
        _ => Map::new(),
    })
}

fn lenient_policy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MissedPolicy, D::Error> {
    let text: Option<String> = null_as_default(deserializer)?;
    Ok(text.as_deref().and_then(MissedPolicy::from_key).unwrap_or_default())
}

/// A time as a text, a number of milliseconds, or an object that holds one.
fn any_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(moment_in(&Value::deserialize(deserializer)?))
}

/// The moment in what an older app has noted.
fn moment_in(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(_) => moment::lenient::deserialize(value).ok().flatten(),
        Value::Number(number) => number.as_i64().and_then(DateTime::from_timestamp_millis),
        Value::Object(fields) => {
            const NAMES: [&str; 8] = ["scheduledTime", "scheduledAt", "scheduledFor", "dueAt", "at", "time", "timestamp", "date"];
            NAMES.iter().filter_map(|name| fields.get(*name)).find_map(moment_in)
        }
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn old(value: Value) -> Task {
        serde_json::from_value(value).unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-11-27T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_task_of_an_older_app_is_read_and_written_back_as_it_was() {
        let stored = json!({
            "id": 7, "characterId": "luna", "type": "generate_and_post_to_twitter", "schedule": "0 9 * * *", "active": "true",
            "config": {"customPrompt": "by the lake", "fluxModel": "flux1-dev", "mystery": [1]},
            "lastRun": {"time": "2025-03-01T09:00:00", "status": "success"},
            "missedRuns": ["2025-03-02T09:00:00.000Z", {"scheduledTime": "2025-03-03T09:00:00", "reason": "offline"}, 17],
            "createdAt": "2025-01-01", "owner": "me",
        });
        let task = old(stored.clone());
        assert_eq!(task.kind, TaskType::GenerateAndPostToTwitter);
        assert_eq!(task.last_run.unwrap().to_rfc3339(), "2025-03-01T09:00:00+00:00");
        assert_eq!(task.missed_before().len(), 3);
        let config = task.config().unwrap();
        assert_eq!((config.prompt.as_str(), config.model.as_deref()), ("by the lake", Some("flux1-dev")));
        task.check().unwrap();
        let written = serde_json::to_value(&task).unwrap();
        for kept in ["type", "schedule", "config", "missedRuns", "owner"] {
            assert_eq!(written[kept], stored[kept], "{kept}");
        }
    }

    #[test]
    fn only_the_id_has_to_be_there() {
        let task = old(json!({"id": "a", "config": null, "missedPolicy": "perhaps", "lastRun": "never"}));
        assert!(task.active && task.config.is_empty() && task.last_run.is_none());
        assert_eq!(task.missed_policy, MissedPolicy::Once);
        assert_eq!(task.rule().unwrap_err().errors[0].field, "schedule");
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let mut task = Task::new(now());
        let change = json!({"type": "dance", "schedule": "0 0 31 2 *", "timezone": "Mars/Base", "missedWindowHours": 0,
            "config": {"steps": "many", "width": 20}});
        task.apply(serde_json::from_value(change).unwrap(), now());
        let problem = task.check().unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["characterId", "type", "schedule", "timezone", "missedWindowHours", "config.steps"]);
    }

    #[test]
    fn a_change_merges_the_config_and_speaks_todays_names() {
        let mut task = old(json!({"id": "a", "characterId": "luna", "type": "generate_only", "schedule": "6h",
            "config": {"customPrompt": "old", "steps": 20, "mystery": true}}));
        task.apply(
            serde_json::from_value(json!({"config": {"prompt": "new", "steps": null, "flux_model": "flux", "mood": 7}})).unwrap(),
            now(),
        );
        assert_eq!(Value::Object(task.config.clone()), json!({"mystery": true, "prompt": "new", "model": "flux", "mood": "7"}));
        assert!(task.counts_from.is_none(), "the schedule has not changed");
        task.apply(serde_json::from_value(json!({"schedule": "8h"})).unwrap(), now());
        assert_eq!(task.counts_from, Some(now()));
    }
}
