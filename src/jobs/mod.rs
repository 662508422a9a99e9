//! The workers: they take what waits and call the deed for it.

mod queue;

use std::{convert::Infallible, str::FromStr, time::Duration};

use apalis::prelude::*;
use apalis_cron::{CronScheduler, Tick};
use chrono::Utc;
use tokio::time::MissedTickBehavior;

use self::queue::{HandedOut, JobQueue};
use crate::{
    actor,
    domain::{
        job::{JobId, Lane},
        problem::{Kind, Problem},
    },
    service,
    state::AppState,
};

/// How often the outside services are looked at: often enough for a page, seldom enough for a home network.
const LOOK_AROUND: &str = "0/15 * * * * *";

/// How often is taken away what nobody needs any more.
const SWEEP: &str = "0 7 * * * *";

/// Most jobs of one lane that are worked on at the same time, whatever its queue says.
const MOST_AT_ONCE: usize = 64;

/// How many jobs Gemini writes for at the same time.
const WRITERS: usize = 2;

/// How many posts go out at the same time; those of one account never do.
const PUBLISHERS: usize = 2;

/// How many runs of tasks are gone on with at the same time; those of one character never are.
const RUNNERS: usize = 4;

/// How often is looked for tasks that are due.
const TICK: Duration = Duration::from_secs(1);

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
    match service::schedules::recover(&app, Utc::now()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "runs without a job go on"),
        Err(error) => tracing::error!(%error, "runs without a job could not be taken up"),
    }
    let following = tokio::spawn(service::schedules::follow(app.clone()));
    let ticking = tokio::spawn(clock(app.clone()));
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
    // As many pictures at a time as there are ComfyUI servers, which may be others later.
    let monitor = with_lane(Monitor::new(), &app, Lane::Draw, |app| app.comfy.room(), &handed_out);
    let monitor = with_lane(monitor, &app, Lane::Write, |_| WRITERS, &handed_out);
    let monitor = with_lane(monitor, &app, Lane::Publish, |_| PUBLISHERS, &handed_out);
    let monitor = with_lane(monitor, &app, Lane::Tasks, |_| RUNNERS, &handed_out);
    let monitor = with_lane(monitor, &app, Lane::Train, |_| 1, &handed_out);
    let monitor = with_lane(monitor, &app, Lane::Housekeeping, |_| 1, &handed_out);
    tokio::spawn({
        // Networks and Python take a moment to answer, and nobody has to wait for them.
        let app = app.clone();
        async move {
            service::status::look_around(&app, Utc::now()).await;
            service::trainings::look(&app, Utc::now()).await
        }
    });
    // Looks at the outside services now and then, so that pages never have to wait for them.
    let monitor = with_clock(monitor, &app, "look-around", LOOK_AROUND, |app| async move {
        service::models::look(&app, Utc::now()).await;
        service::gemini::look(&app, Utc::now()).await;
        service::accounts::keep(&app, Utc::now()).await;
        service::status::look_around(&app, Utc::now()).await;
    });
    let monitor = with_clock(monitor, &app, "sweep", SWEEP, |app| async move {
        service::handoff::sweep(&app, Utc::now()).await;
        if let Err(error) = service::repeats::sweep(&app, Utc::now()).await {
            tracing::warn!(%error, "old answers could not be let go of");
        }
    });
    let ended = monitor
        .run_with_signal(async move {
            stop.cancelled().await;
            Ok(())
        })
        .await;
    if let Err(error) = ended {
        tracing::error!(%error, "a worker ended badly");
    }
    following.abort();
    if ticking.await.is_err() {
        tracing::error!("the clock broke down");
    }
    if let Err(error) = service::schedules::wind_up(&app).await {
        tracing::error!(%error, "the last tick could not be stored");
    }
}

/// Looks each second for tasks that are due.
///
/// Not a cron worker: that one sleeps until a time of day, so it stands still for hours when the clock is set back, and
/// it ends when it is asked for its next second too late, as on a busy machine.
async fn clock(app: AppState) {
    let mut seconds = tokio::time::interval(TICK);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            _ = seconds.tick() => {}
            () = app.stopping.cancelled() => return,
        }
        let ticking = app.clone();
        // On its own, so that one that breaks down does not end the clock.
        match tokio::spawn(async move { service::schedules::tick(&ticking, Utc::now()).await }).await {
            Ok(Ok(_)) => failing = false,
            // Said once, and not each second until the disk has room.
            Ok(Err(error)) if !failing => {
                failing = true;
                tracing::error!(%error, "what is due could not be stored; it is looked for again each second");
            }
            Ok(Err(_)) => {}
            Err(panic) => tracing::error!(%panic, "a tick broke down"),
        }
    }
}

/// Adds a worker that does something again and again, as the expression says. It never holds up the clock: what is
/// slow goes on beside it.
fn with_clock<F>(monitor: Monitor, app: &AppState, name: &'static str, often: &'static str, deed: fn(AppState) -> F) -> Monitor
where
    F: Future<Output = ()> + Send + 'static,
{
    let app = app.clone();
    monitor.register(move |_| {
        let app = app.clone();
        let often = cron::Schedule::from_str(often).expect("the expression is ours");
        WorkerBuilder::new(name).backend(CronScheduler::new(often)).build(move |_: Tick| {
            tokio::spawn(deed(app.clone()));
            async { Ok::<_, Infallible>(()) }
        })
    })
}

/// Adds the workers of a lane. How many work at once is the queue's to say.
fn with_lane(monitor: Monitor, app: &AppState, lane: Lane, room: fn(&AppState) -> usize, handed_out: &HandedOut) -> Monitor {
    let (app, handed_out) = (app.clone(), handed_out.clone());
    monitor.register(move |_| {
        let queue = JobQueue::new(app.clone(), lane, room, handed_out.clone());
        let (app, handed_out) = (app.clone(), handed_out.clone());
        WorkerBuilder::new(lane.key()).backend(queue).concurrency(MOST_AT_ONCE).build(move |id: JobId| {
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
    let (worker, job, doer) = (app.clone(), id.clone(), service::jobs::actor(app, id));
    let work = actor::by(doer.clone(), async move { service::work::perform(&worker, &job).await });
    let performed = tokio::spawn(work).await;
    let problem: Problem = match performed {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.into(),
        Err(panic) => {
            tracing::error!(job.id = %id, %panic, "a worker broke down");
            Problem::new(Kind::Internal, "Something in this server broke while it worked on this. The log says what.")
        }
    };
    if let Err(error) = actor::by(doer, service::jobs::fail(app, id, problem, Utc::now())).await {
        tracing::error!(job.id = %id, %error, "a failed job could not be marked");
    }
}
