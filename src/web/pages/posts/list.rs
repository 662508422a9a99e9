//! The list of posts, by state.

use std::sync::Arc;

use leptos::prelude::*;

use super::page_of;
use crate::{
    domain::{
        character::CharacterId,
        post::{Post, PostId, PostState},
    },
    service::publishing::{self, Filter},
    store::State,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading},
            post::{FirstPicture, PostPill, words_of},
        },
        context, words,
    },
};

/// How many posts a page of the list has.
const PAGE: usize = 50;

/// The page.
#[component]
pub fn Posts() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let chosen = context::query("state");
    let shown = PostState::KEYS.iter().map(|(key, _)| *key).find(|key| *key == chosen);
    let character = context::chosen_character();
    let cursor = Some(context::query("cursor")).filter(|cursor| !cursor.is_empty()).map(PostId::from);
    let filter = Filter { state: shown.map(str::to_owned), character: character.clone(), content: None };
    let page = publishing::page(&app, &filter, cursor.as_ref(), PAGE).or_else(|_| publishing::page(&app, &filter, None, PAGE));
    let list = page.ok().map(|page| view! { <List page state=Arc::clone(&state) shown character=character.clone()/> });
    let paused = state.settings.paused;
    let (action, button) = if paused { ("/actions/posting/resume", "Resume posting") } else { ("/actions/posting/pause", "Pause posting") };
    view! {
        <Heading title="Posts">
            <form method="post" action=action>
                <input type="hidden" name="back" value=context::here()/>
                <button class="button">{if paused { view! { <Icon of=icondata_lu::LuPlay/> } } else { view! { <Icon of=icondata_lu::LuPause/> } }}{button}</button>
            </form>
        </Heading>
        <div class="stack" id="posts" data-live="post">
            <Tabs state shown character/>
            {list}
        </div>
    }
}

fn address(shown: Option<&str>, character: Option<&CharacterId>, cursor: Option<&PostId>) -> String {
    let pairs = [
        ("state", shown.unwrap_or_default().to_owned()),
        ("character", character.map(CharacterId::to_string).unwrap_or_default()),
        ("cursor", cursor.map(PostId::to_string).unwrap_or_default()),
    ];
    let query: Vec<_> =
        pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key}={}", context::encode(value))).collect();
    if query.is_empty() { "/posts".to_owned() } else { format!("/posts?{}", query.join("&")) }
}

/// All, and each state that has posts.
#[component]
fn Tabs(state: Arc<State>, shown: Option<&'static str>, character: Option<CharacterId>) -> impl IntoView {
    let counts = publishing::counts(&state, character.as_ref());
    let all: usize = counts.iter().map(|(_, _, count)| count).sum();
    let tab = |key: Option<&'static str>, label: &'static str, count: usize| {
        let here = (key == shown).then_some("page");
        view! { <a href=address(key, character.as_ref(), None) aria-current=here>{label}<span class="count">{words::grouped(count)}</span></a> }
    };
    let some = counts.into_iter().filter(|(key, _, count)| *count > 0 || Some(*key) == shown);
    let tabs = some.map(|(key, label, count)| tab(Some(key), label, count)).collect_view();
    view! { <nav class="tabs" aria-label="Which posts">{tab(None, "All", all)}{tabs}</nav> }
}

#[component]
fn List(page: publishing::Page, state: Arc<State>, shown: Option<&'static str>, character: Option<CharacterId>) -> impl IntoView {
    if page.posts.is_empty() {
        return view! {
            <Empty icon=icondata_lu::LuSend title="No posts here" words="Approve a picture, then send it to Instagram or X from its page, now or at a time.">
                <a class="button primary" href="/content?state=approved">"Approved pictures"</a>
            </Empty>
        }
        .into_any();
    }
    let rows = page.posts.iter().map(|post| view! { <Row post=Arc::clone(post) state=Arc::clone(&state)/> }).collect_view();
    let next = page.next.as_ref().map(|id| {
        view! { <a class="button" rel="next" href=address(shown, character.as_ref(), Some(id))>"Older posts"<Icon of=icondata_lu::LuArrowRight/></a> }
    });
    view! {
        <section class="card"><div class="body"><ul class="list roomy">{rows}</ul></div></section>
        {next}
    }
    .into_any()
}

/// One post in a line: what, where, and how it stands.
#[component]
pub fn Row(post: Arc<Post>, state: Arc<State>) -> impl IntoView {
    let name = state.characters.get(post.character_id.as_str()).map_or_else(|| "A deleted character".to_owned(), |one| one.name.clone());
    let more = if post.pictures.len() > 1 { format!(" · {} pictures", post.pictures.len()) } else { String::new() };
    view! {
        <li>
            <FirstPicture post=Arc::clone(&post) state/>
            <div>
                <a class="strong" href=page_of(&post.id)>{words::start(&words_of(&post), 90)}</a>
                <p class="muted">{format!("{name} on {}{more}", post.network.label())}</p>
                <p class="small">{standing(&post)}</p>
            </div>
            <span class="end"><PostPill state=post.state.clone()/></span>
        </li>
    }
}

/// How it stands, in a sentence.
pub fn standing(post: &Post) -> AnyView {
    match &post.state {
        PostState::Scheduled { waiting, until } if !waiting.is_empty() => {
            view! { {waiting.clone()}" Next: "<words::Time at=Some(until.unwrap_or(post.scheduled_at))/> }.into_any()
        }
        PostState::Scheduled { .. } => view! { "Goes out "<words::Time at=Some(post.scheduled_at)/> }.into_any(),
        PostState::Publishing => view! { "On its way" }.into_any(),
        PostState::Published { published_at, .. } => view! { "Out since "<words::Time at=Some(*published_at)/> }.into_any(),
        PostState::Failed { problem } => problem.message.clone().into_any(),
        PostState::Unconfirmed { finding, .. } => finding.clone().into_any(),
        PostState::Held { why, .. } => why.clone().into_any(),
        PostState::Cancelled => view! { "Taken back "<words::Time at=Some(post.updated_at)/> }.into_any(),
        PostState::DryRun => view! { "Rehearsed "<words::Time at=Some(post.updated_at)/>"; nothing is public." }.into_any(),
    }
}
