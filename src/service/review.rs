//! Review: what waits for a person, and what she decides.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        character::CharacterId,
        content::{Content, ContentId, ReviewState},
        job::Lane,
        problem::Problem,
    },
    error::Error,
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

/// What waits for a decision, oldest first: of one character or of all.
pub fn queue(state: &State, character: Option<&CharacterId>) -> Vec<Arc<Content>> {
    let waiting = state.content.indexed("state", ReviewState::InReview.key());
    let mut queue: Vec<_> = waiting.filter(|content| character.is_none_or(|id| content.character_id == *id)).cloned().collect();
    queue.reverse();
    queue
}

/// Decides about pictures, all or none. Answers them as they are then.
pub async fn decide(app: &AppState, ids: Vec<ContentId>, decision: Decision, now: DateTime<Utc>) -> Result<Vec<Content>, Error> {
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        return Err(Problem::invalid("ids", "Choose 1 to 500 pictures.").into());
    }
    let decided = app
        .store
        .write(move |tx| {
            let mut decided = Vec::new();
            for id in ids {
                let stored = tx.get::<Content>(id.as_str()).ok_or_else(|| Problem::not_found("picture"))?;
                let mut content = Content::clone(&stored);
                let (state, reason) = match &decision {
                    Decision::Submit => (ReviewState::InReview, ""),
                    Decision::Approve => (ReviewState::Approved, ""),
                    Decision::Reject { reason } => (ReviewState::Rejected, reason.as_str()),
                    Decision::Withdraw => (ReviewState::Draft, ""),
                };
                content.turn(state, reason, now);
                content.check()?;
                tx.put(content.clone())?;
                super::publishing::reviewed(tx, &content, now)?;
                decided.push(content);
            }
            Ok::<_, Error>(decided)
        })
        .await?;
    app.wake(Lane::Publish);
    Ok(decided)
}
