//! Where and when: the zone, the clock, with which day weeks begin, and the theme.

use chrono_tz::Tz;

use super::SettingsChange;
use crate::domain::{
    problem::Checks,
    sent::Sent,
    settings::{Settings, Theme, WeekStart},
    times::Hours,
};

/// What is to be set, checked.
pub(super) struct General {
    timezone: Sent<String>,
    clock: Sent<Hours>,
    week_start: Sent<WeekStart>,
    theme: Sent<Theme>,
}

impl General {
    /// Reads what a change says. `zone` is the one in force where `is_set` says that it comes from the settings: one
    /// that comes back as it was shown is not to be stored only because of that.
    pub(super) fn check(change: &SettingsChange, zone: Tz, is_set: bool, checks: &mut Checks) -> Self {
        let timezone = change.timezone.clone().map(|text| text.trim().to_owned());
        let known = |text: &&String| !text.is_empty() && text.parse::<Tz>().is_err();
        if let Some(text) = timezone.value().filter(known) {
            let text: String = text.chars().take(60).collect();
            checks.wrong("timezone", format!("“{text}” is not a time zone. Use an IANA name, as in Europe/Rome."));
        }
        let unchanged = !is_set && timezone.value().is_some_and(|text| text == zone.name());
        Self {
            timezone: if unchanged { Sent::Absent } else { timezone },
            clock: choice(&change.clock, Hours::from_key, "clock", "Choose 24 or 12.", checks),
            week_start: choice(&change.week_start, WeekStart::from_key, "weekStart", "Choose monday, sunday or saturday.", checks),
            theme: choice(&change.theme, Theme::from_key, "theme", "Choose system, dark or light.", checks),
        }
    }

    /// Puts it into the settings.
    pub(super) fn apply(self, settings: &mut Settings) {
        self.timezone.set(&mut settings.timezone);
        self.clock.set(&mut settings.clock);
        self.week_start.set(&mut settings.week_start);
        self.theme.set(&mut settings.theme);
    }
}

/// One of several; an empty text for the usual one.
pub(super) fn choice<T>(sent: &Sent<String>, read: fn(&str) -> Option<T>, field: &str, words: &str, checks: &mut Checks) -> Sent<T> {
    match sent {
        Sent::Absent => Sent::Absent,
        Sent::Null => Sent::Null,
        Sent::Value(text) if text.trim().is_empty() => Sent::Null,
        Sent::Value(text) => match read(text.trim()) {
            Some(value) => Sent::Value(value),
            None => {
                checks.wrong(field, words);
                Sent::Absent
            }
        },
    }
}
