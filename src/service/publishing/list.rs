//! Looking at the ledger.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        character::CharacterId,
        content::ContentId,
        post::{Deed, Post, PostId, PostState},
        problem::{Kind, Problem},
    },
    error::Error,
    state::AppState,
    store::State,
};

/// Some posts of a longer list, newest first.
#[derive(Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub posts: Vec<Arc<Post>>,
    /// How many there are in all; not known where two filters meet.
    pub total: Option<usize>,
    /// Ask with this for what comes after.
    pub next: Option<PostId>,
}

/// One post.
pub fn get(app: &AppState, id: &PostId) -> Result<Arc<Post>, Error> {
    app.store.read().posts.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("post").into())
}

/// Waits until a post stands where it stays for a while: out and its address asked for, or not, or in doubt. At most
/// as long as is set.
pub async fn settled(app: &AppState, id: &PostId) -> Result<Arc<Post>, Error> {
    let long = chrono::Duration::from_std(app.config.wait_limit).unwrap_or_default();
    until(app, id, |post| match &post.state {
        PostState::Scheduled { until: Some(until), .. } => *until > Utc::now() + long || post.attempts.is_empty(),
        PostState::Scheduled { until: None, .. } | PostState::Publishing => false,
        PostState::Published { network_id: Some(_), url: None, .. } => {
            let steps = post.attempts.last().map_or(&[][..], |attempt| &attempt.steps);
            post.job_id.is_none() || steps.iter().any(|step| step.deed == Deed::Link)
        }
        _ => true,
    })
    .await
}

/// Waits until the account was read for a post.
pub async fn looked(app: &AppState, id: &PostId) -> Result<Arc<Post>, Error> {
    until(app, id, |post| !matches!(post.state, PostState::Unconfirmed { looking: true, .. })).await
}

async fn until(app: &AppState, id: &PostId, there: impl Fn(&Post) -> bool) -> Result<Arc<Post>, Error> {
    let mut changes = app.store.changes();
    let deadline = tokio::time::Instant::now() + app.config.wait_limit;
    loop {
        let post = get(app, id)?;
        if there(&post) || app.stopping.is_cancelled() {
            return Ok(post);
        }
        tokio::select! {
            // Whether a change was missed or is about something else: the store is asked again.
            _ = changes.recv() => {}
            () = app.stopping.cancelled() => {}
            () = tokio::time::sleep_until(deadline) => return Ok(post),
        }
    }
}

/// Which posts are asked for. What is `None` does not filter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// As in [`PostState::KEYS`].
    pub state: Option<String>,
    /// Whose.
    pub character: Option<CharacterId>,
    /// With that picture.
    pub content: Option<ContentId>,
}

impl Filter {
    /// The indexes that hold what is asked for, and perhaps more.
    fn indexes(&self) -> Vec<(&'static str, &str)> {
        let state = self.state.as_deref().map(|state| ("state", state));
        let character = self.character.as_ref().map(|id| ("character", id.as_str()));
        let content = self.content.as_ref().map(|id| ("content", id.as_str()));
        [state, character, content].into_iter().flatten().collect()
    }

    fn fits(&self, post: &Post) -> bool {
        self.state.as_deref().is_none_or(|state| post.state.key() == state)
            && self.character.as_ref().is_none_or(|id| post.character_id == *id)
            && self.content.as_ref().is_none_or(|id| post.pictures.iter().any(|picture| picture.content_id == *id))
    }
}

/// The posts `filter` lets through, newest first, after the post `cursor`. The rarest index is walked.
pub fn page(app: &AppState, filter: &Filter, cursor: Option<&PostId>, limit: usize) -> Result<Page, Error> {
    let known = PostState::KEYS.map(|(key, _)| key);
    if filter.state.as_deref().is_some_and(|state| !known.contains(&state)) {
        return Err(Problem::invalid("state", format!("Choose from {}.", known.join(", "))).into());
    }
    let stored = app.store.read();
    let table = &stored.posts;
    let lost = || Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.");
    let start = cursor.map_or(Ok(u64::MAX), |id| table.position_of(id.as_str()).ok_or_else(lost))?;
    let indexes = filter.indexes();
    let walk: Box<dyn Iterator<Item = &Arc<Post>>> = match indexes.iter().min_by_key(|(key, value)| table.count(key, value)) {
        Some((key, value)) => Box::new(table.indexed_before(key, value, start)),
        None => Box::new(table.before(start)),
    };
    let mut posts: Vec<_> = walk.filter(|post| filter.fits(post)).take(limit + 1).cloned().collect();
    let more = posts.len() > limit;
    posts.truncate(limit);
    let total = match indexes.as_slice() {
        [] => Some(table.len()),
        [(key, value)] => Some(table.count(key, value)),
        _ => None,
    };
    let next = posts.last().filter(|_| more).map(|post| post.id.clone());
    Ok(Page { posts, total, next })
}

/// How many posts are in each state, of one character or of all.
pub fn counts(state: &State, character: Option<&CharacterId>) -> [(&'static str, &'static str, usize); 8] {
    PostState::KEYS.map(|(key, label)| {
        let count = match character {
            None => state.posts.count("state", key),
            Some(id) => state.posts.indexed("state", key).filter(|post| post.character_id == *id).count(),
        };
        (key, label, count)
    })
}

/// Posts nothing more happens to by itself and that are not done, newest first.
pub fn needing_a_person(state: &State) -> Vec<Arc<Post>> {
    let states = ["unconfirmed", "failed", "held"];
    let posts = states.into_iter().flat_map(|key| state.posts.indexed("state", key));
    posts.filter(|post| post.state.needs_a_person()).cloned().collect()
}

/// How many those are. Costs no walk: every page says it.
pub fn how_many_need_a_person(state: &State) -> usize {
    state.posts.count("needs", "a person")
}

/// The next posts to go out, soonest first.
pub fn next(state: &State, most: usize) -> Vec<Arc<Post>> {
    let mut posts: Vec<_> = state.posts.indexed("state", "scheduled").chain(state.posts.indexed("state", "publishing")).cloned().collect();
    posts.sort_by_key(|post| post.scheduled_at);
    posts.truncate(most);
    posts
}

/// What the posts of an account cost that went out since that moment, in dollars.
pub fn cost_since(state: &State, account: &str, since: DateTime<Utc>) -> f64 {
    let posts = state.posts.indexed("account", account);
    let prices = state.settings.prices();
    posts.filter(|post| post.out_at().is_some_and(|at| at >= since)).filter_map(|post| post.price(&prices)).sum()
}

/// The posts of a content, newest first.
pub fn of_content(state: &State, id: &ContentId) -> Vec<Arc<Post>> {
    state.posts.indexed("content", id.as_str()).cloned().collect()
}
