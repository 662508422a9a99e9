//! Posts and the jobs that bring them forward: into the queue, out of it, and back into it after a start.

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        character::CharacterId,
        check::CheckName,
        job::{Job, JobStatus, Lane, PublishOrder, Work},
        post::{Post, PostId, PostState},
        problem::Problem,
    },
    error::Error,
    state::AppState,
    store::Transaction,
};

/// Gives a post a job that brings it forward at its time, in place of any it had.
pub(super) fn enqueue(tx: &mut Transaction, post: &mut Post, now: DateTime<Utc>) -> Result<(), Error> {
    dismiss(tx, post, now)?;
    let work = Work::Publish(PublishOrder { post_id: post.id.clone() });
    let mut job = Job::queued(work, Some(post.character_id.clone()), Vec::new(), now);
    job.run_at = post.scheduled_at.max(now);
    post.job_id = Some(job.id.clone());
    Ok(tx.put(job)?)
}

/// Lets go of the job a post had. One that runs finds out when it next writes in the ledger.
pub(super) fn dismiss(tx: &mut Transaction, post: &mut Post, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(stored) = post.job_id.take().and_then(|id| tx.get::<Job>(id.as_str())) else { return Ok(()) };
    if matches!(stored.status, JobStatus::Queued | JobStatus::Interrupted) {
        let mut job = Job::clone(&stored);
        job.turn(JobStatus::Cancelled, now);
        tx.put(job)?;
    }
    Ok(())
}

/// Calls a post off: nothing more happens with it by itself.
pub(super) fn call_off(tx: &mut Transaction, post: &mut Post, now: DateTime<Utc>) -> Result<(), Error> {
    dismiss(tx, post, now)?;
    if let Some(attempt) = post.open_attempt_mut() {
        attempt.ended_at = Some(now);
    }
    post.turn(PostState::Cancelled, now);
    Ok(())
}

/// Stops all posting, until it is resumed. Survives a restart.
pub async fn pause(app: &AppState) -> Result<(), Error> {
    set_paused(app, true, Utc::now()).await
}

/// Goes on with posting. What was held because of the pause goes out, each account at its pace.
pub async fn resume(app: &AppState, now: DateTime<Utc>) -> Result<(), Error> {
    set_paused(app, false, now).await
}

async fn set_paused(app: &AppState, paused: bool, now: DateTime<Utc>) -> Result<(), Error> {
    app.store
        .write(move |tx| {
            let mut settings = tx.settings().clone();
            settings.paused = paused;
            tx.put_settings(settings)?;
            let held: Vec<_> = match paused {
                true => Vec::new(),
                false => tx.table::<Post>().indexed("state", "held").map(|post| Post::clone(post)).collect(),
            };
            for mut post in held.into_iter().filter(|post| matches!(post.state, PostState::Held { check: CheckName::Pause, .. })) {
                post.turn(PostState::Scheduled { waiting: String::new(), until: None }, now);
                enqueue(tx, &mut post, now)?;
                tx.put(post)?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    app.wake(Lane::Publish);
    Ok(())
}

/// Posts that were told to wait are looked at again: what they wait for may be another now. Those that wait between two
/// tries of an attempt keep their pause.
pub(in crate::service) fn look_again(tx: &mut Transaction, now: DateTime<Utc>) -> Result<(), Error> {
    let told = |post: &Post| matches!(post.state, PostState::Scheduled { until: Some(until), .. } if until > now);
    let waits = |post: &Post| told(post) && post.scheduled_at <= now && post.open_attempt().is_none();
    let waiting = tx.table::<Post>().indexed("state", "scheduled").filter(|post| waits(post));
    for mut post in waiting.map(|post| Post::clone(post)).collect::<Vec<_>>() {
        enqueue(tx, &mut post, now)?;
        tx.put(post)?;
    }
    Ok(())
}

/// At the start: posts that go on by themselves get a job again where theirs is gone. Answers how many.
pub async fn recover(app: &AppState, now: DateTime<Utc>) -> Result<usize, Error> {
    app.store
        .write(move |tx| {
            let going: Vec<_> = tx.table::<Post>().indexed("goes-on", "true").map(|post| Post::clone(post)).collect();
            let lost = |post: &Post| {
                let job = post.job_id.as_ref().and_then(|id| tx.get::<Job>(id.as_str()));
                job.is_none_or(|job| job.status.is_final())
            };
            let lost: Vec<_> = going.into_iter().filter(lost).collect();
            let count = lost.len();
            for mut post in lost {
                enqueue(tx, &mut post, now)?;
                tx.put(post)?;
            }
            Ok::<_, Error>(count)
        })
        .await
}

/// The worker on a post broke down: what was sent may be out, and the rest is not.
pub(in crate::service) fn broke_down(tx: &mut Transaction, id: &PostId, problem: &Problem, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(stored) = tx.get::<Post>(id.as_str()).filter(|post| post.state.goes_on()) else { return Ok(()) };
    let mut post = Post::clone(&stored);
    let sent = post.open_attempt().is_some_and(|attempt| attempt.sent_at.is_some());
    if let Some(attempt) = post.open_attempt_mut() {
        attempt.note(problem.message.clone(), true);
        attempt.ended_at = Some(now);
    }
    let state = match sent || matches!(post.state, PostState::Unconfirmed { .. }) {
        true => PostState::Unconfirmed { finding: problem.message.clone(), looking: false },
        false => PostState::Failed { problem: problem.clone() },
    };
    post.turn(state, now);
    Ok(tx.put(post)?)
}

/// Calls off whatever of a character has not gone out.
pub(in crate::service) fn call_off_all(tx: &mut Transaction, character: &CharacterId, now: DateTime<Utc>) -> Result<(), Error> {
    let posts: Vec<_> = tx.table::<Post>().indexed("character", character.as_str()).map(|post| Post::clone(post)).collect();
    let sent = |post: &Post| post.open_attempt().is_some_and(|attempt| attempt.sent_at.is_some());
    for mut post in posts.into_iter().filter(|post| post.state.goes_on() && !sent(post)) {
        call_off(tx, &mut post, now)?;
        tx.put(post)?;
    }
    Ok(())
}
