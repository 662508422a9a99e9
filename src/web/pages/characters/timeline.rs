//! Story arcs drawn along time, with today's line.

use chrono::{Datelike, Days, Months, NaiveDate};
use leptos::prelude::*;

use crate::domain::narrative::{Narrative, Seam, seams};

/// Width of the drawing, in its own units; the page stretches it.
const WIDTH: f64 = 960.0;
/// Height of one lane.
const LANE: f64 = 34.0;
/// Height of the axis below the lanes.
const AXIS: f64 = 38.0;
/// Room for this many months shows every one; more shows some.
const MOST_TICKS: usize = 12;

/// The drawing. Overlapping arcs lie in lanes of their own.
#[component]
pub fn Timeline(narratives: Vec<Narrative>, today: NaiveDate) -> impl IntoView {
    let mut arcs: Vec<_> =
        narratives.iter().filter_map(|arc| arc.span().map(|span| (span, arc))).filter(|((start, end), _)| start <= end).collect();
    arcs.sort_by_key(|(span, _)| *span);
    let Some(scale) = Scale::over(arcs.iter().map(|(span, _)| *span), today) else { return ().into_any() };
    let lanes = lanes(&arcs.iter().map(|(span, _)| *span).collect::<Vec<_>>());
    let count = lanes.iter().max().map_or(1, |last| last + 1);
    let height = count as f64 * LANE;
    let bars = arcs.iter().zip(&lanes).map(|(((start, end), arc), lane)| {
        let state = if arc.day(today).is_some() {
            "arc active"
        } else if *end < today {
            "arc past"
        } else {
            "arc"
        };
        let (x, width) = scale.bar(*start, *end);
        let y = *lane as f64 * LANE + 4.0;
        // Roughly seven units a letter: what does not fit is in the list below.
        let room = ((width - 12.0) / 7.0).max(0.0) as usize;
        let label = (room >= 4).then(|| crate::web::words::start(&arc.title, room));
        view! {
            <g class=state>
                <title>{format!("{}: {start} to {end}", arc.title)}</title>
                <rect x=x y=y width=width height=LANE - 8.0 rx="6"></rect>
                <text x=x + 8.0 y=y + 17.0>{label}</text>
            </g>
        }
    });
    let bars = bars.collect_view();
    let marks = seams(&narratives).into_iter().map(|seam| {
        let (class, from, to) = match seam {
            Seam::Gap { from, to } => ("gap", from, to),
            Seam::Overlap { from, to, .. } => ("overlap", from, to),
        };
        let (x, width) = scale.bar(from, to);
        view! { <rect class=class x=x y="0" width=width height=height></rect> }
    });
    let marks = marks.collect_view();
    let ticks = scale.ticks().into_iter().map(|day| {
        let x = scale.x(day);
        let words = day.format(if day.month() == 1 { "%b %Y" } else { "%b" }).to_string();
        view! { <line x1=x x2=x y1="0" y2=height></line><text x=x + 4.0 y=height + 17.0>{words}</text> }
    });
    let ticks = ticks.collect_view();
    let now = scale.x(today);
    view! {
        <div class="timeline" tabindex="0" role="group" aria-label="Timeline of the story arcs">
            <svg viewBox=format!("0 0 {WIDTH} {}", height + AXIS) role="img" aria-label="Story arcs along time">
                <g class="axis">{ticks}</g>
                {marks}
                <g class="today-line"><line x1=now x2=now y1="0" y2=height + 6.0></line><text x=now + 4.0 y=height + AXIS - 2.0>"today"</text></g>
                {bars}
            </svg>
        </div>
    }
    .into_any()
}

/// Days as places on the drawing.
struct Scale {
    first: NaiveDate,
    days: f64,
}

impl Scale {
    fn over(spans: impl Iterator<Item = (NaiveDate, NaiveDate)>, today: NaiveDate) -> Option<Self> {
        let (first, last) = spans.reduce(|(first, last), (start, end)| (first.min(start), last.max(end)))?;
        let first = first.min(today).checked_sub_days(Days::new(3))?;
        let last = last.max(today).checked_add_days(Days::new(4))?;
        Some(Self { first, days: (last - first).num_days() as f64 })
    }

    fn x(&self, day: NaiveDate) -> f64 {
        (day - self.first).num_days() as f64 / self.days * WIDTH
    }

    /// Where a bar begins and how wide it is; its last day is within it.
    fn bar(&self, from: NaiveDate, to: NaiveDate) -> (f64, f64) {
        let width = ((to - from).num_days() + 1) as f64 / self.days * WIDTH;
        (self.x(from), width.max(2.0))
    }

    /// The first days of months, thinned out when there are many.
    fn ticks(&self) -> Vec<NaiveDate> {
        let last = self.first + Days::new(self.days as u64);
        let start = self.first.with_day(1).unwrap_or(self.first);
        let months: Vec<_> = (1..).map_while(|n| start.checked_add_months(Months::new(n))).take_while(|day| *day < last).collect();
        let every = months.len().div_ceil(MOST_TICKS).max(1);
        months.into_iter().step_by(every).collect()
    }
}

/// The first lane in which each arc has room, in order of their starts.
fn lanes(spans: &[(NaiveDate, NaiveDate)]) -> Vec<usize> {
    let mut ends: Vec<NaiveDate> = Vec::new();
    let lane = |(start, end): &(NaiveDate, NaiveDate)| {
        let free = ends.iter().position(|until| until < start);
        match free {
            Some(lane) => {
                ends[lane] = *end;
                lane
            }
            None => {
                ends.push(*end);
                ends.len() - 1
            }
        }
    };
    spans.iter().map(lane).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_arcs_lie_in_lanes_of_their_own() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let spans =
            [(day("2026-01-01"), day("2026-01-31")), (day("2026-01-20"), day("2026-02-10")), (day("2026-02-01"), day("2026-02-28"))];
        assert_eq!(lanes(&spans), [0, 1, 0]);
    }
}
