//! Today: what needs a person, what is going on, what was made.

use std::sync::Arc;

use chrono::{Duration, Timelike, Utc};
use leptos::prelude::*;

use crate::{
    domain::{account::Outcome, character::CharacterId, content::Content, post::Post, task::Task},
    integrations::comfyui::Sight,
    service::{self, stock::KnownFrom},
    state::AppState,
    store::State,
    web::{
        components::{
            icon::Icon,
            job::{JobCard, subject},
            page::{Empty, Heading, Pill},
            picture::{Avatar, Pictures},
            post::{PostPill, words_of},
        },
        context, words,
    },
};

/// How many of the newest pictures are shown.
const NEWEST: usize = 12;
/// How many of what comes next are shown.
const NEXT: usize = 5;
/// How many characters are shown.
const PEOPLE: usize = 8;
/// How many days of stock fill the bar.
const FULL: usize = 14;

/// The page.
#[component]
pub fn Today() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let now = Utc::now().with_timezone(&app.timezone());
    let greeting = match now.hour() {
        5..12 => "Good morning",
        12..18 => "Good afternoon",
        _ => "Good evening",
    };
    let sub =
        format!("{} · {} · {}", now.format("%A %-d %B"), app.timezone(), words::count(state.characters.len(), "character", "characters"));
    if state.characters.is_empty() {
        return view! { <Heading title=greeting sub=sub.into_any()/> <FirstSteps app/> }.into_any();
    }
    view! {
        <Heading title=greeting sub=sub.into_any()>
            <a class="button primary" href="/studio"><Icon of=icondata_lu::LuSparkles/>"New picture"</a>
        </Heading>
        <div class="today">
            <div class="stack">
            <section class="card" id="today-needs" data-live="job content post character system task"><header><h2>"Needs you"</h2></header><div class="body"><Needs app=app.clone() state=Arc::clone(&state)/></div></section>
            <section class="card" id="today-next" data-live="post task"><header><h2>"Coming up"</h2><a href="/calendar">"Calendar"</a></header><div class="body"><Next state=Arc::clone(&state)/></div></section>
            </div>
            <div class="stack">
            <section class="card" id="today-running" data-live="job"><header><h2>"Running now"</h2></header><div class="body"><Running app=app.clone() state=Arc::clone(&state)/></div></section>
            <section class="card" id="today-people" data-live="character content post task"><header><h2>"Approved and waiting"</h2><a href="/characters">"All characters"</a></header><div class="body"><People app=app.clone() state=Arc::clone(&state)/></div></section>
            <section class="card" id="today-system" data-live="system"><header><h2>"System"</h2><a href="/models">"Models"</a></header><div class="body"><System app/></div></section>
            </div>
        </div>
        <section class="card" id="today-newest" data-live="content"><header><h2>"Newest pictures"</h2><a href="/content">"All content"</a></header><div class="body"><Newest state/></div></section>
    }
    .into_any()
}

/// What a newcomer sees.
#[component]
fn FirstSteps(app: AppState) -> impl IntoView {
    view! {
        <Empty icon=icondata_lu::LuUserPlus title="Start with a character"
            words="A name, a voice and a look are enough to begin. The first picture is made in the Studio.">
            <a class="button primary" href="/characters/new">"Create a character"</a>
        </Empty>
        <section class="card" id="today-system" data-live="system"><header><h2>"System"</h2></header><div class="body"><System app/></div></section>
    }
}

#[component]
fn Needs(app: AppState, state: Arc<State>) -> impl IntoView {
    let servers = app.comfy.servers();
    let down = servers.iter().filter_map(|server| match &server.seen().sight {
        Sight::Down { error } => Some(view! { <li><Pill tone="bad" words="ComfyUI"/><div>{error.to_string()}</div></li> }),
        Sight::Up { .. } | Sight::Unknown => None,
    });
    let down = down.collect_view();
    let failed = service::jobs::failed(&state, 3).into_iter().map(|job| {
        let words = match &job.status {
            crate::domain::job::JobStatus::Failed { problem } => problem.message.clone(),
            _ => String::new(),
        };
        let id = job.id.to_string();
        view! {
            <li>
                <Pill tone="bad" words="Failed"/>
                <div>{words::start(&subject(&job), 60)}<p class="muted">{words}</p></div>
                <span class="end"><a class="button small" href=super::jobs::page_of(&job) aria-label=format!("Look at job {id}")>"Look"</a></span>
            </li>
        }
    });
    let failed = failed.collect_view();
    let posts = service::publishing::needing_a_person(&state);
    let more_posts = posts.len().saturating_sub(4);
    let posts = posts.iter().take(4).map(|post| {
        let href = super::posts::page_of(&post.id);
        view! {
            <li>
                <PostPill state=post.state.clone()/>
                <div>{words::start(&words_of(post), 60)}<p class="muted">{super::posts::list::standing(post)}</p></div>
                <span class="end"><a class="button small" href=href>"Look"</a></span>
            </li>
        }
    });
    let posts = posts.collect_view();
    let more_posts = (more_posts > 0).then(|| view! { <p class="muted"><a href="/posts">{format!("and {more_posts} more posts")}</a></p> });
    let queue = service::review::queue(&state, None);
    let waiting = queue.len();
    let review = (waiting > 0).then(|| {
        let oldest = queue.iter().filter_map(|content| content.created_at).min();
        view! {
            <li>
                <Pill tone="warn" words="Review"/>
                <div>{format!("{} for your decision", words::count(waiting, "picture waits", "pictures wait"))}
                    <p class="muted">"oldest "<words::Time at=oldest/>" · "{by_character(&state, &queue)}</p></div>
                <span class="end"><a class="button small" href="/review">"Review"</a></span>
            </li>
        }
    });
    let broken = state.accounts.iter().filter_map(|account| {
        let Outcome::Broken { problem } = &account.outcome else { return None };
        let name = state.characters.get(account.character_id.as_str())?.name.clone();
        let href = format!("/characters/{}/accounts", context::encode(account.character_id.as_str()));
        Some(view! {
            <li>
                <Pill tone="bad" words="Account"/>
                <div>{format!("{name} on {}", account.network.label())}<p class="muted">{problem.message.clone()}</p></div>
                <span class="end"><a class="button small" href=href>"Reconnect"</a></span>
            </li>
        })
    });
    let broken = broken.collect_view();
    let calm = broken.is_empty() && down.is_empty() && failed.is_empty() && review.is_none() && posts.is_empty();
    view! {
        <ul class="list">{down}{broken}{posts}{review}{failed}</ul>
        {more_posts}
        {calm.then(|| view! { <p class="muted">"Nothing. Enjoy the quiet."</p> })}
    }
}

/// As in "Luna 4, Cortex 2"; the most first.
fn by_character(state: &State, contents: &[Arc<Content>]) -> String {
    let mut counts: Vec<(&CharacterId, usize)> = Vec::new();
    for content in contents {
        match counts.iter_mut().find(|(id, _)| **id == content.character_id) {
            Some((_, count)) => *count += 1,
            None => counts.push((&content.character_id, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let name =
        |id: &CharacterId| state.characters.get(id.as_str()).map_or_else(|| "A deleted character".to_owned(), |one| one.name.clone());
    let shown: Vec<_> = counts.iter().take(4).map(|(id, count)| format!("{} {count}", name(id))).collect();
    let more =
        if counts.len() > 4 { format!(" and {} more", words::count(counts.len() - 4, "character", "characters")) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

#[component]
fn Running(app: AppState, state: Arc<State>) -> impl IntoView {
    let jobs: Vec<_> = service::jobs::unfinished(&app, &state);
    if jobs.is_empty() {
        return view! { <p class="muted">"No picture is being made. "<a href="/studio">"Make one"</a></p> }.into_any();
    }
    let (shown, more) = (jobs.iter().take(5), jobs.len().saturating_sub(5));
    view! {
        <div class="stack">{shown.map(|(job, _)| view! { <JobCard job=Arc::clone(job)/> }).collect_view()}</div>
        {(more > 0).then(|| view! { <p class="muted">{format!("and {more} more waiting")}</p> })}
    }
    .into_any()
}

/// What is going to happen.
enum Ahead {
    Post(Arc<Post>),
    Run(Arc<Task>),
}

/// What goes out next.
#[component]
fn Next(state: Arc<State>) -> impl IntoView {
    let app = context::app();
    let now = Utc::now();
    let posts = service::publishing::next(&state, NEXT).into_iter().map(|post| (post.scheduled_at, Ahead::Post(post)));
    let runs = service::schedules::next_of_each(&state, now, now + Duration::days(7), NEXT, app.timezone());
    let runs = runs.into_iter().filter_map(|run| Some((run.at, Ahead::Run(Arc::clone(state.tasks.get(run.task_id.as_str())?)))));
    let mut ahead: Vec<_> = posts.chain(runs).collect();
    ahead.sort_by_key(|(at, _)| *at);
    if ahead.is_empty() {
        return view! { <p class="muted">"Nothing waits to go out. "<a href="/calendar/new">"Schedule a post"</a>" or "<a href="/calendar/plan">"plan this week"</a></p> }
            .into_any();
    }
    let rows = ahead.into_iter().take(NEXT).map(|(at, what)| match what {
        Ahead::Post(post) => view! { <super::posts::list::Row post state=Arc::clone(&state)/> }.into_any(),
        Ahead::Run(task) => {
            let name = state.characters.get(task.character_id.as_str()).map_or_else(String::new, |one| one.name.clone());
            view! {
                <li>
                    <span class="thumb planned"><Icon of=icondata_lu::LuClock/></span>
                    <div><a class="strong" href=super::calendar::task_page(&task.id)>{task.kind.label().to_owned()}</a>
                        <p class="muted">{name}" · "<words::Time at=Some(at)/></p></div>
                    <span class="end"><Pill tone="" words="Planned run"/></span>
                </li>
            }
            .into_any()
        }
    });
    view! { <ul class="list">{rows.collect_view()}</ul> }.into_any()
}

/// What each character has left to post, the scarcest first.
#[component]
fn People(app: AppState, state: Arc<State>) -> impl IntoView {
    let now = Utc::now();
    let stock = service::stock::of_all(&app, &state, now);
    let more = stock.len().saturating_sub(PEOPLE);
    let rows = stock.into_iter().take(PEOPLE).map(|stock| {
        let character = Arc::clone(&stock.character);
        let arc = character.active_narrative(now, app.timezone());
        let day = arc.and_then(|arc| arc.day(character.today(now, app.timezone())));
        let arc = arc.zip(day).map(|(arc, day)| format!("{}, day {} of {}", arc.title, day.day, day.of));
        let (days, lasts) = (stock.days(), lasts(&stock));
        let tone = match days {
            0..2 => "bad",
            2..5 => "warn",
            _ => "ok",
        };
        let id = context::encode(character.id.as_str());
        let top_up = (days < 5).then(|| {
            let name = format!("Top up {}", character.name);
            view! { <a class="button small" href=format!("/calendar/plan?character={id}") aria-label=name>"Top up"</a> }
        });
        view! {
            <li>
                <Avatar character=Arc::clone(&character) state=Arc::clone(&state)/>
                <div class="stock"><a href=format!("/characters/{id}")><b>{character.name.clone()}</b></a>
                    <progress class=format!("bar {tone}") value=days.min(FULL).to_string() max=FULL.to_string() aria-label=format!("Days of stock of {}", character.name)></progress>
                    <p class="muted">{lasts}" · "{arc.unwrap_or_else(|| "no story arc today".into())}</p></div>
                <span class="end">{top_up}</span>
            </li>
        }
    });
    let rows = rows.collect_view();
    let more =
        (more > 0).then(|| view! { <p class="muted"><a href="/characters">{format!("and {more} more, with no less in stock")}</a></p> });
    view! { <ul class="list">{rows}</ul>{more} }
}

/// As in "3 pictures left, about 3 days".
fn lasts(stock: &service::stock::Stock) -> String {
    let left = words::count(stock.left, "picture left", "pictures left");
    if stock.left == 0 {
        return "nothing left to post".to_owned();
    }
    let days = match stock.days() {
        0 => "less than a day".to_owned(),
        days => format!("about {}", words::count(days, "day", "days")),
    };
    match stock.known_from {
        KnownFrom::Tasks | KnownFrom::Past => format!("{left}, {days}"),
        KnownFrom::Nothing => format!("{left}, {days} at one a day"),
    }
}

/// What was last seen of the outside services; never waits for one.
#[component]
fn System(app: AppState) -> impl IntoView {
    let servers = app.comfy.servers();
    let servers = servers.iter().map(|server| {
        let seen = server.seen();
        let (tone, word, detail) = match &seen.sight {
            Sight::Unknown => ("", "Not looked at yet", String::new()),
            Sight::Up { system, catalogue } => (
                "ok",
                "Connected",
                format!("{} · {} · {}", system.version, system.device, words::count(catalogue.models.len(), "model", "models")),
            ),
            Sight::Down { error } => ("bad", "Not connected", error.to_string()),
        };
        view! {
            <li>
                <Pill tone words=word/>
                <div><b>"ComfyUI"</b>" "<span class="mono">{server.comfy.address().to_owned()}</span><p class="muted">{detail}</p></div>
                <span class="end muted"><words::Time at=seen.at/></span>
            </li>
        }
    });
    view! { <ul class="list">{servers.collect_view()}</ul> }
}

#[component]
fn Newest(state: Arc<State>) -> impl IntoView {
    let contents: Vec<_> = state.content.newest().take(NEWEST).cloned().collect();
    if contents.is_empty() {
        return view! { <p class="muted">"No pictures yet. "<a href="/studio">"Make the first one"</a></p> }.into_any();
    }
    view! { <Pictures contents/> }.into_any()
}
