//! Activity: looking at what was done.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    domain::{
        activity::{Activity, ActivityId},
        character::CharacterId,
        problem::{Kind, Problem},
    },
    error::Error,
    state::AppState,
    store::State,
};

/// Some lines of a longer list, newest first.
#[derive(Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub lines: Vec<Arc<Activity>>,
    /// How many there are in all.
    pub total: usize,
    /// Ask with this for what comes after; `None` at the end.
    pub next: Option<ActivityId>,
}

/// Which lines are asked for; empty fields do not filter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Whose.
    pub character: Option<&'a CharacterId>,
    /// About what kind of thing.
    pub kind: Option<&'a str>,
}

impl Filter<'_> {
    fn lets_through(&self, line: &Activity) -> bool {
        self.character.is_none_or(|character| line.character_id.as_ref() == Some(character))
            && self.kind.is_none_or(|kind| line.kind == kind)
    }
}

/// The lines that `filter` lets through, newest first, after the line `cursor`.
///
/// Walks through all lines: a few thousand are kept, and an index would make every change of the store dearer.
pub fn page(app: &AppState, filter: Filter<'_>, cursor: Option<&ActivityId>, limit: usize) -> Result<Page, Error> {
    let state = app.store.read();
    let table = &state.activity;
    let lost = || Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.");
    let start = match cursor {
        None => u64::MAX,
        Some(id) => table.position_of(id.as_str()).ok_or_else(lost)?,
    };
    let wanted = |line: &&Arc<Activity>| filter.lets_through(line);
    let mut lines: Vec<_> = table.before(start).filter(wanted).take(limit.saturating_add(1)).cloned().collect();
    let more = lines.len() > limit;
    lines.truncate(limit);
    let next = lines.last().filter(|_| more).map(|line| line.id.clone());
    Ok(Page { lines, total: table.iter().filter(wanted).count(), next })
}

/// The kinds of things there are lines about, in order of their names, and how many lines: of one character or of all.
pub fn counts(state: &State, character: Option<&CharacterId>) -> Vec<(String, usize)> {
    let filter = Filter { character, kind: None };
    let mut counts = BTreeMap::<&str, usize>::new();
    for line in state.activity.iter().filter(|line| filter.lets_through(line)) {
        *counts.entry(&line.kind).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect()
}
