//! Notifications: what happened that a person should know of, newest first.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use crate::{
    domain::notification::{Notification, NotificationId, NotificationKind, Subject},
    service::{self, notifications::Which},
    store::State,
    web::{
        actions::{Done, press},
        components::{
            icon::Icon,
            page::{Empty, Heading, Pill},
        },
        context, words,
    },
};

/// How many a page of the list has.
const PAGE: usize = 50;

/// Notes that a person has read one, or all.
#[server(prefix = "/actions", endpoint = "notifications/read")]
pub async fn read_notifications(
    #[server(default)] id: Option<NotificationId>,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = if back.starts_with("/notifications") { back } else { "/notifications".to_owned() };
    press(&page, async {
        let one = id.is_some();
        let count = service::notifications::read(&app, id.map_or(Which::All, |id| Which::These(vec![id])), Utc::now()).await?;
        let done = Done::to(page.clone());
        Ok(if one { done } else { done.saying(format!("{} read.", words::count(count, "notification", "notifications"))) })
    })
    .await
}

/// Leads to what a notification is about, and notes that it was read.
#[server(prefix = "/actions", endpoint = "notifications/open")]
pub async fn open_notification(id: NotificationId) -> Result<(), ServerFnError> {
    let app = context::app();
    press("/notifications", async {
        let state = app.store.read();
        let page = state.notifications.get(id.as_str()).map_or_else(|| "/notifications".to_owned(), |told| page_of(&state, &told.subject));
        service::notifications::read(&app, Which::These(vec![id]), Utc::now()).await?;
        Ok(Done::to(page))
    })
    .await
}

/// The page where something can be done about it.
fn page_of(state: &State, subject: &Subject) -> String {
    match subject {
        Subject::Post { id } => super::posts::page_of(id),
        Subject::Job { id } => state.jobs.get(id.as_str()).map_or_else(|| "/".to_owned(), |job| super::jobs::page_of(job)),
        Subject::Account { id } => {
            let character = id.rsplit_once('/').map_or(id.as_str(), |(character, _)| character);
            format!("/characters/{}/accounts", context::encode(character))
        }
        Subject::Review => "/review".to_owned(),
        Subject::Run { id } => {
            state.runs.get(id.as_str()).map_or_else(|| "/schedules".to_owned(), |run| super::calendar::task_page(&run.task_id))
        }
        Subject::Missed => "/schedules".to_owned(),
    }
}

/// The page.
#[component]
pub fn Notifications() -> impl IntoView {
    let state = context::app().store.read();
    let only_unread = context::query("show") == "unread";
    let cursor = Some(context::query("cursor")).filter(|cursor| !cursor.is_empty()).map(NotificationId::from);
    let page = service::notifications::page(&state, only_unread, cursor.as_ref(), PAGE)
        .or_else(|_| service::notifications::page(&state, only_unread, None, PAGE));
    let unread = service::notifications::unread(&state);
    let tab = |href: &'static str, label: &'static str, count: usize, here: bool| {
        view! { <a href=href aria-current=here.then_some("page")>{label}<span class="count">{words::grouped(count)}</span></a> }
    };
    let all = (unread > 0).then(|| {
        view! {
            <form method="post" action="/actions/notifications/read">
                <input type="hidden" name="back" value="/notifications"/>
                <button class="button"><Icon of=icondata_lu::LuCheckCheck/>"Mark all read"</button>
            </form>
        }
    });
    let list = page.ok().map(|page| view! { <List page only_unread/> });
    view! {
        <div id="notifications-page" data-live="notification">
            <Heading title="Notifications">{all}<a class="button quiet" href="/settings#notifications">"Webhook"</a></Heading>
            <nav class="tabs" aria-label="Which notifications">
                {tab("/notifications", "All", state.notifications.len(), !only_unread)}
                {tab("/notifications?show=unread", "Unread", unread, only_unread)}
            </nav>
            {list}
        </div>
    }
}

#[component]
fn List(page: service::notifications::Page, only_unread: bool) -> impl IntoView {
    if page.notifications.is_empty() {
        let (title, words) = match only_unread {
            true => ("All read", "What happens from now on is told here."),
            false => ("Nothing to tell", "Failed posts, broken accounts and pictures that wait for you are told here, once each."),
        };
        return view! { <Empty icon=icondata_lu::LuBell title words><a class="button" href="/">"Go to Today"</a></Empty> }.into_any();
    }
    let rows = page.notifications.into_iter().map(|told| view! { <Row told/> }).collect_view();
    let next = page.next.map(|id| {
        let show = if only_unread { "show=unread&" } else { "" };
        let href = format!("/notifications?{show}cursor={}", context::encode(id.as_str()));
        view! { <a class="button" rel="next" href=href>"Older"<Icon of=icondata_lu::LuArrowRight/></a> }
    });
    view! { <div class="stack"><section class="card"><div class="body"><ul class="list roomy notifications">{rows}</ul></div></section>{next}</div> }.into_any()
}

#[component]
fn Row(told: Arc<Notification>) -> impl IntoView {
    let tone = match told.kind {
        _ if told.over_at.is_some() => "",
        NotificationKind::PostFailed | NotificationKind::AccountBroken | NotificationKind::JobFailed | NotificationKind::RunFailed => "bad",
        NotificationKind::RunMissed => "info",
        NotificationKind::PostUnconfirmed | NotificationKind::PostHeld | NotificationKind::Review => "warn",
    };
    let id = told.id.to_string();
    let unread = told.is_unread();
    let mark = unread.then(|| {
        view! {
            <form method="post" action="/actions/notifications/read"><input type="hidden" name="id" value=id.clone()/><input type="hidden" name="back" value=context::here()/>
                <button class="button quiet small">"Mark read"</button></form>
        }
    });
    let over = told.over_at.map(|at| view! { " · seen to "<words::Time at=Some(at)/> });
    let name = format!("Look: {}", told.title);
    view! {
        <li data-id=id.clone() class:unread=unread>
            <Pill tone words=told.kind.label()/>
            <div>
                <b>{told.title.clone()}{unread.then(|| view! { <span class="visually-hidden">" Unread."</span> })}</b>
                {(!told.words.is_empty()).then(|| view! { <p>{told.words.clone()}</p> })}
                <p class="muted"><words::Time at=Some(told.at)/>{over}</p>
            </div>
            <span class="end">
                {mark}
                <form method="post" action="/actions/notifications/open"><input type="hidden" name="id" value=id.clone()/><button class="button small" aria-label=name>"Look"</button></form>
            </span>
        </li>
    }
}
