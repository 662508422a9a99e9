//! What happened, for those who watch.

use serde::Serialize;

/// One thing that happened. `data` never holds more than the API would show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// What it is about.
    #[serde(skip)]
    pub topic: Topic,
    /// What happened.
    pub kind: EventKind,
    /// The id of the record it happened to.
    pub id: String,
    /// What there is to tell, in the shape of the API.
    #[serde(flatten)]
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// What events are about; a watcher may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Work and its progress.
    Job,
    /// Pictures.
    Content,
    /// Pictures to train on.
    Dataset,
    /// Posts.
    Post,
    /// What a person should know of.
    Notification,
    /// Schedules and their runs.
    Task,
    /// The prompt library.
    Prompt,
    /// LoRA trainings.
    Training,
    /// Personas.
    Character,
    /// What is set for the installation.
    Settings,
    /// What was done, and by whom.
    Activity,
    /// Outside services and the store.
    System,
    /// What is logged.
    Log,
}

/// What can happen to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// It was made or changed.
    Changed,
    /// It is gone.
    Deleted,
    /// It went on, without being stored.
    Progress,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 13] = [
        Self::Job,
        Self::Content,
        Self::Dataset,
        Self::Post,
        Self::Task,
        Self::Notification,
        Self::Prompt,
        Self::Training,
        Self::Character,
        Self::Settings,
        Self::Activity,
        Self::System,
        Self::Log,
    ];

    /// As it is sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Content => "content",
            Self::Dataset => "dataset",
            Self::Post => "post",
            Self::Notification => "notification",
            Self::Task => "task",
            Self::Prompt => "prompt",
            Self::Training => "training",
            Self::Character => "character",
            Self::Settings => "settings",
            Self::Activity => "activity",
            Self::System => "system",
            Self::Log => "log",
        }
    }
}
