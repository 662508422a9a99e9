//! Following the output of one run: from bytes to numbers.

use chrono::{DateTime, Utc};

use super::{lines::Lines, sign::Sign};
use crate::domain::training::Followed;

/// Follows one run. Its memory does not grow with the log.
#[derive(Debug)]
pub struct Watcher {
    lines: Lines,
    followed: Followed,
}

impl Watcher {
    /// Goes on from what is known.
    pub fn new(followed: Followed) -> Self {
        Self { lines: Lines::from(followed.offset), followed }
    }

    /// Takes the next piece of the log.
    pub fn feed(&mut self, piece: &[u8], now: DateTime<Utc>) {
        if piece.is_empty() {
            return;
        }
        let followed = &mut self.followed;
        followed.progress.heard_at = Some(now);
        self.lines.feed(piece, |line| Sign::read(line, |sign| followed.take(sign)));
        followed.offset = self.lines.passed();
        // A bar ends only when the next one begins: what stands there already counts.
        Sign::read(&self.lines.open(), |sign| {
            if matches!(sign, Sign::Step { .. }) {
                followed.take(sign);
            }
        });
    }

    /// Where the next piece has to begin.
    pub fn position(&self) -> u64 {
        self.lines.end()
    }

    /// What is known so far.
    pub fn followed(&self) -> &Followed {
        &self.followed
    }
}

impl Followed {
    fn take(&mut self, sign: Sign) {
        let progress = &mut self.progress;
        match sign {
            Sign::Step { step, total, seconds_left, seconds_per_step, loss } => {
                // A resumed run counts from 0 and may do more steps than were left.
                progress.step = step.saturating_add(self.skipped).min(total.max(step));
                progress.total_steps = total;
                progress.seconds_per_step = seconds_per_step.or(progress.seconds_per_step);
                progress.eta_seconds = match (seconds_per_step, self.skipped) {
                    (Some(pace), 1..) => Some((pace * f64::from(total.saturating_sub(progress.step))).round() as u32),
                    _ => seconds_left.or(progress.eta_seconds),
                };
                progress.words = "Training".into();
                if let Some(loss) = loss {
                    self.note(step.saturating_add(self.skipped), loss);
                }
            }
            Sign::Epoch { epoch, epochs } => {
                (progress.epoch, progress.total_epochs) = (epoch, epochs);
                progress.words = "Training".into();
            }
            Sign::Total(total) => progress.total_steps = total,
            Sign::Skipping(steps) => {
                self.skipped = steps;
                progress.step = steps;
                self.losses.forget_after(steps);
            }
            Sign::Phase(words) => progress.words = words.into(),
        }
    }

    fn note(&mut self, step: u32, loss: f64) {
        if loss.is_finite() {
            self.progress.loss = Some(loss);
            self.losses.note(step, loss);
        } else {
            self.progress.loss = None;
            self.progress.nan_since.get_or_insert(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::recordings, *};

    fn follow<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Followed {
        let mut watcher = Watcher::new(Followed::default());
        for piece in pieces {
            watcher.feed(piece, DateTime::UNIX_EPOCH);
        }
        watcher.followed().clone()
    }

    /// A recording, with the step, steps, epoch, epochs and loss it ends with.
    type End = (&'static str, u32, u32, u32, u32, Option<f64>);

    const ENDS: [End; 12] = [
        ("sd15_epochs_default_log", 8, 8, 2, 2, Some(1.23)),
        ("sd15_steps_state_simple_log", 6, 6, 2, 2, Some(1.12)),
        ("sd15_resume", 6, 6, 2, 2, Some(1.23)),
        ("sd15_direct_python", 4, 4, 1, 1, Some(1.12)),
        ("sdxl_simple_log", 2, 2, 1, 1, Some(1.11)),
        ("flux_simple_log", 2, 2, 1, 1, Some(1.62)),
        ("stdout_buffered_default_log", 8, 8, 2, 2, Some(1.23)),
        ("stdout_buffered_when_not_unbuffered", 4, 4, 1, 1, Some(1.1)),
        ("truncated_image_still_trains", 2, 2, 1, 1, Some(1.16)),
        ("stop_sigterm_group", 2, 40, 1, 10, None),
        ("stop_sigterm_launcher_only", 19, 40, 5, 10, Some(0.999)),
        ("err_no_such_model", 0, 0, 0, 0, None),
    ];

    #[test]
    fn every_recording_is_followed_to_its_end() {
        for (name, step, steps, epoch, epochs, loss) in ENDS {
            let recording = recordings::get(name);
            let followed = follow([&*recording.merged()]);
            let progress = &followed.progress;
            let seen = (progress.step, progress.total_steps, progress.epoch, progress.total_epochs);
            assert_eq!(seen, (step, steps, epoch, epochs), "{name}");
            if let Some(loss) = loss {
                assert_eq!(progress.loss, Some(loss), "{name}");
            }
            assert_eq!(progress.nan_since, None, "{name}");
        }
    }

    #[test]
    fn a_resumed_run_counts_on_from_its_state() {
        let followed = follow([&*recordings::get("sd15_resume").merged()]);
        assert_eq!(followed.skipped, 4);
        assert_eq!(followed.losses.points().iter().map(|(step, _)| *step).collect::<Vec<_>>(), [5, 6, 7, 8]);
    }

    #[test]
    fn a_loss_that_is_no_number_is_noticed_at_its_step() {
        let text = "steps:  25%|█| 1/4 [00:03<00:09,  3.0s/it, avr_loss=1.2]\rsteps:  50%|█| 2/4 [00:03<00:09,  3.0s/it, avr_loss=nan]\rsteps:  75%|█| 3/4 [00:03<00:09,  3.0s/it, avr_loss=nan]\r";
        let followed = follow([text.as_bytes()]);
        assert_eq!((followed.progress.nan_since, followed.progress.step), (Some(2), 3));
        assert_eq!(followed.losses.points().len(), 1);
    }

    #[test]
    fn two_bars_on_one_line_count_once_however_often_they_are_read() {
        let bar = |step: u32, loss: &str| format!("steps:  5%|▌| {step}/40 [00:06<02:09,  3.41s/it, avr_loss={loss}]");
        for last in ["1.17", "nan"] {
            let line = format!("{}{}{}\n", bar(2, "1.2"), bar(3, "1.3"), bar(1, last));
            assert_eq!(follow(line.as_bytes().chunks(7)), follow([line.as_bytes()]), "{last}");
        }
    }

    #[test]
    fn a_hundred_megabytes_of_log_stay_flat() {
        let mut watcher = Watcher::new(Followed::default());
        // Bars, words, and a line that never seems to end.
        let bar = |step: u32| format!("\rsteps:  25%|██▌       | {step}/1000000 [00:03<00:09,  3.02s/it, avr_loss=0.1{step}]").into_bytes();
        let mut piece: Vec<u8> = (0..100).flat_map(bar).collect();
        (0..200).for_each(|_| piece.extend_from_slice(b"\nWARNING some words that are said again and again, and tell nothing at all"));
        piece.extend_from_slice(b"\n");
        piece.resize(2_000_000, b'x');
        piece.push(b'\r');
        let rounds = 100_000_000 / piece.len() + 1;
        for _ in 0..rounds {
            watcher.feed(&piece, DateTime::UNIX_EPOCH);
        }
        // The longest it may hold: one line, and a curve of a thousand points.
        assert!(watcher.lines.open().len() < 200);
        assert!(serde_json::to_string(watcher.followed()).unwrap().len() < 64_000);
        assert_eq!(watcher.position(), (rounds * piece.len()) as u64);
    }

    #[test]
    fn what_was_written_down_goes_on_as_if_nothing_had_happened() {
        for name in recordings::names() {
            let bytes = recordings::get(&name).merged();
            let whole = follow([&*bytes]);
            for cut in [1, bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(30)] {
                let (first, _) = bytes.split_at(cut.min(bytes.len()));
                let half = follow([first]);
                let stored: Followed = serde_json::from_str(&serde_json::to_string(&half).unwrap()).unwrap();
                let mut watcher = Watcher::new(stored.clone());
                watcher.feed(&bytes[stored.offset as usize..], DateTime::UNIX_EPOCH);
                assert_eq!(*watcher.followed(), whole, "{name} at {cut}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn it_does_not_matter_where_the_output_is_cut(which: prop::sample::Index, cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..200)) {
            let names = recordings::names();
            let name = &names[which.index(names.len())];
            let bytes = recordings::get(name).merged();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
            prop_assert_eq!(follow(pieces), follow([&*bytes]), "{}", name);
        }

        #[test]
        fn any_bytes_at_all_are_survived(bytes: Vec<u8>) {
            follow([&*bytes]);
        }

        #[test]
        fn what_looks_like_a_bar_is_survived(text in "(steps: [0-9%|/<, .\\[\\]a-z=]{0,60}[\r\n]){0,20}") {
            follow([text.as_bytes()]);
        }
    }
}
