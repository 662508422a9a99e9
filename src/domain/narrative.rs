//! Story arcs.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    id::{Id, id_or_null},
    lenient::{null_as_default, text_or_null},
    problem::Checks,
};

/// The id of a story arc; unique within its character.
pub type NarrativeId = Id<Narrative>;

/// A story arc: active on every day from its start to its end, both included, in the character's time zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Narrative {
    /// Made when the arc comes without one.
    #[serde(default = "NarrativeId::none", deserialize_with = "id_or_null")]
    pub id: NarrativeId,
    /// What the arc is called, 1–200 characters.
    #[serde(default, deserialize_with = "text_or_null")]
    pub title: String,
    /// What happens, at most 10,000 characters.
    #[serde(default, deserialize_with = "text_or_null")]
    pub description: String,
    /// First day. `None` only in files of older apps.
    #[serde(default, deserialize_with = "lenient_date")]
    pub start_date: Option<NaiveDate>,
    /// Last day, included.
    #[serde(default, deserialize_with = "lenient_date")]
    pub end_date: Option<NaiveDate>,
    /// Scenes of single days, at most 400.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub beats: Vec<Beat>,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// A scene of one day of an arc.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Beat {
    /// A day of the arc.
    pub date: NaiveDate,
    /// What happens on it, 1–1,000 characters.
    pub scene: String,
}

/// Most beats of an arc: one for each day of a year, and some.
const MOST_BEATS: usize = 400;

/// Where a day lies in an arc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ArcDay {
    /// 1 on the first day.
    pub day: u32,
    /// Days in all, both ends included.
    pub of: u32,
}

/// Where a character is in their story.
#[derive(Debug, Clone, Copy)]
pub struct Chapter<'a> {
    /// The arc they are in.
    pub arc: &'a Narrative,
    /// Which day of it.
    pub day: ArcDay,
    /// The scene of the day.
    pub beat: Option<&'a str>,
}

/// What is between two neighbouring arcs of a character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seam {
    /// Days without an arc, both ends included.
    #[expect(missing_docs, reason = "the variant says it")]
    Gap { from: NaiveDate, to: NaiveDate },
    /// Days on which two arcs are active, both ends included.
    #[expect(missing_docs, reason = "the variant says it")]
    Overlap { from: NaiveDate, to: NaiveDate, titles: [String; 2] },
}

impl Narrative {
    /// Both ends, when both are known.
    pub fn span(&self) -> Option<(NaiveDate, NaiveDate)> {
        self.start_date.zip(self.end_date)
    }

    /// Where `today` lies in the arc, or `None` when the arc is not active.
    pub fn day(&self, today: NaiveDate) -> Option<ArcDay> {
        let (start, end) = self.span()?;
        let days = |from: NaiveDate, to: NaiveDate| u32::try_from((to - from).num_days() + 1).unwrap_or(0);
        (start <= today && today <= end).then(|| ArcDay { day: days(start, today), of: days(start, end) })
    }

    /// Where they are in it on that day; `None` when the arc is not active.
    pub fn chapter(&self, today: NaiveDate) -> Option<Chapter<'_>> {
        Some(Chapter { arc: self, day: self.day(today)?, beat: self.beat(today) })
    }

    /// The scene of that day, when it has one.
    pub fn beat(&self, day: NaiveDate) -> Option<&str> {
        self.beats.iter().find(|beat| beat.date == day).map(|beat| beat.scene.as_str())
    }

    /// Checks one arc; `at` is where it stands in the request, as in `narratives[2]`.
    pub fn check(&self, at: &str, checks: &mut Checks) {
        let field = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        checks.says_something(field("title"), &self.title, "Give the arc a title.");
        checks.at_most(field("title"), &self.title, 200);
        checks.at_most(field("description"), &self.description, 10_000);
        checks.require(self.start_date.is_some(), field("startDate"), "Say on which day the arc starts.");
        checks.require(self.end_date.is_some(), field("endDate"), "Say on which day the arc ends.");
        if let Some((start, end)) = self.span() {
            checks.require(start <= end, field("endDate"), format!("The arc ends before it starts on {start}."));
        }
        checks.require(self.beats.len() <= MOST_BEATS, field("beats"), "An arc has 400 scenes at most.");
        for (place, beat) in self.beats.iter().enumerate().take(MOST_BEATS) {
            let inside = self.span().is_none_or(|(start, end)| (start..=end).contains(&beat.date));
            checks.require(inside, field(&format!("beats[{place}].date")), format!("{} is not a day of this arc.", beat.date));
            let again = self.beats[..place].iter().any(|other| other.date == beat.date);
            checks.require(!again, field(&format!("beats[{place}].date")), format!("There are two scenes for {}.", beat.date));
            checks.says_something(field(&format!("beats[{place}].scene")), &beat.scene, "Say what happens on this day.");
            checks.at_most(field(&format!("beats[{place}].scene")), &beat.scene, 1_000);
        }
    }
}

/// Gives an id to each arc that has none: by its place, so that it is the same at each start until it is written.
pub(super) fn with_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Narrative>, D::Error> {
    let mut arcs: Vec<Narrative> = Option::deserialize(deserializer)?.unwrap_or_default();
    for place in 0..arcs.len() {
        if arcs[place].id.is_none() {
            let free = (place + 1..).map(|n| format!("arc-{n}")).find(|id| arcs.iter().all(|arc| arc.id.as_str() != id));
            arcs[place].id = free.expect("there are more numbers than arcs").as_str().into();
        }
    }
    Ok(arcs)
}

/// The arc that is active on `today`; of several, the one that started last.
pub fn active(narratives: &[Narrative], today: NaiveDate) -> Option<&Narrative> {
    narratives.iter().filter(|arc| arc.day(today).is_some()).max_by_key(|arc| arc.start_date)
}

/// Gaps and overlaps between the arcs, in order of time.
pub fn seams(narratives: &[Narrative]) -> Vec<Seam> {
    let mut arcs: Vec<_> = narratives.iter().filter_map(|arc| Some((arc.span()?, arc.title.as_str()))).collect();
    arcs.sort_by_key(|(span, _)| *span);
    let mut seams = Vec::new();
    let mut reached: Option<(NaiveDate, &str)> = None;
    for ((start, end), title) in arcs {
        if let Some((until, earlier)) = reached {
            if start <= until {
                let titles = [earlier.to_owned(), title.to_owned()];
                seams.push(Seam::Overlap { from: start, to: until.min(end), titles });
            } else if let (Some(from), Some(to)) = (until.succ_opt(), start.pred_opt())
                && from <= to
            {
                seams.push(Seam::Gap { from, to });
            }
        }
        if reached.is_none_or(|(until, _)| end > until) {
            reached = Some((end, title));
        }
    }
    seams
}

/// Older apps stored dates as `2025-03-01` or as full timestamps, of which the day counts.
fn lenient_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    let (day, rest) = text.split_at_checked(10).unwrap_or((&text, ""));
    let day = day.parse().ok().filter(|_| rest.is_empty() || rest.starts_with(['T', ' ']));
    day.map(Some).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a date; write it as YYYY-MM-DD")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arc(title: &str, start: &str, end: &str) -> Narrative {
        serde_json::from_value(serde_json::json!({"title": title, "startDate": start, "endDate": end})).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn an_arc_is_active_on_both_its_ends() {
        let quest = arc("Quest", "2026-11-01", "2026-11-30");
        assert_eq!(quest.day(day("2026-11-01")), Some(ArcDay { day: 1, of: 30 }));
        assert_eq!(quest.day(day("2026-11-30")), Some(ArcDay { day: 30, of: 30 }));
        assert_eq!(quest.day(day("2026-12-01")), None);
    }

    #[test]
    fn of_two_active_arcs_the_later_start_wins() {
        let arcs = [arc("Year", "2026-01-01", "2026-12-31"), arc("Week", "2026-11-20", "2026-11-27")];
        assert_eq!(active(&arcs, day("2026-11-23")).map(|arc| arc.title.as_str()), Some("Week"));
    }

    #[test]
    fn gaps_and_overlaps_are_found_whatever_the_order() {
        let arcs = [arc("C", "2026-03-10", "2026-03-20"), arc("A", "2026-01-01", "2026-01-31"), arc("B", "2026-01-30", "2026-02-28")];
        let expected = vec![
            Seam::Overlap { from: day("2026-01-30"), to: day("2026-01-31"), titles: ["A".into(), "B".into()] },
            Seam::Gap { from: day("2026-03-01"), to: day("2026-03-09") },
        ];
        assert_eq!(seams(&arcs), expected);
    }

    #[test]
    fn arcs_that_meet_have_no_seam() {
        assert!(seams(&[arc("A", "2026-01-01", "2026-01-31"), arc("B", "2026-02-01", "2026-02-28")]).is_empty());
    }

    #[test]
    fn timestamps_of_older_apps_are_read_as_their_day() {
        let old = arc("Old", "2025-03-01T00:00:00.000Z", "2025-03-31 23:59:59");
        assert_eq!((old.start_date, old.end_date), (Some(day("2025-03-01")), Some(day("2025-03-31"))));
        for nonsense in ["2025-03-01 or so", "2025-03-012", "2025-02-30", "soon", "März 2025 …"] {
            let read = serde_json::from_value::<Narrative>(serde_json::json!({"startDate": nonsense}));
            assert_eq!(read.is_err(), !nonsense.starts_with("2025-03-01 "), "{nonsense}");
        }
    }
}
