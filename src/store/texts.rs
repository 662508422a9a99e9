//! The words records can be searched by, side by side: a search reads all of them and nothing else.
//!
//! They lie together in chunks, because a hundred thousand texts that each lie somewhere else take longer to find
//! than to read.

use std::sync::Arc;

use imbl::OrdMap;
use memchr::memmem::Finder;

use super::table::Position;

/// How many neighbouring positions share a chunk: few enough to copy one with each change.
const CHUNK: Position = 128;

/// The words of a collection.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts(OrdMap<Position, Arc<Chunk>>);

/// The words of neighbours, one after the other.
#[derive(Debug, Clone, Default)]
struct Chunk {
    text: String,
    /// Whose they are, and where they end.
    ends: Vec<(Position, usize)>,
}

impl Texts {
    /// Sets the words at a position.
    pub(super) fn put(&mut self, position: Position, words: &str) {
        let chunk = Arc::make_mut(self.0.entry(position / CHUNK).or_default());
        chunk.remove(position);
        chunk.insert(position, &words.to_lowercase());
    }

    /// Forgets the words at a position.
    pub(super) fn remove(&mut self, position: Position) {
        if let Some(chunk) = self.0.get_mut(&(position / CHUNK)) {
            Arc::make_mut(chunk).remove(position);
        }
    }

    /// The positions whose words hold each of `wanted` (lower case, without line breaks), in order.
    pub(super) fn holding(&self, wanted: &[&str]) -> Vec<Position> {
        let mut finders: Vec<_> = wanted.iter().map(Finder::new).collect();
        // The longest is the rarest, as a rule: it leaves the others the least to look at.
        finders.sort_by_key(|finder| std::cmp::Reverse(finder.needle().len()));
        let Some((first, others)) = finders.split_first() else {
            return self.0.values().flat_map(|chunk| chunk.ends.iter().map(|(position, _)| *position)).collect();
        };
        let mut found = Vec::new();
        self.0.values().for_each(|chunk| chunk.search(first, others, &mut found));
        found
    }
}

impl Chunk {
    fn insert(&mut self, position: Position, words: &str) {
        let place = self.ends.partition_point(|(other, _)| *other < position);
        let start = self.start(place);
        self.text.insert_str(start, words);
        self.text.insert(start + words.len(), '\n');
        let length = words.len() + 1;
        self.ends.insert(place, (position, start));
        self.ends[place..].iter_mut().for_each(|(_, end)| *end += length);
    }

    fn remove(&mut self, position: Position) {
        let place = self.ends.partition_point(|(other, _)| *other < position);
        if self.ends.get(place).is_none_or(|(other, _)| *other != position) {
            return;
        }
        let (start, end) = (self.start(place), self.ends[place].1);
        self.text.replace_range(start..end, "");
        self.ends.remove(place);
        self.ends[place..].iter_mut().for_each(|(_, other)| *other -= end - start);
    }

    fn start(&self, place: usize) -> usize {
        place.checked_sub(1).map_or(0, |before| self.ends[before].1)
    }

    fn search(&self, first: &Finder<'_>, others: &[Finder<'_>], found: &mut Vec<Position>) {
        let text = self.text.as_bytes();
        let mut from = 0;
        while let Some(at) = first.find(&text[from..]) {
            let place = self.ends.partition_point(|(_, end)| *end <= from + at);
            let (position, end) = self.ends[place];
            let words = &text[self.start(place)..end];
            if others.iter().all(|other| other.find(words).is_some()) {
                found.push(position);
            }
            from = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_found_is_what_a_walk_finds(
            changes in prop::collection::vec((0..400_u64, prop::option::of("[abÄ ]{0,6}")), 0..200),
            wanted in prop::collection::vec("[abä]{1,2}", 0..3),
        ) {
            let (mut texts, mut model) = (Texts::default(), BTreeMap::new());
            for (position, words) in changes {
                match words {
                    Some(words) => {
                        texts.put(position, &words);
                        model.insert(position, words.to_lowercase());
                    }
                    None => {
                        texts.remove(position);
                        model.remove(&position);
                    }
                }
            }
            let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
            let walked: Vec<_> =
                model.iter().filter(|(_, text)| wanted.iter().all(|word| text.contains(word))).map(|(position, _)| *position).collect();
            prop_assert_eq!(texts.holding(&wanted), walked);
        }
    }
}
