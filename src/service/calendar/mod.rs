//! The calendar: what is out, what goes out, and what is proposed, in order of time; with what stands in its way.

mod conflicts;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

use crate::{
    domain::{
        caption::Network,
        character::CharacterId,
        content::{Content, ContentId},
        post::{Post, PostId, PostState},
        task::{Task, TaskId},
    },
    state::AppState,
    store::{State, day},
};

/// How far ahead runs are told.
const AHEAD: Duration = Duration::days(60);
/// The most runs that are told at once: a task may run every minute.
const MOST_RUNS: usize = 1_000;

/// One thing at its time.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: DateTime<Utc>,
    /// Whose.
    pub character_id: CharacterId,
    /// What.
    pub what: What,
    /// What stands in its way, as far as can be told now.
    pub conflicts: Vec<String>,
}

/// What can be in the calendar.
#[derive(Debug, Clone)]
pub enum What {
    /// A post of the ledger.
    Post(Arc<Post>),
    /// A picture with a proposed time, and where it could go.
    Proposed(Arc<Content>, Vec<Network>),
    /// A run of a task that is going to happen.
    Run(Arc<Task>, Vec<Network>),
}

/// An entry as the API shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    /// `post`, `proposed` or `run`.
    pub kind: &'static str,
    /// When.
    pub at: DateTime<Utc>,
    /// Whose.
    pub character_id: CharacterId,
    /// A post's state, a picture's place in review, or `planned`.
    pub state: &'static str,
    /// Where it goes.
    pub networks: Vec<Network>,
    /// The post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
    /// The first picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_id: Option<ContentId>,
    /// The task that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// What stands in its way.
    pub conflicts: Vec<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let Entry { at, character_id, what, conflicts } = entry;
        match what {
            What::Post(post) => Self {
                kind: "post",
                at,
                character_id,
                state: post.state.key(),
                networks: vec![post.network],
                post_id: Some(post.id.clone()),
                content_id: post.pictures.first().map(|picture| picture.content_id.clone()),
                task_id: None,
                conflicts,
            },
            What::Proposed(content, networks) => Self {
                kind: "proposed",
                at,
                character_id,
                state: content.state.key(),
                networks,
                post_id: None,
                content_id: Some(content.id.clone()),
                task_id: None,
                conflicts,
            },
            What::Run(task, networks) => Self {
                kind: "run",
                at,
                character_id,
                state: "planned",
                networks,
                post_id: None,
                content_id: None,
                task_id: Some(task.id.clone()),
                conflicts,
            },
        }
    }
}

impl Entry {
    /// Whether a person may give it another time.
    pub fn may_be_moved(&self) -> bool {
        match &self.what {
            What::Post(post) => match post.state {
                PostState::Scheduled { .. } | PostState::Failed { .. } | PostState::Held { .. } => true,
                PostState::Publishing
                | PostState::Published { .. }
                | PostState::Unconfirmed { .. }
                | PostState::Cancelled
                | PostState::DryRun => false,
            },
            What::Proposed(..) => true,
            // Its task says when.
            What::Run(..) => false,
        }
    }
}

/// Everything from `from` up to `to`, of that character or of all, in order of time.
///
/// Days are found by an index, so it costs what there is in these days, and nothing for the rest.
pub fn between(
    app: &AppState,
    state: &State,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    character: Option<&CharacterId>,
    now: DateTime<Utc>,
) -> Vec<Entry> {
    // What lies just before or after counts for what is too close.
    let around = conflicts::around(state);
    let mut entries = posts(state, from - around, to + around, character);
    entries.extend(proposed(state, from - around, to + around, character));
    entries.extend(runs(app, state, from.max(now), to.min(now + AHEAD), character));
    entries.sort_by_key(|entry| entry.at);
    conflicts::mark(app, state, &mut entries, now);
    entries.retain(|entry| from <= entry.at && entry.at < to);
    entries
}

fn posts(state: &State, from: DateTime<Utc>, to: DateTime<Utc>, character: Option<&CharacterId>) -> Vec<Entry> {
    let posts = days(from, to).flat_map(|day| state.posts.indexed("day", &day).collect::<Vec<_>>());
    let ours = posts.filter(|post| character.is_none_or(|id| post.character_id == *id));
    let entry = |post: &Arc<Post>| {
        let at = post.calendar_at().filter(|at| from <= *at && *at < to)?;
        Some(Entry { at, character_id: post.character_id.clone(), what: What::Post(Arc::clone(post)), conflicts: Vec::new() })
    };
    ours.filter_map(entry).collect()
}

fn proposed(state: &State, from: DateTime<Utc>, to: DateTime<Utc>, character: Option<&CharacterId>) -> Vec<Entry> {
    let contents = days(from, to).flat_map(|day| state.content.indexed("day", &day).collect::<Vec<_>>());
    let ours = contents.filter(|content| character.is_none_or(|id| content.character_id == *id));
    let entry = |content: &Arc<Content>| {
        let open = super::plans::still_open(state, content).filter(|open| from <= open.at && open.at < to)?;
        let what = What::Proposed(Arc::clone(content), open.networks);
        Some(Entry { at: open.at, character_id: content.character_id.clone(), what, conflicts: Vec::new() })
    };
    ours.filter_map(entry).collect()
}

/// Runs that are going to happen; a run that only makes pictures is one, too.
fn runs(app: &AppState, state: &State, from: DateTime<Utc>, to: DateTime<Utc>, character: Option<&CharacterId>) -> Vec<Entry> {
    if from >= to {
        return Vec::new();
    }
    let planned = super::schedules::planned(state, from, to, MOST_RUNS, app.timezone());
    let ours = planned.into_iter().filter(|run| character.is_none_or(|id| run.character_id == *id));
    let entry = |run: super::schedules::Planned| {
        let task = Arc::clone(state.tasks.get(run.task_id.as_str())?);
        let networks = if task.kind.posts() { task.config().map(|config| config.networks).unwrap_or_default() } else { Vec::new() };
        Some(Entry { at: run.at, character_id: run.character_id, what: What::Run(task, networks), conflicts: Vec::new() })
    };
    ours.filter_map(entry).collect()
}

/// The days of UTC that a stretch of time touches, as the index has them.
fn days(from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = String> {
    let last = day(to);
    let mut next = Some(from);
    std::iter::from_fn(move || {
        let at = next?;
        let key = day(at);
        next = (key < last).then(|| at + Duration::days(1));
        Some(key)
    })
}
