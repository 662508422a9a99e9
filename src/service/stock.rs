//! What is in stock: how many approved pictures of each character have not gone out yet, and how long they last.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};

use crate::{
    domain::{
        character::{Character, CharacterId},
        post::PostState,
    },
    state::AppState,
    store::{State, day},
};

/// More than so many are not counted: nobody has to worry about them.
const ENOUGH: usize = 99;
/// How many of a character's newest approved pictures are looked at.
const LOOKED_AT: usize = 1_000;
/// Over how many days her pace is taken.
const OVER: i64 = 14;
/// The most runs that are looked at to find her pace.
const MOST_RUNS: usize = 2_000;

/// What one character has in stock.
#[derive(Debug, Clone)]
pub struct Stock {
    /// Whose.
    pub character: Arc<Character>,
    /// Approved pictures that are neither out nor on their way; at most 99.
    pub left: usize,
    /// How many go out in a day.
    pub pace: f64,
    /// From what that is known.
    pub known_from: KnownFrom,
}

/// From what a pace is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownFrom {
    /// Her tasks.
    Tasks,
    /// What went out in the last two weeks.
    Past,
    /// Nothing: one a day is taken.
    Nothing,
}

impl Stock {
    /// How many days it lasts.
    pub fn days(&self) -> usize {
        (self.left as f64 / self.pace).floor() as usize
    }
}

/// What each active character has in stock, the scarcest first.
pub fn of_all(app: &AppState, state: &State, now: DateTime<Utc>) -> Vec<Stock> {
    let (tasks, past) = (by_tasks(app, state, now), by_past(state, now));
    let active = state.characters.iter().filter(|character| character.is_active);
    let mut stock: Vec<_> = active
        .map(|character| {
            let per_day = |count: Option<&usize>| count.filter(|count| **count > 0).map(|count| *count as f64 / OVER as f64);
            let (pace, known_from) = match (per_day(tasks.get(&character.id)), per_day(past.get(&character.id))) {
                (Some(pace), _) => (pace, KnownFrom::Tasks),
                (None, Some(pace)) => (pace, KnownFrom::Past),
                (None, None) => (1.0, KnownFrom::Nothing),
            };
            Stock { character: Arc::clone(character), left: left(state, &character.id), pace, known_from }
        })
        .collect();
    stock.sort_by_key(Stock::days);
    stock
}

/// Her approved pictures with no post that is out or on its way.
fn left(state: &State, id: &CharacterId) -> usize {
    let goes = |content: &str| {
        state.posts.indexed("content", content).any(|post| post.state.may_be_out() || matches!(post.state, PostState::Scheduled { .. }))
    };
    let approved = state.content.indexed("approved", id.as_str()).take(LOOKED_AT);
    approved.filter(|content| !goes(content.id.as_str())).take(ENOUGH).count()
}

/// How many pictures tasks take from the stock in the days ahead. What they make themselves they do not take.
fn by_tasks(app: &AppState, state: &State, now: DateTime<Utc>) -> HashMap<CharacterId, usize> {
    let mut counts = HashMap::new();
    for run in super::schedules::planned(state, now, now + Duration::days(OVER), MOST_RUNS, app.timezone()) {
        let takes = state.tasks.get(run.task_id.as_str()).is_some_and(|task| task.kind.posts() && !task.kind.generates());
        if takes {
            *counts.entry(run.character_id).or_default() += 1;
        }
    }
    counts
}

/// How many went out in the days behind; the same picture on two networks is one.
fn by_past(state: &State, now: DateTime<Utc>) -> HashMap<CharacterId, usize> {
    let days = (0..OVER).map(|ago| day(now - Duration::days(ago)));
    let posts = days.flat_map(|day| state.posts.indexed("day", &day).collect::<Vec<_>>());
    let out = posts.filter(|post| matches!(post.state, PostState::Published { .. }));
    let pictures: BTreeMap<_, _> = out.filter_map(|post| Some((post.pictures.first()?.content_id.as_str(), &post.character_id))).collect();
    let mut counts = HashMap::new();
    for character in pictures.into_values() {
        *counts.entry(character.clone()).or_default() += 1;
    }
    counts
}
