//! Activity: what was done by whom, newest first.

use std::sync::Arc;

use leptos::prelude::*;

use crate::{
    domain::{
        access::Visitor,
        activity::{Activity, ActivityId, Actor},
        character::CharacterId,
    },
    service::activity::{self, Filter, Page},
    store::State,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
        },
        context, words,
    },
};

/// How many lines a page of the list has.
const PAGE: usize = 50;

/// The page.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let state = context::app().store.read();
    let character = context::chosen_character();
    let chosen = context::query("kind");
    let kinds = activity::counts(&state, character.as_ref());
    let shown = kinds.iter().map(|(kind, _)| kind.clone()).find(|kind| *kind == chosen);
    let list = view! { <Lines character=character.clone() kind=shown.clone()/> };
    view! {
        <Heading title="Activity"/>
        <div class="stack" id="activity" data-live="activity">
            <Tabs kinds shown character/>
            {list}
        </div>
    }
}

/// All, and each kind there are lines about.
#[component]
fn Tabs(kinds: Vec<(String, usize)>, shown: Option<String>, character: Option<CharacterId>) -> impl IntoView {
    let all: usize = kinds.iter().map(|(_, count)| count).sum();
    let tab = |kind: Option<&str>, label: String, count: usize| {
        let here = (kind == shown.as_deref()).then_some("page");
        view! { <a href=address(character.as_ref(), kind, None) aria-current=here>{label}<span class="count">{words::grouped(count)}</span></a> }
    };
    let tabs = kinds.iter().map(|(kind, count)| tab(Some(kind), label(kind), *count)).collect_view();
    view! { <nav class="tabs" aria-label="About what">{tab(None, "All".to_owned(), all)}{tabs}</nav> }
}

fn address(character: Option<&CharacterId>, kind: Option<&str>, cursor: Option<&ActivityId>) -> String {
    let pairs = [("character", character.map(CharacterId::as_str)), ("kind", kind), ("cursor", cursor.map(ActivityId::as_str))];
    let pairs = pairs.into_iter().filter_map(|(key, value)| Some(format!("{key}={}", context::encode(value?))));
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { "/activity".to_owned() } else { format!("/activity?{query}") }
}

/// A kind of thing as a page says it.
fn label(kind: &str) -> String {
    match kind {
        "content" => "Pictures".to_owned(),
        other => {
            let mut letters = other.chars();
            letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
        }
    }
}

/// Lines of one character or of all, about one kind of thing or about all.
#[component]
pub fn Lines(character: Option<CharacterId>, #[prop(optional_no_strip)] kind: Option<String>) -> impl IntoView {
    let app = context::app();
    let filter = Filter { character: character.as_ref(), kind: kind.as_deref() };
    let cursor = Some(context::query("cursor")).filter(|cursor| !cursor.is_empty()).map(ActivityId::from);
    let page = activity::page(&app, filter, cursor.as_ref(), PAGE).or_else(|_| activity::page(&app, filter, None, PAGE));
    let Ok(Page { lines, next, .. }) = page else { return ().into_any() };
    if lines.is_empty() {
        return view! { <Empty icon=icondata_lu::LuHistory title="Nothing yet" words="What you, your tokens and your schedules do is written down here."/> }.into_any();
    }
    let state = app.store.read();
    let own = context::visitor();
    let rows = lines.iter().map(|line| row(line, &state, own.as_ref())).collect_view();
    let next = next.map(|next| {
        let href = address(character.as_ref(), kind.as_deref(), Some(&next));
        view! { <a class="button" rel="next" href=href>"Older"<Icon of=icondata_lu::LuArrowRight/></a> }
    });
    view! {
        <section class="card"><div class="body"><ul class="list roomy">{rows}</ul></div></section>
        {next}
    }
    .into_any()
}

fn row(line: &Arc<Activity>, state: &State, own: Option<&Visitor>) -> impl IntoView {
    let what = match page_of(line, state) {
        Some(href) => view! { <a class="strong" href=href>{line.words.clone()}</a> }.into_any(),
        None => view! { <b>{line.words.clone()}</b> }.into_any(),
    };
    let is_own = own.is_some_and(|own| own.actor() == line.actor);
    let who = match (&line.actor, is_own) {
        (Actor::Local, _) => "At this machine".to_owned(),
        (Actor::Session { .. }, true) => "You, in this browser".to_owned(),
        (Actor::Stranger { address }, _) => format!("From {address}"),
        (actor, _) => actor.words(),
    };
    view! {
        <li>
            <Pill tone="" words=label(&line.kind)/>
            <div>{what}<p>{who}</p></div>
            <span class="end muted"><words::Time at=Some(line.at)/></span>
        </li>
    }
}

/// Where the thing can be looked at, while it is there.
fn page_of(line: &Activity, state: &State) -> Option<String> {
    let id = line.subject.as_deref()?;
    let encoded = context::encode(id);
    match line.kind.as_str() {
        "characters" => state.characters.get(id).map(|_| format!("/characters/{encoded}")),
        "accounts" => state.characters.get(id).map(|_| format!("/characters/{encoded}/accounts")),
        "content" => state.content.get(id).map(|_| format!("/content/{encoded}")),
        "posts" => state.posts.get(id).map(|_| format!("/posts/{encoded}")),
        "prompts" => state.prompts.get(id).map(|_| format!("/prompts/{encoded}")),
        "jobs" => state.jobs.get(id).map(|job| super::jobs::page_of(job)),
        "settings" => Some("/settings".to_owned()),
        "access" => Some("/settings/access".to_owned()),
        _ => None,
    }
}
