//! What it holds: media, and what went out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ledger {
    last_id: u64,
    pub(super) media: BTreeMap<String, Media>,
    pub(super) posts: Vec<Posted>,
}

/// What was handed over.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Media {
    pub(super) account: String,
    pub(super) alt_text: String,
    pub(super) attached: bool,
    pub(super) made_at: DateTime<Utc>,
    /// What is still missing of it: announced bytes, and the pieces that came.
    pub(super) open: Option<(usize, BTreeMap<u32, Vec<u8>>)>,
}

/// A post that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Its id.
    pub id: String,
    /// Whose, without `@`.
    pub account: String,
    /// Its words.
    pub text: String,
    /// The ids of its pictures, in order.
    pub media: Vec<String>,
    /// What is to be seen on each.
    pub alt_texts: Vec<String>,
    /// Whether it carries the label for it.
    pub made_with_ai: bool,
    /// When it went out.
    pub at: DateTime<Utc>,
}

impl Ledger {
    /// Too large for a number of some languages, as X's are.
    pub(super) fn next_id(&mut self) -> String {
        self.last_id += 1;
        (1_990_000_000_000_000_000 + self.last_id).to_string()
    }

    /// Media of the account that are not attached yet.
    pub(super) fn unattached(&mut self, id: &str, account: &str) -> Option<&mut Media> {
        let day = chrono::Duration::hours(24);
        self.media.get_mut(id).filter(|media| media.account == account && !media.attached && Utc::now() - media.made_at < day)
    }
}

/// The key of media, as an upload and a timeline give it.
pub(super) fn media_key(id: &str) -> String {
    format!("3_{id}")
}
