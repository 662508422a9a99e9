//! Following a run: what the trainer writes, how far it is, and whether it is to stop.

use std::{
    fs::File,
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::Utc;
use tokio::process::Child;

use super::{
    list::get,
    places::{Places, cookie},
};
use crate::{
    domain::{
        problem::Problem,
        training::{Ending, Followed, Run, Training, TrainingId},
    },
    error::Error,
    integrations::{
        kohya::Watcher,
        trainer::{RunFolder, Standing, sweep},
    },
    live::Running,
    service::{disk::blocking, watching, work::tell},
    state::AppState,
};

/// How often the log is looked at.
const PACE: Duration = Duration::from_millis(250);

/// How often pages that show the curve and the log are told, and the numbers are written down.
const SLOWLY: Duration = Duration::from_secs(3);

/// How much of the log is read at a time.
const PIECE: usize = 1 << 20;

/// How much longer than its grace a guard may take to end everything.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a run ended.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What became of the trainer.
    pub(super) ending: Ending,
    /// Whether a person has asked it to stop.
    pub(super) stopped: bool,
}

/// Reads the log of one run and the folder of its guard.
struct Follower {
    watcher: Watcher,
    log: PathBuf,
    metrics: PathBuf,
    folder: RunFolder,
    saved: Instant,
}

/// What one look has shown.
struct Seen {
    standing: Standing,
    /// Whether the log had something new.
    news: bool,
}

/// Follows the newest run to its end. `guard` is the process we have started, when it was we.
pub(super) async fn follow(app: &AppState, id: &TrainingId, running: &Running, mut guard: Option<Child>) -> Result<Outcome, Error> {
    let training = get(app, id)?;
    let run = training.open_run().ok_or_else(|| Problem::conflict("This training does not run."))?.clone();
    let places = Places::of(app, id)?;
    let mut follower = blocking({
        let run = run.clone();
        move || Ok(Follower::take_up(&places, &run))
    })
    .await?;
    let mut stop = Stop { wanted: training.is_stopping(), asked: None };
    let mut told = Instant::now();
    loop {
        let seen;
        (follower, seen) = blocking(move || {
            let seen = follower.look().map_err(Error::file("Following a trainer"))?;
            Ok((follower, seen))
        })
        .await?;
        if seen.news {
            publish(app, &training, running, follower.watcher.followed());
            if told.elapsed() >= SLOWLY {
                watching::tell_training(app, id);
                told = Instant::now();
            }
        }
        if let (Some(ending), false) = (ending(&seen.standing, guard.as_mut(), &follower.folder), seen.news) {
            let followed = follower.watcher.followed().clone();
            app.trainings.note(id, followed);
            blocking(move || {
                follower.save();
                Ok(())
            })
            .await?;
            return Ok(Outcome { ending, stopped: stop.wanted || get(app, id)?.is_stopping() });
        }
        stop.wanted |= running.cancel.is_cancelled();
        if stop.wanted {
            stop.go_on(app, &training, &run, &follower.folder).await?;
        }
        tokio::select! {
            () = tokio::time::sleep(PACE) => {}
            () = running.cancel.cancelled(), if !stop.wanted => {}
        }
    }
}

/// How the run ended, when it has.
fn ending(standing: &Standing, guard: Option<&mut Child>, folder: &RunFolder) -> Option<Ending> {
    match standing {
        Standing::Ended(ending) => Some(ending.clone()),
        Standing::Vanished => Some(Ending::Vanished),
        Standing::Running => None,
        // The guard is on its way, unless it broke down before it could begin.
        Standing::Untouched | Standing::GivenUp => match guard.map(Child::try_wait) {
            Some(Ok(None)) => None,
            Some(_) | None => {
                // It may have begun between the two looks.
                let begun = folder.standing().is_ok_and(|now| now != Standing::Untouched && now != Standing::GivenUp);
                let words = std::fs::read_to_string(folder.path().join("guard.log")).unwrap_or_default();
                let why = words.lines().last().unwrap_or("its guard could not be started").to_owned();
                (!begun).then_some(Ending::NotStarted { why })
            }
        },
    }
}

/// What pages show of it.
fn publish(app: &AppState, training: &Training, running: &Running, followed: &Followed) {
    app.trainings.note(&training.id, followed.clone());
    let numbers = &followed.progress;
    tell(app, &training.job_id, running, |progress| {
        progress.words = match (numbers.epoch, numbers.words.as_str()) {
            (1.., "Training") => format!("Epoch {} of {}", numbers.epoch, numbers.total_epochs),
            (_, words) => words.to_owned(),
        };
        (progress.step, progress.steps) = (numbers.step, numbers.total_steps);
        progress.seconds_left = numbers.eta_seconds;
    });
}

/// On the way to the end, because somebody asked for it.
struct Stop {
    wanted: bool,
    /// When the guard was told.
    asked: Option<Instant>,
}

impl Stop {
    async fn go_on(&mut self, app: &AppState, training: &Training, run: &Run, folder: &RunFolder) -> Result<(), Error> {
        let (folder, cookie) = (folder.clone(), cookie(&training.id, run.number));
        match self.asked {
            None => {
                // A guard that has just been started cannot be told yet; it is tried again at the next look.
                let told = blocking(move || folder.ask_to_stop().map_err(Error::file("Stopping a trainer"))).await?;
                self.asked = told.then(Instant::now);
            }
            Some(at) if at.elapsed() > app.config.training.grace + PATIENCE => {
                tracing::warn!(training.id = %training.id, "a trainer's guard does not stop it; everything of this run is ended");
                blocking(move || Ok(sweep(&cookie, folder.guard()))).await?;
                self.asked = Some(Instant::now());
            }
            Some(_) => {}
        }
        Ok(())
    }
}

impl Follower {
    /// Goes on where the log was read to, or begins at the run's own words.
    fn take_up(places: &Places, run: &Run) -> Self {
        let known = read_metrics(&places.metrics());
        let followed = match known {
            Some(known) if known.run == run.number => known,
            Some(known) => {
                // The curve goes on; where it does is known when the trainer says how many steps it leaves out.
                let losses = if run.resumed_from.is_some() { known.losses } else { Default::default() };
                Followed { run: run.number, offset: run.log_from, losses, ..Followed::default() }
            }
            None => Followed { run: run.number, offset: run.log_from, ..Followed::default() },
        };
        Self {
            watcher: Watcher::new(followed),
            log: places.log(),
            metrics: places.metrics(),
            folder: places.run(run.number),
            saved: Instant::now(),
        }
    }

    fn look(&mut self) -> std::io::Result<Seen> {
        // In this order: what was written before it ended is then read for certain.
        let standing = self.folder.standing()?;
        let news = self.read()?;
        if news && self.saved.elapsed() >= SLOWLY {
            self.save();
        }
        Ok(Seen { standing, news })
    }

    fn read(&mut self) -> std::io::Result<bool> {
        let mut file = match File::open(&self.log) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(self.watcher.position()))?;
        let mut piece = Vec::new();
        file.take(PIECE as u64).read_to_end(&mut piece)?;
        self.watcher.feed(&piece, Utc::now());
        Ok(!piece.is_empty())
    }

    /// Writes the numbers down. What is lost here is read from the log again.
    fn save(&mut self) {
        self.saved = Instant::now();
        if let Err(error) = write_metrics(&self.metrics, self.watcher.followed()) {
            tracing::warn!(%error, "the numbers of a training could not be written down");
        }
    }
}

/// The numbers that were written down; `None` when there are none that can be read.
pub(super) fn read_metrics(path: &Path) -> Option<Followed> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn write_metrics(path: &Path, followed: &Followed) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec(followed)?)?;
    file.persist(path)?;
    Ok(())
}
