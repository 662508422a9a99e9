//! What the files of a training show: its curve, its log, its samples.

use std::{path::PathBuf, sync::Arc};

use super::{
    following::read_metrics,
    list::get,
    places::{LogName, Places},
    settling::end_of,
};
use crate::{
    domain::{
        problem::Problem,
        training::{Followed, Training, TrainingId, TrainingState},
    },
    error::Error,
    integrations::kohya::{Sample, SavedState, last_lines, newest_state, sample_of},
    service::disk::blocking,
    state::AppState,
};

/// Most samples a page shows.
const SAMPLES: usize = 120;

/// Everything a page shows of a training that lies in files.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// The numbers and the curve.
    pub followed: Followed,
    /// The end of the log.
    pub log: Vec<String>,
    /// What the trainer has drawn, the newest epoch first.
    pub samples: Vec<Sample>,
    /// The saved state it could go on from.
    pub state: Option<SavedState>,
}

/// What is to be seen of a training, with so many lines of its log.
pub async fn sight(app: &AppState, training: &Arc<Training>, lines: usize) -> Result<Sight, Error> {
    let places = Places::of(app, &training.id)?;
    let live = app.trainings.get(&training.id);
    let training = Arc::clone(training);
    blocking(move || {
        let followed = live.map(|live| Followed::clone(&live)).or_else(|| read_metrics(&places.metrics())).unwrap_or_default();
        let resumable = matches!(training.state, TrainingState::Failed { .. } | TrainingState::Stopped);
        Ok(Sight {
            followed,
            log: last_lines(&end_of(&places.log(), 0).unwrap_or_default(), lines),
            samples: samples(&places),
            state: if resumable { newest_state(&places.output(), &training.name) } else { None },
        })
    })
    .await
}

/// The numbers and the curve of a training.
pub async fn metrics(app: &AppState, id: &TrainingId) -> Result<Followed, Error> {
    let training = get(app, id)?;
    if let Some(live) = app.trainings.get(id) {
        return Ok(Followed::clone(&live));
    }
    let places = Places::of(app, id)?;
    blocking(move || {
        let none = || Followed { progress: training.progress.clone(), ..Followed::default() };
        Ok(read_metrics(&places.metrics()).unwrap_or_else(none))
    })
    .await
}

/// The last lines of a log.
pub async fn log(app: &AppState, name: LogName<'_>, lines: usize) -> Result<String, Error> {
    let id = name.training().ok_or_else(|| Problem::not_found("log"))?;
    let places = Places::of(app, &get(app, &id).map_err(|_| Problem::not_found("log"))?.id)?;
    blocking(move || {
        let lines = last_lines(&end_of(&places.log(), 0).unwrap_or_default(), lines);
        Ok(lines.into_iter().map(|line| line + "\n").collect())
    })
    .await
}

/// The file of a sample.
pub fn sample(app: &AppState, id: &TrainingId, name: &str) -> Result<PathBuf, Error> {
    let missing = || Problem::not_found("sample");
    let places = Places::of(app, &get(app, id)?.id)?;
    // A plain name and nothing else: whatever leads elsewhere is none of ours.
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) && !name.starts_with('.');
    let sample = sample_of(name).filter(|_| plain).ok_or_else(missing)?;
    Ok(places.samples().join(sample.file))
}

/// The file of the LoRA a training has made.
pub fn file(app: &AppState, id: &TrainingId) -> Result<(PathBuf, String), Error> {
    let training = get(app, id)?;
    match training.state {
        TrainingState::Done { .. } => Ok((Places::of(app, id)?.output().join(training.file_name()), training.file_name())),
        _ => Err(Problem::conflict("This training has made no LoRA.").into()),
    }
}

fn samples(places: &Places) -> Vec<Sample> {
    let entries = std::fs::read_dir(places.samples()).into_iter().flatten().filter_map(Result::ok);
    let mut samples: Vec<_> = entries.filter_map(|entry| sample_of(entry.file_name().to_str()?)).collect();
    samples.sort_by(|a, b| (b.epoch, b.step, &a.file).cmp(&(a.epoch, a.step, &b.file)));
    samples.truncate(SAMPLES);
    samples
}
