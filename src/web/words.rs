//! Times, sizes and numbers as people read them.

use chrono::{DateTime, Utc};
use leptos::prelude::*;

/// A point in time: words for reading, the exact time for machines and for the pointer.
#[component]
pub fn Time(at: Option<DateTime<Utc>>) -> impl IntoView {
    at.map(|at| {
        let times = super::context::app().times();
        let exact = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        view! { <time datetime=exact data-relative="">{times.moment(at)}</time> }
    })
}

/// As in "23 November 2026".
pub fn long_day(day: chrono::NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// As in "2.1 GB".
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut size = count as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{size:.1} {}", UNITS[unit]) }
}

/// As in "1 picture", "4 pictures".
pub fn count(number: usize, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{} {many}", grouped(number)),
    }
}

/// As in "1 min 20 s".
pub fn seconds(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (0, rest) => format!("{rest} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, rest) => format!("{minutes} min {rest} s"),
    }
}

/// As in "10,000".
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The beginning of a text, cut at a word.
pub fn start(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let cut: String = text.chars().take(limit).collect();
    let whole = cut.rfind(' ').filter(|end| *end > limit / 2).map_or(cut.as_str(), |end| &cut[..end]);
    format!("{}…", whole.trim_end_matches([',', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(10_000), "10,000");
        assert_eq!(grouped(999), "999");
        assert_eq!(bytes(2_132_626_358), "2.1 GB");
        assert_eq!(seconds(80), "1 min 20 s");
        assert_eq!(count(1, "picture", "pictures"), "1 picture");
    }

    #[test]
    fn long_texts_are_cut_at_a_word_and_never_inside_a_letter() {
        assert_eq!(start("walking barefoot along a lake", 20), "walking barefoot…");
        assert_eq!(start("🦊🦊🦊🦊", 2), "🦊🦊…");
    }
}
