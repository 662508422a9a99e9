use chrono::Datelike;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn clock(zone: &str) -> Clock {
    Clock { zone: zone.parse().unwrap(), origin: at("2026-01-01T09:20:00Z") }
}

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).unwrap()
}

fn refused(text: &str) -> String {
    let problem = Schedule::parse(text).unwrap_err();
    problem.about("schedule").unwrap().to_owned()
}

/// The times of a schedule in that zone, from midnight to midnight UTC, as the wall clock shows them.
fn day(text: &str, zone: &str, day: &str) -> Vec<String> {
    let clock = clock(zone);
    let from = at(&format!("{day}T00:00:00Z")) - Duration::seconds(1);
    let times = schedule(text).due_between(from, from + Duration::days(1), &clock);
    times.iter().map(|at| at.with_timezone(&clock.zone).format("%H:%M%:z").to_string()).collect()
}

fn next(text: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let clock = clock(zone);
    let schedule = schedule(text);
    schedule.times_after(at(after), &clock).take(count).map(|at| at.with_timezone(&clock.zone).format("%F %H:%M").to_string()).collect()
}

#[test]
fn a_time_skipped_in_spring_happens_at_the_next_minute_there_is() {
    assert_eq!(day("30 2 * * *", "Europe/Rome", "2026-03-29"), ["03:00+02:00"]);
    assert_eq!(day("30 2,3 * * *", "Europe/Rome", "2026-03-29"), ["03:00+02:00", "03:30+02:00"]);
    assert_eq!(day("*/20 2 * * *", "Europe/Rome", "2026-03-29"), ["03:00+02:00"]);
    assert_eq!(day("30 2 * * *", "America/New_York", "2026-03-08"), ["03:00-04:00"]);
    // Lord Howe moves its clocks by half an hour.
    assert_eq!(day("15 2 * * *", "Australia/Lord_Howe", "2026-10-03"), ["02:30+11:00"]);
    assert_eq!(day("0,15,30 2 * * *", "Australia/Lord_Howe", "2026-10-03"), ["02:30+11:00"]);
}

#[test]
fn a_time_repeated_in_autumn_happens_once() {
    assert_eq!(day("30 2 * * *", "Europe/Rome", "2026-10-25"), ["02:30+02:00"]);
    assert_eq!(day("0,30 2 * * *", "Europe/Rome", "2026-10-25"), ["02:00+02:00", "02:30+02:00"]);
    assert_eq!(day("30 1 * * *", "America/New_York", "2026-11-01"), ["01:30-04:00"]);
    assert_eq!(day("45 1 * * *", "Australia/Lord_Howe", "2026-04-04"), ["01:45+11:00"]);
    let hours = day("0 * * * *", "Europe/Rome", "2026-10-25");
    assert_eq!(hours[..3], ["02:00+02:00", "03:00+01:00", "04:00+01:00"]);
}

#[test]
fn days_without_a_change_of_clocks_are_as_they_are_written() {
    assert_eq!(day("30 2 * * *", "Europe/Rome", "2026-06-01"), ["02:30+02:00"]);
    assert_eq!(day("0 9,18 * * *", "America/New_York", "2026-06-01"), ["09:00-04:00", "18:00-04:00"]);
}

#[test]
fn leap_days_month_ends_and_year_ends() {
    assert_eq!(next("0 12 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1), ["2104-02-29 12:00"]);
    assert_eq!(next("0 8 31 * *", "UTC", "2026-01-31T09:00:00Z", 2), ["2026-03-31 08:00", "2026-05-31 08:00"]);
    assert_eq!(next("0 8 L * *", "UTC", "2028-01-31T09:00:00Z", 2), ["2028-02-29 08:00", "2028-03-31 08:00"]);
    assert_eq!(next("59 23 31 12 *", "Europe/Rome", "2026-12-31T22:59:00Z", 1), ["2027-12-31 23:59"]);
    assert_eq!(next("*/30 * * * *", "UTC", "2026-12-31T23:30:00Z", 2), ["2027-01-01 00:00", "2027-01-01 00:30"]);
}

#[test]
fn steps_start_again_every_hour() {
    let expected = ["2026-01-01 00:49", "2026-01-01 00:56", "2026-01-01 01:00", "2026-01-01 01:07"];
    assert_eq!(next("*/7 * * * *", "UTC", "2026-01-01T00:42:00Z", 4), expected);
    assert_eq!(next("5/25 0 * * *", "UTC", "2026-01-01T00:00:00Z", 3), ["2026-01-01 00:05", "2026-01-01 00:30", "2026-01-01 00:55"]);
}

#[test]
fn sunday_is_0_and_7_and_sun() {
    let sundays = ["2026-11-29 10:00", "2026-12-06 10:00"];
    for weekday in ["0", "7", "SUN", "sunday", "0,7"] {
        assert_eq!(next(&format!("0 10 * * {weekday}"), "UTC", "2026-11-27T00:00:00Z", 2), sundays, "{weekday}");
    }
    assert_eq!(next("0 10 * * FRI-MON", "UTC", "2026-11-26T12:00:00Z", 5).len(), 5);
    assert_eq!(schedule("0 10 * * FRI-MON").words(), "On Mondays, Fridays, Saturdays and Sundays at 10:00");
}

#[test]
fn days_of_month_and_weekdays_together_mean_either() {
    let times = next("0 9 13 * FRI", "UTC", "2026-11-01T00:00:00Z", 4);
    assert_eq!(times, ["2026-11-06 09:00", "2026-11-13 09:00", "2026-11-20 09:00", "2026-11-27 09:00"]);
}

#[test]
fn minutes_of_an_interval_count_from_its_origin_whatever_the_clocks_do() {
    assert_eq!(next("6h", "UTC", "2026-01-01T09:20:00Z", 2), ["2026-01-01 15:20", "2026-01-01 21:20"]);
    assert_eq!(next("90m", "UTC", "2025-06-01T00:00:00Z", 1), ["2026-01-01 10:50"]);
    let hours = day("1h", "Europe/Rome", "2026-10-25");
    assert_eq!(hours.len(), 24, "each hour of the day, the repeated one too");
    assert!(hours.contains(&"02:20+02:00".to_owned()) && hours.contains(&"02:20+01:00".to_owned()));
}

#[test]
fn days_of_an_interval_stay_at_their_time_of_day() {
    let march = next("1d", "Europe/Rome", "2026-03-28T00:00:00Z", 3);
    assert_eq!(march, ["2026-03-28 10:20", "2026-03-29 10:20", "2026-03-30 10:20"]);
    assert_eq!(next("1w", "UTC", "2026-01-08T09:20:00Z", 1), ["2026-01-15 09:20"]);
}

#[test]
fn what_is_wrong_is_said_with_its_field() {
    assert_eq!(refused("75 * * * *"), "The minute “75”: 75 is not between 0 and 59.");
    assert_eq!(refused("0 24 * * *"), "The hour “24”: 24 is not between 0 and 23.");
    assert_eq!(
        refused("0 0 * * FUNDAY"),
        "The weekday “FUNDAY”: “FUNDAY” is not known; use 0 to 7 or SUN to SAT, *, and lists, ranges and steps of these."
    );
    assert_eq!(
        refused("0 0 * MON *"),
        "The month “MON”: “MON” is not known; use 1 to 12 or JAN to DEC, *, and lists, ranges and steps of these."
    );
    assert_eq!(refused("0 22-2 * * *"), "The hour “22-2”: 22-2 runs backwards; write it as two, 22-23,0-2.");
    assert_eq!(refused("*/0 * * * *"), "The minute “*/0”: a step of 0 leads nowhere.");
    assert_eq!(refused("0 0 1,,2 * *"), "The day of the month “1,,2”: there is nothing between two commas.");
    assert_eq!(refused("0 0 31 2 *"), "This never happens: no such month has that many days.");
    assert_eq!(refused("0 0 31 2,4,6,9,11 *"), "This never happens: no such month has that many days.");
    assert_eq!(
        refused("0 0 9 * * *"),
        "These are 6 fields; write five (minute, hour, day of the month, month, weekday), without seconds and years."
    );
    assert_eq!(refused("@fortnightly"), "“@fortnightly” is not known; use @hourly, @daily, @weekly, @monthly or @yearly.");
    assert_eq!(refused("90s"), "“s” is not a unit of time here; use m, h or d, as in 30m, 6h or 1d.");
    assert_eq!(refused("0m"), "An interval lasts a minute at least.");
    assert_eq!(refused("99999999999999999999d"), "An interval lasts 366 days at most.");
    assert_eq!(refused("  "), "Say when it is to happen, as in 0 18 * * * or 6h.");
    assert!(refused("tomorrow").starts_with("Write five fields"));
    assert!(refused(&"1,".repeat(300)).starts_with("Keep this"));
    // A weekday beside it makes it happen after all.
    assert_eq!(next("0 0 31 2 MON", "UTC", "2026-01-31T00:00:00Z", 1), ["2026-02-02 00:00"]);
}

#[test]
fn schedules_in_words() {
    for (text, words) in [
        ("0 18 * * *", "Every day at 18:00"),
        ("@hourly", "Every hour"),
        ("@daily", "Every day at 00:00"),
        ("@weekly", "On Sundays at 00:00"),
        ("@monthly", "On the 1st of each month at 00:00"),
        ("@yearly", "On the 1st of January at 00:00"),
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("*/7 * * * *", "At :00, :07, :14, :21, :28, :35, :42, :49 and :56 of every hour"),
        ("5 * * * *", "Every hour at :05"),
        ("0 */2 * * *", "Every 2 hours at :00"),
        ("0 9,13,18 * * MON-FRI", "On weekdays at 09:00, 13:00 and 18:00"),
        ("*/15 9-17 * * 1-5", "Every 15 minutes from 09:00 to 17:59, on weekdays"),
        ("0 8-20 * * *", "Every hour from 08:00 to 20:00"),
        ("*/5 9 * * *", "Every 5 minutes from 09:00 to 09:59"),
        ("30 10 * * SAT,SUN", "At weekends at 10:30"),
        ("30 10 1,15 * *", "On the 1st and 15th of each month at 10:30"),
        ("0 0 L * *", "On the last day of each month at 00:00"),
        ("0 9 * * MON#2", "On the second Monday of the month at 09:00"),
        ("0 9 13 * FRI", "On the 13th of each month and on Fridays at 09:00"),
        ("0 9 13 * */1", "Every day at 09:00"),
        ("0 9 * 6-8 *", "Every day in June, July and August at 09:00"),
        ("0 9 22,23 12 *", "On the 22nd and 23rd of December at 09:00"),
        ("0 9 1-7 * *", "On the 1st to 7th of each month at 09:00"),
        ("30m", "Every 30 minutes"),
        ("6h", "Every 6 hours"),
        ("90 min", "Every 90 minutes"),
        ("1d", "Every day"),
        ("2w", "Every 2 weeks"),
    ] {
        assert_eq!(schedule(text).words(), words, "{text}");
    }
}

#[test]
fn words_say_times_as_the_clock_is_set() {
    let words = |text: &str| schedule(text).words_in(Hours::Twelve);
    assert_eq!(words("0 18 * * *"), "Every day at 6:00 pm");
    assert_eq!(words("30 9-17 * * MON"), "Every hour from 9:30 am to 5:30 pm, on Mondays");
}

/// What each field of an expression lets through, worked out by counting, without croner.
struct Reference {
    minutes: Vec<bool>,
    hours: Vec<bool>,
    days: Vec<bool>,
    months: Vec<bool>,
    weekdays: Vec<bool>,
    stars: (bool, bool),
}

impl Reference {
    fn of(fields: &[String]) -> Self {
        let field = |text: &str, first: usize, last: usize| {
            let mut let_through = vec![false; last + 1];
            for part in text.split(',') {
                let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap()));
                let (from, to) = match range.split_once('-') {
                    Some((from, to)) => (from.parse().unwrap(), to.parse().unwrap()),
                    None if range == "*" => (first, last),
                    None => (range.parse().unwrap(), range.parse().unwrap()),
                };
                (from..=to).step_by(step).for_each(|value| let_through[value] = true);
            }
            let_through
        };
        let mut weekdays = field(&fields[4], 0, 7);
        weekdays[0] |= weekdays[7];
        Self {
            minutes: field(&fields[0], 0, 59),
            hours: field(&fields[1], 0, 23),
            days: field(&fields[2], 1, 31),
            months: field(&fields[3], 1, 12),
            weekdays,
            stars: (fields[2] == "*", fields[4] == "*"),
        }
    }

    fn holds(&self, local: NaiveDateTime) -> bool {
        let day = self.days[local.day() as usize];
        let weekday = self.weekdays[local.weekday().num_days_from_sunday() as usize];
        let date = match self.stars {
            (true, _) => weekday,
            (false, true) => day,
            (false, false) => day || weekday,
        };
        date && self.months[local.month() as usize] && self.hours[local.hour() as usize] && self.minutes[local.minute() as usize]
    }

    /// Walks the minutes one by one, on the wall clock as it really goes.
    fn times(&self, zone: Tz, after: DateTime<Utc>, minutes: i64) -> Vec<DateTime<Utc>> {
        let mut times = Vec::new();
        // Up to where the wall clock has been: what it shows again later was there before, what it left out is made up for.
        let mut shown = after.with_timezone(&zone).naive_local();
        for minute in 0..=3 * 60 {
            shown = shown.max((after - Duration::minutes(minute)).with_timezone(&zone).naive_local());
        }
        for minute in 1..=minutes {
            let now = after + Duration::minutes(minute);
            let local = now.with_timezone(&zone).naive_local();
            let mut due = false;
            while shown < local {
                shown += Duration::minutes(1);
                due |= self.holds(shown);
            }
            if due {
                times.push(now);
            }
        }
        times
    }
}

fn part(first: u32, last: u32) -> impl Strategy<Value = String> {
    let value = first..=last;
    prop_oneof![
        4 => value.clone().prop_map(|value| value.to_string()),
        2 => (value.clone(), value.clone()).prop_map(|(one, other)| format!("{}-{}", one.min(other), one.max(other))),
        2 => (1..=last).prop_map(|step| format!("*/{step}")),
        1 => (value.clone(), value, 1..=last).prop_map(|(one, other, step)| format!("{}-{}/{step}", one.min(other), one.max(other))),
    ]
}

fn field(first: u32, last: u32, stars: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        stars => Just("*".to_owned()),
        6 => prop::collection::vec(part(first, last), 1..4).prop_map(|parts| parts.join(",")),
    ]
}

fn expression() -> impl Strategy<Value = Vec<String>> {
    (field(0, 59, 2), field(0, 23, 4), field(1, 31, 12), field(1, 12, 24), field(0, 7, 12))
        .prop_map(|(minute, hour, day, month, weekday)| vec![minute, hour, day, month, weekday])
}

/// Moments near which clocks change, months and years end, and some where nothing does.
fn starts() -> impl Strategy<Value = (Tz, DateTime<Utc>)> {
    let near = prop_oneof![
        Just(("Europe/Rome", "2026-03-29T00:00:00Z")),
        Just(("Europe/Rome", "2026-10-24T23:00:00Z")),
        Just(("America/New_York", "2026-03-08T06:00:00Z")),
        Just(("America/New_York", "2026-11-01T05:00:00Z")),
        Just(("Australia/Lord_Howe", "2026-10-03T15:00:00Z")),
        Just(("Australia/Lord_Howe", "2026-04-04T14:30:00Z")),
        Just(("Asia/Kathmandu", "2028-02-29T00:00:00Z")),
        Just(("UTC", "2026-12-31T23:00:00Z")),
        Just(("America/Sao_Paulo", "2026-07-31T12:00:00Z")),
    ];
    (near, -90_i64..90).prop_map(|((zone, around), minutes)| (zone.parse().unwrap(), at(around) + Duration::minutes(minutes)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn times_are_those_a_minute_by_minute_walk_finds(fields in expression(), (zone, start) in starts()) {
        const MINUTES: i64 = 4 * 60;
        let text = fields.join(" ");
        let reference = Reference::of(&fields);
        let walked = reference.times(zone, start, MINUTES);
        match Schedule::parse(&text) {
            Ok(schedule) => {
                let clock = Clock { zone, origin: start };
                prop_assert_eq!(schedule.due_between(start, start + Duration::minutes(MINUTES), &clock), walked, "{} in {}", text, zone);
                prop_assert!(!schedule.words().is_empty());
            }
            Err(problem) => {
                prop_assert!(problem.message.starts_with("This never happens"), "{}: {}", text, problem.message);
                prop_assert!(walked.is_empty());
            }
        }
    }
}
