//! Requests their callers have named (`Idempotency-Key`), and how they were answered: the same one sent again is
//! answered again, and not done again.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{id::Id, problem::Problem};

/// The id of a named request: a hash of who sent it and what they called it.
pub type AnsweredId = Id<Answered>;

/// A name counts for so long.
pub const COUNTS_FOR: Duration = Duration::hours(24);
/// So many requests are remembered; beyond that, the oldest are let go of.
pub const MOST: usize = 4_000;
/// So many bytes of answers are remembered; beyond that, the oldest are let go of.
pub const ROOM: usize = 16 << 20;
/// A body of more bytes is not kept.
pub const LARGEST: usize = 128 << 10;

/// Most characters of a name.
const LONGEST_KEY: usize = 200;

/// A request that has a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// Who sent it and what they called it, as a hash.
    pub id: AnsweredId,
    /// What it asked for, as a hash.
    pub said: String,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// How it was answered; `None` from when it is begun until then, and for good when this server was stopped in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// How a request was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that belong to it.
    pub headers: BTreeMap<String, String>,
    /// `None` when it was too large to be kept.
    pub body: Option<String>,
}

impl Answered {
    /// Whether its name still counts.
    pub fn counts(&self, now: DateTime<Utc>) -> bool {
        now - self.created_at < COUNTS_FOR
    }

    /// How much room its answer takes.
    pub fn bytes(&self) -> usize {
        self.answer.as_ref().and_then(|answer| answer.body.as_ref()).map_or(0, String::len)
    }
}

/// What a name must be like.
pub fn check_key(key: &str) -> Result<(), Problem> {
    let fits = !key.is_empty() && key.len() <= LONGEST_KEY && key.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if fits { Ok(()) } else { Err(Problem::invalid("Idempotency-Key", "Use 1 to 200 plain characters.")) }
}
