//! The calendar: which days are shown together, and how days and moments go together in a time zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// How many days the list shows.
const LISTED: u64 = 30;

/// How the calendar is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum View {
    /// Whole weeks around a month.
    #[default]
    Month,
    /// Seven days from the one weeks begin with.
    Week,
    /// The next days, one below the other.
    List,
    /// Everything of one day.
    Day,
}

/// The days that are shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How.
    pub view: View,
    /// The day that was asked for.
    pub at: NaiveDate,
    /// The first day that is shown.
    pub first: NaiveDate,
    /// The last day that is shown.
    pub last: NaiveDate,
}

impl View {
    /// Those a person chooses from.
    pub const CHOICE: [Self; 3] = [Self::Month, Self::Week, Self::List];

    /// As it is in an address.
    pub fn key(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::List => "list",
            Self::Day => "day",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Month => "Month",
            Self::Week => "Week",
            Self::List => "List",
            Self::Day => "Day",
        }
    }

    /// The view of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Month, Self::Week, Self::List, Self::Day].into_iter().find(|view| view.key() == key)
    }
}

impl Span {
    /// The days of a view around a day, where weeks begin with `start`.
    pub fn new(view: View, at: NaiveDate, start: Weekday) -> Self {
        let (first, last) = match view {
            View::Month => {
                let first = at.with_day(1).unwrap_or(at);
                let last = first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(at);
                (week_start(first, start), week_end(last, start))
            }
            View::Week => (week_start(at, start), week_end(at, start)),
            View::List => (at, later(at, LISTED - 1)),
            View::Day => (at, at),
        };
        Self { view, at, first, last }
    }

    /// A day of the span before this one.
    pub fn before(&self) -> NaiveDate {
        match self.view {
            View::Month => self.at.with_day(1).and_then(|first| first.checked_sub_months(Months::new(1))).unwrap_or(self.at),
            View::Week => earlier(self.at, 7),
            View::List => earlier(self.at, LISTED),
            View::Day => earlier(self.at, 1),
        }
    }

    /// A day of the span after this one.
    pub fn after(&self) -> NaiveDate {
        match self.view {
            View::Month => self.at.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).unwrap_or(self.at),
            View::Week => later(self.at, 7),
            View::List => later(self.at, LISTED),
            View::Day => later(self.at, 1),
        }
    }

    /// What it is called.
    pub fn title(&self) -> String {
        match self.view {
            View::Month => self.at.format("%B %Y").to_string(),
            View::Week | View::List => between(self.first, self.last),
            View::Day => self.at.format("%A %-d %B %Y").to_string(),
        }
    }

    /// As it stands in an address.
    pub fn address(&self) -> String {
        match self.view {
            View::Month => self.at.format("%Y-%m").to_string(),
            View::Week | View::List | View::Day => self.at.to_string(),
        }
    }

    /// Its days.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last = self.last;
        self.first.iter_days().take_while(move |day| *day <= last)
    }
}

/// The day an address means: `2026-11-23`, or the first of `2026-11`. Only of years people plan for.
pub fn day(text: &str) -> Option<NaiveDate> {
    let day = text.parse().or_else(|_| format!("{text}-01").parse::<NaiveDate>()).ok()?;
    (2000..=2200).contains(&day.year()).then_some(day)
}

/// The first day of a day's week, where weeks begin with `start`.
pub fn week_start(day: NaiveDate, start: Weekday) -> NaiveDate {
    earlier(day, day.weekday().days_since(start).into())
}

/// The first day of a day's month.
pub fn month_start(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// The first day of the month after a day's.
pub fn next_month(day: NaiveDate) -> NaiveDate {
    month_start(day).checked_add_months(Months::new(1)).unwrap_or(day)
}

/// The last day of a day's week.
pub fn week_end(day: NaiveDate, start: Weekday) -> NaiveDate {
    later(week_start(day, start), 6)
}

fn earlier(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// As in "23–29 November 2026", "30 November – 6 December 2026".
fn between(first: NaiveDate, last: NaiveDate) -> String {
    let end = last.format("%-d %B %Y");
    match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => format!("{}–{end}", first.day()),
        (true, false) => format!("{} – {end}", first.format("%-d %B")),
        (false, _) => format!("{} – {end}", first.format("%-d %B %Y")),
    }
}

/// When a day begins. Where the clock skips midnight, that is when the clock goes on.
pub fn start_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    moment(day.and_time(NaiveTime::MIN), zone)
}

/// A time on the clock as a moment: of two the earlier one, and an hour on where the clock skips it.
pub fn moment(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    found.map_or_else(|| local.and_utc(), |found| found.with_timezone(&Utc))
}

/// The same time of the clock on another day.
pub fn on_day(at: DateTime<Utc>, day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    moment(day.and_time(at.with_timezone(&zone).time()), zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_shown_in_whole_weeks() {
        let november = Span::new(View::Month, date("2026-11-22"), Weekday::Mon);
        assert_eq!((november.first, november.last), (date("2026-10-26"), date("2026-12-06")));
        assert_eq!((november.title().as_str(), november.address().as_str()), ("November 2026", "2026-11"));
        assert_eq!((november.before(), november.after()), (date("2026-10-01"), date("2026-12-01")));
        assert_eq!(november.days().count() % 7, 0);
        let longest = Span::new(View::Month, date("2026-08-31"), Weekday::Mon);
        assert_eq!(longest.days().count(), 42);
    }

    #[test]
    fn weeks_begin_with_the_day_that_is_set() {
        let november = |start| Span::new(View::Month, date("2026-11-22"), start);
        let ends = |span: Span| (span.first, span.last, span.days().count());
        assert_eq!(ends(november(Weekday::Sun)), (date("2026-11-01"), date("2026-12-05"), 35));
        assert_eq!(ends(november(Weekday::Sat)), (date("2026-10-31"), date("2026-12-04"), 35));
        let week = Span::new(View::Week, date("2026-12-03"), Weekday::Sun);
        assert_eq!(week.title(), "29 November – 5 December 2026");
    }

    #[test]
    fn a_week_goes_from_monday_to_sunday() {
        let week = Span::new(View::Week, date("2026-12-03"), Weekday::Mon);
        assert_eq!((week.first, week.last), (date("2026-11-30"), date("2026-12-06")));
        assert_eq!(week.title(), "30 November – 6 December 2026");
        assert_eq!(Span::new(View::Week, date("2026-11-29"), Weekday::Mon).title(), "23–29 November 2026");
    }

    #[test]
    fn addresses_are_read_and_nonsense_is_not() {
        assert_eq!((day("2026-11"), day("2026-11-23")), (Some(date("2026-11-01")), Some(date("2026-11-23"))));
        for wrong in ["", "2026", "2026-13", "2026-02-30", "9999-01-01", "next week"] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_that_is_skipped_is_an_hour_later_and_one_that_comes_twice_is_the_first() {
        let rome = chrono_tz::Europe::Rome;
        let at = |text: &str| moment(text.parse().unwrap(), rome).to_rfc3339();
        assert_eq!(at("2026-03-29T02:30:00"), "2026-03-29T01:30:00+00:00");
        assert_eq!(at("2026-10-25T02:30:00"), "2026-10-25T00:30:00+00:00");
        let evening = moment("2026-10-24T18:00:00".parse().unwrap(), rome);
        assert_eq!(on_day(evening, date("2026-10-26"), rome).to_rfc3339(), "2026-10-26T17:00:00+00:00", "18:00 stays 18:00");
    }
}
