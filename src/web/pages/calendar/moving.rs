//! Giving an entry another time: by a form, and by what the script does with a pointer or a key.

use std::sync::Arc;

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::event::anchor;
use crate::{
    domain::{
        calendar,
        content::{Content, ContentId},
        plan::Proposal,
        post::{Post, PostChange, PostState},
        problem::Problem,
    },
    error::Error,
    expected::Expected,
    service::{plans, publishing},
    state::AppState,
    web::{
        actions::{Done, Sending, press, submit},
        components::{
            page::{Heading, Missing},
            picture::Thumbnail,
            post::words_of,
        },
        context,
        form::{Field, Form, Kind, ProblemSummary},
        pages::posts::deeds::{moment, typed},
        words,
    },
};

/// What is moved: a post of the ledger, or a picture that is only proposed.
enum Moved {
    Post(Arc<Post>),
    Picture(Arc<Content>, Proposal),
}

impl Moved {
    fn find(app: &AppState, kind: &str, id: &str) -> Result<Self, Problem> {
        let state = app.store.read();
        if kind == "post" {
            return state.posts.get(id).cloned().map(Self::Post).ok_or_else(|| Problem::not_found("post"));
        }
        let content = state.content.get(id).cloned().ok_or_else(|| Problem::not_found("picture"))?;
        let proposal = content.proposal().cloned().ok_or_else(|| Problem::conflict("No time is proposed for this picture any more."))?;
        Ok(Self::Picture(content, proposal))
    }

    fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Post(post) => post.calendar_at().unwrap_or(post.scheduled_at),
            Self::Picture(_, proposal) => proposal.at,
        }
    }

    /// Whether its former time can be given back: what had failed would not fail again by that.
    fn can_go_back(&self) -> bool {
        match self {
            Self::Post(post) => matches!(post.state, PostState::Scheduled { .. }),
            Self::Picture(..) => true,
        }
    }

    async fn put(&self, app: &AppState, at: DateTime<Utc>) -> Result<(), Error> {
        let now = Utc::now();
        match self {
            Self::Post(post) => {
                let change = PostChange { scheduled_at: at.into(), ..PostChange::default() };
                publishing::change(app, &post.id, change, Expected::ANY, now).await?;
            }
            Self::Picture(content, proposal) => {
                let proposal = Proposal { at, networks: proposal.networks.clone() };
                plans::propose(app, &content.id, Some(proposal), now).await?;
            }
        }
        Ok(())
    }
}

/// A page of the calendar to go back to; anything else leads to the calendar itself.
fn back_to(page: &str) -> String {
    if page.starts_with("/calendar") { page.split('#').next().unwrap_or(page).to_owned() } else { "/calendar".to_owned() }
}

/// Moves and says so, with the way back where there is one.
async fn carry(app: &AppState, kind: &str, id: &str, page: &str, to: impl FnOnce(DateTime<Utc>) -> DateTime<Utc>) -> Result<Done, Error> {
    let moved = Moved::find(app, kind, id)?;
    let before = moved.at();
    let at = to(before);
    moved.put(app, at).await?;
    let local = app.times().soon(at);
    let done = Done::to(format!("{page}#{}", anchor(kind, id))).saying(format!("Moved to {local}."));
    if !moved.can_go_back() || before <= Utc::now() {
        return Ok(done);
    }
    Ok(done.undone_by("/actions/calendar/undo", format!("{kind} {id} {} {page}", before.to_rfc3339_opts(SecondsFormat::Millis, true))))
}

/// Moves an entry to a day, or on by days and hours. The time of the clock stays when it goes by days.
#[server(prefix = "/actions", endpoint = "calendar/move")]
pub async fn move_entry(
    kind: String,
    id: String,
    #[server(default)] day: String,
    #[server(default)] days: i64,
    #[server(default)] hours: i64,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = back_to(&back);
    press(&page, async {
        let zone = app.timezone();
        carry(&app, &kind, &id, &page, |before| {
            let local = before.with_timezone(&zone).date_naive();
            let on = || local.checked_add_signed(Duration::try_days(days)?);
            let day = calendar::day(&day).or_else(on).unwrap_or(local);
            calendar::on_day(before, day, zone) + Duration::try_hours(hours).unwrap_or_default()
        })
        .await
    })
    .await
}

/// Gives an entry the time back it had.
#[server(prefix = "/actions", endpoint = "calendar/undo")]
pub async fn undo_move(token: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let parts: Vec<_> = token.splitn(4, ' ').collect();
    let page = back_to(parts.get(3).copied().unwrap_or_default());
    press(&page, async {
        let (Some(kind), Some(id), Some(Ok(at))) = (parts.first(), parts.get(1), parts.get(2).map(|at| at.parse())) else {
            return Err(Problem::conflict("It cannot be undone any more.").into());
        };
        Moved::find(&app, kind, id)?.put(&app, at).await?;
        Ok(Done::to(format!("{page}#{}", anchor(kind, id))).saying("It is back where it was."))
    })
    .await
}

/// What is typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MoveForm {
    scheduled_at: String,
}

/// Gives an entry the time that was typed.
#[server(prefix = "/actions", endpoint = "calendar/reschedule")]
pub async fn reschedule(
    kind: String,
    id: String,
    #[server(default)] form: MoveForm,
    #[server(default)] back: String,
) -> Result<(), ServerFnError> {
    let app = context::app();
    let to = back_to(&back);
    submit(Sending { name: "move", page: format!("{}&back={}", page(&kind, &id), context::encode(&to)), values: &form }, async {
        let missing = || Problem::invalid("scheduledAt", "Say when it is to go out.");
        let at = moment(&form.scheduled_at)?.ok_or_else(missing)?;
        // A rule of the picture's goes by another name there.
        let moved = carry(&app, &kind, &id, &to, |_| at).await;
        moved.map_err(|error| match error {
            Error::Problem(problem) if problem.about("plannedFor.at").is_some() => Problem::invalid("scheduledAt", problem.message).into(),
            other => other,
        })
    })
    .await
}

/// Proposes no time for a picture any more.
#[server(prefix = "/actions", endpoint = "calendar/drop")]
pub async fn drop_proposal(id: ContentId, #[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    let to = if back.starts_with("/content/") || back.starts_with("/review") { back } else { back_to(&back) };
    press(&to, async {
        plans::propose(&app, &id, None, Utc::now()).await?;
        Ok(Done::to(to.clone()).saying("No time is proposed for it any more."))
    })
    .await
}

/// Where an entry gets another time.
pub fn page(kind: &str, id: &str) -> String {
    format!("/calendar/move?kind={kind}&id={}", context::encode(id))
}

/// What the script fills in and sends for a pointer or a key.
#[component]
pub fn Mover() -> impl IntoView {
    view! {
        <form id="mover" method="post" action="/actions/calendar/move" hidden=true>
            <input type="hidden" name="kind"/><input type="hidden" name="id"/><input type="hidden" name="day"/>
            <input type="hidden" name="days" value="0"/><input type="hidden" name="hours" value="0"/>
            <input type="hidden" name="back" value=context::here()/>
        </form>
    }
}

/// The page with the form.
#[component]
pub fn Move() -> impl IntoView {
    let app = context::app();
    let (kind, id) = (context::query("kind"), context::query("id"));
    let what = if kind == "post" { "post" } else { "picture" };
    let Ok(moved) = Moved::find(&app, &kind, &id) else { return view! { <Missing what/> }.into_any() };
    let form = Form::new("move", || MoveForm { scheduled_at: typed(moved.at()) });
    let back = back_to(&context::query("back"));
    let (picture, title) = match &moved {
        Moved::Post(post) => {
            let state = app.store.read();
            let content = post.pictures.first().and_then(|picture| state.content.get(picture.content_id.as_str()).cloned());
            (content, words_of(post))
        }
        Moved::Picture(content, _) => (Some(Arc::clone(content)), words::start(content.title(), 200)),
    };
    let picture = picture.map(|content| view! { <Thumbnail content class="thumb large"/> });
    let drop = matches!(&moved, Moved::Picture(..)).then(|| {
        view! { <button class="button quiet danger" formaction="/actions/calendar/drop" formnovalidate=true>"Propose no time"</button> }
    });
    view! {
        <Heading title="Another time" sub=format!("Now on {}", app.times().in_full(moved.at())).into_any()/>
        <section class="card form"><div class="body">
            <form class="stack" method="post" action="/actions/calendar/reschedule">
                <ProblemSummary problem=form.problem.clone()/>
                <div class="cluster top">{picture}<p class="prewrap">{words::start(&title, 200)}</p></div>
                <input type="hidden" name="kind" value=what/>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="back" value=back.clone()/>
                <Field name="scheduledAt" label="When" kind=Kind::Moment value=form.values.scheduled_at.clone() wrong=form.wrong("scheduledAt")
                    help=format!("In the time of {}.", app.timezone())/>
                <div class="form-actions"><button class="button primary">"Move"</button><a class="button quiet" href=back.clone()>"Cancel"</a>{drop}</div>
            </form>
        </div></section>
    }
    .into_any()
}
