//! What one line of the trainer's output tells.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::lines::after_bars;

/// What a line tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Sign {
    /// The bar of the training itself.
    Step {
        /// Steps done in this run.
        step: u32,
        /// Steps in all.
        total: u32,
        /// Until the end, where it is told.
        seconds_left: Option<u32>,
        /// How long one takes, where it is told.
        seconds_per_step: Option<f64>,
        /// The loss; not a number when the training ran off. The first showing of a step may have none.
        loss: Option<f64>,
    },
    /// An epoch begins.
    Epoch {
        /// Which, from 1.
        epoch: u32,
        /// How many.
        epochs: u32,
    },
    /// How many steps there are in all.
    Total(u32),
    /// A resumed run leaves out so many steps.
    Skipping(u32),
    /// What is going on, in our words.
    Phase(&'static str),
}

/// Bars other than that of the training look the same but for its name. Each step is shown twice: with the old loss,
/// then with its own.
static BAR: LazyLock<Regex> = LazyLock::new(|| {
    let bar =
        r"steps:\s+\d+%\|[^|]*\|\s*(\d+)/(\d+) \[([^<\s]+)<([^,\s]+),\s*([\d.?]+)(s/it|it/s)(?:, [^\]]*?avr_loss=([^\s,\]]+)[\s,\]])?";
    Regex::new(bar).expect("the expression is ours")
});

static EPOCH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^epoch (\d+)/(\d+)\s*$").expect("the expression is ours"));

static TOTAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*total optimization steps\b[^:]*: (\d+)").expect("the expression is ours"));

static SKIPPING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^skipping (\d+) steps\b").expect("the expression is ours"));

/// Beginnings of lines, and what they mean for somebody who waits.
const PHASES: [(&str, &str); 19] = [
    ("prepare images", "Reading the pictures"),
    ("[Prepare dataset", "Reading the pictures"),
    ("loading image sizes", "Reading the pictures"),
    ("preparing accelerator", "Getting ready"),
    ("loading model for process", "Loading the base model"),
    ("load StableDiffusion checkpoint", "Loading the base model"),
    ("Building Flux model", "Loading the base model"),
    ("building U-Net", "Loading the base model"),
    ("Loading state dict from", "Loading the base model"),
    ("caching latents", "Looking at the pictures once and for all"),
    ("caching Text Encoder outputs", "Reading the captions once and for all"),
    ("import network module", "Making the LoRA"),
    ("prepare optimizer", "Getting ready"),
    ("resume training from local state", "Taking up the saved state"),
    ("running training", "Training"),
    ("generating sample images", "Drawing samples"),
    ("saving checkpoint", "Saving"),
    ("saving state", "Saving the state"),
    ("model saved", "Finishing"),
];

/// The line of a trainer that was not written by kohya: `dalla: {"step": 3, "steps": 400}`.
#[derive(Deserialize)]
struct Told {
    step: u32,
    steps: u32,
    #[serde(default)]
    epoch: Option<u32>,
    #[serde(default)]
    epochs: Option<u32>,
    #[serde(default)]
    loss: Option<f64>,
    #[serde(default)]
    seconds_left: Option<u32>,
}

impl Sign {
    /// What a line tells; several things for a custom trainer's, mostly nothing.
    pub(super) fn read(line: &str, mut tell: impl FnMut(Self)) {
        // Log text may follow a bar on the same line, and another bar may follow that.
        if line.contains("steps:") {
            BAR.captures_iter(line).filter_map(|bar| bar_step(&bar)).for_each(&mut tell);
        }
        let line = after_bars(line);
        if let Some(told) = line.trim_start().strip_prefix("dalla:") {
            return own_words(told, tell);
        }
        let number = |found: Option<regex::Captures<'_>>, group: usize| found?.get(group)?.as_str().parse().ok();
        // Looked at in this way, a line that tells nothing costs next to nothing, and most tell nothing.
        if line.starts_with("epoch ") {
            let found = |group| number(EPOCH.captures(line), group);
            if let (Some(epoch), Some(epochs)) = (found(1), found(2)) {
                tell(Self::Epoch { epoch, epochs });
            }
        } else if line.starts_with("skipping ") {
            number(SKIPPING.captures(line), 1).into_iter().for_each(|steps| tell(Self::Skipping(steps)));
        } else if line.trim_start().starts_with("total optimization steps") {
            number(TOTAL.captures(line), 1).into_iter().for_each(|total| tell(Self::Total(total)));
        } else if let Some((_, words)) = PHASES.iter().find(|(beginning, _)| line.starts_with(beginning)) {
            tell(Self::Phase(words));
        }
    }
}

fn bar_step(bar: &regex::Captures<'_>) -> Option<Sign> {
    let rate: Option<f64> = bar[5].parse().ok();
    let seconds_per_step = match &bar[6] {
        "s/it" => rate,
        _ => rate.filter(|rate| *rate > 0.0).map(|rate| 1.0 / rate),
    };
    Some(Sign::Step {
        step: bar[1].parse().ok()?,
        total: bar[2].parse().ok()?,
        seconds_left: seconds(&bar[4]),
        seconds_per_step: seconds_per_step.filter(|seconds| seconds.is_finite()),
        loss: bar.get(7).and_then(|loss| loss.as_str().parse().ok()),
    })
}

/// As in `00:18`, `3:00:18`, `1 day` never: hours count on.
fn seconds(text: &str) -> Option<u32> {
    text.split(':').try_fold(0_u32, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))
}

fn own_words(told: &str, mut tell: impl FnMut(Sign)) {
    let Ok(told) = serde_json::from_str::<Told>(told.trim()) else { return };
    if let (Some(epoch), Some(epochs)) = (told.epoch, told.epochs) {
        tell(Sign::Epoch { epoch, epochs });
    }
    tell(Sign::Step { step: told.step, total: told.steps, seconds_left: told.seconds_left, seconds_per_step: None, loss: told.loss });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(line: &str) -> Vec<Sign> {
        let mut signs = Vec::new();
        Sign::read(line, |sign| signs.push(sign));
        signs
    }

    #[test]
    fn a_bar_tells_step_pace_and_loss() {
        let line = "steps:  12%|█▎        | 1/8 [00:02<00:18,  2.64s/it, avr_loss=1.2]";
        let told = Sign::Step { step: 1, total: 8, seconds_left: Some(18), seconds_per_step: Some(2.64), loss: Some(1.2) };
        assert_eq!(signs(line), [told]);
    }

    #[test]
    fn a_bar_at_its_start_tells_no_pace() {
        let told = Sign::Step { step: 0, total: 8, seconds_left: None, seconds_per_step: None, loss: None };
        assert_eq!(signs("steps:   0%|          | 0/8 [00:00<?, ?it/s]"), [told]);
    }

    #[test]
    fn other_bars_are_not_the_training() {
        assert!(signs("read caption: 100%|██████████| 2/2 [00:00<00:00, 9974.56it/s]").is_empty());
        assert!(signs("100%|██████████| 2/2 [00:00<00:00, 29959.31it/s]").is_empty());
    }

    #[test]
    fn words_after_a_bar_do_no_harm_and_several_bars_count_one_after_the_other() {
        let line = "steps:  5%|▌         | 2/40 [00:05<01:53,  2.98s/it, avr_loss=1.2]Traceback (most recent call last):";
        assert!(matches!(signs(line)[..], [Sign::Step { step: 2, .. }]));
        let two = "steps:  5%|▌| 2/40 [00:05<01:53,  2.98s/it]steps:  8%|▌| 3/40 [1:00:05<26:01:53,  2.98it/s, lr=1e-4, avr_loss=nan]";
        let [Sign::Step { step: 2, loss: None, .. }, Sign::Step { step: 3, seconds_left: Some(93_713), loss: Some(loss), .. }] =
            signs(two)[..]
        else {
            panic!("{:?}", signs(two));
        };
        assert!(loss.is_nan());
    }

    #[test]
    fn a_custom_trainer_says_it_in_json() {
        let told = signs(r#"dalla: {"step": 3, "steps": 400, "epoch": 1, "epochs": 8, "loss": 0.12}"#);
        assert_eq!(told[0], Sign::Epoch { epoch: 1, epochs: 8 });
        assert!(matches!(told[1], Sign::Step { step: 3, total: 400, loss: Some(loss), .. } if loss == 0.12));
        assert!(signs("dalla: {\"step\": \"three\"}").is_empty());
    }
}
