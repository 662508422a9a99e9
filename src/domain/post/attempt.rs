//! One attempt to get a post out: each step is stored before its network call and after.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::lenient::null_as_default;

/// One attempt. Its publishing call is sent at most once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Attempt {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// Without the call that makes it public.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// What the network holds of each picture, in order: containers on Instagram, media on X.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub uploads: Vec<Upload>,
    /// Instagram's container around several pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carousel: Option<Upload>,
    /// When the publishing call was about to be sent: stored before it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
    /// What the network said when it refused that call: nothing of this attempt is out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// How often a step failed in a way that may pass.
    pub troubles: u32,
    /// How often the account was read to find out whether it is out.
    pub looks: u32,
    /// What was done, oldest first.
    #[serde(deserialize_with = "null_as_default")]
    pub steps: Vec<Step>,
    /// When it was over, one way or another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
}

/// What a network holds for us, which nobody sees before it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// Its id there.
    pub id: String,
    /// On X, what a post that shows it is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_key: Option<String>,
    /// When it was made; both networks drop it after 24 hours.
    pub made_at: DateTime<Utc>,
}

/// One step of an attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// When it began.
    pub at: DateTime<Utc>,
    /// What was done.
    pub deed: Deed,
    /// What came of it, in words; empty while it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// Whether that is bad.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Asking whose account it is.
    Account,
    /// Asking how many posts the account may still send.
    Quota,
    /// Giving a picture to the network.
    Upload,
    /// Saying what is to be seen.
    AltText,
    /// Putting several pictures into one post.
    Gather,
    /// Waiting until the network has read the pictures.
    Wait,
    /// The call that makes it public.
    Publish,
    /// Asking for its address.
    Link,
    /// Reading the account to find out whether it is out.
    Look,
    /// What a person said about it.
    Word,
}

impl Deed {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Account => "Ask whose account it is",
            Self::Quota => "Ask what is left for today",
            Self::Upload => "Hand over a picture",
            Self::AltText => "Say what is to be seen",
            Self::Gather => "Put the pictures together",
            Self::Wait => "Wait until the pictures were read",
            Self::Publish => "Publish",
            Self::Link => "Ask for the link",
            Self::Look => "Look whether it is out",
            Self::Word => "A person's word",
        }
    }
}

impl Upload {
    /// Whether the network still has it. A quarter of an hour is left for what follows.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now - self.made_at < Duration::minutes(24 * 60 - 15)
    }
}

impl Attempt {
    /// An attempt that begins now.
    pub fn new(dry_run: bool, now: DateTime<Utc>) -> Self {
        Self { started_at: now, dry_run, ..Self::default() }
    }

    /// What the publishing call names on Instagram.
    pub fn container(&self) -> Option<&Upload> {
        self.carousel.as_ref().or_else(|| self.uploads.first())
    }

    /// Forgets what the network holds: it is too old, or the network does not know it any more.
    pub fn forget_uploads(&mut self) {
        self.uploads.clear();
        self.carousel = None;
    }

    /// Notes that a step begins.
    pub fn begin(&mut self, deed: Deed, now: DateTime<Utc>) {
        self.steps.push(Step { at: now, deed, outcome: String::new(), failed: false });
    }

    /// Notes what came of the step that began last.
    pub fn note(&mut self, outcome: impl Into<String>, failed: bool) {
        if let Some(step) = self.steps.last_mut().filter(|step| step.outcome.is_empty()) {
            step.outcome = outcome.into();
            step.failed = failed;
        }
    }
}
