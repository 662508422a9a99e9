//! Five-field cron: each field is read by our own rules, so that what is wrong can be said by its name; croner
//! matches and searches.

use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

/// What may stand in a field.
struct Field {
    /// As a person calls it.
    name: &'static str,
    min: u16,
    max: u16,
    /// Names for numbers from `first` on.
    names: &'static [&'static str],
    first: u16,
}

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, names: &[], first: 0 },
    Field { name: "hour", min: 0, max: 23, names: &[], first: 0 },
    Field { name: "day of the month", min: 1, max: 31, names: &[], first: 0 },
    Field { name: "month", min: 1, max: 12, names: &MONTHS, first: 1 },
    Field { name: "weekday", min: 0, max: 7, names: &DAYS, first: 0 },
];

/// Reads five fields. The error is a sentence that names the field.
pub(super) fn read(text: &str) -> Result<Cron, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(wrong_number(fields.len()));
    }
    let mut plain = Vec::with_capacity(FIELDS.len());
    for (field, text) in FIELDS.iter().zip(&fields) {
        plain.push(field.read(text).map_err(|why| format!("The {} “{text}”: {why}", field.name))?);
    }
    let plain = plain.join(" ");
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(&plain).map_err(|error| format!("This schedule cannot be read: {error}"))?;
    fires(&cron).then_some(cron).ok_or_else(|| "This never happens: no such month has that many days.".to_owned())
}

fn wrong_number(count: usize) -> String {
    const FIVE: &str = "minute, hour, day of the month, month, weekday";
    match count {
        1 => format!("Write five fields ({FIVE}), as in 0 18 * * *; or an interval, as in 6h; or @daily."),
        6 | 7 => format!("These are {count} fields; write five ({FIVE}), without seconds and years."),
        _ => format!("These are {count} fields; write five: {FIVE}."),
    }
}

/// Whether there is any day it happens on. Weekdays always come again; days of the month only in months that have them.
fn fires(cron: &Cron) -> bool {
    const LONGEST: [u16; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let pattern = &cron.pattern;
    if !pattern.is_dow_wildcard() || pattern.days.has_modifiers() {
        return true;
    }
    let first = pattern.days.values().first().copied().unwrap_or(u16::MAX);
    pattern.months.values().iter().any(|month| first <= LONGEST[usize::from(*month) - 1])
}

impl Field {
    /// The field in numbers only, as croner reads it.
    fn read(&self, text: &str) -> Result<String, String> {
        let parts = text.split(',').map(|part| self.part(part)).collect::<Result<Vec<_>, _>>()?;
        Ok(parts.join(","))
    }

    fn part(&self, part: &str) -> Result<String, String> {
        if part.is_empty() {
            return Err("there is nothing between two commas.".into());
        }
        if let Some(part) = self.special(part) {
            return part;
        }
        let (range, step) = match part.split_once('/') {
            None => (part, None),
            Some((range, step)) => (range, Some(self.step(step)?)),
        };
        let range = match range.split_once('-') {
            Some((from, to)) => return self.range(self.number(from)?, self.number(to)?, step, part),
            None if range == "*" => "*".to_owned(),
            None => match (self.number(range)?, step) {
                // From there on, as many people write it.
                (from, Some(_)) => format!("{from}-{}", self.max),
                (only, None) => only.to_string(),
            },
        };
        Ok(step.map_or_else(|| range.clone(), |step| format!("{range}/{step}")))
    }

    /// The last day of the month, and which one of a month's Mondays.
    fn special(&self, part: &str) -> Option<Result<String, String>> {
        match self.max {
            31 if part.eq_ignore_ascii_case("L") => Some(Ok("L".into())),
            7 => {
                let (day, nth) = part.split_once('#')?;
                let nth = nth.parse().ok().filter(|nth: &u16| (1..=5).contains(nth));
                let nth = nth.ok_or_else(|| "after # comes a number from 1 to 5, as in MON#2 for the second Monday.".to_owned());
                Some(self.number(day).and_then(|day| nth.map(|nth| format!("{day}#{nth}"))))
            }
            _ => None,
        }
    }

    fn range(&self, from: u16, to: u16, step: Option<u16>, part: &str) -> Result<String, String> {
        let step = step.map_or_else(String::new, |step| format!("/{step}"));
        match (from <= to, self.max) {
            (true, _) => Ok(format!("{from}-{to}{step}")),
            // Weeks go round: FRI-MON is four days.
            (false, 7) if step.is_empty() && to == 0 => Ok(format!("{from}-7")),
            (false, 7) if step.is_empty() => Ok(format!("{from}-7,1-{to}")),
            _ => Err(format!("{part} runs backwards; write it as two, {from}-{},{}-{to}.", self.max, self.min)),
        }
    }

    fn step(&self, text: &str) -> Result<u16, String> {
        match text.parse() {
            Ok(0) => Err("a step of 0 leads nowhere.".into()),
            Ok(step) if step <= self.max => Ok(step),
            _ => Err(format!("after / comes a step from 1 to {}.", self.max)),
        }
    }

    fn number(&self, text: &str) -> Result<u16, String> {
        if let Ok(number) = text.parse::<u16>() {
            let fits = (self.min..=self.max).contains(&number);
            return fits.then_some(number).ok_or_else(|| format!("{number} is not between {} and {}.", self.min, self.max));
        }
        let lower = text.to_lowercase();
        let known = self.names.iter().position(|name| lower.len() >= 3 && name.starts_with(&lower));
        known.and_then(|place| u16::try_from(place).ok()).map(|place| place + self.first).ok_or_else(|| self.unknown(text))
    }

    fn unknown(&self, text: &str) -> String {
        let named = match self.max {
            12 => " or JAN to DEC",
            7 => " or SUN to SAT",
            _ => "",
        };
        let what = if text.is_empty() { "a number is missing".to_owned() } else { format!("“{text}” is not known") };
        format!("{what}; use {} to {}{named}, *, and lists, ranges and steps of these.", self.min, self.max)
    }
}
