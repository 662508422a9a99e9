//! How much each caller of the API may ask for: a lot of everything, and less of what costs money or a graphics card.
//! Never stored.

use std::{num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};

/// Requests a second, unless it is set: a front end that reads a page's worth at a time never meets it.
const EACH_SECOND: u32 = 50;
/// So many seconds' worth may come at once.
const AT_ONCE: u32 = 10;
/// Costly requests a minute, unless it is set.
const EACH_MINUTE: u32 = 60;
/// From so many callers on, those that were quiet long enough are forgotten.
const MANY: usize = 10_000;

/// The limits.
#[derive(Debug)]
pub struct Limits {
    any: Option<Limit>,
    costly: Option<Limit>,
}

#[derive(Debug)]
struct Limit {
    /// By a hash of who calls.
    allowed: DefaultKeyedRateLimiter<u64>,
    /// Whether programs of this machine that nobody asks for a password count, too: where somebody has said how much.
    for_all: bool,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// A hash of the token, the session or the address.
    pub mark: u64,
    /// Somebody at this machine, where there is no password.
    pub is_local: bool,
}

impl Limits {
    /// So many requests a second and costly ones a minute; 0 is no limit, and `None` is the usual one.
    pub fn new(each_second: Option<u32>, costly_each_minute: Option<u32>) -> Self {
        let any = |each: NonZeroU32| Quota::per_second(each).allow_burst(each.saturating_mul(NonZeroU32::MIN.saturating_add(AT_ONCE - 1)));
        Self { any: limit(each_second, EACH_SECOND, any), costly: limit(costly_each_minute, EACH_MINUTE, Quota::per_minute) }
    }

    /// Counts a request; when there were too many, how long to wait.
    pub fn count(&self, who: Who, is_costly: bool) -> Result<(), Duration> {
        self.any.as_ref().map_or(Ok(()), |limit| limit.count(who))?;
        self.costly.as_ref().filter(|_| is_costly).map_or(Ok(()), |limit| limit.count(who))
    }
}

fn limit(set: Option<u32>, usual: u32, quota: impl Fn(NonZeroU32) -> Quota) -> Option<Limit> {
    let each = NonZeroU32::new(set.unwrap_or(usual))?;
    Some(Limit { allowed: RateLimiter::keyed(quota(each)), for_all: set.is_some() })
}

impl Limit {
    fn count(&self, who: Who) -> Result<(), Duration> {
        if who.is_local && !self.for_all {
            return Ok(());
        }
        if self.allowed.len() > MANY {
            self.allowed.retain_recent();
        }
        let wait = self.allowed.check_key(&who.mark).err();
        wait.map_or(Ok(()), |until| Err(until.wait_time_from(self.allowed.clock().now())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Who = Who { mark: 1, is_local: false };
    const OTHER: Who = Who { mark: 2, is_local: false };
    const LOCAL: Who = Who { mark: 3, is_local: true };

    fn allowed(limits: &Limits, who: Who, is_costly: bool) -> usize {
        (0..2_000).take_while(|_| limits.count(who, is_costly).is_ok()).count()
    }

    #[test]
    fn each_caller_has_limits_of_its_own() {
        let limits = Limits::new(None, None);
        assert!(allowed(&limits, PROGRAM, false) >= 500);
        let wait = limits.count(PROGRAM, false).unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        assert!((60..=61).contains(&allowed(&limits, OTHER, true)));
        assert!(limits.count(OTHER, false).is_ok(), "what costs nothing goes on");
    }

    #[test]
    fn programs_of_this_machine_are_free_unless_a_limit_is_set() {
        assert_eq!(allowed(&Limits::new(None, None), LOCAL, true), 2_000);
        assert_eq!(allowed(&Limits::new(None, Some(5)), LOCAL, true), 5);
        assert_eq!(allowed(&Limits::new(Some(0), Some(0)), PROGRAM, true), 2_000, "0 is no limit");
    }
}
