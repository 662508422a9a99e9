//! Posts that runs of tasks ask for, and what review means for those that wait for it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    asking::{draft, looks_of, refuse},
    queue::{call_off, enqueue},
};
use crate::{
    domain::{
        caption::Network,
        check::CheckName,
        content::{Content, ReviewState},
        job::Lane,
        post::{Post, PostRequest, PostState},
    },
    error::Error,
    state::AppState,
    store::Transaction,
};

/// A post that a run asks for.
pub(in crate::service) struct ForRun {
    /// Where it goes.
    pub network: Network,
    /// What is to go out.
    pub request: PostRequest,
    /// Whether a person has to approve it, whatever the character may do by herself.
    pub needs_approval: bool,
}

/// Stores a post for a run, in one step with what `and` stores. A picture nobody has approved yet does not refuse it:
/// the post is held until somebody does.
pub(in crate::service) async fn create_for_run(
    app: &AppState,
    wanted: ForRun,
    now: DateTime<Utc>,
    and: impl FnOnce(&mut Transaction, &Post) -> Result<(), Error> + Send + 'static,
) -> Result<Post, Error> {
    let mut post = draft(app, wanted.network, wanted.request, None, now)?;
    post.needs_approval = wanted.needs_approval;
    for picture in &mut post.pictures {
        picture.looks = looks_of(app, &picture.content_id).await?;
    }
    let checking = app.clone();
    let post = app
        .store
        .write(move |tx| {
            refuse(&checking, tx, &post, false)?;
            enqueue(tx, &mut post, now)?;
            tx.put(post.clone())?;
            and(tx, &post)?;
            Ok::<_, Error>(post)
        })
        .await?;
    app.wake(Lane::Publish);
    Ok(post)
}

/// A person has decided about a picture. Posts that were held until then, or wait for a veto, go on or are taken back.
pub(in crate::service) fn reviewed(tx: &mut Transaction, content: &Content, now: DateTime<Utc>) -> Result<(), Error> {
    let waits = |post: &&Arc<Post>| match &post.state {
        PostState::Held { check, .. } => *check == CheckName::Review,
        // It was looked at and told to wait, for whatever reason: it is looked at again.
        PostState::Scheduled { until, .. } => until.is_some(),
        _ => false,
    };
    let waiting: Vec<_> = tx.table::<Post>().indexed("content", content.id.as_str()).filter(waits).map(|post| Post::clone(post)).collect();
    for mut post in waiting {
        match content.state {
            ReviewState::Approved => {
                post.turn(PostState::Scheduled { waiting: String::new(), until: None }, now);
                enqueue(tx, &mut post, now)?;
            }
            ReviewState::Rejected => call_off(tx, &mut post, now)?,
            ReviewState::Draft | ReviewState::InReview => continue,
        }
        tx.put(post)?;
    }
    Ok(())
}
