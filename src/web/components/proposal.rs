//! When a picture could go out, where that was proposed.

use std::sync::Arc;

use chrono::Utc;
use leptos::prelude::*;

use crate::{
    domain::content::{Content, ReviewState},
    service::plans,
    web::{context, pages::calendar::moving},
};

/// What approving the picture does besides, and how to have it otherwise. Nothing where nothing is proposed.
#[component]
pub fn ProposalNote(content: Arc<Content>) -> impl IntoView {
    let app = context::app();
    let open = plans::still_open(&app.store.read(), &content)?;
    let at = app.times().soon(open.at);
    let networks = open.networks.iter().map(|network| network.label()).collect::<Vec<_>>().join(" and ");
    let after = match (content.state, open.at > Utc::now()) {
        (_, false) => "That time has passed. Choose another, or approve it without one.",
        (ReviewState::Approved, true) => "It is approved and not scheduled: what stands in the way is said under Publish.",
        (ReviewState::Draft | ReviewState::InReview | ReviewState::Rejected, true) => "Approving schedules it then.",
    };
    let id = content.id.to_string();
    let (back, href) = (context::here(), moving::page("picture", &id));
    let tone = if open.at > Utc::now() { "note" } else { "note warn" };
    Some(view! {
        <div class=tone>
            <p><b>{format!("Proposed for {at} on {networks}.")}</b>" "{after}</p>
            <div class="cluster">
                <a class="button small" href=href>"Another time"</a>
                <form method="post" action="/actions/calendar/drop"><input type="hidden" name="id" value=id/><input type="hidden" name="back" value=back/>
                    <button class="button quiet small">"Propose no time"</button></form>
            </div>
        </div>
    })
}
