//! What is looked at before a post goes out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// Whether the character may post on their own, and a person has approved.
    Review,
    /// Whether the account's keys are there and work.
    Account,
    /// The network's rules for words.
    Caption,
    /// The network's rules for pictures.
    Picture,
    /// Whether the same was posted there not long ago.
    Duplicate,
    /// Whether the network can fetch the picture.
    Handoff,
    /// How much the account may still post.
    Quota,
    /// How many posts a person lets go out on the account in a day.
    DailyCap,
    /// The same in a month.
    MonthlyCap,
    /// How long ago the last post of that account was.
    Gap,
    /// Whether everything is paused.
    Pause,
    /// Whether it is only a rehearsal.
    DryRun,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Fine.
    Good,
    /// Worth knowing; it can go out.
    Mind,
    /// It goes out later by itself.
    Waits,
    /// It cannot go out like this.
    Stops,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What.
    pub name: CheckName,
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen and, when it is not good, what to do.
    pub words: String,
    /// When it can go out, where it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// The page where something can be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl CheckName {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Review => "Review",
            Self::Account => "Account",
            Self::Caption => "Caption",
            Self::Picture => "Picture",
            Self::Duplicate => "Duplicates",
            Self::Handoff => "Public address",
            Self::Quota => "Quota",
            Self::DailyCap => "Cap of the day",
            Self::MonthlyCap => "Cap of the month",
            Self::Gap => "Gap",
            Self::Pause => "Pause",
            Self::DryRun => "Dry run",
        }
    }

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Account => "account",
            Self::Caption => "caption",
            Self::Picture => "picture",
            Self::Duplicate => "duplicate",
            Self::Handoff => "handoff",
            Self::Quota => "quota",
            Self::DailyCap => "daily_cap",
            Self::MonthlyCap => "monthly_cap",
            Self::Gap => "gap",
            Self::Pause => "pause",
            Self::DryRun => "dry_run",
        }
    }
}

impl Check {
    /// One that is fine.
    pub fn good(name: CheckName, words: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Good, words: words.into(), until: None, link: None }
    }

    /// One that has to wait until then.
    pub fn waits(name: CheckName, until: DateTime<Utc>, words: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Waits, words: words.into(), until: Some(until), link: None }
    }

    /// One that is not, with what to do.
    pub fn not(name: CheckName, verdict: Verdict, words: impl Into<String>) -> Self {
        Self { name, verdict, words: words.into(), until: None, link: None }
    }

    /// The same, with the page where something can be done about it.
    pub fn at(self, link: impl Into<String>) -> Self {
        Self { link: Some(link.into()), ..self }
    }
}
