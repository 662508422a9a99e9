//! A week planned ahead: drafts from the story arc, with times they could go out at.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    calendar,
    caption::Network,
    character::CharacterId,
    job::JobId,
    problem::{Checks, Problem},
};

/// Most drafts of one character in a week.
pub const MOST_DRAFTS: u32 = 21;

/// When a picture could go out, and where. Nothing happens by itself: a person approves first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// When.
    pub at: DateTime<Utc>,
    /// Where.
    #[serde(default)]
    pub networks: Vec<Network>,
}

/// What a week is to hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanRequest {
    /// Whose drafts.
    #[serde(alias = "character_ids")]
    pub character_ids: Vec<CharacterId>,
    /// A day of the week; this week when left out.
    pub week: Option<NaiveDate>,
    /// How many for each character, 1–21.
    pub count: u32,
    /// Not before this hour of the day, 0–23.
    #[serde(alias = "from_hour")]
    pub from_hour: u32,
    /// Not after this hour, 1–24.
    #[serde(alias = "to_hour")]
    pub to_hour: u32,
    /// Where they are to go.
    pub networks: Vec<Network>,
}

impl Default for PlanRequest {
    fn default() -> Self {
        Self { character_ids: Vec::new(), week: None, count: 3, from_hour: 9, to_hour: 21, networks: vec![Network::Instagram] }
    }
}

/// The seven days that are planned, and where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// The first of them.
    pub first: NaiveDate,
    /// The zone of the hours.
    pub zone: Tz,
}

impl Week {
    /// The week of a day, where weeks begin with `start`.
    pub fn of(day: NaiveDate, start: Weekday, zone: Tz) -> Self {
        Self { first: calendar::week_start(day, start), zone }
    }

    /// Its days from one on.
    pub fn days_from(&self, day: NaiveDate) -> impl Iterator<Item = NaiveDate> + use<> {
        self.first.iter_days().take(7).filter(move |one| *one >= day)
    }
}

/// The drafts of one character's week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanOrder {
    /// Where they are to go.
    pub networks: Vec<Network>,
    /// One for each draft, in order of time.
    pub slots: Vec<Slot>,
}

/// One draft of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// When it could go out.
    pub at: DateTime<Utc>,
    /// The job that draws it, once it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
}

impl PlanRequest {
    /// Checks what can be checked without looking anything up.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.require(!self.character_ids.is_empty(), "characterIds", "Choose a character.");
        checks.require(self.character_ids.len() <= 50, "characterIds", "Choose at most 50 characters.");
        checks.require((1..=MOST_DRAFTS).contains(&self.count), "count", format!("Ask for 1 to {MOST_DRAFTS} drafts."));
        checks.require(self.from_hour <= 23, "fromHour", "Choose an hour from 0 to 23.");
        checks.require((1..=24).contains(&self.to_hour), "toHour", "Choose an hour from 1 to 24.");
        checks.require(self.from_hour < self.to_hour, "toHour", "The hours end before they begin.");
        checks.require(!self.networks.is_empty(), "networks", "Say where they are to go.");
        checks.finish()
    }

    /// When drafts could go out in the rest of the week: spread evenly over the hours of its days, at fives of minutes,
    /// and away from what is taken by at least `gap`. Fewer than asked for when there is no room for more.
    pub fn times(&self, week: &Week, taken: &[DateTime<Utc>], gap: Duration, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let soon = now + LEAD;
        let windows = week.first.iter_days().take(7).filter_map(|day| self.window(day, soon, week.zone));
        let windows: Vec<_> = windows.collect();
        let room: i64 = windows.iter().map(|(from, to)| (*to - *from).num_minutes()).sum();
        let mut times: Vec<DateTime<Utc>> = Vec::new();
        for place in 0..i64::from(self.count) {
            let wanted = room * (2 * place + 1) / (2 * i64::from(self.count));
            let near = |at: DateTime<Utc>| taken.iter().chain(&times).any(|other| (*other - at).abs() < gap);
            if let Some(at) = steps(&windows, wanted).find(|at| !near(*at)) {
                times.push(at);
            }
        }
        times.sort();
        times
    }

    /// What is left of a day's hours.
    fn window(&self, day: NaiveDate, soon: DateTime<Utc>, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let at = |hour: u32| {
            let time = NaiveTime::from_hms_opt(hour, 0, 0);
            time.map_or_else(|| calendar::start_of(day.succ_opt().unwrap_or(day), zone), |time| calendar::moment(day.and_time(time), zone))
        };
        let (from, to) = (at(self.from_hour).max(soon), at(self.to_hour));
        (from < to).then_some((from, to))
    }
}

/// A picture and a person's look at it take their time.
const LEAD: TimeDelta = TimeDelta::hours(1);

/// Moments from the `wanted`th minute of all windows on, at fives of minutes; after the last the first ones.
fn steps(windows: &[(DateTime<Utc>, DateTime<Utc>)], wanted: i64) -> impl Iterator<Item = DateTime<Utc>> {
    let all: Vec<_> = windows.iter().flat_map(|(from, to)| fives(*from, *to)).collect();
    let mut before = 0;
    let mut start = 0;
    for (from, to) in windows {
        let length = (*to - *from).num_minutes();
        if wanted < before + length {
            let at = *from + TimeDelta::minutes(wanted - before);
            start = all.iter().position(|one| *one >= at).unwrap_or(0);
            break;
        }
        before += length;
    }
    let (head, tail) = all.split_at(start);
    [tail, head].concat().into_iter()
}

fn fives(from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    const FIVE: i64 = 300;
    let first = (from.timestamp() + FIVE - 1).div_euclid(FIVE);
    (first..).map_while(move |five| DateTime::from_timestamp(five * FIVE, 0).filter(|at| *at < to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROME: Tz = chrono_tz::Europe::Rome;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The times of a request in Rome, where weeks begin with Monday.
    fn times(request: &PlanRequest, taken: &[DateTime<Utc>], gap: i64, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let day = request.week.unwrap_or_else(|| now.with_timezone(&ROME).date_naive());
        request.times(&Week::of(day, Weekday::Mon, ROME), taken, Duration::minutes(gap), now)
    }

    fn local(times: &[DateTime<Utc>]) -> Vec<String> {
        times.iter().map(|time| time.with_timezone(&ROME).format("%a %H:%M").to_string()).collect()
    }

    fn request(count: u32) -> PlanRequest {
        PlanRequest { character_ids: vec!["luna".into()], count, from_hour: 18, to_hour: 20, ..PlanRequest::default() }
    }

    #[test]
    fn drafts_are_spread_over_the_week() {
        let monday = at("2026-11-23T06:00:00Z");
        assert_eq!(
            local(&times(&request(7), &[], 30, monday)),
            ["Mon 19:00", "Tue 19:00", "Wed 19:00", "Thu 19:00", "Fri 19:00", "Sat 19:00", "Sun 19:00"]
        );
        assert_eq!(local(&times(&request(2), &[], 30, monday)), ["Tue 19:30", "Sat 18:30"]);
    }

    #[test]
    fn a_week_that_begins_with_sunday_has_its_own_days() {
        let sunday = "2026-11-29".parse().unwrap();
        let week = Week::of(sunday, Weekday::Sun, ROME);
        assert_eq!(week.first, sunday);
        let times = request(7).times(&week, &[], Duration::minutes(30), at("2026-11-28T06:00:00Z"));
        assert_eq!(local(&times).first().map(String::as_str), Some("Sun 19:00"));
        assert_eq!(local(&times).last().map(String::as_str), Some("Sat 19:00"));
    }

    #[test]
    fn only_what_is_left_of_the_week_is_used() {
        let sunday_evening = at("2026-11-29T17:20:00Z"); // 18:20 in Rome
        assert_eq!(local(&times(&request(1), &[], 30, sunday_evening)), ["Sun 19:40"]);
        let too_late = at("2026-11-29T18:30:00Z");
        assert!(times(&request(3), &[], 30, too_late).is_empty());
        let next = PlanRequest { week: Some("2026-12-02".parse().unwrap()), ..request(1) };
        assert_eq!(local(&times(&next, &[], 30, too_late)), ["Thu 19:00"]);
    }

    #[test]
    fn what_is_there_already_is_kept_clear_of() {
        let monday = at("2026-11-23T06:00:00Z");
        let taken = [at("2026-11-26T18:10:00Z")]; // Thursday 19:10 in Rome
        assert_eq!(local(&times(&request(1), &taken, 30, monday)), ["Thu 19:40"]);
    }

    #[test]
    fn no_more_than_there_is_room_for() {
        let sunday = at("2026-11-29T06:00:00Z");
        let times = times(&request(21), &[], 60, sunday);
        assert_eq!(local(&times), ["Sun 18:05", "Sun 19:05"]);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::minutes(60)));
    }

    #[test]
    fn requests_that_cannot_be_are_refused_by_their_fields() {
        let wrong = PlanRequest { count: 0, from_hour: 20, to_hour: 20, networks: Vec::new(), ..PlanRequest::default() };
        let problem = wrong.check().unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["characterIds", "count", "toHour", "networks"]);
    }
}
