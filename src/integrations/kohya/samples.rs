//! Pictures the trainer draws in between.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use crate::domain::{model::Family, training::Plan};

/// What is to be drawn, as the trainer reads it with `--sample_prompts`. JSON and not lines of text, in which a prompt
/// could hold orders.
#[derive(Serialize)]
struct SamplePrompt<'a> {
    prompt: &'a str,
    width: u32,
    height: u32,
    sample_steps: u32,
    scale: f64,
    seed: u32,
}

/// A picture the trainer drew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its file.
    pub file: String,
    /// After which epoch; `None` when it was drawn after a step.
    pub epoch: Option<u32>,
    /// After which step, when it was.
    pub step: Option<u32>,
    /// Which of the prompts, from 0.
    pub prompt: usize,
}

/// The prompts of a plan.
pub fn samples_json(plan: &Plan) -> String {
    let (width, height, scale) = match plan.family {
        Family::Sd15 => (512, 768, 7.0),
        Family::Sdxl => (832, 1_216, 6.0),
        Family::Flux => (768, 1_024, 1.0),
    };
    let prompts: Vec<_> =
        plan.sample_prompts.iter().map(|prompt| SamplePrompt { prompt, width, height, sample_steps: 20, scale, seed: plan.seed }).collect();
    serde_json::to_string_pretty(&prompts).expect("plain texts and finite numbers can always be written")
}

/// What a file's name tells: `luna_e000002_00_20261122095135_42.png`.
pub fn sample_of(file: &str) -> Option<Sample> {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"_(e?)(\d{6})_(\d{2})_\d{14}(?:_\d+)?\.png$").expect("the expression is ours"));
    let name = NAME.captures(file)?;
    let number = name[2].parse().ok()?;
    let after_epoch = &name[1] == "e";
    Some(Sample {
        file: file.to_owned(),
        epoch: after_epoch.then_some(number),
        step: (!after_epoch).then_some(number),
        prompt: name[3].parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_samples_name_tells_when_it_was_drawn() {
        let sample = sample_of("luna_v2_e000003_01_20261122095135_42.png").unwrap();
        assert_eq!((sample.epoch, sample.step, sample.prompt), (Some(3), None, 1));
        let sample = sample_of("luna_000120_00_20261122095135.png").unwrap();
        assert_eq!((sample.epoch, sample.step, sample.prompt), (None, Some(120), 0));
        assert_eq!(sample_of("holiday.png"), None);
    }
}
