//! Runs: one execution of a task each, or one that was missed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    caption::Network,
    character::CharacterId,
    content::ContentId,
    id::Id,
    job::JobId,
    lenient::null_as_default,
    library::PromptId,
    moment,
    post::PostId,
    problem::Problem,
    schedule::whole_minute,
    task::{Task, TaskConfig, TaskId, TaskType},
    training::TrainingId,
};

/// The id of a run.
pub type RunId = Id<Run>;

/// One execution of a task, with everything it made; or one that did not happen, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// `{task}@{minute}` for one the schedule asked for: the same minute is never run twice.
    pub id: RunId,
    /// Of which task.
    pub task_id: TaskId,
    /// For whom.
    pub character_id: CharacterId,
    /// What is done, as the task said when the run was made.
    #[serde(rename = "type")]
    pub kind: TaskType,
    /// How, as the task said then.
    #[serde(default)]
    #[schema(value_type = TaskConfig)]
    pub config: Map<String, Value>,
    /// Why it is there.
    #[serde(default)]
    pub cause: Cause,
    /// The minute it is for.
    pub due_at: DateTime<Utc>,
    /// How it stands.
    #[serde(flatten)]
    pub state: RunState,
    /// The job that does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// What is done, in order. Each is stored before it begins.
    #[serde(default, deserialize_with = "null_as_default")]
    pub steps: Vec<RunStep>,
    /// When it was made.
    #[serde(with = "moment")]
    pub created_at: DateTime<Utc>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
}

/// Why a run is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its time had come.
    #[default]
    Schedule,
    /// Its time had passed while this server did not run.
    MadeUp,
    /// A person asked for it.
    Person,
}

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RunState {
    /// It is being done, or waits to be.
    Running {
        /// What it waits for, when it has not begun.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        waiting: String,
    },
    /// Everything was done.
    Ok,
    /// Everything was done as a rehearsal: nothing is public.
    DryRun,
    /// It ended without all it was to do.
    Failed {
        /// Why, and what to do.
        #[schema(value_type = Object)]
        problem: Problem,
    },
    /// This server did not run at its time, and it was not made up for.
    Missed {
        /// In words.
        why: String,
    },
    /// It was left out.
    Skipped {
        /// In words.
        why: String,
    },
}

/// One thing a run does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunStep {
    /// What.
    pub deed: RunDeed,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
    /// What came of it, in words; empty while it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// Whether that is bad.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The job that does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// The entry of the prompt library it chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_id: Option<PromptId>,
    /// The pictures it makes or is about.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<ContentId>,
    /// The network it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// The post it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
    /// The training it asked for. It is chosen before it is asked for, so that nothing trains twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training_id: Option<TrainingId>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunDeed {
    /// Finds something to draw.
    Prompt,
    /// Draws.
    Picture,
    /// Writes the words.
    Caption,
    /// Sees whether a person has to approve.
    Review,
    /// Hands it to the publish ledger.
    Post,
    /// Asks for a training.
    Train,
    /// Makes a backup.
    Backup,
}

/// Up to when a scheduler has looked, for the next start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTick {
    /// Always the same: there is one.
    pub id: String,
    /// Everything due up to then is stored as runs.
    pub at: DateTime<Utc>,
}

impl LastTick {
    /// The id of the one there is.
    pub const ID: &'static str = "scheduler";

    /// Up to that moment.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self { id: Self::ID.to_owned(), at }
    }
}

impl Cause {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Schedule => "on schedule",
            Self::MadeUp => "made up for",
            Self::Person => "by hand",
        }
    }
}

impl RunState {
    /// Every state, in the order of the tabs.
    pub const KEYS: [(&'static str, &'static str); 6] = [
        ("running", "Running"),
        ("ok", "Done"),
        ("dry_run", "Dry run"),
        ("failed", "Failed"),
        ("missed", "Missed"),
        ("skipped", "Skipped"),
    ];

    /// As it is stored and sent.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Running { .. } => "running",
            Self::Ok => "ok",
            Self::DryRun => "dry_run",
            Self::Failed { .. } => "failed",
            Self::Missed { .. } => "missed",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// As a page says it.
    pub fn label(&self) -> &'static str {
        Self::KEYS.iter().find(|(key, _)| *key == self.key()).map_or("", |(_, label)| label)
    }

    /// Why it stands so, where there is something to say.
    pub fn words(&self) -> &str {
        match self {
            Self::Running { waiting } => waiting,
            Self::Failed { problem } => &problem.message,
            Self::Missed { why } | Self::Skipped { why } => why,
            Self::Ok | Self::DryRun => "",
        }
    }

    /// Whether it has not ended.
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Running { .. })
    }
}

impl RunDeed {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Prompt => "Find something to draw",
            Self::Picture => "Draw",
            Self::Caption => "Write the words",
            Self::Review => "Review",
            Self::Post => "Post",
            Self::Train => "Ask for a training",
            Self::Backup => "Back up",
        }
    }
}

impl RunStep {
    /// A step that begins now.
    pub fn new(deed: RunDeed, now: DateTime<Utc>) -> Self {
        Self {
            deed,
            started_at: now,
            ended_at: None,
            outcome: String::new(),
            failed: false,
            job_id: None,
            prompt_id: None,
            contents: Vec::new(),
            network: None,
            post_id: None,
            training_id: None,
        }
    }

    /// Notes what came of it.
    pub fn end(&mut self, outcome: impl Into<String>, failed: bool, now: DateTime<Utc>) {
        self.outcome = outcome.into();
        self.failed = failed;
        self.ended_at = Some(now);
    }
}

impl Run {
    /// The id of the run of a task at that minute.
    pub fn id_at(task: &TaskId, due_at: DateTime<Utc>) -> RunId {
        format!("{task}@{}", whole_minute(due_at).format("%Y-%m-%dT%H:%MZ")).into()
    }

    /// The run of a task at that minute.
    pub fn at(task: &Task, due_at: DateTime<Utc>, cause: Cause, state: RunState, now: DateTime<Utc>) -> Self {
        Self {
            id: Self::id_at(&task.id, due_at),
            task_id: task.id.clone(),
            character_id: task.character_id.clone(),
            kind: task.kind.clone(),
            config: task.config.clone(),
            cause,
            due_at: whole_minute(due_at),
            finished_at: (!state.goes_on()).then_some(now),
            state,
            job_id: None,
            steps: Vec::new(),
            created_at: now,
            started_at: None,
        }
    }

    /// A run a person asks for, beside those of the schedule.
    pub fn by_hand(task: &Task, now: DateTime<Utc>) -> Self {
        let id = format!("{}@{}", task.id, now.format("%Y-%m-%dT%H:%M:%S%.6fZ"));
        let waits = RunState::Running { waiting: String::new() };
        Self { id: id.into(), due_at: now, ..Self::at(task, now, Cause::Person, waits, now) }
    }

    /// Ends it.
    pub fn end(&mut self, state: RunState, now: DateTime<Utc>) {
        if let RunState::Failed { problem } = &state
            && let Some(step) = self.open_step_mut()
        {
            step.end(problem.message.clone(), true, now);
        }
        self.state = state;
        self.finished_at = Some(now);
    }

    /// The step that is under way.
    pub fn open_step(&self) -> Option<&RunStep> {
        self.steps.last().filter(|step| step.ended_at.is_none())
    }

    /// The same, to be changed.
    pub fn open_step_mut(&mut self) -> Option<&mut RunStep> {
        self.steps.last_mut().filter(|step| step.ended_at.is_none())
    }

    /// The step that does `deed`, once there is one.
    pub fn step(&self, deed: RunDeed) -> Option<&RunStep> {
        self.steps.iter().find(|step| step.deed == deed)
    }

    /// How it is to be done, or what of it cannot be read.
    pub fn config(&self) -> Result<TaskConfig, Problem> {
        TaskConfig::read(&self.kind, &self.config)
    }

    /// Whether somebody works on it, or would go on after a restart.
    pub fn has_begun(&self) -> bool {
        self.state.goes_on() && self.started_at.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_minute_of_a_task_has_one_id() {
        let task = TaskId::from("t1");
        assert_eq!(Run::id_at(&task, at("2026-11-27T08:00:00Z")).as_str(), "t1@2026-11-27T08:00Z");
        assert_eq!(Run::id_at(&task, at("2026-11-27T08:00:59Z")), Run::id_at(&task, at("2026-11-27T08:00:00Z")));
    }

    #[test]
    fn a_run_is_written_and_read_as_the_same() {
        let mut run = Run::by_hand(&Task::new(at("2026-11-27T08:00:00Z")), at("2026-11-27T08:00:00Z"));
        run.steps.push(RunStep::new(RunDeed::Picture, at("2026-11-27T08:00:01Z")));
        run.end(RunState::Failed { problem: Problem::invalid("model", "Gone.") }, at("2026-11-27T08:00:02Z"));
        assert!(run.steps[0].failed);
        let written = serde_json::to_value(&run).unwrap();
        assert_eq!((written["state"].as_str(), written["steps"][0]["outcome"].as_str()), (Some("failed"), Some("Gone.")));
        assert_eq!(serde_json::from_value::<Run>(written).unwrap(), run);
    }
}
