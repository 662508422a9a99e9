//! The workers: they take what waits and call the deed for it.

mod queue;

use std::{convert::Infallible, str::FromStr};

use apalis::prelude::*;
use apalis_cron::{CronScheduler, Tick};
use chrono::Utc;

use self::queue::{HandedOut, JobQueue};
use crate::{
    domain::{
        job::{JobId, Lane},
        problem::{Kind, Problem},
    },
    service,
    state::AppState,
};

/// How often the outside services are looked at: often enough for a page, seldom enough for a home network.
const LOOK_AROUND: &str = "0/15 * * * * *";

/// How many jobs Gemini writes for at the same time.
const WRITERS: usize = 2;

/// How many posts go out at the same time; those of one account never do.
const PUBLISHERS: usize = 2;

/// Runs all workers until the process is to end, then waits until each has let go of its job.
pub async fn run(app: AppState) {
    match service::jobs::find_interrupted(&app, Utc::now()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "going on with jobs that were cut off"),
        Err(error) => tracing::error!(%error, "jobs that were cut off could not be marked"),
    }
    match service::publishing::recover(&app, Utc::now()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "posts without a job go on"),
        Err(error) => tracing::error!(%error, "posts without a job could not be taken up"),
    }
    if let Err(error) = service::trainings::tidy(&app).await {
        tracing::error!(%error, "the folders of trainings could not be tidied");
    }
    match service::trainings::recover(&app, Utc::now()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "trainings without a job go on"),
        Err(error) => tracing::error!(%error, "trainings could not be taken up"),
    }
    service::models::look(&app, Utc::now()).await;
    service::datasets::look_at_all(&app, Utc::now()).await;
    let stop = app.stopping.clone();
    let handed_out = HandedOut::default();
    // As many pictures at a time as there are ComfyUI servers.
    let monitor = with_lane(Monitor::new(), &app, Lane::Draw, app.config.comfyui.len(), &handed_out);
    let monitor = with_lane(monitor, &app, Lane::Write, WRITERS, &handed_out);
    let monitor = with_lane(monitor, &app, Lane::Publish, PUBLISHERS, &handed_out);
    let monitor = with_lane(monitor, &app, Lane::Train, 1, &handed_out);
    tokio::spawn({
        // Python takes a moment to answer, and nobody has to wait for it.
        let app = app.clone();
        async move { service::trainings::look(&app, Utc::now()).await }
    });
    let watching = app;
    // Looks at the outside services now and then, so that pages never have to wait for them.
    let watch_worker = move |_| {
        let app = watching.clone();
        let often = cron::Schedule::from_str(LOOK_AROUND).expect("the expression is ours");
        WorkerBuilder::new("look-around").backend(CronScheduler::new(often)).build(move |_: Tick| {
            let app = app.clone();
            // A slow service must not hold up the clock.
            tokio::spawn(async move {
                service::models::look(&app, Utc::now()).await;
                service::gemini::look(&app, Utc::now()).await;
                service::accounts::keep(&app, Utc::now()).await;
            });
            async { Ok::<_, Infallible>(()) }
        })
    };
    let ended = monitor
        .register(watch_worker)
        .run_with_signal(async move {
            stop.cancelled().await;
            Ok(())
        })
        .await;
    if let Err(error) = ended {
        tracing::error!(%error, "a worker ended badly");
    }
}

/// Adds the workers of a lane, so many at once.
fn with_lane(monitor: Monitor, app: &AppState, lane: Lane, at_once: usize, handed_out: &HandedOut) -> Monitor {
    let (app, handed_out) = (app.clone(), handed_out.clone());
    monitor.register(move |_| {
        let queue = JobQueue::new(app.clone(), lane, handed_out.clone());
        let (app, handed_out) = (app.clone(), handed_out.clone());
        WorkerBuilder::new(lane.key()).backend(queue).concurrency(at_once).build(move |id: JobId| {
            let (app, handed_out) = (app.clone(), handed_out.clone());
            async move {
                perform(&app, &id).await;
                handed_out.give_back(&id);
                // One that was put off is found at its new time only if somebody looks.
                app.wake(lane);
                Ok::<_, Infallible>(())
            }
        })
    })
}

/// A job whose worker broke down has failed; it must not look as if somebody were on it.
async fn perform(app: &AppState, id: &JobId) {
    let (worker, job) = (app.clone(), id.clone());
    let performed = tokio::spawn(async move { service::work::perform(&worker, &job).await }).await;
    let problem: Problem = match performed {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.into(),
        Err(panic) => {
            tracing::error!(job.id = %id, %panic, "a worker broke down");
            Problem::new(Kind::Internal, "Something in this server broke while it worked on this. The log says what.")
        }
    };
    if let Err(error) = service::jobs::fail(app, id, problem, Utc::now()).await {
        tracing::error!(job.id = %id, %error, "a failed job could not be marked");
    }
}
