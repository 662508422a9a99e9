//! From a picture to the publish ledger: review, and a post on each network.

use std::sync::Arc;

use chrono::Utc;

use super::{Next, Runner, Scene, Stop};
use crate::{
    domain::{
        autonomy::Autonomy,
        caption::Network,
        check::CheckName,
        content::{Content, ContentId, ReviewState},
        post::{Post, PostRequest, PostState},
        problem::Problem,
        run::{Run, RunDeed, RunStep},
        task::ReviewWish,
        words::Author,
    },
    error::Error,
    service::publishing::{ForRun, create_for_run},
    store::{State, Transaction},
};

impl Runner<'_> {
    /// Sees whether a person has to approve. What one has decided already counts.
    pub(super) async fn review(&self, scene: &Scene) -> Result<Next, Stop> {
        let (state, words) = review_state(scene);
        let pictures = scene.pictures().to_vec();
        self.change(move |tx, run, now| {
            for id in &pictures {
                if let Some(stored) = tx.get::<Content>(id.as_str()).filter(|content| content.state == ReviewState::Draft) {
                    let mut content = Content::clone(&stored);
                    content.turn(state, "", Author::Task, now);
                    tx.put(content)?;
                }
            }
            if let Some(step) = run.open_step_mut() {
                step.end(words, false, now);
            }
            Ok(Next::Again)
        })
        .await
    }

    /// Which pictures go out there: those that were drawn, or the oldest approved one that was not there yet.
    pub(super) async fn choose(&self, scene: &Scene, network: Network) -> Result<Next, Stop> {
        let now = Utc::now();
        let mut step = RunStep { network: Some(network), ..RunStep::new(RunDeed::Post, now) };
        step.contents = match scene.run.kind.generates() {
            true => scene.pictures().iter().take(network.most_pictures()).cloned().collect(),
            false => oldest_approved(&scene.state, scene, network).into_iter().collect(),
        };
        if step.contents.is_empty() {
            step.end(format!("There is no approved picture that was not posted to {} yet.", network.label()), false, now);
        }
        self.open(step).await
    }

    /// Hands the pictures to the ledger, and waits until it is clear what becomes of the post.
    pub(super) async fn posted(&self, scene: &Scene, step: &RunStep) -> Result<Next, Stop> {
        let Some(id) = step.post_id.clone() else { return self.post(scene, step).await };
        match scene.state.posts.get(id.as_str()).map(|post| outcome(post)) {
            None => self.close("The post was deleted.", true).await,
            Some(Some(Outcome { words, failed })) => self.close(words, failed).await,
            Some(None) => {
                self.wait_until(move |tx: &Transaction| tx.get::<Post>(id.as_str()).is_none_or(|post| outcome(&post).is_some())).await
            }
        }
    }

    async fn post(&self, scene: &Scene, step: &RunStep) -> Result<Next, Stop> {
        let network = step.network.unwrap_or_default();
        let request =
            PostRequest { character_id: Some(scene.character.id.clone()), content_ids: step.contents.clone(), ..PostRequest::default() };
        let needs_approval = scene.config.review == ReviewWish::Always;
        let (id, job) = (self.id.clone(), self.job.clone());
        // In one step with the post: whatever is cut off, there is one post of this run on this network.
        let and = move |tx: &mut Transaction, post: &Post| {
            let gone = || Problem::conflict("The run was called off.");
            let stored = tx.get::<Run>(id.as_str());
            let stored = stored.filter(|run| run.state.goes_on() && run.job_id.as_ref() == Some(&job)).ok_or_else(gone)?;
            let mut run = Run::clone(&stored);
            let step = run.open_step_mut().filter(|step| step.post_id.is_none()).ok_or_else(gone)?;
            step.post_id = Some(post.id.clone());
            Ok::<_, Error>(tx.put(run)?)
        };
        match create_for_run(self.app, ForRun { network, request, needs_approval }, Utc::now(), and).await {
            Ok(_) => Ok(Next::Again),
            // The other network may take it all the same.
            Err(Error::Problem(problem)) => self.close(problem.message, true).await,
            Err(error) => Err(error.into()),
        }
    }
}

/// What review makes of new pictures, and the words for it.
fn review_state(scene: &Scene) -> (ReviewState, &'static str) {
    let posts = scene.run.kind.posts();
    match (scene.character.autonomy, scene.config.review) {
        (Autonomy::DraftOnly, _) if posts => (ReviewState::Draft, "The character makes drafts only: nothing is posted."),
        (Autonomy::DraftOnly, _) => (ReviewState::Draft, "The character makes drafts only."),
        (_, ReviewWish::Never) => (ReviewState::Approved, "This task needs no approval."),
        (_, ReviewWish::Always) => (ReviewState::InReview, "A person has to approve it: the task says so."),
        (Autonomy::Review, ReviewWish::Autonomy) => (ReviewState::InReview, "A person has to approve it."),
        (Autonomy::Veto, ReviewWish::Autonomy) => (ReviewState::InReview, "It goes out after some hours, unless a person rejects it."),
        (Autonomy::Auto, ReviewWish::Autonomy) => (ReviewState::Approved, "The character needs no approval."),
    }
}

/// One that no post on that network stands for, whatever became of that post: what failed or was taken back is a
/// person's to decide.
fn oldest_approved(state: &State, scene: &Scene, network: Network) -> Option<ContentId> {
    let contents = &state.content;
    let approved = contents.positions_of("state", ReviewState::Approved.key()).filter_map(|position| contents.at(position));
    let mut hers = approved.filter(|content| content.character_id == scene.character.id && content.picture.is_some());
    let there = |content: &Arc<Content>| state.posts.indexed("content", content.id.as_str()).any(|post| post.network == network);
    hers.find(|content| !there(content)).map(|content| content.id.clone())
}

/// What a post has come to, as far as a run is concerned.
pub(super) struct Outcome {
    words: String,
    failed: bool,
}

/// `None` while it is on its way.
pub(super) fn outcome(post: &Post) -> Option<Outcome> {
    let good = |words: String| Some(Outcome { words, failed: false });
    let bad = |words: &str| Some(Outcome { words: words.to_owned(), failed: true });
    let network = post.network.label();
    match &post.state {
        PostState::Scheduled { waiting, until: Some(_) } if !waiting.is_empty() => good(format!("It goes out later. {waiting}")),
        PostState::Scheduled { .. } | PostState::Publishing | PostState::Unconfirmed { looking: true, .. } => None,
        PostState::Published { .. } => good(format!("It is out on {network}.")),
        PostState::DryRun => good(format!("Rehearsed for {network}; nothing is public.")),
        PostState::Held { check: CheckName::Review, .. } => good("It goes out once a person approves the picture.".into()),
        PostState::Held { check: CheckName::Pause, .. } => good("It goes out once posting is resumed.".into()),
        PostState::Held { why, .. } => bad(why),
        PostState::Failed { problem } => bad(&problem.message),
        PostState::Unconfirmed { finding, .. } => bad(finding),
        PostState::Cancelled => bad("A person took the post back."),
    }
}
