//! Scheduling a post: which approved picture, where, when.

use std::sync::Arc;

use chrono::{Duration, NaiveTime, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        calendar,
        caption::Network,
        content::{Content, ContentId, ReviewState},
        post::PostRequest,
        problem::Problem,
    },
    service::{
        self,
        content::Filter,
        publishing::{self, checks},
    },
    store::State,
    web::{
        actions::{Done, Sending, submit},
        components::{
            icon::Icon,
            page::{Empty, Heading},
            picture::Thumbnail,
        },
        context,
        form::{Choice, Field, Form, Kind, OptionGroup, ProblemSummary, sent},
        pages::posts::deeds::{moment, network_options, networks, typed},
        words,
    },
};

/// How many pictures there are to choose from at a time.
const PAGE: usize = 24;

/// What is chosen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleForm {
    content: String,
    network: String,
    scheduled_at: String,
}

/// Schedules an approved picture, on one network or both.
#[server(prefix = "/actions", endpoint = "calendar/schedule")]
pub async fn schedule(#[server(default)] form: ScheduleForm, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = if back.starts_with("/calendar/new") { back } else { "/calendar/new".to_owned() };
    submit(Sending { name: "schedule", page, values: &form }, async {
        if form.content.is_empty() {
            return Err(Problem::invalid("contentId", "Choose a picture.").into());
        }
        let at = moment(&form.scheduled_at)?.ok_or_else(|| Problem::invalid("scheduledAt", "Say when it is to go out."))?;
        let content = service::content::get(&app, &ContentId::from(form.content.as_str()))?;
        let request = PostRequest {
            character_id: Some(content.character_id.clone()),
            content_id: Some(content.id.clone()),
            scheduled_at: Some(at),
            ..PostRequest::default()
        };
        let posts = publishing::create_on(&app, &networks(&form.network)?, request, Utc::now()).await?;
        let times = app.times();
        let to = super::address(calendar::View::Week, &times.day(at).to_string(), None);
        let anchor = posts.first().map(|post| format!("#{}", super::event::anchor("post", post.id.as_str()))).unwrap_or_default();
        Ok(Done::to(format!("{to}{anchor}")).saying(format!("It goes out on {}.", times.soon(at))))
    })
    .await
}

/// Whether an approved picture can go out, and has a network left to go to.
fn is_free(state: &State, content: &Content) -> bool {
    content.picture.is_some() && Network::ALL.iter().any(|network| checks::already_there(state, &content.id, *network, None).is_none())
}

/// The page.
#[component]
pub fn New() -> impl IntoView {
    let app = context::app();
    let state = app.store.read();
    let character = context::chosen_character();
    let filter = Filter {
        state: ReviewState::Approved.key().to_owned(),
        character_id: character.as_ref().map(ToString::to_string).unwrap_or_default(),
        ..Filter::default()
    };
    let cursor = Some(context::query("cursor")).filter(|cursor| !cursor.is_empty()).map(ContentId::from);
    let page = service::content::page(&app, &filter, cursor.as_ref(), PAGE).or_else(|_| service::content::page(&app, &filter, None, PAGE));
    let Ok(page) = page else { return view! { <Heading title="Schedule a post"/> }.into_any() };
    let free: Vec<_> = page.contents.iter().filter(|content| is_free(&state, content)).cloned().collect();
    if free.is_empty() && page.next.is_none() {
        return view! {
            <Heading title="Schedule a post"/>
            <Empty icon=icondata_lu::LuImages title="No approved picture is free" words="Approve a picture first, or have drafts made for the days ahead.">
                <div class="cluster"><a class="button" href="/calendar/plan">"Plan this week"</a><a class="button primary" href="/review">"Review"</a></div>
            </Empty>
        }
        .into_any();
    }
    let form =
        Form::new("schedule", || ScheduleForm { content: context::query("content"), network: "instagram".into(), scheduled_at: soon() });
    let chosen = form.values.content.clone();
    let tiles = free.into_iter().map(|content| {
        let (id, checked) = (content.id.to_string(), content.id.as_str() == chosen);
        let name = state.characters.get(content.character_id.as_str()).map_or_else(String::new, |one| one.name.clone());
        let label = format!("{name}: {}", words::start(content.title(), 80));
        let said = label.clone();
        let said_on_it = words::start(if content.caption.is_empty() { "No words yet" } else { &content.caption }, 70);
        view! {
            <label class="picture choose" title=label>
                <input type="radio" name=sent("content") value=id checked=checked aria-label=said/>
                <Thumbnail content=Arc::clone(&content)/>
                <span class="over"><b>{name}</b><span class="clamp">{said_on_it}</span></span>
            </label>
        }
    });
    let tiles = tiles.collect_view();
    let wrong = form
        .wrong("contentId")
        .map(|wrong| view! { <p class="error" id="field-contentId"><Icon of=icondata_lu::LuCircleAlert/>{wrong}</p> });
    let query = character.as_ref().map(|id| format!("&character={}", context::encode(id.as_str()))).unwrap_or_default();
    let older = page.next.map(|id| {
        view! { <a class="button" rel="next" href=format!("/calendar/new?cursor={}{query}", context::encode(id.as_str()))>"Older pictures"<Icon of=icondata_lu::LuArrowRight/></a> }
    });
    view! {
        <Heading title="Schedule a post" sub="An approved picture, with the words it has. Nothing goes out before its time.".into_any()/>
        <form class="stack schedule-post" method="post" action="/actions/calendar/schedule">
            <ProblemSummary problem=form.problem.clone()/>
            <input type="hidden" name="back" value=context::here()/>
            <section class="card"><header><h2>"When and where"</h2></header><div class="body">
                <div class="field-row halves">
                    <Field name="scheduledAt" label="When" kind=Kind::Moment value=form.values.scheduled_at.clone() wrong=form.wrong("scheduledAt")
                        help=format!("In the time of {}.", app.timezone())/>
                    <Choice name="network" label="Where" value=form.values.network.clone() options=vec![OptionGroup::plain(network_options())] wrong=form.wrong("network")/>
                </div>
            </div></section>
            <section class="card"><header><h2>"Which picture"</h2></header><div class="body stack">
                <fieldset><legend class="visually-hidden">"Which picture"</legend><div class="pictures">{tiles}</div></fieldset>
                {wrong}
                {older}
            </div></section>
            <div class="form-actions"><button class="button primary">"Schedule"</button><a class="button quiet" href="/calendar">"Cancel"</a></div>
        </form>
    }
    .into_any()
}

/// The day that was asked for at six in the evening, or the next full hour.
fn soon() -> String {
    let app = context::app();
    let now = Utc::now();
    let evening = calendar::day(&context::query("day")).zip(NaiveTime::from_hms_opt(18, 0, 0));
    let asked = evening.map(|(day, time)| calendar::moment(day.and_time(time), app.timezone())).filter(|at| *at > now);
    let hour = || chrono::DateTime::from_timestamp((now + Duration::minutes(90)).timestamp() / 3_600 * 3_600, 0).unwrap_or(now);
    typed(asked.unwrap_or_else(hour))
}
