//! Schedules: when something happens again and again.
//!
//! A schedule is five-field cron, told in the wall clock of a time zone, or an interval. A time the clocks skip in
//! spring happens at the next minute there is; one they repeat in autumn happens once, the first time.

mod cron;
mod words;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Duration, DurationRound, LocalResult, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use croner::Cron;

use super::{problem::Problem, times::Hours};

/// Longest text of a schedule.
const LONGEST: usize = 200;
/// Longest interval.
const MOST_DAYS: i64 = 366;
/// The most any zone's clocks ever skipped: Samoa left out a whole day.
const LONGEST_GAP: i64 = 25 * 60;

/// When something happens again and again. Made by [`Schedule::parse`] only, so there is always a next time.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule(Rule);

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    /// At these times of the wall clock.
    Cron(Box<Cron>),
    /// Every so many minutes, whatever the clocks do.
    Minutes(i64),
    /// Every so many days, at the same time of the wall clock.
    Days(i64),
}

/// Where a schedule is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// Whose wall clock counts.
    pub zone: Tz,
    /// What intervals are counted from.
    pub origin: DateTime<Utc>,
}

impl Schedule {
    /// Reads a schedule: five-field cron with names, lists, ranges and steps, `@hourly` to `@yearly`, or an interval
    /// as in `30m`, `6h`, `1d`. What cannot be read or never happens is refused, with a word about which part and why.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        let wrong = |message: String| Problem::invalid("schedule", message);
        if text.is_empty() {
            return Err(wrong("Say when it is to happen, as in 0 18 * * * or 6h.".into()));
        }
        if text.chars().count() > LONGEST {
            return Err(wrong(format!("Keep this to {LONGEST} characters.")));
        }
        if let Some(name) = text.strip_prefix('@') {
            return named(name).map(|cron| Self(Rule::Cron(Box::new(cron)))).map_err(wrong);
        }
        match interval(text) {
            Some(rule) => rule.map(Self).map_err(wrong),
            None => cron::read(text).map(|cron| Self(Rule::Cron(Box::new(cron)))).map_err(wrong),
        }
    }

    /// In words, as in "Every day at 18:00".
    pub fn words(&self) -> String {
        self.words_in(Hours::TwentyFour)
    }

    /// The same with times of day on that clock.
    pub fn words_in(&self, clock: Hours) -> String {
        words::of(&self.0, clock)
    }

    /// The first time after that moment.
    pub fn next_after(&self, after: DateTime<Utc>, clock: &Clock) -> Option<DateTime<Utc>> {
        match &self.0 {
            Rule::Cron(cron) => next_on_the_wall(cron, after, clock.zone),
            Rule::Minutes(minutes) => {
                let origin = whole_minute(clock.origin);
                let passed = (after - origin).num_seconds().div_euclid(minutes * 60);
                origin.checked_add_signed(Duration::try_minutes(minutes * (passed.max(0) + 1))?)
            }
            Rule::Days(days) => {
                let origin = whole_minute(clock.origin).with_timezone(&clock.zone).naive_local();
                let passed = (after.with_timezone(&clock.zone).naive_local() - origin).num_days().div_euclid(*days);
                let first = (passed - 1).max(1);
                let times = (first..first + 4).filter_map(|count| origin.checked_add_signed(Duration::try_days(days * count)?));
                times.filter_map(|local| moment(local, clock.zone)).find(|at| *at > after)
            }
        }
    }

    /// The times after that moment, without end.
    pub fn times_after<'a>(&'a self, after: DateTime<Utc>, clock: &'a Clock) -> impl Iterator<Item = DateTime<Utc>> + 'a {
        std::iter::successors(self.next_after(after, clock), |last| self.next_after(*last, clock))
    }

    /// The times after `after`, up to `until` with it.
    pub fn due_between(&self, after: DateTime<Utc>, until: DateTime<Utc>, clock: &Clock) -> Vec<DateTime<Utc>> {
        self.times_after(after, clock).take_while(|at| *at <= until).collect()
    }
}

/// Names for usual schedules.
fn named(name: &str) -> Result<Cron, String> {
    let fields = match name.to_lowercase().as_str() {
        "hourly" => "0 * * * *",
        "daily" | "midnight" => "0 0 * * *",
        "weekly" => "0 0 * * 0",
        "monthly" => "0 0 1 * *",
        "yearly" | "annually" => "0 0 1 1 *",
        _ => return Err(format!("“@{name}” is not known; use @hourly, @daily, @weekly, @monthly or @yearly.")),
    };
    cron::read(fields)
}

/// A number and a unit; `None` when it does not look like an interval.
fn interval(text: &str) -> Option<Result<Rule, String>> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim();
    if digits == 0 || unit.is_empty() || !unit.chars().all(char::is_alphabetic) {
        return None;
    }
    let number: i64 = number.parse().unwrap_or(i64::MAX);
    let rule = match unit.to_lowercase().as_str() {
        "m" | "min" | "minute" | "minutes" => number.checked_mul(1).map(Rule::Minutes),
        "h" | "hour" | "hours" => number.checked_mul(60).map(Rule::Minutes),
        "d" | "day" | "days" => Some(Rule::Days(number)),
        "w" | "week" | "weeks" => number.checked_mul(7).map(Rule::Days),
        _ => return Some(Err(format!("“{unit}” is not a unit of time here; use m, h or d, as in 30m, 6h or 1d."))),
    };
    Some(match rule {
        Some(Rule::Minutes(0) | Rule::Days(0)) => Err("An interval lasts a minute at least.".into()),
        Some(rule @ Rule::Minutes(minutes)) if minutes <= MOST_DAYS * 24 * 60 => Ok(rule),
        Some(rule @ Rule::Days(days)) if days <= MOST_DAYS => Ok(rule),
        Some(_) | None => Err(format!("An interval lasts {MOST_DAYS} days at most.")),
    })
}

/// The first moment after `after` at which a wall clock shows a time of the schedule.
///
/// Wall clock times are walked as they stand on paper, where nothing is skipped or repeated, and each is turned into
/// its moment. Later on paper is never earlier in time, so the first that lies after `after` is the next.
fn next_on_the_wall(cron: &Cron, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let mut local = after.with_timezone(&zone).naive_local().with_second(0)?.with_nanosecond(0)?;
    let mut inclusive = true;
    loop {
        local = cron.find_next_occurrence(&local, inclusive).ok()?;
        match moment(local, zone) {
            Some(at) if at > after => return Some(at),
            Some(_) | None => inclusive = false,
        }
    }
}

/// When a wall clock shows that time: the first time it does, or the first minute after it when it never does.
fn moment(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let minutes = (0..LONGEST_GAP).map_while(|minutes| local.checked_add_signed(Duration::minutes(minutes)));
    let mut moments = minutes.filter_map(|local| match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
        LocalResult::None => None,
    });
    moments.next()
}

/// The minute a moment lies in.
pub fn whole_minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(Duration::minutes(1)).unwrap_or(at)
}
