//! The loss over the steps, kept small however long a training is.

use serde::{Deserialize, Serialize};

/// Most points that are kept; when there are more, neighbours become one.
pub const MOST_POINTS: usize = 1_000;

/// How much of the curve before a point is in its smoothed value.
const MEMORY: f64 = 0.9;

/// The loss over the steps. Each point is the mean of `stride` steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Losses {
    /// How many steps one point stands for.
    stride: u32,
    /// Step and loss.
    points: Vec<(u32, f64)>,
    /// The steps that do not make a point yet.
    #[serde(default)]
    #[schema(ignore)]
    open: Vec<(u32, f64)>,
}

impl Default for Losses {
    fn default() -> Self {
        Self { stride: 1, points: Vec::new(), open: Vec::new() }
    }
}

impl Losses {
    /// Notes the loss at a step. The same step again replaces it: the trainer shows each step first with the loss of
    /// the one before. An earlier one takes the place of what came after it, so that the curve never runs back.
    pub fn note(&mut self, step: u32, loss: f64) {
        let newest = self.open.last().or(self.points.last());
        if newest.is_some_and(|(at, _)| *at > step) {
            self.forget_after(step);
        }
        if self.open.is_empty() && self.points.last().is_some_and(|(at, _)| *at == step) {
            self.points.pop();
        }
        match self.open.last_mut() {
            Some(last) if last.0 == step => last.1 = loss,
            _ => {
                if self.open.len() >= self.stride as usize {
                    self.close();
                }
                self.open.push((step, loss));
            }
        }
    }

    /// Forgets what came after a step: a run that goes on from there draws it anew.
    pub fn forget_after(&mut self, step: u32) {
        self.open.retain(|(at, _)| *at <= step);
        self.points.retain(|(at, _)| *at <= step);
    }

    /// Step and loss, oldest first.
    pub fn points(&self) -> Vec<(u32, f64)> {
        self.points.iter().copied().chain(mean(&self.open)).collect()
    }

    /// The curve without its jitter.
    pub fn smoothed(&self) -> Vec<(u32, f64)> {
        let (mut sum, mut weight) = (0.0, 0.0);
        let smooth = |(step, loss): (u32, f64)| {
            sum = sum * MEMORY + loss * (1.0 - MEMORY);
            weight = weight * MEMORY + (1.0 - MEMORY);
            (step, sum / weight)
        };
        self.points().into_iter().map(smooth).collect()
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.open.is_empty()
    }

    fn close(&mut self) {
        self.points.extend(mean(&self.open));
        self.open.clear();
        if self.points.len() >= MOST_POINTS {
            self.points = self.points.chunks(2).filter_map(mean).collect();
            self.stride = self.stride.saturating_mul(2);
        }
    }
}

/// One point for several: their last step, their mean loss.
fn mean(points: &[(u32, f64)]) -> Option<(u32, f64)> {
    let (step, _) = points.last()?;
    Some((*step, points.iter().map(|(_, loss)| loss).sum::<f64>() / points.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_is_shown_twice_counts_once_with_its_own_loss() {
        let mut losses = Losses::default();
        for (step, loss) in [(1, 1.2), (2, 1.2), (2, 1.16), (3, 1.16), (3, 1.12)] {
            losses.note(step, loss);
        }
        assert_eq!(losses.points(), [(1, 1.2), (2, 1.16), (3, 1.12)]);
    }

    #[test]
    fn steps_that_are_seen_again_are_not_drawn_twice() {
        let mut losses = Losses::default();
        for _ in 0..3 {
            [(1, 1.2), (2, 1.2), (3, 1.1), (2, 1.16)].into_iter().for_each(|(step, loss)| losses.note(step, loss));
        }
        assert_eq!(losses.points(), [(1, 1.2), (2, 1.16)]);
    }

    #[test]
    fn a_hundred_thousand_steps_stay_small_and_keep_their_shape() {
        let mut losses = Losses::default();
        for step in 1..=100_000 {
            losses.note(step, 1.0 / f64::from(step));
        }
        let points = losses.points();
        assert!(points.len() <= MOST_POINTS, "{}", points.len());
        assert_eq!(points.last().map(|(step, _)| *step), Some(100_000));
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1));
        assert!(serde_json::to_string(&losses).unwrap().len() < 64_000);
    }

    #[test]
    fn a_run_that_goes_on_from_an_earlier_step_draws_the_rest_anew() {
        let mut losses = Losses::default();
        (1..=6).for_each(|step| losses.note(step, f64::from(step)));
        losses.forget_after(4);
        losses.note(5, 50.0);
        assert_eq!(losses.points(), [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0), (5, 50.0)]);
    }

    #[test]
    fn the_smoothed_curve_starts_at_the_first_point() {
        let mut losses = Losses::default();
        [(1, 1.0), (2, 0.0)].into_iter().for_each(|(step, loss)| losses.note(step, loss));
        let smoothed = losses.smoothed();
        assert!((smoothed[0].1 - 1.0).abs() < 1e-9);
        assert!(smoothed[1].1 > 0.3 && smoothed[1].1 < 0.7, "{smoothed:?}");
    }
}
