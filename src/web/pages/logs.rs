//! Logs: what this process said of itself last.

use leptos::prelude::*;

use crate::{
    domain::{
        log::{LogLevel, LogLine},
        times::Times,
    },
    service::logs::{self, Filter, Page},
    web::{
        components::{
            icon::Icon,
            page::{Empty, Heading},
        },
        context, words,
    },
};

/// How many lines a page has.
const PAGE: usize = 300;

/// The levels that can be chosen, as the page says them.
const LEVELS: [(&str, &str); 4] = [("", "Everything"), ("info", "No details"), ("warn", "Warnings and errors"), ("error", "Errors only")];

/// The page.
#[component]
pub fn Logs() -> impl IntoView {
    let app = context::app();
    let (level, q, before) = (context::query("level"), context::query("q"), context::query("before").parse().ok());
    let page = logs::page(&app, Filter { level: LogLevel::from_key(&level), q: &q, before }, PAGE);
    // Older lines do not change any more.
    let live = before.is_none().then_some("log");
    let list = view! { <Lines page level=level.clone() q=q.clone() is_newest=before.is_none()/> };
    view! {
        <Heading title="Logs" sub="The last lines of this process, newest at the end. They are kept in memory; a restart begins anew.".into_any()>
            <a class="button" href="/system/diagnostics"><Icon of=icondata_lu::LuStethoscope/>"Diagnostics"</a>
        </Heading>
        <Search level q/>
        <div class="stack" id="logs" data-live=live>{list}</div>
    }
}

#[component]
fn Search(level: String, q: String) -> impl IntoView {
    let options = LEVELS.map(|(key, words)| view! { <option value=key selected=key == level>{words}</option> }).collect_view();
    view! {
        <form class="filters" method="get" action="/logs" role="search">
            <div class="field"><label for="level">"Level"</label><select id="level" name="level" data-submit="">{options}</select></div>
            <div class="field search"><label for="q">"Words"</label><input id="q" name="q" type="search" value=q maxlength="200" placeholder="a job, a service, an error"/></div>
            <button class="button"><Icon of=icondata_lu::LuSearch/>"Show"</button>
        </form>
    }
}

#[component]
fn Lines(page: Page, level: String, q: String, is_newest: bool) -> impl IntoView {
    if page.lines.is_empty() {
        let (title, words) = match (page.total > 0, q.is_empty() && level.is_empty()) {
            (true, _) => ("No older lines", "Only the last 2,000 lines are kept."),
            (false, true) => ("Nothing yet", "What this process does, and what goes wrong, is written here."),
            (false, false) => ("No such lines", "Nothing that was logged lately fits. Choose another level, or other words."),
        };
        return view! {
            <Empty icon=icondata_lu::LuScrollText title words>
                {(!level.is_empty() || !q.is_empty() || !is_newest).then(|| view! { <a class="button" href="/logs">"Show everything"</a> })}
            </Empty>
        }
        .into_any();
    }
    let times = context::app().times();
    let shown = page.lines.len();
    let older = page.lines.first().filter(|_| page.more).map(|line| address(&level, &q, Some(line.number)));
    let older = older.map(|href| view! { <a class="button small" rel="next" href=href><Icon of=icondata_lu::LuArrowUp/>"Older lines"</a> });
    let newest = (!is_newest)
        .then(|| view! { <a class="button small" href=address(&level, &q, None)>"Newest lines"<Icon of=icondata_lu::LuArrowDown/></a> });
    let count = if shown == page.total {
        words::count(shown, "line", "lines")
    } else {
        format!("{} of {}", words::grouped(shown), words::count(page.total, "line", "lines"))
    };
    let lines = page.lines.into_iter().map(|line| row(line, times)).collect_view();
    view! {
        <div class="toolbar">{older}{newest}<span class="muted small">{count}</span></div>
        <ol class="log lines" id="log-lines" data-follow="" tabindex="0" aria-label="Lines of the log">{lines}</ol>
    }
    .into_any()
}

fn address(level: &str, q: &str, before: Option<u64>) -> String {
    let before = before.map(|number| number.to_string()).unwrap_or_default();
    let pairs = [("level", level), ("q", q), ("before", &before)];
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key}={}", context::encode(value)));
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { "/logs".to_owned() } else { format!("/logs?{query}") }
}

fn row(line: LogLine, times: Times) -> impl IntoView {
    let (tone, level) = match line.level {
        LogLevel::Error => ("bad", "ERROR"),
        LogLevel::Warn => ("warn", "WARN"),
        LogLevel::Info => ("", "INFO"),
        LogLevel::Debug => ("muted", "DEBUG"),
        LogLevel::Trace => ("muted", "TRACE"),
    };
    let target = line.target.strip_prefix("digital_dalla::").unwrap_or(&line.target).to_owned();
    view! {
        <li id=format!("line-{}", line.number)>
            <time datetime=line.at.to_rfc3339()>{times.to_the_second(line.at)}</time>
            <b class=tone>{level}</b>
            <span class="what"><bdi>{line.words}</bdi>" "<span class="from">{target}</span></span>
        </li>
    }
}
