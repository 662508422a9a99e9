//! What it holds: containers, and what went out.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Where Meta's pages disagree, what `quota_total` says.
pub(super) const QUOTA: u32 = 50;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ledger {
    last_id: u64,
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) posts: Vec<Posted>,
    pub(super) used_elsewhere: BTreeMap<String, u32>,
}

/// What was handed over.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Container {
    pub(super) account: String,
    pub(super) kind: Kind,
    pub(super) caption: String,
    pub(super) pictures: Vec<String>,
    pub(super) alt_texts: Vec<String>,
    pub(super) made_with_ai: bool,
    pub(super) made_at: DateTime<Utc>,
    /// How often it still says that it is not ready.
    pub(super) reads: u32,
    pub(super) published: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Single,
    Child,
    Carousel,
}

/// A post that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Its id.
    pub id: String,
    /// The last part of its address.
    pub shortcode: String,
    /// Whose, without `@`.
    pub account: String,
    /// Its words.
    pub caption: String,
    /// The ids of its pictures, in order.
    pub pictures: Vec<String>,
    /// What is to be seen on each.
    pub alt_texts: Vec<String>,
    /// Whether it carries the label for it.
    pub made_with_ai: bool,
    /// When it went out.
    pub at: DateTime<Utc>,
    /// The container it was.
    pub container: String,
}

impl Ledger {
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A container of the account, as long as it lives.
    pub(super) fn container(&mut self, id: &str, account: &str) -> Option<&mut Container> {
        self.containers.get_mut(id).filter(|container| container.account == account)
    }

    /// How many posts of the last 24 hours are used.
    pub(super) fn used(&self, account: &str) -> u32 {
        let since = Utc::now() - Duration::hours(24);
        let here = self.posts.iter().filter(|post| post.account == account && post.at > since).count();
        self.used_elsewhere.get(account).copied().unwrap_or(0) + here as u32
    }
}

impl Container {
    /// As `status_code` says it.
    pub(super) fn status(&self) -> &'static str {
        if self.published {
            "PUBLISHED"
        } else if Utc::now() - self.made_at > Duration::hours(24) {
            "EXPIRED"
        } else if self.reads > 0 {
            "IN_PROGRESS"
        } else {
            "FINISHED"
        }
    }
}
