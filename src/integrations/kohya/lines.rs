//! Cutting what the trainer writes into lines: its bars end in carriage returns, its words in line breaks.

/// Longest line that is kept whole. The trainer's own are far shorter; a longer one is cut, so that memory stays flat.
const LONGEST: usize = 16 << 10;

/// The lines of a stream that comes in pieces of any size.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The line that has not ended.
    open: Vec<u8>,
    /// Bytes of the stream that belong to lines which have ended.
    passed: u64,
    /// How long the open line really is.
    length: u64,
}

impl Lines {
    /// Lines of a stream that is read from there on.
    pub(super) fn from(offset: u64) -> Self {
        Self { open: Vec::new(), passed: offset, length: 0 }
    }

    /// Takes the next piece, and hands out each line that ends in it.
    pub(super) fn feed(&mut self, mut piece: &[u8], mut line: impl FnMut(&str)) {
        while let Some(end) = memchr::memchr2(b'\n', b'\r', piece) {
            self.keep(&piece[..end]);
            // A letter cannot be cut here: neither byte is ever part of one.
            line(&String::from_utf8_lossy(&self.open));
            self.open.clear();
            self.passed += self.length + 1;
            self.length = 0;
            piece = &piece[end + 1..];
        }
        self.keep(piece);
    }

    /// The line that has not ended yet, as far as it is there.
    pub(super) fn open(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.open)
    }

    /// Where the open line begins in the stream.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Where the stream has been read to.
    pub(super) fn end(&self) -> u64 {
        self.passed + self.length
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LONGEST - self.open.len().min(LONGEST);
        self.open.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.length += bytes.len() as u64;
    }
}

/// What stands on a line after the bars on it: they do not end their lines, so that the next words follow at once.
pub(super) fn after_bars(line: &str) -> &str {
    let Some(bar) = line.rfind("%|") else { return line };
    line[bar..].split_once(']').map_or("", |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut all) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.feed(piece, |line| all.push(line.to_owned()));
        }
        all.push(lines.open().into_owned());
        all
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_a_stream_is_cut(bytes: Vec<u8>, cuts: Vec<prop::sample::Index>) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(lines(&pieces), lines(&[&bytes]));
        }

        #[test]
        fn it_is_known_where_each_line_begins(bytes: Vec<u8>) {
            let mut lines = Lines::default();
            lines.feed(&bytes, |_| {});
            let begins = bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |end| end + 1);
            prop_assert_eq!(lines.passed(), begins as u64);
        }
    }

    #[test]
    fn words_after_a_bar_are_found() {
        assert_eq!(after_bars("  0%|          | 0/2 [00:00<?, ?it/s]failed to get image size"), "failed to get image size");
        assert_eq!(after_bars("steps:   5%|▌| 2/40 [00:06<01:58, 3.12s/it, avr_loss=1.2]"), "");
        assert_eq!(after_bars("no bar at all"), "no bar at all");
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_is_whole() {
        let long = vec![b'x'; 10 << 20];
        let all = lines(&[&long, &long, b"\nnext\r"]);
        assert_eq!((all[0].len(), all[1].as_str()), (LONGEST, "next"));
    }
}
