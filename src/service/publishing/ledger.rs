//! Writing in the ledger: what is about to be done, and what came of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        job::JobId,
        post::{Attempt, Deed, Post, PostId, PostState, Trouble},
        problem::Problem,
    },
    error::Error,
    state::AppState,
    store::Transaction,
};

/// A post while a worker is on it.
#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) app: AppState,
    pub(super) post: PostId,
    pub(super) job: JobId,
}

/// Why the work on a post ends here.
#[derive(Debug)]
pub(super) enum Stop {
    /// A call did not end well.
    Trouble(Trouble),
    /// Reading the account has shown that it is out, as this.
    Out { network_id: Option<String>, url: Option<String> },
    /// It is no longer ours: a person took it back, or it was deleted with its character.
    Gone,
    /// The store failed.
    Store(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<crate::store::StoreError> for Stop {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Store(error.into())
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl Ledger {
    /// The post as it is stored, while it is ours.
    pub(super) fn read(&self) -> Result<Arc<Post>, Stop> {
        let state = self.app.store.read();
        state.posts.get(self.post.as_str()).filter(|post| post.job_id.as_ref() == Some(&self.job)).cloned().ok_or(Stop::Gone)
    }

    /// Changes the post, while it is ours.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Transaction, &mut Post, DateTime<Utc>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Stop> {
        let (id, job) = (self.post.clone(), self.job.clone());
        self.app
            .store
            .write(move |tx| {
                let stored = tx.get::<Post>(id.as_str()).filter(|post| post.job_id.as_ref() == Some(&job)).ok_or(Stop::Gone)?;
                let mut post = Post::clone(&stored);
                let now = Utc::now();
                let answer = change(tx, &mut post, now)?;
                post.updated_at = now;
                tx.put(post)?;
                Ok(answer)
            })
            .await
    }

    /// Writes something down that cannot be refused, while the post is ours.
    pub(super) async fn write(&self, change: impl FnOnce(&mut Post, DateTime<Utc>) + Send + 'static) -> Result<(), Stop> {
        self.change(move |_, post, now| {
            change(post, now);
            Ok(())
        })
        .await
    }

    /// Changes the attempt that is open.
    pub(super) async fn attempt(&self, change: impl FnOnce(&mut Attempt, DateTime<Utc>) + Send + 'static) -> Result<(), Stop> {
        self.change(move |_, post, now| {
            if !matches!(post.state, PostState::Publishing) {
                return Err(Stop::Gone);
            }
            let attempt = post.open_attempt_mut().ok_or(Stop::Gone)?;
            change(attempt, now);
            Ok(())
        })
        .await
    }

    /// One step: stored before its call, and with what came of it after.
    pub(super) async fn step<T: Clone + Send + 'static>(
        &self,
        deed: Deed,
        call: impl Future<Output = Result<T, Trouble>>,
        keep: impl FnOnce(&mut Attempt, &T, DateTime<Utc>) -> String + Send + 'static,
    ) -> Result<T, Stop> {
        self.attempt(move |attempt, now| attempt.begin(deed, now)).await?;
        match call.await {
            Ok(answer) => {
                let kept = answer.clone();
                self.attempt(move |attempt, now| {
                    let words = keep(attempt, &kept, now);
                    attempt.note(words, false);
                })
                .await?;
                Ok(answer)
            }
            Err(trouble) => {
                let words = trouble.problem.message.clone();
                self.attempt(move |attempt, _| attempt.note(words, true)).await?;
                Err(trouble.into())
            }
        }
    }

    /// What `call` says of itself, when it fails for a reason that is nobody's call.
    pub(super) fn problem(error: Error) -> Trouble {
        Trouble { refusal: crate::domain::post::Refusal::Final, problem: Problem::from(error) }
    }
}
