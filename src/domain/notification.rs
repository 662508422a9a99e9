//! Notifications: what happened that a person should know of, told once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::{character::CharacterId, id::Id, job::JobId, post::PostId, run::RunId};

/// The id of a notification.
pub type NotificationId = Id<Notification>;

/// How many are kept; the oldest go first.
pub const KEPT: usize = 500;

/// Something a person should know of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Made from what is told, so that it cannot be told twice: see [`Notification::id_of`].
    pub id: NotificationId,
    /// What happened.
    pub kind: NotificationKind,
    /// What it happened to.
    pub subject: Subject,
    /// One sentence.
    pub title: String,
    /// Why, and what to do; may be empty.
    #[serde(default)]
    pub words: String,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub character_id: Option<CharacterId>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When a person has taken note of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<DateTime<Utc>>,
    /// Since when there is nothing left to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_at: Option<DateTime<Utc>>,
    /// What became of it at the webhook; `None` when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A post is not out, and will not be by itself.
    PostFailed,
    /// Whether a post is out is not known.
    PostUnconfirmed,
    /// A post would break a rule if it went out.
    PostHeld,
    /// Pictures wait for a decision.
    Review,
    /// An account does not let us in.
    AccountBroken,
    /// A job ended without all its results.
    JobFailed,
    /// A run of a task ended without all it was to do.
    RunFailed,
    /// Runs did not happen because this server did not run.
    RunMissed,
}

/// What a notification is about. One that is not over stands for all that happens to its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A post.
    Post {
        /// Which.
        id: PostId,
    },
    /// A job.
    Job {
        /// Which.
        id: JobId,
    },
    /// An account.
    Account {
        /// `{character}/{network}`.
        id: String,
    },
    /// Everything that waits for a decision.
    Review,
    /// A run of a task.
    Run {
        /// Which.
        id: RunId,
    },
    /// All runs that were missed.
    Missed,
}

/// What became of a notification at the webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Where it stands.
    #[serde(flatten)]
    pub state: DeliveryState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was last sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<DateTime<Utc>>,
    /// What came of that, when it did not arrive.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trouble: String,
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "state", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum DeliveryState {
    /// It is going to be sent.
    Waiting {
        /// Not before.
        #[schema(rename = "dueAt")]
        due_at: DateTime<Utc>,
    },
    /// The other side has taken it.
    Delivered,
    /// It did not arrive, and is not sent again.
    GivenUp,
}

impl NotificationKind {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::PostFailed => "Failed",
            Self::PostUnconfirmed => "Unconfirmed",
            Self::PostHeld => "Held",
            Self::Review => "Review",
            Self::AccountBroken => "Account",
            Self::JobFailed => "Job failed",
            Self::RunFailed => "Run failed",
            Self::RunMissed => "Missed",
        }
    }

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::PostFailed => "post_failed",
            Self::PostUnconfirmed => "post_unconfirmed",
            Self::PostHeld => "post_held",
            Self::Review => "review",
            Self::AccountBroken => "account_broken",
            Self::JobFailed => "job_failed",
            Self::RunFailed => "run_failed",
            Self::RunMissed => "run_missed",
        }
    }
}

impl Subject {
    /// As the store's index has it.
    pub fn key(&self) -> String {
        match self {
            Self::Post { id } => format!("post/{id}"),
            Self::Job { id } => format!("job/{id}"),
            Self::Account { id } => format!("account/{id}"),
            Self::Review => "review".to_owned(),
            Self::Run { id } => format!("run/{id}"),
            Self::Missed => "missed".to_owned(),
        }
    }
}

impl Notification {
    /// The id of what is told about a subject: the same for the same kind at the same moment, and no other.
    pub fn id_of(kind: NotificationKind, subject: &Subject, moment: &str) -> NotificationId {
        format!("{:016x}", xxh3_64(format!("{}\n{}\n{moment}", kind.key(), subject.key()).as_bytes())).into()
    }

    /// Whether a person has yet to take note of it.
    pub fn is_unread(&self) -> bool {
        self.read_at.is_none()
    }

    /// Notes that nothing is left to do about it; nobody has to read it any more.
    pub fn close(&mut self, now: DateTime<Utc>) {
        self.over_at = self.over_at.or(Some(now));
        self.read_at = self.read_at.or(Some(now));
    }
}

impl Delivery {
    /// One that is to be sent at once.
    pub fn due(now: DateTime<Utc>) -> Self {
        Self { state: DeliveryState::Waiting { due_at: now }, attempts: 0, tried_at: None, trouble: String::new() }
    }

    /// When it is to be sent; `None` when it is not.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        match self.state {
            DeliveryState::Waiting { due_at } => Some(due_at),
            DeliveryState::Delivered | DeliveryState::GivenUp => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_again_has_the_same_id_and_what_happens_again_another() {
        let post = Subject::Post { id: "p".into() };
        let id = |kind, moment| Notification::id_of(kind, &post, moment);
        assert_eq!(id(NotificationKind::PostFailed, "job-1"), id(NotificationKind::PostFailed, "job-1"));
        assert_ne!(id(NotificationKind::PostFailed, "job-1"), id(NotificationKind::PostFailed, "job-2"));
        assert_ne!(id(NotificationKind::PostFailed, "job-1"), id(NotificationKind::PostHeld, "job-1"));
    }
}
