//! What is done with posts from pages.

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::page_of;
use crate::{
    domain::{
        caption::Network,
        character::CharacterId,
        content::ContentId,
        post::{PostChange, PostId, PostRequest, PostState, Resolution},
        problem::Problem,
        sent::Sent,
    },
    expected::Expected,
    service::publishing,
    web::{
        actions::{Done, Sending, press, submit},
        context,
    },
};

/// What is typed to send a picture.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SendForm {
    pub(in crate::web) network: String,
    pub(in crate::web) scheduled_at: String,
}

/// What is typed to change a post.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PostForm {
    pub(super) caption: String,
    pub(super) scheduled_at: String,
}

/// What is typed about a post whose outcome is not known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SeenForm {
    pub(super) url: String,
}

/// A moment as a field of a page has it, in the zone of the installation.
pub(in crate::web) fn moment(text: &str) -> Result<Option<DateTime<Utc>>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::invalid("scheduledAt", "Write day and time, as in 2026-12-24 18:30.");
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let read = formats.into_iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).ok_or_else(wrong)?;
    let zone = context::app().timezone();
    let skipped = || Problem::invalid("scheduledAt", "The clock skips this time on that day. Choose another.");
    Ok(Some(zone.from_local_datetime(&read).earliest().ok_or_else(skipped)?.with_timezone(&Utc)))
}

/// A moment as a field takes it.
pub(in crate::web) fn typed(at: DateTime<Utc>) -> String {
    at.with_timezone(&context::app().timezone()).format("%Y-%m-%dT%H:%M").to_string()
}

/// The networks a choice means: one, or `both`.
pub(in crate::web) fn networks(choice: &str) -> Result<Vec<Network>, Problem> {
    match choice {
        BOTH => Ok(Network::ALL.to_vec()),
        one => Network::from_key(one).map(|network| vec![network]).ok_or_else(|| Problem::invalid("network", "Choose a network.")),
    }
}

/// The choice of every network at once.
pub(in crate::web) const BOTH: &str = "both";

/// The networks one may choose from, and both.
pub(in crate::web) fn network_options() -> Vec<(String, String)> {
    let one = Network::ALL.map(|network| (network.key().to_owned(), network.label().to_owned()));
    let labels = Network::ALL.map(Network::label).join(" and ");
    one.into_iter().chain([(BOTH.to_owned(), labels)]).collect()
}

/// Sends a picture to a network or both, now or at a time.
#[server(prefix = "/actions", endpoint = "posts/create")]
pub async fn create_post(id: ContentId, character: CharacterId, #[server(default)] form: SendForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = format!("/content/{}#publish", context::encode(id.as_str()));
    submit(Sending { name: "publish", page: page.clone(), values: &form }, async {
        let networks = networks(&form.network)?;
        let request = PostRequest {
            character_id: Some(character),
            content_id: Some(id),
            scheduled_at: moment(&form.scheduled_at)?,
            ..PostRequest::default()
        };
        let later = request.scheduled_at.is_some();
        let posts = publishing::create_on(&app, &networks, request, Utc::now()).await?;
        let words = if later { "It goes out at its time." } else { "On its way." };
        // One is followed on its own page, several where all of them are.
        let to = match posts.as_slice() {
            [post] => page_of(&post.id),
            _ => page.clone(),
        };
        Ok(Done::to(to).saying(words))
    })
    .await
}

/// Changes time and words of a post.
#[server(prefix = "/actions", endpoint = "posts/change")]
pub async fn change_post(id: PostId, #[server(default)] form: PostForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    submit(Sending { name: "post", page: page.clone(), values: &form }, async {
        let post = publishing::get(&app, &id)?;
        // The field always holds a time; only another one puts the post back into the queue.
        let same = form.scheduled_at.trim() == typed(post.scheduled_at);
        let at = if same { None } else { moment(&form.scheduled_at)? };
        let change = PostChange { caption: form.caption.clone().into(), scheduled_at: at.map_or(Sent::Absent, Sent::Value) };
        publishing::change(&app, &id, change, Expected::ANY, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Saved."))
    })
    .await
}

/// Sends a post now.
#[server(prefix = "/actions", endpoint = "posts/send")]
pub async fn send_post(id: PostId, #[server(default)] anyway: Option<String>) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    press(&page, async {
        publishing::send(&app, &id, anyway.is_some(), Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("On its way."))
    })
    .await
}

/// Takes a post back.
#[server(prefix = "/actions", endpoint = "posts/cancel")]
pub async fn cancel_post(id: PostId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    press(&page, async {
        publishing::cancel(&app, &id, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Taken back. It will not go out."))
    })
    .await
}

/// Has the account read once more.
#[server(prefix = "/actions", endpoint = "posts/reconcile")]
pub async fn reconcile_post(id: PostId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    press(&page, async {
        publishing::reconcile(&app, &id, Utc::now()).await?;
        let post = publishing::looked(&app, &id).await?;
        let words =
            if matches!(post.state, PostState::Published { .. }) { "Found: it is out." } else { "The account was read; it was not found." };
        Ok(Done::to(page.clone()).saying(words))
    })
    .await
}

/// Says that a post is out, with its address where there is one.
#[server(prefix = "/actions", endpoint = "posts/is-out")]
pub async fn is_out(id: PostId, #[server(default)] form: SeenForm) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    submit(Sending { name: "seen", page: page.clone(), values: &form }, async {
        let resolution = Resolution { published: true, url: Some(form.url.clone()) };
        publishing::resolve(&app, &id, resolution, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Noted: it is out."))
    })
    .await
}

/// Says that a post is not out; it may be sent again then.
#[server(prefix = "/actions", endpoint = "posts/is-not-out")]
pub async fn is_not_out(id: PostId) -> Result<(), ServerFnError> {
    let app = context::app();
    let page = page_of(&id);
    press(&page, async {
        publishing::resolve(&app, &id, Resolution { published: false, url: None }, Utc::now()).await?;
        Ok(Done::to(page.clone()).saying("Noted: it is not out. Send it again when you like."))
    })
    .await
}

/// Stops all posting.
#[server(prefix = "/actions", endpoint = "posting/pause")]
pub async fn pause_posting(#[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&back, async {
        publishing::pause(&app).await?;
        Ok(Done::to(back.clone()).saying("Posting is paused."))
    })
    .await
}

/// Goes on with posting.
#[server(prefix = "/actions", endpoint = "posting/resume")]
pub async fn resume_posting(#[server(default)] back: String) -> Result<(), ServerFnError> {
    let app = context::app();
    press(&back, async {
        publishing::resume(&app, Utc::now()).await?;
        Ok(Done::to(back.clone()).saying("Posting goes on."))
    })
    .await
}
