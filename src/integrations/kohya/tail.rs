//! The end of a log as a person wants to read it.

use super::lines::Lines;

/// How much of a log's end is read for that.
pub const TAIL_BYTES: u64 = 256 << 10;

/// The last lines of a log, at most `most`: of a bar that was drawn many times only the last drawing, no empty lines.
pub fn last_lines(end_of_log: &[u8], most: usize) -> Vec<String> {
    let mut all: std::collections::VecDeque<String> = std::collections::VecDeque::new();
    let mut take = |line: &str| {
        let line = line.trim_end();
        if line.trim_start().is_empty() {
            return;
        }
        if is_bar(line) && all.back().is_some_and(|last| is_bar(last) && bar_name(last) == bar_name(line)) {
            all.pop_back();
        } else if all.len() == most {
            all.pop_front();
        }
        all.push_back(clean(line));
    };
    let mut lines = Lines::default();
    lines.feed(end_of_log, &mut take);
    take(&lines.open());
    all.into()
}

/// Progress bars of the trainer, of which a new drawing replaces the one before.
fn is_bar(line: &str) -> bool {
    line.contains("%|") && line.contains("| ") && line.contains('[')
}

fn bar_name(line: &str) -> &str {
    line.split(|letter: char| letter.is_ascii_digit()).next().unwrap_or_default().trim()
}

/// Without colours and other orders to a terminal, and not endless.
pub(super) fn clean(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            if letters.next_if_eq(&'[').is_some() {
                while letters.next().is_some_and(|letter| !('@'..='~').contains(&letter)) {}
            }
        } else if !letter.is_control() {
            text.push(letter);
        }
        if text.len() > 2_000 {
            text.push('…');
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::recordings, *};

    #[test]
    fn a_bar_that_was_drawn_many_times_is_one_line() {
        let log = "\rsteps:   0%|          | 0/8 [00:00<?, ?it/s]\rsteps:  12%|█▎        | 1/8 [00:02<00:18,  2.64s/it]\nsaved\n\n\n";
        assert_eq!(last_lines(log.as_bytes(), 40), ["steps:  12%|█▎        | 1/8 [00:02<00:18,  2.64s/it]", "saved"]);
    }

    #[test]
    fn the_cause_is_among_the_last_forty_lines_of_every_failure() {
        for name in recordings::names().iter().filter(|name| name.starts_with("err_")) {
            let lines = last_lines(&recordings::get(name).merged(), 40);
            assert!(lines.len() <= 40, "{name}");
            let cause = lines.iter().any(|line| ["Error", "error:", "Invalid:", "No data found"].iter().any(|word| line.contains(word)));
            assert!(cause, "{name}: {lines:#?}");
        }
    }

    #[test]
    fn colours_are_left_out() {
        assert_eq!(last_lines(b"\x1b[1;31mred\x1b[0m and\x07 plain", 5), ["red and plain"]);
    }

    proptest! {
        #[test]
        fn any_bytes_make_lines_that_can_be_shown(bytes: Vec<u8>) {
            for line in last_lines(&bytes, 40) {
                prop_assert!(line.chars().all(|letter| !letter.is_control()));
            }
        }
    }
}
