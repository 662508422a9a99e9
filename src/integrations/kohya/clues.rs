//! What the end of a log holds about why a run failed.

use super::{
    lines::{Lines, after_bars},
    tail::clean,
};

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Clues {
    /// The last exception, without that of the launcher.
    pub(super) exception: Option<String>,
    /// What argparse said.
    pub(super) usage: Option<String>,
    /// The pictures that could not be read.
    pub(super) pictures: Vec<String>,
    /// Whether it found nothing to learn from.
    pub(super) nothing_to_learn: bool,
    /// The last line that says anything.
    pub(super) last: Option<String>,
}

/// Looks through the end of a log.
pub(super) fn find(end_of_log: &[u8]) -> Clues {
    let (mut clues, mut lines) = (Clues::default(), Lines::default());
    lines.feed(end_of_log, |line| clues.take(line));
    let open = lines.open().into_owned();
    clues.take(&open);
    clues
}

impl Clues {
    fn take(&mut self, line: &str) {
        let line = clean(line);
        let line = after_bars(&line).trim_end();
        if line.is_empty() {
            return;
        }
        if line.starts_with("No data found") {
            self.nothing_to_learn = true;
        } else if let Some((script, said)) = line.split_once(": error: ").filter(|(script, _)| script.ends_with(".py")) {
            tracing::debug!(script, "the trainer did not understand its arguments");
            self.usage = Some(said.to_owned());
        } else if let Some(rest) = line.strip_prefix("failed to get image size: ") {
            let picture = rest.split(", error: ").next().unwrap_or(rest);
            if self.pictures.len() < 20 {
                self.pictures.push(file_name(picture).to_owned());
            }
        } else if is_exception(line) {
            self.exception = Some(line.to_owned());
        }
        // The launcher repeats its whole command, which helps nobody.
        if !line.starts_with("subprocess.CalledProcessError") {
            self.last = Some(line.to_owned());
        }
    }
}

/// As in `torch.OutOfMemoryError: CUDA out of memory.` and `KeyboardInterrupt`. Not that of the launcher, whose own
/// traceback follows the true one.
fn is_exception(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.' || letter == '_');
    let last = name.rsplit('.').next().unwrap_or_default();
    let called = ["Error", "Exception", "Interrupt", "Invalid", "Exit"].iter().any(|ending| last.ends_with(ending));
    plain && called && last.starts_with(|letter: char| letter.is_ascii_uppercase()) && name != "subprocess.CalledProcessError"
}

/// The last part of a path of either kind of system.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
