//! What became of a training. Looked at anew it comes out the same, so it may be cut off and repeated.

use std::{
    io::{Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{
    delivering::deliver,
    following::{Outcome, read_metrics},
    list::get,
    places::{Places, cookie},
    settings,
};
use crate::{
    domain::{
        character::Character,
        problem::{Kind, Problem},
        training::{Ending, LoraFile, LoraVersion, TrainProgress, Training, TrainingId, TrainingState},
    },
    error::Error,
    integrations::{
        kohya::{LoraFault, TAIL_BYTES, explain, last_lines, read_header},
        trainer::sweep,
    },
    service::disk::blocking,
    state::AppState,
    store::Transaction,
};

/// How many of the trainer's last lines are kept with a failure.
const KEPT_LINES: usize = 40;

/// What a look at everything a run has left behind has shown.
struct Judged {
    state: TrainingState,
    progress: TrainProgress,
    notes: Vec<String>,
}

/// Finds out what a run made, brings its LoRA where it belongs, and stores all that in one step.
pub(super) async fn settle(app: &AppState, id: &TrainingId, outcome: Outcome) -> Result<Training, Error> {
    let training = get(app, id)?;
    let places = Places::of(app, id)?;
    let lora_dir = settings::trainer(app, &app.store.read()).lora_dir;
    let ending = outcome.ending.clone();
    let judged = {
        let training = Arc::clone(&training);
        blocking(move || Ok(judge(&training, &places, &outcome, lora_dir.as_deref()))).await?
    };
    let stored = id.clone();
    let training = app.store.write(move |tx| record(tx, &stored, ending, judged, Utc::now())).await?;
    app.trainings.forget(id);
    if matches!(&training.state, TrainingState::Done { file } if file.installed) {
        // So that it can be chosen at once.
        super::super::models::look(app, Utc::now()).await;
    }
    tracing::info!(training.id = %id, state = training.state.key(), "a training has ended");
    Ok(training)
}

/// Stopped before a trainer was started.
pub(super) async fn stopped_before(app: &AppState, id: &TrainingId) -> Result<Training, Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Training>(id.as_str()).ok_or_else(|| Problem::not_found("training"))?;
            let mut training = Training::clone(&stored);
            if !training.state.is_final() {
                training.turn(TrainingState::Stopped, Utc::now());
                tx.put(training.clone())?;
            }
            Ok::<_, Error>(training)
        })
        .await
}

fn record(tx: &mut Transaction, id: &TrainingId, ending: Ending, judged: Judged, now: DateTime<Utc>) -> Result<Training, Error> {
    let stored = tx.get::<Training>(id.as_str()).ok_or_else(|| Problem::not_found("training"))?;
    let mut training = Training::clone(&stored);
    if let Some(run) = training.runs.last_mut() {
        run.ending = Some(ending);
    }
    training.progress = judged.progress;
    training.notes = judged.notes;
    training.turn(judged.state, now);
    if let TrainingState::Done { file } = &training.state {
        add_version(tx, &training, file, now)?;
    }
    tx.put(training.clone())?;
    Ok(training)
}

/// The LoRA becomes a version of its character, if she is still there.
fn add_version(tx: &mut Transaction, training: &Training, file: &LoraFile, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(stored) = tx.get::<Character>(training.character_id.as_str()) else { return Ok(()) };
    if stored.lora_versions.iter().any(|version| version.training_id == training.id) {
        return Ok(());
    }
    let mut character = Character::clone(&stored);
    character.lora_versions.push(LoraVersion {
        training_id: training.id.clone(),
        name: file.name.clone(),
        trigger_word: training.plan.trigger_word.clone(),
        family: training.plan.family,
        base_model: Path::new(&training.plan.base_model).file_name().unwrap_or_default().to_string_lossy().into_owned(),
        strength: 1.0,
        created_at: now,
        active: false,
        before: None,
    });
    character.updated_at = Some(now);
    Ok(tx.put(character)?)
}

/// Blocks: it reads files, and copies one that may be large.
fn judge(training: &Training, places: &Places, outcome: &Outcome, lora_dir: Option<&Path>) -> Judged {
    if let Some(run) = training.runs.last() {
        // Whatever ended the guard, nothing of this run goes on.
        let swept = sweep(&cookie(&training.id, run.number), places.run(run.number).guard());
        if swept > 0 {
            tracing::warn!(training.id = %training.id, swept, "processes a trainer had left behind were ended");
        }
    }
    let run = training.runs.last().map_or(0, |run| run.number);
    let followed = read_metrics(&places.metrics()).filter(|followed| followed.run == run);
    let mut progress = followed.map_or_else(|| training.progress.clone(), |followed| followed.progress);
    progress.eta_seconds = None;
    let from = training.runs.last().map_or(0, |run| run.log_from);
    let end_of_log = end_of(&places.log(), from).unwrap_or_default();
    let made = places.output().join(training.file_name());
    let header = read_header(&made);
    let (state, notes) = match (&outcome.ending, header, progress.nan_since) {
        (Ending::Exit { code: 0 }, Ok(header), None) => done(training, &made, header, lora_dir),
        _ if outcome.stopped => (TrainingState::Stopped, Vec::new()),
        (
            Ending::Exit { code: 0 },
            Err(fault @ (LoraFault::Cut | LoraFault::Other | LoraFault::Empty | LoraFault::Unreadable(_))),
            None,
        ) => {
            let words = format!(
                "The trainer ended well, but its file {} is of no use: {fault}. Look whether the disk is full, then train again.",
                training.file_name()
            );
            (failed(Problem::new(Kind::Refused, words), &end_of_log), Vec::new())
        }
        (ending, ..) => (failed(explain(ending, &progress, &end_of_log), &end_of_log), Vec::new()),
    };
    Judged { state, progress, notes }
}

fn done(
    training: &Training,
    made: &Path,
    header: crate::integrations::kohya::Header,
    lora_dir: Option<&Path>,
) -> (TrainingState, Vec<String>) {
    let mut notes = Vec::new();
    let (mut name, mut installed) = (training.file_name(), false);
    match lora_dir.map(|dir| (dir, deliver(made, dir, &training.name))) {
        None => notes.push(
            "ComfyUI's folder of LoRAs is not set, so the file is not there yet. Download it and put it into models/loras.".to_owned(),
        ),
        Some((_, Ok(placed))) => (name, installed) = (placed, true),
        Some((dir, Err(error))) => {
            notes.push(format!("The file could not be copied into {}: {error}. Download it and put it there.", dir.display()))
        }
    }
    (TrainingState::Done { file: LoraFile { name, bytes: header.bytes, installed } }, notes)
}

fn failed(problem: Problem, end_of_log: &[u8]) -> TrainingState {
    TrainingState::Failed { problem, tail: last_lines(end_of_log, KEPT_LINES) }
}

/// The end of a file, but nothing before `from`.
pub(super) fn end_of(path: &Path, from: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES).max(from.min(length))))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
