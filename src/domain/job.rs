//! Work that outlives a request.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    backup::BackupOrder,
    character::CharacterId,
    content::{ContentId, ReviewState},
    dataset::DescribeOrder,
    generation::{GenerateRequest, Recipe},
    id::Id,
    moment,
    narrative::NarrativeId,
    plan::Proposal,
    post::PostId,
    problem::Problem,
    run::RunId,
    training::TrainingId,
    words::{CaptionOrder, PromptsOrder, Usage},
};

/// The id of a job.
pub type JobId = Id<Job>;

/// A piece of work, from the moment it is asked for to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Made by us.
    pub id: JobId,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character_id: Option<CharacterId>,
    /// What is to be done.
    #[serde(flatten)]
    pub work: Work,
    /// How far it is.
    #[serde(flatten)]
    pub status: JobStatus,
    /// How often it was started.
    #[serde(default)]
    pub attempts: u32,
    /// Not to be started before.
    #[serde(with = "moment")]
    pub run_at: DateTime<Utc>,
    /// When it was asked for.
    #[serde(with = "moment")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(with = "moment")]
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Words for the person who asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The kinds of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Draw pictures.
    GenerateImage(Box<ImageOrder>),
    /// Write captions.
    WriteCaption(CaptionOrder),
    /// Write prompts for the library.
    WritePrompts(PromptsOrder),
    /// Write the captions of a dataset.
    DescribeImages(DescribeOrder),
    /// Bring a post forward.
    Publish(PublishOrder),
    /// Train a LoRA.
    Train(TrainOrder),
    /// Run a task.
    RunTask(RunOrder),
    /// Make a backup.
    Backup(BackupOrder),
}

/// Which workers a job is for: those of one lane never wait for those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// ComfyUI draws.
    Draw,
    /// Gemini writes.
    Write,
    /// Posts go out.
    Publish,
    /// LoRAs are trained.
    Train,
    /// Tasks run.
    Tasks,
    /// What is stored is looked after.
    Housekeeping,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 5] = [Self::Draw, Self::Write, Self::Publish, Self::Train, Self::Tasks];

    /// As the store's index has it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Draw => "draw",
            Self::Write => "write",
            Self::Publish => "publish",
            Self::Train => "train",
            Self::Tasks => "tasks",
            Self::Housekeeping => "housekeeping",
        }
    }
}

impl Work {
    /// The workers it is for.
    pub fn lane(&self) -> Lane {
        match self {
            Self::GenerateImage(_) => Lane::Draw,
            Self::WriteCaption(_) | Self::WritePrompts(_) | Self::DescribeImages(_) => Lane::Write,
            Self::Publish(_) => Lane::Publish,
            Self::Train(_) => Lane::Train,
            Self::RunTask(_) => Lane::Tasks,
            Self::Backup(_) => Lane::Housekeeping,
        }
    }

    /// What is being done, in words.
    pub fn label(&self) -> &'static str {
        match self {
            Self::GenerateImage(_) => "Drawing pictures",
            Self::WriteCaption(_) => "Writing captions",
            Self::WritePrompts(_) => "Writing prompts",
            Self::DescribeImages(_) => "Describing pictures",
            Self::Publish(_) => "Publishing a post",
            Self::Train(_) => "Training a LoRA",
            Self::RunTask(_) => "Running a task",
            Self::Backup(_) => "Making a backup",
        }
    }

    /// What the calls to Gemini cost so far.
    pub fn usage(&self) -> &[Usage] {
        match self {
            Self::GenerateImage(_) | Self::Publish(_) | Self::Train(_) | Self::RunTask(_) | Self::Backup(_) => &[],
            Self::WriteCaption(order) => &order.usage,
            Self::WritePrompts(order) => &order.usage,
            Self::DescribeImages(order) => &order.usage,
        }
    }

    /// Notes what more calls to Gemini have cost.
    pub fn add_usage(&mut self, usage: Vec<Usage>) {
        match self {
            Self::GenerateImage(_) | Self::Publish(_) | Self::Train(_) | Self::RunTask(_) | Self::Backup(_) => {}
            Self::WriteCaption(order) => order.usage.extend(usage),
            Self::WritePrompts(order) => order.usage.extend(usage),
            Self::DescribeImages(order) => order.usage.extend(usage),
        }
    }
}

/// A post to be brought forward.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishOrder {
    /// Which.
    pub post_id: PostId,
}

/// A LoRA to be trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrainOrder {
    /// By which training.
    pub training_id: TrainingId,
}

/// A run of a task to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunOrder {
    /// Which.
    pub run_id: RunId,
}

/// Pictures to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageOrder {
    /// As it was asked for.
    pub request: GenerateRequest,
    /// What the pictures are made by.
    pub recipe: Recipe,
    /// The arc the character was in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrative_id: Option<NarrativeId>,
    /// That arc's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrative_title: Option<String>,
    /// Where its pictures begin in review.
    #[serde(default, skip_serializing_if = "ReviewState::is_draft")]
    pub begins_as: ReviewState,
    /// When its pictures could go out, and where: they go to review with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_for: Option<Proposal>,
    /// One for each picture.
    pub shots: Vec<Shot>,
}

/// One picture of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shot {
    /// The content it becomes. Fixed beforehand, so that it cannot become two.
    pub content_id: ContentId,
    /// Counts up within the batch.
    pub seed: u64,
    /// Where it was sent, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sending>,
    /// How often it was sent.
    #[serde(default)]
    pub sendings: u32,
    /// Whether the content is stored.
    #[serde(default)]
    pub done: bool,
}

/// Where a shot was sent, stored before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sending {
    /// The ComfyUI's address.
    pub server: String,
    /// Our own name for it there.
    pub prompt_id: String,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits for a worker.
    Queued,
    /// A worker is on it.
    Running,
    /// All done.
    Done,
    /// Ended without all its results.
    Failed {
        /// Why, and what to do.
        #[schema(value_type = Object)]
        problem: Problem,
    },
    /// Stopped by a person.
    Cancelled,
    /// Cut off by a stop of this server; goes on by itself or waits for a person, by kind.
    Interrupted,
}

/// How far a running job is, as last heard. Never stored.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// What is going on, in words.
    pub words: String,
    /// What a step is called.
    pub unit: &'static str,
    /// Which picture of the batch, from 1.
    pub picture: u32,
    /// How many pictures in all.
    pub pictures: u32,
    /// Steps done: of sampling, or of what is being written.
    pub step: u32,
    /// Steps in all; 0 while not known.
    pub steps: u32,
    /// Until the whole job is done, as far as can be told.
    pub seconds_left: Option<u32>,
    /// Grows with each preview picture; 0 while there is none.
    pub preview: u64,
}

impl JobStatus {
    /// The key of every status.
    pub const KEYS: [&'static str; 6] = ["queued", "running", "done", "failed", "cancelled", "interrupted"];

    /// As it is stored and sent.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether nothing more will happen by itself.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Done | Self::Failed { .. } | Self::Cancelled => true,
            Self::Queued | Self::Running | Self::Interrupted => false,
        }
    }
}

impl Job {
    /// A job that waits for a worker.
    pub fn queued(work: Work, character_id: Option<CharacterId>, notes: Vec<String>, now: DateTime<Utc>) -> Self {
        let id = JobId::new();
        Self {
            id,
            character_id,
            work,
            status: JobStatus::Queued,
            attempts: 0,
            run_at: now,
            created_at: now,
            updated_at: now,
            finished_at: None,
            notes,
        }
    }

    /// Moves to another status.
    pub fn turn(&mut self, status: JobStatus, now: DateTime<Utc>) {
        self.finished_at = status.is_final().then_some(now);
        self.status = status;
        self.updated_at = now;
    }

    /// The order of pictures in it, when it is one.
    pub fn images(&self) -> Option<&ImageOrder> {
        match &self.work {
            Work::GenerateImage(order) => Some(order),
            Work::WriteCaption(_)
            | Work::WritePrompts(_)
            | Work::DescribeImages(_)
            | Work::Publish(_)
            | Work::Train(_)
            | Work::RunTask(_)
            | Work::Backup(_) => None,
        }
    }

    /// The order of captions in it, when it is one.
    pub fn captions(&self) -> Option<&CaptionOrder> {
        match &self.work {
            Work::WriteCaption(order) => Some(order),
            Work::GenerateImage(_)
            | Work::WritePrompts(_)
            | Work::DescribeImages(_)
            | Work::Publish(_)
            | Work::Train(_)
            | Work::RunTask(_)
            | Work::Backup(_) => None,
        }
    }

    /// The order of prompts in it, when it is one.
    pub fn prompts(&self) -> Option<&PromptsOrder> {
        match &self.work {
            Work::WritePrompts(order) => Some(order),
            Work::GenerateImage(_)
            | Work::WriteCaption(_)
            | Work::DescribeImages(_)
            | Work::Publish(_)
            | Work::Train(_)
            | Work::RunTask(_)
            | Work::Backup(_) => None,
        }
    }

    /// The order of a dataset's captions in it, when it is one.
    pub fn descriptions(&self) -> Option<&DescribeOrder> {
        match &self.work {
            Work::DescribeImages(order) => Some(order),
            Work::GenerateImage(_)
            | Work::WriteCaption(_)
            | Work::WritePrompts(_)
            | Work::Publish(_)
            | Work::Train(_)
            | Work::RunTask(_)
            | Work::Backup(_) => None,
        }
    }

    /// Puts it back into its queue, not to be started before `run_at`.
    pub fn put_off(&mut self, run_at: DateTime<Utc>, now: DateTime<Utc>) {
        self.run_at = run_at;
        self.turn(JobStatus::Queued, now);
    }
}
