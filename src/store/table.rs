//! One collection in memory: records in order, found by id and by what they are indexed by.
//!
//! The maps share structure between versions, so that a snapshot costs nothing and a change costs the same in a
//! collection of a hundred thousand as in one of a hundred.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::{key::Key, record::Record, texts::Texts};

/// Where a record stands in its collection; grows with each new record.
pub type Position = u64;

/// A collection as it was at one moment.
#[derive(Debug)]
pub struct Table<T> {
    records: OrdMap<Position, Arc<T>>,
    /// In order, and not hashed: ids grow with time, so a new one is put where the last one was, and the part of the map
    /// that is copied for it is in the processor's cache.
    positions: OrdMap<Key, Position>,
    index: OrdMap<(&'static str, Key), OrdSet<Position>>,
    texts: Texts,
    next: Position,
    version: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { records: OrdMap::new(), positions: OrdMap::new(), index: OrdMap::new(), texts: Texts::default(), next: 0, version: 0 }
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self {
            records: self.records.clone(),
            positions: self.positions.clone(),
            index: self.index.clone(),
            texts: self.texts.clone(),
            next: self.next,
            version: self.version,
        }
    }
}

impl<T: Record> Table<T> {
    /// The record of that id.
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.records.get(self.positions.get(&Key::from(id))?)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Grows with each change of the collection.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// All records, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.records.values()
    }

    /// All records, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Arc<T>> {
        self.before(Position::MAX)
    }

    /// The records before a position, newest first.
    pub fn before(&self, position: Position) -> impl Iterator<Item = &Arc<T>> {
        self.records.range(..position).rev().map(|(_, record)| record)
    }

    /// The records after a position, oldest first.
    pub fn after(&self, position: Position) -> impl Iterator<Item = &Arc<T>> {
        self.records.range(position.saturating_add(1)..).map(|(_, record)| record)
    }

    /// Where the record of that id stands.
    pub fn position_of(&self, id: &str) -> Option<Position> {
        self.positions.get(&Key::from(id)).copied()
    }

    /// The records with that value of an indexed key, newest first.
    pub fn indexed<'a>(&'a self, key: &'static str, value: &str) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
        self.indexed_before(key, value, Position::MAX)
    }

    /// Those of them before a position, newest first.
    pub fn indexed_before<'a>(
        &'a self,
        key: &'static str,
        value: &str,
        position: Position,
    ) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
        let positions = self.index.get(&(key, Key::from(value)));
        let positions = positions.into_iter().flat_map(move |positions| positions.range(..position).rev());
        positions.filter_map(|position| self.records.get(position))
    }

    /// The record at a position.
    pub fn at(&self, position: Position) -> Option<&Arc<T>> {
        self.records.get(&position)
    }

    /// Where records stand, oldest first.
    pub fn positions(&self) -> impl DoubleEndedIterator<Item = Position> {
        self.records.keys().copied()
    }

    /// Where the records with that value of an indexed key stand, oldest first.
    pub fn positions_of<'a>(&'a self, key: &'static str, value: &str) -> impl DoubleEndedIterator<Item = Position> + use<'a, T> {
        self.index.get(&(key, Key::from(value))).into_iter().flat_map(|positions| positions.iter().copied())
    }

    /// Where the records stand whose words hold each of `wanted` (lower case, without line breaks), oldest first.
    pub fn holding(&self, wanted: &[&str]) -> Vec<Position> {
        self.texts.holding(wanted)
    }

    /// How many records have that value of an indexed key. Costs no walk.
    pub fn count(&self, key: &'static str, value: &str) -> usize {
        self.index.get(&(key, Key::from(value))).map_or(0, OrdSet::len)
    }

    /// The values an indexed key has, in order.
    pub fn values(&self, key: &'static str) -> Vec<String> {
        let entries = self.index.range((key, Key::FIRST)..).take_while(|((of, _), _)| *of == key);
        let mut values: Vec<_> = entries.map(|((_, value), _)| value.to_string()).collect();
        values.sort_unstable();
        values
    }

    /// Stores a record: in its place when there was one of its id, else at the end. Answers whether it is new.
    pub(super) fn put(&mut self, record: Arc<T>) -> bool {
        self.version += 1;
        let key = Key::from(record.id());
        let position = match self.positions.get(&key) {
            Some(position) => *position,
            None => {
                self.positions.insert(key, self.next);
                self.next += 1;
                self.next - 1
            }
        };
        match record.words() {
            Some(words) => self.texts.put(position, &words),
            None => self.texts.remove(position),
        };
        let before = self.records.insert(position, Arc::clone(&record));
        if let Some(before) = &before {
            self.forget(before, position);
        }
        let index = &mut self.index;
        record.index(&mut |key, value| {
            index.entry((key, Key::from(value))).or_default().insert(position);
        });
        before.is_none()
    }

    /// Removes a record. Answers whether there was one.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let Some(position) = self.positions.remove(&Key::from(id)) else { return false };
        self.version += 1;
        self.texts.remove(position);
        if let Some(record) = self.records.remove(&position) {
            self.forget(&record, position);
        }
        true
    }

    /// Removes the oldest records beyond so many.
    pub(super) fn keep_newest(&mut self, count: usize) {
        let beyond = self.len().saturating_sub(count);
        let oldest: Vec<_> = self.iter().take(beyond).cloned().collect();
        for record in oldest {
            self.remove(record.id());
        }
    }

    fn forget(&mut self, record: &T, position: Position) {
        let index = &mut self.index;
        record.index(&mut |key, value| {
            let entry = (key, Key::from(value));
            if let Some(positions) = index.get_mut(&entry) {
                positions.remove(&position);
                if positions.is_empty() {
                    index.remove(&entry);
                }
            }
        });
    }
}
