//! How it stands with Gemini, as last seen.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{Gemini, GeminiError};
use crate::domain::words::GeminiModel;

/// What was seen at the last look.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// When; `None` when nobody has looked yet.
    pub checked_at: Option<DateTime<Utc>>,
    /// How long the answer took.
    pub latency: Duration,
    /// The models there are; those of the last good look.
    pub models: Vec<GeminiModel>,
    /// What was wrong.
    pub problem: Option<GeminiError>,
}

impl Gemini {
    /// What was seen at the last look.
    pub fn standing(&self) -> std::sync::Arc<Standing> {
        self.standing.load_full()
    }

    /// Looks which models the key may use. Costs no tokens.
    pub async fn look(&self, key: &SecretString, now: DateTime<Utc>) -> Result<(), GeminiError> {
        let begun = Instant::now();
        let seen = self.models(key).await;
        let (models, problem) = match seen {
            Ok(models) => (models, None),
            Err(error) => (self.standing().models.clone(), Some(error)),
        };
        let standing = Standing { checked_at: Some(now), latency: begun.elapsed(), models, problem: problem.clone() };
        self.standing.store(standing.into());
        problem.map_or(Ok(()), Err)
    }

    /// Forgets what was seen: the key is another one, or gone.
    pub fn forget(&self) {
        self.standing.store(Standing::default().into());
    }

    /// Notes what a question met, so that pages tell it before the next look.
    pub(super) fn met(&self, problem: Option<&GeminiError>) {
        let before = self.standing();
        if before.problem.as_ref() != problem {
            self.standing.store(Standing { problem: problem.cloned(), ..Standing::clone(&before) }.into());
        }
    }
}
