//! Attempts to log in: how many are allowed from where, how many are looked at together, and which are worth a line.
//! Never stored.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use tokio::sync::{Semaphore, SemaphorePermit};

/// So many attempts in a row from one address …
const AT_ONCE: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
/// … and then one each so often.
const THEN_EACH: Duration = Duration::from_secs(30);
/// From so many addresses on, those that were quiet long enough are forgotten.
const MANY: usize = 10_000;
/// Passwords looked at together: each takes a core and twenty megabytes for a moment.
const TOGETHER: usize = 2;
/// Failures within this time are one line of activity.
const ONE_LINE: TimeDelta = TimeDelta::minutes(1);

/// The attempts.
#[derive(Debug)]
pub struct Attempts {
    allowed: DefaultKeyedRateLimiter<IpAddr>,
    looking: Semaphore,
    failed: Mutex<Failed>,
}

#[derive(Debug, Default)]
struct Failed {
    untold: u32,
    told_at: Option<DateTime<Utc>>,
}

impl Default for Attempts {
    fn default() -> Self {
        let quota = Quota::with_period(THEN_EACH).expect("thirty seconds are not zero").allow_burst(AT_ONCE);
        Self { allowed: RateLimiter::keyed(quota), looking: Semaphore::new(TOGETHER), failed: Mutex::default() }
    }
}

impl Attempts {
    /// Counts an attempt from there; when there were too many, how long to wait.
    pub fn count(&self, address: IpAddr) -> Result<(), Duration> {
        if self.allowed.len() > MANY {
            self.allowed.retain_recent();
        }
        let wait = self.allowed.check_key(&network(address)).err();
        wait.map_or(Ok(()), |until| Err(until.wait_time_from(self.allowed.clock().now())))
    }

    /// Waits until a password may be looked at.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.looking.acquire().await.ok()
    }

    /// Notes a failure. Answers how many there were since the last line, when it is time for one.
    pub fn failed(&self, now: DateTime<Utc>) -> Option<u32> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.untold += 1;
        if failed.told_at.is_some_and(|told| now - told < ONE_LINE) {
            return None;
        }
        failed.told_at = Some(now);
        Some(std::mem::take(&mut failed.untold))
    }
}

/// Whoever has one IPv6 address has a whole network of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_tries_too_often_has_to_wait_and_others_do_not() {
        let attempts = Attempts::default();
        let from = |text: &str| attempts.count(text.parse().unwrap());
        for _ in 0..10 {
            assert_eq!(from("2001:db8::1"), Ok(()));
        }
        let wait = from("2001:db8::ffff").unwrap_err();
        assert!(wait > Duration::ZERO && wait <= THEN_EACH, "the whole network waits: {wait:?}");
        assert_eq!(from("2001:db8:1::1"), Ok(()));
        assert_eq!(from("192.0.2.1"), Ok(()));
    }

    #[test]
    fn failures_close_together_are_one_line() {
        let attempts = Attempts::default();
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(attempts.failed(at(0)), Some(1));
        assert_eq!(attempts.failed(at(1)), None);
        assert_eq!(attempts.failed(at(2)), None);
        assert_eq!(attempts.failed(at(61)), Some(3));
    }
}
