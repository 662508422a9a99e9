//! How carefully posts go out, and what they cost.

use chrono::{DateTime, Utc};

use super::{Dollars, Flag, Number, SettingsChange, general::choice};
use crate::{
    domain::{
        calendar,
        caption::Network,
        problem::Checks,
        sent::Sent,
        settings::{Fit, Prices, Settings},
    },
    state::AppState,
    store::State,
};

/// Most posts a day that a cap may allow.
const MOST_PER_DAY: u32 = 1_000;
/// Most posts a month.
const MOST_PER_MONTH: u32 = 10_000;
/// The most a post may cost, in dollars.
const MOST_DOLLARS: f64 = 100.0;

/// What is to be set, checked.
pub(super) struct Posting {
    dry_run: Sent<bool>,
    gap_minutes: Sent<u32>,
    fit: Sent<Fit>,
    caps: [Sent<u32>; 4],
    prices: [Sent<f64>; 2],
}

impl Posting {
    /// Reads what a change says.
    pub(super) fn check(change: &SettingsChange, checks: &mut Checks) -> Self {
        let cap = |sent: &Sent<Number>, field: &str, most: u32, checks: &mut Checks| {
            let of = if field.starts_with("instagram") { Network::Instagram.label() } else { Network::X.label() };
            let time = if most == MOST_PER_DAY { "a day" } else { "a month" };
            let words = format!("Choose 0 to {most} posts on {of} {time}; 0 or nothing is no cap.");
            number(sent, field, 0..=most, &words, checks)
        };
        Self {
            dry_run: flag(change.dry_run.clone(), "dryRun", checks),
            gap_minutes: number(&change.gap_minutes, "gapMinutes", 0..=1_440, "Choose 0 to 1440 minutes.", checks),
            fit: choice(&change.fit, Fit::from_key, "fit", "Choose crop, pad or fit.", checks),
            caps: [
                cap(&change.instagram_per_day, "instagramPerDay", MOST_PER_DAY, checks),
                cap(&change.instagram_per_month, "instagramPerMonth", MOST_PER_MONTH, checks),
                cap(&change.x_per_day, "xPerDay", MOST_PER_DAY, checks),
                cap(&change.x_per_month, "xPerMonth", MOST_PER_MONTH, checks),
            ],
            prices: [dollars(&change.x_post_price, "xPostPrice", checks), dollars(&change.x_link_price, "xLinkPrice", checks)],
        }
    }

    /// Puts it into the settings. Answers whether posts that wait may have room now.
    pub(super) fn apply(self, settings: &mut Settings) -> bool {
        let before = settings.caps;
        self.dry_run.set_option(&mut settings.dry_run);
        self.gap_minutes.set_option(&mut settings.gap_minutes);
        self.fit.set(&mut settings.fit);
        let caps = &mut settings.caps;
        let fields = [&mut caps.instagram.per_day, &mut caps.instagram.per_month, &mut caps.x.per_day, &mut caps.x.per_month];
        self.caps.into_iter().zip(fields).for_each(|(sent, field)| sent.set(field));
        let (usual, mut prices) = (Prices::default(), settings.prices());
        let [post, link] = self.prices;
        post.or(usual.post).set(&mut prices.post);
        link.or(usual.link).set(&mut prices.link);
        settings.x_prices = Some(prices).filter(|prices| *prices != usual);
        settings.caps != before
    }
}

/// What posts on X have cost this month for all we know, in dollars, and how many there were.
pub fn spent_this_month(app: &AppState, state: &State, now: DateTime<Utc>) -> (usize, f64) {
    let times = app.times();
    let since = calendar::start_of(calendar::month_start(times.day(now)), times.zone);
    let prices = state.settings.prices();
    let out = ["published", "unconfirmed"].into_iter().flat_map(|key| state.posts.indexed("state", key));
    let ours = out.filter(|post| post.network == Network::X && post.out_at().is_some_and(|at| at >= since));
    ours.filter_map(|post| post.price(&prices)).fold((0, 0.0), |(count, sum), price| (count + 1, sum + price))
}

/// Yes or no.
fn flag(sent: Sent<Flag>, field: &str, checks: &mut Checks) -> Sent<bool> {
    match sent {
        Sent::Absent => Sent::Absent,
        Sent::Null => Sent::Null,
        Sent::Value(Flag(Some(value))) => Sent::Value(value),
        Sent::Value(Flag(None)) => {
            checks.wrong(field, "Write true or false.");
            Sent::Absent
        }
    }
}

/// A number within bounds.
pub(super) fn number(
    sent: &Sent<Number>,
    field: &str,
    bounds: std::ops::RangeInclusive<u32>,
    words: &str,
    checks: &mut Checks,
) -> Sent<u32> {
    match sent {
        Sent::Absent => Sent::Absent,
        Sent::Null => Sent::Null,
        Sent::Value(Number(Some(number))) if bounds.contains(number) => Sent::Value(*number),
        Sent::Value(_) => {
            checks.wrong(field, words);
            Sent::Absent
        }
    }
}

fn dollars(sent: &Sent<Dollars>, field: &str, checks: &mut Checks) -> Sent<f64> {
    match sent {
        Sent::Absent => Sent::Absent,
        Sent::Null => Sent::Null,
        Sent::Value(Dollars(Some(price))) if (0.0..=MOST_DOLLARS).contains(price) => Sent::Value(*price),
        Sent::Value(_) => {
            checks.wrong(field, "Write an amount in dollars, as in 0.015.");
            Sent::Absent
        }
    }
}
