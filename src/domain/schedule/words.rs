//! Schedules in words.

use chrono::NaiveTime;
use croner::{Cron, CronComponent};

use super::Rule;
use crate::domain::times::Hours;

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const NTH: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

/// Up to so many times of a day are named one by one.
const NAMED: usize = 8;

/// A rule in words, with times of day on that clock.
pub(super) fn of(rule: &Rule, clock: Hours) -> String {
    match rule {
        Rule::Minutes(minutes) if minutes % 60 == 0 => every(minutes / 60, "hour"),
        Rule::Minutes(minutes) => every(*minutes, "minute"),
        Rule::Days(days) if days % 7 == 0 => every(days / 7, "week"),
        Rule::Days(days) => every(*days, "day"),
        Rule::Cron(cron) => of_cron(cron, clock),
    }
}

fn every(count: i64, unit: &str) -> String {
    if count == 1 { format!("Every {unit}") } else { format!("Every {count} {unit}s") }
}

fn of_cron(cron: &Cron, clock: Hours) -> String {
    let (times, days) = (times(cron, clock), days(cron));
    let text = match times {
        Times::At(times) => format!("{} at {times}", days.unwrap_or_else(|| "every day".to_owned())),
        Times::Often(times) => match days {
            None => times,
            Some(days) => format!("{times}, {days}"),
        },
    };
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// When, within a day.
enum Times {
    /// Named one by one.
    At(String),
    /// Again and again.
    Often(String),
}

fn times(cron: &Cron, clock: Hours) -> Times {
    let (minutes, hours) = (cron.pattern.minutes.values(), cron.pattern.hours.values());
    if minutes.len() * hours.len() <= NAMED {
        let at = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| at(clock, *hour, *minute)));
        return Times::At(listed(at.collect()));
    }
    if let [minute] = minutes.as_slice() {
        return Times::Often(hourly(*minute, &hours, clock));
    }
    let within = match hours.as_slice() {
        all if all.len() == 24 => String::new(),
        [first, ..] if is_run(&hours) => format!(" from {} to {}", at(clock, *first, 0), at(clock, hours[hours.len() - 1], 59)),
        _ => format!(" in the hours {}", listed(hours.iter().map(u16::to_string).collect())),
    };
    Times::Often(match step(&minutes, 60) {
        Some(1) => format!("every minute{within}"),
        Some(step) => format!("every {step} minutes{within}"),
        None => {
            let past = listed(minutes.iter().map(|minute| format!(":{minute:02}")).collect());
            let hours = if within.is_empty() { " of every hour" } else { within.as_str() };
            format!("at {past}{hours}")
        }
    })
}

/// A time of day.
fn at(clock: Hours, hour: u16, minute: u16) -> String {
    NaiveTime::from_hms_opt(hour.into(), minute.into(), 0).map(|time| clock.say(time)).unwrap_or_default()
}

/// Once in each of many hours.
fn hourly(minute: u16, hours: &[u16], clock: Hours) -> String {
    match (hours, step(hours, 24)) {
        (_, Some(1)) if minute == 0 => "every hour".to_owned(),
        (_, Some(1)) => format!("every hour at :{minute:02}"),
        (_, Some(step)) => format!("every {step} hours at :{minute:02}"),
        ([first, .., last], None) if is_run(hours) => {
            format!("every hour from {} to {}", at(clock, *first, minute), at(clock, *last, minute))
        }
        _ => format!("at :{minute:02} in the hours {}", listed(hours.iter().map(u16::to_string).collect())),
    }
}

/// The step between the values, when they fill the whole with it from 0 on.
fn step(values: &[u16], whole: u16) -> Option<u16> {
    let [0, step, ..] = values else { return None };
    let even = values.iter().zip((0..).step_by((*step).into())).all(|(value, expected)| *value == expected);
    let full = whole.is_multiple_of(*step) && values.len() == usize::from(whole / step);
    (even && full).then_some(*step)
}

/// Whether each value follows the one before.
fn is_run(values: &[u16]) -> bool {
    values.windows(2).all(|pair| pair[1] == pair[0] + 1)
}

/// On which days; `None` for all.
fn days(cron: &Cron) -> Option<String> {
    let pattern = &cron.pattern;
    let months = pattern.months.values();
    let months = (months.len() < 12).then(|| listed(months.iter().map(|month| MONTHS[usize::from(*month) - 1].to_owned()).collect()));
    let (of_month, of_week) = (days_of_month(&pattern.days), days_of_week(&pattern.days_of_week));
    // Where both are narrowed down, either will do: one that holds all days makes it every day.
    let either = !pattern.is_dom_wildcard() && !pattern.is_dow_wildcard();
    let (of_month, of_week) = if either && (of_month.is_none() || of_week.is_none()) { (None, None) } else { (of_month, of_week) };
    match (of_month, of_week, months) {
        (None, None, None) => None,
        (None, None, Some(months)) => Some(format!("every day in {months}")),
        (Some(days), None, None) => Some(format!("on the {days} of each month")),
        (Some(days), None, Some(months)) => Some(format!("on the {days} of {months}")),
        (None, Some(days), None) => Some(days),
        (None, Some(days), Some(months)) => Some(format!("{days} in {months}")),
        (Some(dates), Some(days), None) => Some(format!("on the {dates} of each month and {days}")),
        (Some(dates), Some(days), Some(months)) => Some(format!("on the {dates} and {days} in {months}")),
    }
}

/// As in "1st and 15th"; `None` when they are all.
fn days_of_month(days: &CronComponent) -> Option<String> {
    let values = days.values();
    let mut named: Vec<String> = match values.as_slice() {
        all if all.len() == 31 => return None,
        [first, .., last] if values.len() > 4 && is_run(&values) => vec![format!("{} to {}", ordinal(*first), ordinal(*last))],
        some => some.iter().map(|day| ordinal(*day)).collect(),
    };
    if days.has_modifiers() {
        named.push("last day".into());
    }
    Some(listed(named))
}

/// As in "on Mondays and Fridays"; `None` when they are all.
fn days_of_week(days: &CronComponent) -> Option<String> {
    let values: Vec<u16> = days.values().into_iter().filter(|day| *day < 7).collect();
    let plain = match values.as_slice() {
        all if all.len() == 7 => return None,
        [] => None,
        [1, 2, 3, 4, 5] => Some("on weekdays".to_owned()),
        [0, 6] => Some("at weekends".to_owned()),
        some => {
            // A week starts on Monday here.
            let mut some = some.to_vec();
            some.sort_by_key(|day| (day + 6) % 7);
            Some(format!("on {}", listed(some.iter().map(|day| format!("{}s", DAYS[usize::from(*day)])).collect())))
        }
    };
    let counted = NTH.iter().enumerate().flat_map(|(place, nth)| {
        let days = days.get_set_values(1 << (place + 1)).into_iter().filter(|day| *day < 7);
        days.map(move |day| format!("the {nth} {} of the month", DAYS[usize::from(day)]))
    });
    let counted: Vec<_> = counted.collect();
    match (plain, counted.is_empty()) {
        (plain, true) => plain,
        (None, false) => Some(format!("on {}", listed(counted))),
        (Some(plain), false) => Some(format!("{plain} and {}", listed(counted))),
    }
}

fn ordinal(day: u16) -> String {
    let ending = match (day % 10, day / 10) {
        (1, ten) if ten != 1 => "st",
        (2, ten) if ten != 1 => "nd",
        (3, ten) if ten != 1 => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

/// As in "a, b and c".
fn listed(words: Vec<String>) -> String {
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
