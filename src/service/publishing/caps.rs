//! How many posts a person lets go out on an account in a day and in a month.

use chrono::{DateTime, Utc};

use super::checks::Subject;
use crate::{
    domain::{
        account::Account,
        calendar,
        check::{Check, CheckName},
    },
    state::AppState,
    store::State,
};

/// Whether there is room under the caps that are set. The days are those where the character is.
pub(super) fn checks(app: &AppState, state: &State, subject: &Subject<'_>) -> Vec<Check> {
    let cap = state.settings.caps.of(subject.network);
    let Some(character) = state.characters.get(subject.character_id.as_str()) else { return Vec::new() };
    let zone = character.zone(app.timezone());
    let today = subject.at.with_timezone(&zone).date_naive();
    let month = calendar::month_start(today);
    let day = Period { name: CheckName::DailyCap, word: "day", first: today, next: today.succ_opt().unwrap_or(today) };
    let month = Period { name: CheckName::MonthlyCap, word: "month", first: month, next: calendar::next_month(month) };
    let set = [(day, cap.per_day), (month, cap.per_month)].into_iter().filter(|(_, most)| *most > 0);
    set.map(|(period, most)| {
        let (from, until) = (calendar::start_of(period.first, zone), calendar::start_of(period.next, zone));
        let out = out_between(state, subject, from, until);
        if out < most as usize {
            return Check::good(period.name, format!("{out} of {most} posts of this {} are out on this account.", period.word));
        }
        let word = period.word;
        let words = format!("The cap of {most} a {word} is reached on this account. It goes out when the next {word} begins in {zone}.");
        Check::waits(period.name, until, words).at("/settings#posting")
    })
    .collect()
}

/// A day or a month.
struct Period {
    name: CheckName,
    word: &'static str,
    first: chrono::NaiveDate,
    next: chrono::NaiveDate,
}

/// How many other posts went out on the account within that time. An outcome that is not known counts as out.
fn out_between(state: &State, subject: &Subject<'_>, from: DateTime<Utc>, until: DateTime<Utc>) -> usize {
    let account = Account::id_of(subject.character_id, subject.network);
    let others = state.posts.indexed("account", &account).filter(|other| Some(&other.id) != subject.post);
    others.filter_map(|other| other.out_at()).filter(|at| (from..until).contains(at)).count()
}
