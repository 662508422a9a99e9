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
    store::{State, Table},
};

/// Some lines of a longer list, newest first.
#[derive(Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub lines: Vec<Arc<Activity>>,
    /// How many there are in all; `None` when only a walk through everything could tell.
    pub total: Option<usize>,
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

/// The lines that `filter` lets through, newest first, after the line `cursor`.
pub fn page(app: &AppState, filter: Filter<'_>, cursor: Option<&ActivityId>, limit: usize) -> Result<Page, Error> {
    let state = app.store.read();
    let table = &state.activity;
    let lost = || Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.");
    let start = match cursor {
        None => u64::MAX,
        Some(id) => table.position_of(id.as_str()).ok_or_else(lost)?,
    };
    let (walk, total) = walk(table, filter, start);
    let mut lines: Vec<_> = walk.take(limit.saturating_add(1)).cloned().collect();
    let more = lines.len() > limit;
    lines.truncate(limit);
    let next = lines.last().filter(|_| more).map(|line| line.id.clone());
    Ok(Page { lines, total, next })
}

type Walk<'a> = Box<dyn Iterator<Item = &'a Arc<Activity>> + 'a>;

fn walk<'a>(table: &'a Table<Activity>, filter: Filter<'a>, start: u64) -> (Walk<'a>, Option<usize>) {
    match (filter.character, filter.kind) {
        (None, None) => (Box::new(table.before(start)), Some(table.len())),
        (None, Some(kind)) => (Box::new(table.indexed_before("kind", kind, start)), Some(table.count("kind", kind))),
        (Some(id), None) => (Box::new(table.indexed_before("character", id.as_str(), start)), Some(table.count("character", id.as_str()))),
        (Some(id), Some(kind)) => {
            (Box::new(table.indexed_before("character", id.as_str(), start).filter(move |line| line.kind == kind)), None)
        }
    }
}

/// The kinds of things there are lines about, in order of their names, and how many lines: of one character or of all.
pub fn counts(state: &State, character: Option<&CharacterId>) -> Vec<(String, usize)> {
    let Some(character) = character else {
        return state.activity.values("kind").map(|kind| (kind.to_owned(), state.activity.count("kind", kind))).collect();
    };
    let mut counts = BTreeMap::new();
    for line in state.activity.indexed("character", character.as_str()) {
        *counts.entry(line.kind.clone()).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}
