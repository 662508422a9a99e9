//! Content: what can be done with generated pictures.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        content::{Content, ContentChange, ContentId, ReviewState},
        generation::GenerateRequest,
        problem::{Kind, Problem},
        words::Author,
    },
    error::Error,
    expected::Expected,
    state::AppState,
    store::{State, Table},
};

/// Which contents are asked for. Empty fields do not filter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Whose pictures.
    pub character_id: String,
    /// `draft`, `in_review`, `approved` or `rejected`.
    pub state: String,
    /// The model they were made with, as ComfyUI lists it.
    pub model: String,
    /// The story arc they belong to.
    pub narrative_id: String,
    /// First day (UTC), as `YYYY-MM-DD`.
    pub from: String,
    /// Last day (UTC), included.
    pub to: String,
    /// Words that occur in caption, alt text or prompt.
    pub q: String,
}

/// Some contents of a longer list, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    /// At most as many as were asked for.
    pub contents: Vec<Arc<Content>>,
    /// How many there are in all; `None` when only a walk through everything could tell.
    pub total: Option<usize>,
    /// Ask with this for what comes after; `None` at the end.
    pub next: Option<ContentId>,
}

/// The contents that `filter` lets through, newest first, after the content `cursor`.
///
/// The rarest of the filters that have an index is walked; a page costs the same in a long list as in a short one.
pub fn page(app: &AppState, filter: &Filter, cursor: Option<&ContentId>, limit: usize) -> Result<Page, Error> {
    let wanted = Wanted::read(filter)?;
    let state = app.store.read();
    let table = &state.content;
    let start = match cursor {
        None => u64::MAX,
        Some(id) => table
            .position_of(id.as_str())
            .ok_or_else(|| Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page."))?,
    };
    let indexes = wanted.indexes(filter);
    let rarest = indexes.iter().min_by_key(|(key, value)| table.count(key, value));
    let mut walk: Box<dyn Iterator<Item = &Arc<Content>>> = match rarest {
        Some((key, value)) => Box::new(table.indexed_before(key, value, start)),
        None => Box::new(table.before(start)),
    };
    let mut contents = Vec::with_capacity(limit.min(500));
    let mut more = false;
    for content in walk.by_ref().filter(|content| wanted.fits(filter, content)) {
        if contents.len() == limit {
            more = true;
            break;
        }
        contents.push(Arc::clone(content));
    }
    let total = match (indexes.as_slice(), wanted.only_indexes()) {
        ([], true) => Some(table.len()),
        ([(key, value)], true) => Some(table.count(key, value)),
        _ => None,
    };
    let next = contents.last().filter(|_| more).map(|content| content.id.clone());
    Ok(Page { contents, total, next })
}

/// One content.
pub fn get(app: &AppState, id: &ContentId) -> Result<Arc<Content>, Error> {
    app.store.read().content.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("picture").into())
}

/// The contents next to this one in time: the newer and the older.
pub fn neighbours(state: &State, id: &ContentId) -> (Option<ContentId>, Option<ContentId>) {
    let Some(here) = state.content.position_of(id.as_str()) else { return (None, None) };
    let newer = state.content.after(here).next().map(|content| content.id.clone());
    let older = state.content.before(here).next().map(|content| content.id.clone());
    (newer, older)
}

/// Changes what a person may write on a content.
pub async fn change(
    app: &AppState,
    id: &ContentId,
    change: ContentChange,
    expected: Expected,
    now: DateTime<Utc>,
) -> Result<Content, Error> {
    if change.planned_for.value().is_some_and(|proposal| proposal.at <= now) {
        return Err(Problem::invalid("plannedFor.at", "This time has passed. Choose a later one.").into());
    }
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Content>(id.as_str()).ok_or_else(|| Problem::not_found("picture"))?;
            expected.check(&*stored)?;
            let mut content = Content::clone(&stored);
            content.apply(change, Author::Hand, now);
            content.check()?;
            tx.put(content.clone())?;
            Ok(content)
        })
        .await
}

/// Deletes a content and its files.
pub async fn delete(app: &AppState, id: &ContentId, expected: Expected) -> Result<(), Error> {
    let gone = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Content>(gone.as_str()).ok_or_else(|| Problem::not_found("picture"))?;
            expected.check(&*stored)?;
            Ok::<_, Error>(tx.delete::<Content>(gone.as_str())?)
        })
        .await?;
    super::media::remove(app, id).await;
    Ok(())
}

/// A request that makes this picture again: the same recipe and the same seed.
pub fn again(content: &Content) -> Result<GenerateRequest, Error> {
    let made = content.provenance.as_ref().ok_or_else(|| Problem::conflict("Nothing is known about how this picture was made."))?;
    let recipe = &made.recipe;
    Ok(GenerateRequest {
        character_id: content.character_id.clone(),
        prompt: made.request.clone(),
        full_prompt: Some(recipe.prompt.clone()),
        negative_prompt: Some(recipe.negative_prompt.clone()),
        model: Some(recipe.model.clone()),
        width: Some(recipe.width),
        height: Some(recipe.height),
        steps: Some(recipe.steps),
        cfg: Some(recipe.cfg),
        guidance: recipe.guidance,
        sampler: Some(recipe.sampler.clone()),
        scheduler: Some(recipe.scheduler.clone()),
        seed: Some(made.seed),
        batch: Some(1),
        loras: Some(recipe.loras.clone()),
        prompt_id: None,
    })
}

/// A filter that was understood.
struct Wanted {
    state: Option<ReviewState>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    words: String,
}

impl Wanted {
    fn read(filter: &Filter) -> Result<Self, Problem> {
        let state = match filter.state.as_str() {
            "" => None,
            key => Some(
                ReviewState::from_key(key).ok_or_else(|| Problem::invalid("state", "Choose draft, in_review, approved or rejected."))?,
            ),
        };
        let from = day("from", &filter.from)?.map(|day| day.and_time(NaiveTime::MIN).and_utc());
        let until = day("to", &filter.to)?.and_then(|day| day.succ_opt()).map(|day| day.and_time(NaiveTime::MIN).and_utc());
        Ok(Self { state, from, until, words: filter.q.trim().to_lowercase() })
    }

    fn indexes<'a>(&self, filter: &'a Filter) -> Vec<(&'static str, &'a str)> {
        [("character", &filter.character_id), ("state", &filter.state), ("model", &filter.model), ("narrative", &filter.narrative_id)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key, value.as_str()))
            .collect()
    }

    fn only_indexes(&self) -> bool {
        self.from.is_none() && self.until.is_none() && self.words.is_empty()
    }

    fn fits(&self, filter: &Filter, content: &Content) -> bool {
        let made = content.provenance.as_ref();
        let model = || made.is_some_and(|made| made.recipe.model == filter.model);
        let narrative = || made.is_some_and(|made| made.narrative_id.as_ref().is_some_and(|id| id.as_str() == filter.narrative_id));
        (filter.character_id.is_empty() || content.character_id.as_str() == filter.character_id)
            && self.state.is_none_or(|state| content.state == state)
            && (filter.model.is_empty() || model())
            && (filter.narrative_id.is_empty() || narrative())
            && self.from.is_none_or(|from| content.created_at.is_some_and(|at| at >= from))
            && self.until.is_none_or(|until| content.created_at.is_some_and(|at| at < until))
            && (self.words.is_empty() || content.mentions(&self.words))
    }
}

fn day(field: &str, text: &str) -> Result<Option<NaiveDate>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Problem::invalid(field, "Write the day as YYYY-MM-DD."))
}

/// How many contents are in each state, for one character or for all.
pub fn counts(table: &Table<Content>) -> [(ReviewState, usize); 4] {
    ReviewState::ALL.map(|state| (state, table.count("state", state.key())))
}
