//! Posts in a restored folder: what waited when the backup was made may be out by now.

use chrono::{DateTime, Utc};

use super::queue::dismiss;
use crate::{
    domain::{
        check::CheckName,
        post::{Post, PostState},
    },
    error::Error,
    store::Transaction,
};

/// Holds every post that would go out by now, so that a person decides. One whose publishing call was sent already is
/// left as it is: its account is read.
pub(in crate::service) fn hold_what_may_be_out(tx: &mut Transaction, why: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let going: Vec<_> = tx.table::<Post>().indexed("goes-on", "true").cloned().collect();
    for stored in going {
        let unsent = matches!(stored.state, PostState::Scheduled { .. } | PostState::Publishing) && stored.sent_attempts().next().is_none();
        if !unsent || stored.scheduled_at > now {
            continue;
        }
        let mut post = Post::clone(&stored);
        dismiss(tx, &mut post, now)?;
        if let Some(attempt) = post.open_attempt_mut() {
            attempt.ended_at = Some(now);
        }
        post.turn(PostState::Held { check: CheckName::Duplicate, why: why.to_owned() }, now);
        tx.put(post)?;
    }
    Ok(())
}
