//! How often each call may come in a quarter of an hour, and the headers that say so
//! (<https://docs.x.com/x-api/fundamentals/rate-limits>).

use std::{collections::HashMap, sync::Mutex};

use axum::http::HeaderMap;
use chrono::Utc;

use super::{Step, lock, problem};
use crate::sandbox::social::Refused;

const WINDOW: i64 = 900;

/// The windows that are open: when each ends, and how many calls came.
#[derive(Default)]
pub(super) struct Limits(Mutex<HashMap<(Step, String), (i64, u32)>>);

/// What is left of a window.
pub(super) struct Window {
    limit: u32,
    left: u32,
    reset: i64,
}

impl Limits {
    /// Counts a call, or refuses it.
    pub(super) fn count(&self, step: Step, account: &str) -> Result<Window, Refused> {
        let limit = match step {
            Step::Me => 75,
            Step::Post => 100,
            Step::Upload | Step::Describe => 500,
            Step::Timeline => 900,
            Step::Initialize | Step::Append | Step::Finalize => 1_875,
        };
        let now = Utc::now().timestamp();
        let mut windows = lock(&self.0);
        let (reset, came) = windows.entry((step, account.to_owned())).or_insert((now + WINDOW, 0));
        if *reset <= now {
            (*reset, *came) = (now + WINDOW, 0);
        }
        if *came >= limit {
            return Err(problem::too_many(*reset));
        }
        *came += 1;
        Ok(Window { limit, left: limit - *came, reset: *reset })
    }
}

impl Window {
    /// Puts it into the headers of an answer that does not say anything of its own.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if !headers.contains_key("x-rate-limit-reset") {
            headers.insert("x-rate-limit-limit", self.limit.into());
            headers.insert("x-rate-limit-remaining", self.left.into());
            headers.insert("x-rate-limit-reset", self.reset.into());
        }
    }
}
