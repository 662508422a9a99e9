//! The loss over the steps, drawn by the server.

use leptos::prelude::*;

use crate::domain::training::Losses;

/// The drawing's size, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
/// Room for the numbers at the sides.
const LEFT: f64 = 52.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 10.0;
const RIGHT: f64 = 8.0;

/// How the losses are laid out from bottom to top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Log,
}

/// Where everything is drawn.
#[derive(Debug, PartialEq)]
struct Drawing {
    raw: String,
    smoothed: String,
    /// Height and number of each line across.
    across: Vec<(f64, String)>,
    /// Place and number of each step below.
    below: Vec<(f64, String)>,
}

impl Scale {
    /// The scale a page is asked for with.
    pub(super) fn from_query(text: &str) -> Self {
        if text == "log" { Self::Log } else { Self::Linear }
    }

    fn of(self, loss: f64) -> f64 {
        match self {
            Self::Linear => loss,
            Self::Log => loss.max(1e-9).ln(),
        }
    }

    fn back(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.exp(),
        }
    }
}

/// The curve: raw, and without its jitter.
#[component]
pub(super) fn Curve(losses: Losses, total: u32, scale: Scale) -> impl IntoView {
    let Some(drawing) = draw(&losses, total, scale) else {
        return view! { <p class="muted">"The curve begins with the first step."</p> }.into_any();
    };
    let last =
        losses.smoothed().last().map(|(step, loss)| format!("Loss over steps: {loss:.4} at step {step}, smoothed.")).unwrap_or_default();
    let across = drawing.across.into_iter().map(|(y, number)| {
        view! {
            <line class="grid" x1=LEFT.to_string() x2=(WIDTH - RIGHT).to_string() y1=place(y) y2=place(y)></line>
            <text x=(LEFT - 8.0).to_string() y=place(y + 4.0) text-anchor="end">{number}</text>
        }
    });
    let below = drawing
        .below
        .into_iter()
        .map(|(x, number)| view! { <text x=place(x) y=(HEIGHT - 6.0).to_string() text-anchor="middle">{number}</text> });
    view! {
        <svg class="curve" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=last>
            {across.collect_view()}{below.collect_view()}
            <polyline class="raw" points=drawing.raw></polyline>
            <polyline class="smoothed" points=drawing.smoothed></polyline>
        </svg>
    }
    .into_any()
}

fn draw(losses: &Losses, total: u32, scale: Scale) -> Option<Drawing> {
    let (raw, smoothed) = (losses.points(), losses.smoothed());
    let last = raw.last()?.0;
    let values: Vec<f64> = raw.iter().map(|(_, loss)| scale.of(*loss)).collect();
    let (least, most) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(*value), most.max(*value)));
    // A curve that is level, or one point, still has a place.
    let room = ((most - least) * 0.08).max(match scale {
        Scale::Linear => most.abs() * 0.02 + 1e-6,
        Scale::Log => 0.02,
    });
    let (least, most) = (least - room, most + room);
    let steps = f64::from(total.max(last).max(1));
    let x = |step: u32| LEFT + (WIDTH - LEFT - RIGHT) * f64::from(step) / steps;
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - (value - least) / (most - least));
    let line = |points: &[(u32, f64)]| {
        let points = points.iter().map(|(step, loss)| format!("{},{}", place(x(*step)), place(y(scale.of(*loss)))));
        points.collect::<Vec<_>>().join(" ")
    };
    let across = (0..=4).map(|part| {
        let value = least + (most - least) * f64::from(part) / 4.0;
        (y(value), number(scale.back(value)))
    });
    let below = (1..=4).map(|part| {
        let step = (steps * f64::from(part) / 4.0).round() as u32;
        (if part == 4 { x(step) - 12.0 } else { x(step) }, step.to_string())
    });
    Some(Drawing { raw: line(&raw), smoothed: line(&smoothed), across: across.collect(), below: below.collect() })
}

/// One digit after the point is finer than any screen.
fn place(at: f64) -> String {
    format!("{at:.1}")
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        size if size >= 0.001 || size == 0.0 => format!("{value:.3}"),
        _ => format!("{value:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(points: &[(u32, f64)]) -> Losses {
        let mut losses = Losses::default();
        points.iter().for_each(|(step, loss)| losses.note(*step, *loss));
        losses
    }

    #[test]
    fn the_curve_stays_within_its_frame() {
        let wild: Vec<_> = (1..=2_500).map(|step| (step, 10_f64.powi((step % 9) as i32 - 6))).collect();
        for scale in [Scale::Linear, Scale::Log] {
            for points in [&wild[..], &[(1, 0.5)], &[(1, 0.2), (2, 0.2)], &[(5, 0.0), (9, 1.0)]] {
                let drawing = draw(&losses(points), 100, scale).unwrap();
                let numbers = drawing.raw.split([' ', ',']).chain(drawing.smoothed.split([' ', ','])).map(|at| at.parse::<f64>().unwrap());
                let all: Vec<f64> = numbers.collect();
                assert!(all.iter().all(|at| at.is_finite() && *at >= 0.0 && *at <= WIDTH), "{scale:?} {points:?}");
                assert!(all.iter().skip(1).step_by(2).all(|y| *y <= HEIGHT - BOTTOM + 0.1), "{scale:?}");
            }
        }
    }

    #[test]
    fn without_a_step_there_is_no_curve() {
        assert_eq!(draw(&Losses::default(), 100, Scale::Linear), None);
    }

    #[test]
    fn a_resumed_run_may_go_beyond_what_was_planned() {
        let drawing = draw(&losses(&[(5, 1.0), (12, 0.5)]), 10, Scale::Linear).unwrap();
        assert!(drawing.raw.ends_with(&format!("{},{}", place(WIDTH - RIGHT), drawing.raw.rsplit(',').next().unwrap())));
    }
}
