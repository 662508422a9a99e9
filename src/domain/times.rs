//! Times as people read them: where they are, on a clock of 24 or of 12 hours. Pages and words say them in no other way.

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// How the time of day is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hours {
    /// As in 14:05.
    #[default]
    #[serde(rename = "24")]
    TwentyFour,
    /// As in 2:05 pm.
    #[serde(rename = "12")]
    Twelve,
}

/// A zone, and how times in it are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Where.
    pub zone: Tz,
    /// How the time of day is said.
    pub hours: Hours,
}

impl Hours {
    /// Both.
    pub const ALL: [Self; 2] = [Self::TwentyFour, Self::Twelve];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::TwentyFour => "24",
            Self::Twelve => "12",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::TwentyFour => "24 hours, as in 18:30",
            Self::Twelve => "12 hours, as in 6:30 pm",
        }
    }

    /// The way of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hours| hours.key() == key)
    }

    /// A time of day.
    pub fn say(self, time: NaiveTime) -> String {
        match self {
            Self::TwentyFour => time.format("%H:%M").to_string(),
            Self::Twelve => time.format("%-I:%M %P").to_string(),
        }
    }
}

impl Times {
    /// As in "14:05".
    pub fn time(&self, at: DateTime<Utc>) -> String {
        self.hours.say(self.local(at).time())
    }

    /// As in "23 Nov 2026, 14:05".
    pub fn moment(&self, at: DateTime<Utc>) -> String {
        self.day_and_time(at, "%-d %b %Y")
    }

    /// As in "Mon 23 Nov 2026, 14:05".
    pub fn with_weekday(&self, at: DateTime<Utc>) -> String {
        self.day_and_time(at, "%a %-d %b %Y")
    }

    /// As in "Monday 23 November, 14:05".
    pub fn soon(&self, at: DateTime<Utc>) -> String {
        self.day_and_time(at, "%A %-d %B")
    }

    /// As in "Monday 23 November 2026, 14:05".
    pub fn in_full(&self, at: DateTime<Utc>) -> String {
        self.day_and_time(at, "%A %-d %B %Y")
    }

    /// As in "23 Nov 14:05:09": for what happens within seconds.
    pub fn to_the_second(&self, at: DateTime<Utc>) -> String {
        let format = match self.hours {
            Hours::TwentyFour => "%-d %b %H:%M:%S",
            Hours::Twelve => "%-d %b %-I:%M:%S %P",
        };
        self.local(at).format(format).to_string()
    }

    /// Its day there.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        self.local(at).date_naive()
    }

    /// Its hour there, of 24.
    pub fn hour(&self, at: DateTime<Utc>) -> u32 {
        self.local(at).hour()
    }

    fn day_and_time(&self, at: DateTime<Utc>, day: &str) -> String {
        let local = self.local(at);
        format!("{}, {}", local.format(day), self.hours.say(local.time()))
    }

    fn local(&self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_said_as_the_zone_and_the_clock_have_it() {
        let at = "2026-11-23T23:05:09Z".parse().unwrap();
        let rome = Times { zone: chrono_tz::Europe::Rome, hours: Hours::TwentyFour };
        assert_eq!((rome.moment(at).as_str(), rome.time(at).as_str()), ("24 Nov 2026, 00:05", "00:05"));
        assert_eq!(rome.soon(at), "Tuesday 24 November, 00:05");
        let tokyo = Times { zone: chrono_tz::Asia::Tokyo, hours: Hours::Twelve };
        assert_eq!(tokyo.in_full(at), "Tuesday 24 November 2026, 8:05 am");
        assert_eq!(tokyo.to_the_second(at), "24 Nov 8:05:09 am");
        let utc = Times { zone: Tz::UTC, hours: Hours::Twelve };
        assert_eq!(utc.with_weekday(at), "Mon 23 Nov 2026, 11:05 pm");
        assert_eq!(Hours::Twelve.say(NaiveTime::MIN), "12:00 am");
    }
}
