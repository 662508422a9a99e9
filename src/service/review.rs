//! Review: what waits for a person, and what she decides.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        character::CharacterId,
        content::{Content, ContentId, ReviewState},
        job::Lane,
        post::Post,
        problem::Problem,
        words::Author,
    },
    error::Error,
    service::plans::Planned,
    state::AppState,
    store::State,
};

/// Most pictures one request decides about.
const MOST_AT_ONCE: usize = 500;

/// What a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It goes to review.
    Submit,
    /// It may go out.
    Approve,
    /// It will not go out; the reason may be empty.
    Reject {
        /// At most 1,000 characters.
        reason: String,
    },
    /// It is a draft again.
    Withdraw,
}

/// What waits for a decision, oldest first: of one character or of all. What has no picture file cannot go out, so nobody
/// is asked about it.
pub fn queue(state: &State, character: Option<&CharacterId>) -> Vec<Arc<Content>> {
    let mut queue: Vec<_> = waiting(state).filter(|content| character.is_none_or(|id| content.character_id == *id)).cloned().collect();
    queue.reverse();
    queue
}

/// What waits for a decision, newest first.
pub fn waiting(state: &State) -> impl Iterator<Item = &Arc<Content>> {
    state.content.indexed("waits", "true")
}

/// How much waits for a decision. Costs no walk: every page says it.
pub fn how_much_waits(state: &State) -> usize {
    state.content.count("waits", "true")
}

/// A picture that is no more than a record cannot go out: it comes neither to review nor is it approved. One that is
/// there already stays where it is.
fn may_go_on(content: &Content, state: ReviewState) -> Result<(), Problem> {
    let goes_on = matches!(state, ReviewState::InReview | ReviewState::Approved);
    if !goes_on || content.picture.is_some() || content.state == state {
        return Ok(());
    }
    let name: String = content.title().chars().take(60).collect();
    let (which, what) = (
        if name.is_empty() { "It".to_owned() } else { format!("“{name}”") },
        match state {
            ReviewState::Approved => "approved",
            ReviewState::Draft | ReviewState::InReview | ReviewState::Rejected => "sent to review",
        },
    );
    Err(Problem::conflict(format!("{which} has no picture file: it cannot go out, so it cannot be {what}.")))
}

/// What came of a decision.
#[derive(Debug)]
pub struct Decided {
    /// The pictures as they are now.
    pub contents: Vec<Content>,
    /// What was planned for them and goes out at its time now.
    pub scheduled: Vec<Post>,
    /// Why something that was planned does not.
    pub unscheduled: Vec<String>,
}

/// Decides about pictures, all or none. With the approval of a picture that was planned goes its post for that time;
/// where that cannot be, it says why and the picture is approved all the same.
pub async fn decide(app: &AppState, ids: Vec<ContentId>, decision: Decision, now: DateTime<Utc>) -> Result<Decided, Error> {
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        return Err(Problem::invalid("ids", "Choose 1 to 500 pictures.").into());
    }
    let planned = if decision == Decision::Approve { super::plans::posts_for(app, &ids, now).await? } else { Planned::default() };
    let deciding = app.clone();
    let decided = app
        .store
        .write(move |tx| {
            let mut contents = Vec::new();
            for id in ids {
                let stored = tx.get::<Content>(id.as_str()).ok_or_else(|| Problem::not_found("picture"))?;
                let mut content = Content::clone(&stored);
                let (state, reason) = match &decision {
                    Decision::Submit => (ReviewState::InReview, ""),
                    Decision::Approve => (ReviewState::Approved, ""),
                    Decision::Reject { reason } => (ReviewState::Rejected, reason.as_str()),
                    Decision::Withdraw => (ReviewState::Draft, ""),
                };
                may_go_on(&content, state)?;
                content.turn(state, reason, Author::Hand, now);
                content.check()?;
                tx.put(content.clone())?;
                super::publishing::reviewed(tx, &content, now)?;
                contents.push(content);
            }
            let (scheduled, unscheduled) = super::plans::admit(&deciding, tx, planned, now)?;
            for content in &mut contents {
                if let Some(stored) = tx.get::<Content>(content.id.as_str()) {
                    *content = Content::clone(&stored);
                }
            }
            Ok::<_, Error>(Decided { contents, scheduled, unscheduled })
        })
        .await?;
    app.wake(Lane::Publish);
    Ok(decided)
}
