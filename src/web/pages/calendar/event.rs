//! One entry of the calendar, in a cell or as a row.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    domain::{caption::Network, character::CharacterId, content::ReviewState, post::PostState},
    service::calendar::{Entry, What},
    store::State,
    web::{
        components::{
            icon::Icon,
            page::Pill,
            picture::Thumbnail,
            post::{FirstPicture, words_of},
        },
        context, words,
    },
};

/// How an entry is told from others: colour, word, and whether it is only a proposal.
pub struct Look {
    pub tone: &'static str,
    pub word: &'static str,
    pub dashed: bool,
}

/// How an entry looks.
pub fn look(entry: &Entry) -> Look {
    let (tone, word, dashed) = match &entry.what {
        What::Post(post) => {
            let tone = match &post.state {
                PostState::Published { .. } => "ok",
                PostState::Failed { .. } => "bad",
                PostState::Unconfirmed { .. } | PostState::Held { .. } => "warn",
                PostState::Publishing => "run",
                PostState::Scheduled { .. } if !entry.conflicts.is_empty() => "warn",
                PostState::Scheduled { .. } => "info",
                PostState::Cancelled | PostState::DryRun => "",
            };
            (tone, post.state.label(), false)
        }
        What::Proposed(content, _) if content.state == ReviewState::Approved => ("warn", "Not scheduled", true),
        What::Run(..) => (if entry.conflicts.is_empty() { "" } else { "warn" }, "Planned run", true),
        What::Proposed(..) => (if entry.conflicts.is_empty() { "run" } else { "warn" }, "Proposed", true),
    };
    Look { tone, word, dashed }
}

/// The kind and id an entry is moved by.
pub fn key(entry: &Entry) -> (&'static str, String) {
    match &entry.what {
        What::Post(post) => ("post", post.id.to_string()),
        What::Proposed(content, _) => ("picture", content.id.to_string()),
        What::Run(task, _) => ("run", format!("{}-{}", task.id, entry.at.timestamp())),
    }
}

/// The entry's place on the page.
pub fn anchor(kind: &str, id: &str) -> String {
    format!("{kind}-{id}")
}

fn href(entry: &Entry) -> String {
    match &entry.what {
        What::Post(post) => crate::web::pages::posts::page_of(&post.id),
        What::Proposed(content, _) => format!("/content/{}", context::encode(content.id.as_str())),
        What::Run(task, _) => super::task_page(&task.id),
    }
}

fn networks(entry: &Entry) -> String {
    let networks: &[Network] = match &entry.what {
        What::Post(post) => &[post.network],
        What::Proposed(_, networks) | What::Run(_, networks) => networks,
    };
    networks.iter().map(|network| network.label()).collect::<Vec<_>>().join(" and ")
}

/// As in "Luna on Instagram"; what goes nowhere is only hers.
fn whose(entry: &Entry, state: &State) -> String {
    let (name, networks) = (name(state, &entry.character_id), networks(entry));
    if networks.is_empty() { name } else { format!("{name} on {networks}") }
}

fn title(entry: &Entry) -> String {
    match &entry.what {
        What::Post(post) => words_of(post),
        What::Proposed(content, _) if content.caption.is_empty() => content.title().to_owned(),
        What::Run(task, _) => task.kind.label().to_owned(),
        What::Proposed(content, _) => content.caption.lines().next().unwrap_or_default().to_owned(),
    }
}

fn name(state: &State, id: &CharacterId) -> String {
    state.characters.get(id.as_str()).map_or_else(|| "A deleted character".to_owned(), |one| one.name.clone())
}

fn clock(entry: &Entry) -> String {
    context::app().times().time(entry.at)
}

/// An entry as one line of a cell. The pointer and those who listen hear all of it.
#[component]
pub fn Event(entry: Entry, state: Arc<State>) -> impl IntoView {
    let look = look(&entry);
    let (kind, id) = key(&entry);
    let (clock, name) = (clock(&entry), name(&state, &entry.character_id));
    let said = [format!("{clock} {}: {}.", whose(&entry, &state), look.word), entry.conflicts.join(" ")].join(" ");
    // Where there is little room, she goes by her first name.
    let (first, rest) = name.split_once(' ').map_or((name.clone(), String::new()), |(first, rest)| (first.to_owned(), format!(" {rest}")));
    let movable = entry.may_be_moved();
    let class = format!("event {}{}", look.tone, if look.dashed { " planned" } else { "" });
    let trouble = (!entry.conflicts.is_empty()).then(|| view! { <Icon of=icondata_lu::LuTriangleAlert/> });
    view! {
        <a class=class id=anchor(kind, &id) href=href(&entry) title=said.trim().to_owned() aria-label=said.trim().to_owned()
            data-movable=movable.then_some(kind) data-id=id.clone() draggable=if movable { "true" } else { "false" }
            aria-keyshortcuts=movable.then_some("Shift+ArrowLeft Shift+ArrowRight Shift+ArrowUp Shift+ArrowDown M")>
            <b>{clock}</b><span class="who">{first}<span class="rest">{rest}</span></span>{trouble}<span class="word">{look.word}</span>
        </a>
    }
    .into_any()
}

/// An entry as a card of a week's day.
#[component]
pub fn EventCard(entry: Entry, state: Arc<State>) -> impl IntoView {
    let look = look(&entry);
    let (kind, id) = key(&entry);
    let movable = entry.may_be_moved();
    let class = format!("event tall {}{}", look.tone, if look.dashed { " planned" } else { "" });
    let conflicts = entry.conflicts.iter().map(|words| view! { <span class="conflict">{words.clone()}</span> }).collect_view();
    view! {
        <a class=class id=anchor(kind, &id) href=href(&entry)
            data-movable=movable.then_some(kind) data-id=id.clone() draggable=if movable { "true" } else { "false" }
            aria-keyshortcuts=movable.then_some("Shift+ArrowLeft Shift+ArrowRight Shift+ArrowUp Shift+ArrowDown M")>
            <Picture entry=entry.clone() state=Arc::clone(&state)/>
            <span class="line"><b>{clock(&entry)}</b><span class="word">{look.word}</span></span>
            <span class="who">{name(&state, &entry.character_id)}</span>
            <span class="muted">{networks(&entry)}</span>
            {conflicts}
        </a>
    }
    .into_any()
}

/// An entry as a row, with all that is known and the way to another time.
#[component]
pub fn Row(entry: Entry, state: Arc<State>) -> impl IntoView {
    let look = look(&entry);
    let (kind, id) = key(&entry);
    let movable = entry.may_be_moved();
    let conflicts = entry.conflicts.iter().map(|words| view! { <p class="small conflict">{words.clone()}</p> }).collect_view();
    let move_it = movable.then(|| {
        let href = super::moving::page(kind, &id);
        view! { <a class="button small" href=href aria-label=format!("Move {}", title(&entry))>"Move"</a> }
    });
    view! {
        <li id=anchor(kind, &id) data-id=id.clone()>
            <Picture entry=entry.clone() state=Arc::clone(&state)/>
            <div>
                <a class="strong" href=href(&entry)>{words::start(&title(&entry), 90)}</a>
                <p class="muted"><b class="clock">{clock(&entry)}</b>{format!(" {}", whose(&entry, &state))}</p>
                {conflicts}
            </div>
            <span class="end"><Pill tone=look.tone words=look.word/>{move_it}</span>
        </li>
    }
    .into_any()
}

#[component]
fn Picture(entry: Entry, state: Arc<State>) -> impl IntoView {
    match entry.what {
        What::Post(post) => view! { <FirstPicture post state/> }.into_any(),
        What::Run(..) => view! { <span class="thumb planned"><Icon of=icondata_lu::LuClock/></span> }.into_any(),
        What::Proposed(content, _) => view! { <Thumbnail content class="thumb" decorative=true/> }.into_any(),
    }
}

/// What the colours on the page stand for, each with its word.
#[component]
pub fn Legend(entries: Vec<Entry>) -> impl IntoView {
    let mut seen: Vec<(&'static str, &'static str)> = Vec::new();
    for entry in &entries {
        let look = look(entry);
        let ahead = matches!(look.word, "Scheduled" | "Proposed" | "Planned run");
        let word = if look.tone == "warn" && ahead { "Something stands in the way" } else { look.word };
        if !seen.contains(&(look.tone, word)) {
            seen.push((look.tone, word));
        }
    }
    let pills = seen.into_iter().map(|(tone, word)| view! { <Pill tone words=word/> }).collect_view();
    let movable = entries.iter().any(Entry::may_be_moved);
    let hint = movable.then(|| {
        view! {
            <p class="hint muted small js-only">"Drag to another day. Or by key, where the focus is: "
                <kbd>"Shift ← →"</kbd>" a day, "<kbd>"Shift ↑ ↓"</kbd>" an hour, "<kbd>"M"</kbd>" any time."</p>
        }
    });
    view! { <div class="spread legend">{hint}<div class="cluster">{pills}</div></div> }
}
