//! The prompt library: what can be done with its entries.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    begun::Begun,
    domain::{
        caption::{self, Network},
        content::ContentId,
        library::{NewPrompt, Prompt, PromptChange, PromptId},
        problem::{Kind, Problem},
        words::Author,
    },
    error::Error,
    expected::Expected,
    prepared::Body,
    state::AppState,
    store::{Position, Table, Transaction},
};

/// Most entries one request deletes.
const MOST_AT_ONCE: usize = 1_000;

/// Which entries are asked for. Empty fields do not filter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Whose prompts.
    pub character_id: String,
    /// `true` or `false`.
    pub used: String,
    /// Words that occur in prompt or caption, all of them.
    pub q: String,
}

/// In which order a list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As the API lists.
    OldestFirst,
    /// As pages do.
    NewestFirst,
}

/// Some entries of a longer list.
#[derive(Debug, Clone)]
pub struct Page {
    /// At most as many as were asked for.
    pub prompts: Vec<Arc<Prompt>>,
    /// How many there are in all.
    pub total: usize,
    /// Ask with this for what comes after; `None` at the end.
    pub next: Option<PromptId>,
}

/// How many entries there are of each sort, for one character or for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Without a picture so far.
    pub unused: usize,
    /// With one.
    pub used: usize,
}

/// All entries as the API shows them, oldest first; made once for each state of the store.
pub fn list(app: &AppState) -> Body {
    let state = app.store.read();
    app.prepared.prompts.get(&[state.prompts.version()], || Body::list(&state.prompts.iter().collect::<Vec<_>>()))
}

/// The entries that `filter` lets through, after the entry `cursor`, at most `limit`.
pub fn page(app: &AppState, filter: &Filter, order: Order, cursor: Option<&PromptId>, limit: usize) -> Result<Page, Error> {
    let state = app.store.read();
    let table = &state.prompts;
    let used = match filter.used.as_str() {
        "" => None,
        "true" => Some(true),
        "false" => Some(false),
        _ => return Err(Problem::invalid("used", "Write true or false.").into()),
    };
    let words: Vec<String> = filter.q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let lost = || Problem::new(Kind::Malformed, "This cursor leads nowhere any more. Start from the first page.");
    let after = cursor.map(|id| table.position_of(id.as_str()).ok_or_else(lost)).transpose()?;
    let behind = |position| {
        after.is_none_or(|after| match order {
            Order::OldestFirst => position > after,
            Order::NewestFirst => position < after,
        })
    };
    // Only words need a walk through everything; how many there are without them, an index knows.
    let known = match (words.is_empty(), used, filter.character_id.as_str()) {
        (true, None, "") => Some(table.len()),
        (true, None, id) => Some(table.count("character", id)),
        (true, Some(used), "") => Some(table.count("used", if used { "true" } else { "false" })),
        _ => None,
    };
    let (mut found, mut prompts, mut more) = (0, Vec::new(), false);
    let of_others = |prompt: &Prompt| !filter.character_id.is_empty() && prompt.character_id.as_str() != filter.character_id;
    let unwanted = |prompt: &Prompt| of_others(prompt) || used.is_some_and(|used| prompt.used != used);
    // With nothing more to ask of a prompt, one that is not shown need not be looked at.
    let plain = used.is_none() && filter.character_id.is_empty();
    for position in walk(table, filter, &words, order) {
        if !plain && table.at(position).is_none_or(|prompt| unwanted(prompt)) {
            continue;
        }
        found += 1;
        if behind(position) && prompts.len() < limit {
            prompts.extend(table.at(position).cloned());
        } else if behind(position) {
            more = true;
            if known.is_some() {
                break;
            }
        }
    }
    let next = prompts.last().filter(|_| more).map(|prompt| prompt.id.clone());
    Ok(Page { prompts, total: known.unwrap_or(found), next })
}

/// Where those stand that may be wanted, in the order of the list.
fn walk<'a>(table: &'a Table<Prompt>, filter: &Filter, words: &[String], order: Order) -> Box<dyn Iterator<Item = Position> + 'a> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match (words.as_slice(), filter.character_id.as_str()) {
        ([], "") => in_order(table.positions(), order),
        ([], id) => in_order(table.positions_of("character", id), order),
        (words, _) => in_order(table.holding(words).into_iter(), order),
    }
}

fn in_order<'a>(positions: impl DoubleEndedIterator<Item = Position> + 'a, order: Order) -> Box<dyn Iterator<Item = Position> + 'a> {
    match order {
        Order::OldestFirst => Box::new(positions),
        Order::NewestFirst => Box::new(positions.rev()),
    }
}

/// How many entries there are of each sort.
pub fn counts(app: &AppState, character: Option<&str>) -> Counts {
    let state = app.store.read();
    match character {
        None => Counts { unused: state.prompts.count("used", "false"), used: state.prompts.count("used", "true") },
        Some(id) => {
            let used = state.prompts.indexed("character", id).filter(|prompt| prompt.used).count();
            Counts { unused: state.prompts.count("character", id) - used, used }
        }
    }
}

/// One entry.
pub fn get(app: &AppState, id: &PromptId) -> Result<Arc<Prompt>, Error> {
    app.store.read().prompts.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("prompt").into())
}

/// Adds an entry, written by hand.
pub fn create(app: &AppState, new: NewPrompt, now: DateTime<Utc>) -> Result<Begun<Prompt>, Error> {
    let unknown = |_| Problem::invalid("characterId", "There is no such character.");
    let character = super::characters::get(app, &new.character_id).map_err(unknown)?;
    let text = new.prompt.trim().to_owned();
    let mut prompt = Prompt::new(character.id.clone(), character.name.clone(), text, Author::Hand, now);
    prompt.caption = new.caption.trim().to_owned();
    prompt.check()?;
    let stored = prompt.clone();
    let writing = app.store.begin_write(move |tx| Ok(tx.put(stored)?));
    Ok(Begun { value: prompt, writing })
}

/// Changes an entry.
pub async fn change(app: &AppState, id: &PromptId, change: PromptChange, expected: Expected, now: DateTime<Utc>) -> Result<Prompt, Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Prompt>(id.as_str()).ok_or_else(|| Problem::not_found("prompt"))?;
            expected.check(&*stored)?;
            let mut prompt = Prompt::clone(&stored);
            prompt.apply(change, now);
            prompt.check()?;
            tx.put(prompt.clone())?;
            Ok::<_, Error>(prompt)
        })
        .await
}

/// Deletes an entry.
pub async fn delete(app: &AppState, id: &PromptId, expected: Expected) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Prompt>(id.as_str()).ok_or_else(|| Problem::not_found("prompt"))?;
            expected.check(&*stored)?;
            tx.delete::<Prompt>(id.as_str())?;
            Ok::<_, Error>(())
        })
        .await
}

/// Deletes several entries. Answers how many there were, and what brings them back until the next restart.
pub async fn delete_many(app: &AppState, ids: Vec<PromptId>) -> Result<(usize, String), Error> {
    if ids.is_empty() {
        return Err(Problem::invalid("ids", "Choose at least one prompt.").into());
    }
    if ids.len() > MOST_AT_ONCE {
        return Err(Problem::invalid("ids", "Choose at most 1,000 prompts at a time.").into());
    }
    let deleted = app
        .store
        .write(move |tx| {
            let mut deleted = Vec::new();
            for id in ids {
                if let Some(prompt) = tx.get::<Prompt>(id.as_str()) {
                    tx.delete::<Prompt>(id.as_str())?;
                    deleted.push(Prompt::clone(&prompt));
                }
            }
            Ok::<_, Error>(deleted)
        })
        .await?;
    let count = deleted.len();
    Ok((count, app.trash.keep(deleted)))
}

/// Brings back what was deleted together.
pub async fn undo_delete(app: &AppState, token: &str) -> Result<usize, Error> {
    let gone = || Problem::conflict("It is too late to undo this: the server was restarted since, or much was deleted after it.");
    let prompts = app.trash.take(token).ok_or_else(gone)?;
    let (count, back) = (prompts.len(), prompts.clone());
    let stored: Result<(), Error> = app.store.write(move |tx| Ok(back.into_iter().try_for_each(|prompt| tx.put(prompt))?)).await;
    if stored.is_err() {
        // On a full disk, as it may be; there will be room again.
        app.trash.keep_as(token.to_owned(), prompts);
    }
    stored.map(|()| count)
}

/// Notes that a picture was made from an entry, if it is still there. Answers the words that are to go out with it.
pub(super) fn mark_used(tx: &mut Transaction, id: &PromptId, content: &ContentId, now: DateTime<Utc>) -> Result<String, Error> {
    let Some(stored) = tx.get::<Prompt>(id.as_str()) else { return Ok(String::new()) };
    let mut prompt = Prompt::clone(&stored);
    prompt.set_used(true, now);
    prompt.content_id.get_or_insert_with(|| content.clone());
    let words = if caption::count(Network::Instagram, &prompt.caption).fits { prompt.caption.clone() } else { String::new() };
    tx.put(prompt)?;
    Ok(words)
}
