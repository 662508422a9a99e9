//! Running a training: what the worker does. It may be cut off anywhere, and the next start goes on from what is stored
//! and what the guard has written down.

use chrono::{DateTime, Duration, Utc};

use super::{
    asking::enqueue,
    following::{self, Outcome},
    list::{get, unfinished},
    places::{Places, cookie, tokenizers},
    settings, settling,
    sharing::{both_go_on, have_the_card},
};
use crate::{
    domain::{
        job::{Job, Lane, Work},
        problem::Problem,
        training::{Ending, Run, Training, TrainingId, TrainingState},
    },
    error::Error,
    integrations::{
        kohya::{Launcher, Order, invocation},
        trainer::{GuardOrder, Standing, start_guard},
    },
    live::Running,
    service::{
        disk::blocking,
        work::{Ended, tell},
    },
    state::AppState,
    store::Transaction,
};

/// When something is tried again that may be different then.
const AGAIN: Duration = Duration::seconds(15);

/// Trains one LoRA to its end.
pub(in crate::service) async fn work(app: &AppState, job: &Job, running: &Running) -> Result<(), Ended> {
    let Work::Train(order) = &job.work else { unreachable!("workers hand over each job by its kind") };
    // Deleted in the meantime: nobody waits for it.
    let Ok(training) = get(app, &order.training_id) else { return Err(Ended::Cancelled) };
    let training = match training.state.is_final() {
        true => training,
        false => match forward(app, &training.id, running).await {
            Ok(training) => training.into(),
            // The trainer may be running all the same: it is taken up again, and not forgotten.
            Err(Ended::Failed(problem)) => return Err(Ended::Later(Utc::now() + AGAIN, problem.message)),
            Err(ended) => return Err(ended),
        },
    };
    match &training.state {
        TrainingState::Done { .. } => Ok(()),
        TrainingState::Failed { problem, .. } => Err(Ended::Failed(problem.clone())),
        TrainingState::Stopped => Err(Ended::Cancelled),
        TrainingState::Queued { .. } | TrainingState::Running { .. } => Err(Ended::Stopped),
    }
}

async fn forward(app: &AppState, id: &TrainingId, running: &Running) -> Result<Training, Ended> {
    let training = get(app, id).map_err(Ended::from)?;
    // Pictures that have not begun wait from now on, so that the card becomes free at some time.
    let _claim = (!both_go_on(app)).then(|| app.gpu.claim(id, &training.name));
    let taken_up = match training.open_run() {
        Some(run) => take_up(app, &training, run.number).await.map_err(Ended::from)?,
        None => false,
    };
    let mut guard = None;
    if !taken_up {
        if !both_go_on(app) && !have_the_card(app, &training, running).await {
            return settling::stopped_before(app, id).await.map_err(Ended::from);
        }
        // Between being asked to stop and being started there is no gap: the store decides.
        let begun = match begin(app, id).await.map_err(Ended::from)? {
            Begun::Now(training) => training,
            Begun::Not => return settling::stopped_before(app, id).await.map_err(Ended::from),
            Begun::Later(other) => return Err(Ended::Later(Utc::now() + AGAIN, format!("Waits until {other} has ended."))),
        };
        tell(app, &begun.job_id, running, |progress| progress.words = "Starting the trainer".into());
        guard = match launch(app, &begun).await {
            Ok(guard) => Some(guard),
            Err(why) => {
                return settling::settle(app, id, Outcome { ending: Ending::NotStarted { why }, stopped: false })
                    .await
                    .map_err(Ended::from);
            }
        };
    }
    let outcome = following::follow(app, id, running, guard).await.map_err(Ended::from)?;
    settling::settle(app, id, outcome).await.map_err(Ended::from)
}

/// Whether a run that was decided on before goes on, or has ended. One that was never started is given up, so that it
/// never will be.
async fn take_up(app: &AppState, training: &Training, run: u32) -> Result<bool, Error> {
    let folder = Places::of(app, &training.id)?.run(run);
    let standing = blocking(move || match folder.standing().map_err(Error::file("Reading a run's folder"))? {
        Standing::Untouched if folder.give_up().map_err(Error::file("Giving up a run"))? => Ok(Standing::GivenUp),
        Standing::Untouched => Ok(Standing::Running),
        other => Ok(other),
    })
    .await?;
    Ok(match standing {
        Standing::GivenUp | Standing::Untouched => false,
        Standing::Running | Standing::Ended(_) | Standing::Vanished => {
            tracing::info!(training.id = %training.id, run, "a training is taken up again");
            true
        }
    })
}

/// Whether a run has been decided on.
enum Begun {
    /// It is stored, and may be started.
    Now(Box<Training>),
    /// It is not to be started any more.
    Not,
    /// That other one still runs.
    Later(String),
}

/// Decides on the next run, and stores that before anything is started.
async fn begin(app: &AppState, id: &TrainingId) -> Result<Begun, Error> {
    let places = Places::of(app, id)?;
    let name = get(app, id)?.file_name();
    let log_from = blocking(move || {
        // What a run before has left under this name would look like the work of this one.
        match std::fs::remove_file(places.output().join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::file("Clearing the trainer's folder")(error)),
            Ok(()) | Err(_) => {}
        }
        Ok(std::fs::metadata(places.log()).map(|about| about.len()).unwrap_or_default())
    })
    .await?;
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Training>(id.as_str()).ok_or_else(|| Problem::not_found("training"))?;
            let mut training = Training::clone(&stored);
            let now = Utc::now();
            let other = tx.table::<Training>().indexed("state", "running").find(|other| other.id != id && other.open_run().is_some());
            if let Some(other) = other {
                return Ok(Begun::Later(other.name.clone()));
            }
            let resumed_from = match &training.state {
                TrainingState::Queued { resume } => resume.clone(),
                // The run before was given up before it began.
                TrainingState::Running { stopping: false } => training.runs.pop().and_then(|run| run.resumed_from),
                TrainingState::Running { stopping: true }
                | TrainingState::Done { .. }
                | TrainingState::Failed { .. }
                | TrainingState::Stopped => {
                    return Ok(Begun::Not);
                }
            };
            // The number of a run that was given up is not used again.
            let number = stored.runs.last().map_or(0, |run| run.number) + 1;
            training.runs.push(Run { number, begun_at: now, log_from, resumed_from, ending: None });
            training.turn(TrainingState::Running { stopping: false }, now);
            tx.put(training.clone())?;
            Ok::<_, Error>(Begun::Now(training.into()))
        })
        .await
}

/// Starts the guard of the newest run. The error is what the system said.
async fn launch(app: &AppState, training: &Training) -> Result<tokio::process::Child, String> {
    let run = training.open_run().ok_or("there is no run to start")?;
    let trainer = settings::trainer(app, &app.store.read());
    let launcher: Launcher = trainer.launcher.ok_or("no trainer is set up any more")?;
    let places = Places::of(app, &training.id).map_err(|problem| problem.message)?;
    let tokenizers = tokenizers(app);
    let order = Order {
        plan: &training.plan,
        name: &training.name,
        folder: places.home(),
        tokenizers: &tokenizers,
        resume: run.resumed_from.as_deref(),
    };
    let invocation = invocation(&launcher, order);
    let order = GuardOrder {
        program: invocation.program,
        arguments: invocation.arguments,
        folder: invocation.folder,
        environment: invocation.environment,
        log: places.log(),
        grace: app.config.training.grace.as_secs_f64(),
    };
    let (folder, program) = (places.run(run.number), app.config.training.guard_program());
    let (guarded, cookie) = (folder.clone(), cookie(&training.id, run.number));
    blocking(move || guarded.prepare(&order).map_err(Error::file("Writing down what is to be started")))
        .await
        .map_err(|error| Problem::from(error).message)?;
    start_guard(&program, &folder, &cookie).map_err(|error| error.to_string())
}

/// What becomes of a training whose worker broke down: its trainer is stopped, and when that breaks down too it has failed.
pub(in crate::service) fn broke_down(tx: &mut Transaction, id: &TrainingId, problem: &Problem, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(stored) = tx.get::<Training>(id.as_str()) else { return Ok(()) };
    let mut training = Training::clone(&stored);
    match training.state {
        TrainingState::Done { .. } | TrainingState::Failed { .. } | TrainingState::Stopped => return Ok(()),
        TrainingState::Running { stopping: false } => {
            enqueue(tx, &mut training, now)?;
            training.turn(TrainingState::Running { stopping: true }, now);
        }
        TrainingState::Queued { .. } | TrainingState::Running { stopping: true } => {
            training.turn(TrainingState::Failed { problem: problem.clone(), tail: Vec::new() }, now);
        }
    }
    Ok(tx.put(training)?)
}

/// Takes up trainings that a stop cut off: those without a job get one, and the card belongs to the one that runs.
pub async fn recover(app: &AppState, now: DateTime<Utc>) -> Result<usize, Error> {
    let lost = app
        .store
        .write(move |tx| {
            let mut lost = 0;
            for stored in unfinished(tx.state()) {
                let waits = tx.get::<Job>(stored.job_id.as_str()).is_some_and(|job| !job.status.is_final());
                if !waits {
                    let mut training = Training::clone(&stored);
                    enqueue(tx, &mut training, now)?;
                    tx.put(training)?;
                    lost += 1;
                }
            }
            Ok::<_, Error>(lost)
        })
        .await?;
    // Before any picture begins: the worker that takes the training up comes a moment later.
    if let Some(running) = unfinished(&app.store.read()).into_iter().find(|training| training.open_run().is_some())
        && !both_go_on(app)
    {
        app.gpu.reserve(&running.id, &running.name);
    }
    app.wake(Lane::Train);
    Ok(lost)
}
