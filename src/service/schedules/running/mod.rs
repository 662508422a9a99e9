//! Doing a run: one step after the other, each stored before it begins, so that whatever is cut off, and wherever, the
//! next start goes on there and makes nothing twice.
//!
//! A run holds no worker while it waits for a picture, for words or for a post: it puts itself back into its queue in
//! the same step in which it sees that there is something to wait for, and is woken when that has ended.

mod backing_up;
mod drawing;
mod following;
mod posting;
mod training;
mod wording;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

pub use self::following::follow;
use super::book;
use crate::{
    domain::{
        autonomy::Autonomy,
        caption::Network,
        character::Character,
        content::ContentId,
        job::{Job, JobId, JobStatus, Lane, Work},
        post::{Post, PostState},
        problem::{Kind, Problem},
        run::{Run, RunDeed, RunId, RunState, RunStep},
        task::{TaskConfig, TaskType},
    },
    error::Error,
    service::work::Ended,
    state::AppState,
    store::{State, StoreError, Transaction},
};

/// When a run that waits looks by itself, should nobody have woken it.
const LOOK_AGAIN: Duration = Duration::minutes(10);

/// What comes after a look at a run.
enum Next {
    /// It may go on at once.
    Again,
    /// It waits, and is back in its queue.
    Parked,
    /// It has ended.
    Over,
}

/// Why the work on a run stops.
enum Stop {
    /// It was called off, or is another worker's now.
    Gone,
    /// It failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem.into())
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A run in the hands of a worker.
struct Runner<'a> {
    app: &'a AppState,
    id: RunId,
    job: JobId,
}

/// What a step works with.
struct Scene {
    state: Arc<State>,
    run: Arc<Run>,
    config: TaskConfig,
    character: Arc<Character>,
}

/// What is to be done next.
enum Wanted {
    Prompt,
    Picture,
    Caption(ContentId, Network),
    Review,
    Post(Network),
    Train,
}

/// Goes on with a run: what a worker does.
pub(in crate::service) async fn work(app: &AppState, job: &Job) -> Result<(), Ended> {
    let Work::RunTask(order) = &job.work else { unreachable!("workers hand over each job by its kind") };
    let runner = Runner { app, id: order.run_id.clone(), job: job.id.clone() };
    match runner.forward().await {
        Ok(Next::Parked) => Err(Ended::Parked),
        Ok(Next::Again | Next::Over) | Err(Stop::Gone) => Ok(()),
        // Nothing was decided, so nothing is lost: it is tried again when the store takes it.
        Err(Stop::Failed(Error::Store(error))) => {
            Err(Ended::Later(Utc::now() + Duration::seconds(30), Problem::from(Error::Store(error)).message))
        }
        Err(Stop::Failed(error)) => runner.fail(error.into()).await,
    }
}

impl Runner<'_> {
    async fn forward(&self) -> Result<Next, Stop> {
        if !self.begin().await? {
            return Ok(Next::Parked);
        }
        loop {
            match self.advance().await? {
                Next::Again => {}
                next @ (Next::Parked | Next::Over) => return Ok(next),
            }
        }
    }

    /// Runs of one character never overlap: this one begins when no other is under way.
    async fn begin(&self) -> Result<bool, Stop> {
        let job = self.job.clone();
        self.change(move |tx, run, now| {
            if run.has_begun() {
                return Ok(true);
            }
            let others = book::going(tx, &run.character_id, None);
            if others.iter().any(|other| other.id != run.id && other.has_begun()) {
                run.state = RunState::Running { waiting: "Another task of the same character is under way.".into() };
                park(tx, &job, now + LOOK_AGAIN, now)?;
                return Ok(false);
            }
            run.state = RunState::Running { waiting: String::new() };
            run.started_at = Some(now);
            Ok(true)
        })
        .await
    }

    async fn advance(&self) -> Result<Next, Stop> {
        // What is for all of the installation has no character to set a scene with.
        if let Some(run) = self.without_character() {
            return self.back_up(&run).await;
        }
        let scene = self.scene()?;
        if let Some(step) = scene.run.open_step() {
            return match step.deed {
                RunDeed::Prompt => self.prompt_written(&scene, step).await,
                RunDeed::Picture => self.picture_drawn(&scene, step).await,
                RunDeed::Caption => self.caption_written(&scene, step).await,
                RunDeed::Review => self.review(&scene).await,
                RunDeed::Post => self.posted(&scene, step).await,
                RunDeed::Train => self.asked(&scene, step).await,
                RunDeed::Backup => Err(Problem::conflict("A run of a character makes no backup.").into()),
            };
        }
        match scene.wanted() {
            Some(Wanted::Prompt) => self.find_prompt(&scene).await,
            Some(Wanted::Picture) => self.open(RunStep::new(RunDeed::Picture, Utc::now())).await,
            Some(Wanted::Caption(content, network)) => self.find_words(&scene, content, network).await,
            Some(Wanted::Review) => self.open(RunStep::new(RunDeed::Review, Utc::now())).await,
            Some(Wanted::Post(network)) => self.choose(&scene, network).await,
            Some(Wanted::Train) => self.find_training(&scene).await,
            None => self.finish().await,
        }
    }

    fn scene(&self) -> Result<Scene, Stop> {
        let state = self.app.store.read();
        let run = state.runs.get(self.id.as_str()).filter(|run| self.is_ours(run)).cloned().ok_or(Stop::Gone)?;
        let character = state.characters.get(run.character_id.as_str()).cloned().ok_or_else(|| Problem::not_found("character"))?;
        let config = run.config()?;
        Ok(Scene { state, run, config, character })
    }

    fn is_ours(&self, run: &Run) -> bool {
        run.state.goes_on() && run.job_id.as_ref() == Some(&self.job)
    }

    /// Changes the run, while it is ours.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Transaction, &mut Run, DateTime<Utc>) -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Stop> {
        let (id, job) = (self.id.clone(), self.job.clone());
        self.app
            .store
            .write(move |tx| {
                let ours = |run: &Arc<Run>| run.state.goes_on() && run.job_id.as_ref() == Some(&job);
                let stored = tx.get::<Run>(id.as_str()).filter(ours).ok_or(Stop::Gone)?;
                let mut run = Run::clone(&stored);
                let answer = change(tx, &mut run, Utc::now())?;
                if run != *stored {
                    tx.put(run)?;
                }
                Ok(answer)
            })
            .await
    }

    /// Begins a step.
    async fn open(&self, step: RunStep) -> Result<Next, Stop> {
        self.change(move |_, run, _| {
            run.state = RunState::Running { waiting: String::new() };
            run.steps.push(step);
            Ok(Next::Again)
        })
        .await
    }

    /// Begins a step that a job does: both are stored together. `kept` puts down on the step what it makes.
    async fn hand_over(&self, job: Job, keep: impl FnOnce(&mut RunStep) + Send + 'static, deed: RunDeed) -> Result<Next, Stop> {
        let lane = job.work.lane();
        let next = self
            .change(move |tx, run, now| {
                run.state = RunState::Running { waiting: String::new() };
                if run.open_step().is_none_or(|step| step.deed != deed) {
                    run.steps.push(RunStep::new(deed, now));
                }
                if let Some(step) = run.open_step_mut() {
                    step.job_id = Some(job.id.clone());
                    keep(step);
                }
                tx.put(job)?;
                Ok(Next::Again)
            })
            .await?;
        self.app.wake(lane);
        Ok(next)
    }

    /// Ends the step that is under way.
    async fn close(&self, outcome: impl Into<String>, failed: bool) -> Result<Next, Stop> {
        let outcome = outcome.into();
        self.change(move |_, run, now| {
            if let Some(step) = run.open_step_mut() {
                step.end(outcome, failed, now);
            }
            Ok(Next::Again)
        })
        .await
    }

    /// The job of a step, once it is done; else what follows from that it is not.
    async fn done(&self, scene: &Scene, step: &RunStep) -> Result<Result<Arc<Job>, Next>, Stop> {
        self.done_in(&scene.state, step).await
    }

    async fn done_in(&self, state: &State, step: &RunStep) -> Result<Result<Arc<Job>, Next>, Stop> {
        let job = step.job_id.as_ref().and_then(|id| state.jobs.get(id.as_str())).cloned();
        let job = job.ok_or_else(|| Problem::conflict("The job that was to do this is gone."))?;
        match &job.status {
            JobStatus::Done => Ok(Ok(job)),
            JobStatus::Failed { problem } => Err(problem.clone().into()),
            JobStatus::Cancelled => Err(Problem::conflict("Somebody stopped the job that was to do this.").into()),
            JobStatus::Queued | JobStatus::Running | JobStatus::Interrupted => {
                let id = job.id.clone();
                let ended = move |tx: &Transaction| tx.get::<Job>(id.as_str()).is_none_or(|job| job.status.is_final());
                self.wait_until(ended).await.map(Err)
            }
        }
    }

    /// Puts the run back into its queue, unless what it waits for has come by now.
    async fn wait_until(&self, there: impl FnOnce(&Transaction) -> bool + Send + 'static) -> Result<Next, Stop> {
        let job = self.job.clone();
        self.change(move |tx, _, now| {
            if there(tx) {
                return Ok(Next::Again);
            }
            park(tx, &job, now + LOOK_AGAIN, now)?;
            Ok(Next::Parked)
        })
        .await
    }

    /// Puts the run back into its queue for a while, with a word.
    async fn wait_for(&self, long: Duration, waiting: String) -> Result<Next, Stop> {
        let job = self.job.clone();
        self.change(move |tx, run, now| {
            run.state = RunState::Running { waiting };
            park(tx, &job, now + long, now)?;
            Ok(Next::Parked)
        })
        .await
    }

    /// Everything was done that could be.
    async fn finish(&self) -> Result<Next, Stop> {
        self.change(move |tx, run, now| {
            let state = verdict(tx, run);
            run.end(state, now);
            let character = run.character_id.clone();
            // Its own record has to say that it has ended before others are looked at.
            tx.put(run.clone())?;
            book::next_please(tx, &character, now)?;
            Ok(())
        })
        .await?;
        self.app.wake(Lane::Tasks);
        Ok(Next::Over)
    }

    async fn fail(&self, problem: Problem) -> Result<(), Ended> {
        let id = self.id.clone();
        let kept = problem.clone();
        let stored = self.app.store.write(move |tx| book::broke_down(tx, &id, &kept, Utc::now())).await;
        self.app.wake(Lane::Tasks);
        match stored {
            Ok(()) => Err(Ended::Failed(problem)),
            Err(error) => Err(Ended::Later(Utc::now() + Duration::seconds(30), Problem::from(error).message)),
        }
    }
}

impl Scene {
    /// What has not been done yet, in order.
    fn wanted(&self) -> Option<Wanted> {
        let run = &self.run;
        let to_post = self.config.networks.iter().find(|network| {
            let on_it = |step: &RunStep| step.deed == RunDeed::Post && step.network == Some(**network);
            !run.steps.iter().any(on_it)
        });
        if run.kind == TaskType::TrainLora {
            return run.step(RunDeed::Train).is_none().then_some(Wanted::Train);
        }
        if !run.kind.generates() {
            return to_post.map(|network| Wanted::Post(*network));
        }
        if run.step(RunDeed::Prompt).is_none() {
            return Some(Wanted::Prompt);
        }
        if run.step(RunDeed::Picture).is_none() {
            return Some(Wanted::Picture);
        }
        if let Some((content, network)) = self.without_words() {
            return Some(Wanted::Caption(content, network));
        }
        if run.step(RunDeed::Review).is_none() {
            return Some(Wanted::Review);
        }
        to_post.filter(|_| self.character.autonomy != Autonomy::DraftOnly).map(|network| Wanted::Post(*network))
    }

    /// The pictures that were drawn.
    fn pictures(&self) -> &[ContentId] {
        self.run.step(RunDeed::Picture).map_or(&[], |step| step.contents.as_slice())
    }
}

/// What the steps of a run come to.
fn verdict(tx: &Transaction, run: &Run) -> RunState {
    if let Some(step) = run.steps.iter().find(|step| step.failed) {
        return RunState::Failed { problem: Problem::new(Kind::Refused, step.outcome.clone()) };
    }
    let posts: Vec<_> = run.steps.iter().filter_map(|step| tx.get::<Post>(step.post_id.as_ref()?.as_str())).collect();
    let nothing = match run.kind {
        TaskType::TrainLora => run.steps.iter().all(|step| step.training_id.is_none()),
        _ => posts.is_empty() && run.kind.posts() && !run.kind.generates(),
    };
    if nothing {
        let why = run.steps.last().map(|step| step.outcome.clone()).unwrap_or_default();
        return RunState::Skipped { why };
    }
    if posts.iter().any(|post| matches!(post.state, PostState::DryRun)) { RunState::DryRun } else { RunState::Ok }
}

/// Puts a job back into its queue.
fn park(tx: &mut Transaction, job: &JobId, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Stop> {
    if let Some(stored) = tx.get::<Job>(job.as_str()) {
        let mut job = Job::clone(&stored);
        job.put_off(until, now);
        tx.put(job)?;
    }
    Ok(())
}
