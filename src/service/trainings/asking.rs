//! Asking for trainings: what one would do, starting it, going on with one.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    base::{self, BaseModel},
    list::get,
    paths,
    places::{Places, tokenizers},
    preparing::{Preparation, room},
    settings::{self, Trainer},
};
use crate::{
    domain::{
        character::Character,
        dataset::{Dataset, DatasetId},
        job::{Job, JobId, Lane, TrainOrder, Work},
        model::Family,
        post::Named,
        problem::{Kind, Problem},
        training::{FluxParts, Given, Plan, Preset, TrainProgress, TrainRequest, Training, TrainingId, TrainingState, plain_name},
    },
    error::Error,
    expected::Expected,
    integrations::kohya::{Launcher, Order, invocation, newest_state},
    service::disk::blocking,
    state::AppState,
    store::{Table, Transaction},
};

/// What a request would do, before it does it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Everything the trainer would be told.
    pub plan: Plan,
    /// The LoRA's name.
    pub name: String,
    /// How many pictures it would learn from.
    pub pictures: u32,
    /// The exact command.
    pub command: String,
}

/// Everything a training is made from.
struct Draft {
    character: Arc<Character>,
    dataset: Arc<Dataset>,
    trainer: Trainer,
    base: BaseModel,
    launcher: Launcher,
}

/// What a request would do, with the id it would have. Looks at what is stored and set, and at no file.
pub fn offer(app: &AppState, request: &TrainRequest, id: &TrainingId) -> Result<Offer, Problem> {
    request.check()?;
    let draft = draft(app, request)?;
    let flux = draft.trainer.flux_parts().filter(|_| draft.base.family == Family::Flux);
    let plan = draft.plan(request, flux);
    let name = name(app, request, &draft.character)?;
    let pictures = count(&draft.dataset);
    let (places, tokenizers) = (Places::of(app, id)?, tokenizers(app));
    let order = Order { plan: &plan, name: &name, folder: places.home(), tokenizers: &tokenizers, resume: None };
    let command = invocation(&draft.launcher, order).shown();
    Ok(Offer { plan, name, pictures, command })
}

/// The exact command of a training, as its newest run has it; `None` while no trainer is set.
pub fn command(app: &AppState, training: &Training) -> Option<String> {
    let launcher = launcher(app).ok()?;
    let (places, tokenizers) = (Places::of(app, &training.id).ok()?, tokenizers(app));
    let resume = training.runs.last().and_then(|run| run.resumed_from.as_deref());
    let order = Order { plan: &training.plan, name: &training.name, folder: places.home(), tokenizers: &tokenizers, resume };
    Some(invocation(&launcher, order).shown())
}

/// Asks for a training. `key` is the caller's own name for the request: the same again within a day answers the same
/// training. `id` is what it is to be called, when that was said before.
pub async fn start(
    app: &AppState,
    mut request: TrainRequest,
    id: Option<TrainingId>,
    key: Option<String>,
    now: DateTime<Utc>,
) -> Result<Training, Error> {
    request.check()?;
    let named = named(&request, key)?;
    if let Some(training) = named.as_ref().map(|named| repeated(&app.store.read().trainings, named, now)).transpose()?.flatten() {
        return Ok(training);
    }
    if request.image_paths.is_empty() {
        return start_on(app, &request, id, named, now).await;
    }
    // Everything else has to be right before a dataset is made for it.
    foundation(app, &request)?;
    let made = paths::dataset_of(app, &request, now).await?;
    request.dataset_id = Some(made.clone());
    let started = start_on(app, &request, id, named, now).await;
    if !started.as_ref().is_ok_and(|training| training.dataset_id.as_ref() == Some(&made)) {
        // It was made for a training that did not come to be.
        super::super::datasets::delete(app, &made, Expected::ANY, now).await?;
    }
    started
}

async fn start_on(
    app: &AppState,
    request: &TrainRequest,
    id: Option<TrainingId>,
    named: Option<Named>,
    now: DateTime<Utc>,
) -> Result<Training, Error> {
    let draft = draft(app, request)?;
    works(app, now).await?;
    let id = id.unwrap_or_default();
    let places = Places::of(app, &id)?;
    let (base, trainer) = (draft.base.clone(), draft.trainer.clone());
    let flux = blocking(move || Ok(base::there(&base, &trainer)?)).await?;
    let plan = draft.plan(request, flux);
    let pictures = ready(app, &draft.dataset.id).await?;
    let name = name(app, request, &draft.character)?;
    let preparation = Preparation { places, dataset: Arc::clone(&draft.dataset), pictures, plan: plan.clone() };
    let reserve = u64::from(app.config.training.reserve) * 1_000_000_000;
    blocking(move || {
        room(preparation.places.home(), &preparation.plan, reserve)?;
        preparation.make()
    })
    .await?;
    let training = draft.training(id, name, plan, request.preset, named, now);
    store(app, training, now).await
}

/// Goes on with a training that failed or was stopped, from its newest saved state.
pub async fn resume(app: &AppState, id: &TrainingId, now: DateTime<Utc>) -> Result<Training, Error> {
    let training = get(app, id)?;
    can_resume(&training)?;
    launcher(app)?;
    works(app, now).await?;
    let places = Places::of(app, id)?;
    let (output, name, plan) = (places.output(), training.name.clone(), training.plan.clone());
    let reserve = u64::from(app.config.training.reserve) * 1_000_000_000;
    let state = blocking(move || {
        room(&output, &plan, reserve)?;
        let nothing = || Problem::conflict("There is no saved state to go on from. Train again from the start.");
        Ok(newest_state(&output, &name).ok_or_else(nothing)?)
    })
    .await?;
    let id = id.clone();
    let training = app
        .store
        .write(move |tx| {
            let stored = tx.get::<Training>(id.as_str()).ok_or_else(|| Problem::not_found("training"))?;
            can_resume(&stored)?;
            let mut training = Training::clone(&stored);
            enqueue(tx, &mut training, now)?;
            training.turn(TrainingState::Queued { resume: Some(state.folder) }, now);
            tx.put(training.clone())?;
            Ok::<_, Error>(training)
        })
        .await?;
    app.wake(Lane::Train);
    Ok(training)
}

fn can_resume(training: &Training) -> Result<(), Problem> {
    match &training.state {
        TrainingState::Failed { .. } | TrainingState::Stopped => Ok(()),
        TrainingState::Done { .. } => Err(Problem::conflict("This training is done. Train again to make it better.")),
        TrainingState::Queued { .. } | TrainingState::Running { .. } => Err(Problem::conflict("This training goes on already.")),
    }
}

/// Puts a job for it into the queue.
pub(super) fn enqueue(tx: &mut Transaction, training: &mut Training, now: DateTime<Utc>) -> Result<(), Error> {
    let order = TrainOrder { training_id: training.id.clone() };
    let job = Job::queued(Work::Train(order), Some(training.character_id.clone()), Vec::new(), now);
    training.job_id = job.id.clone();
    Ok(tx.put(job)?)
}

async fn store(app: &AppState, training: Training, now: DateTime<Utc>) -> Result<Training, Error> {
    let (kept, ours) = (training.id.clone(), Places::of(app, &training.id)?);
    let stored = app
        .store
        .write(move |tx| {
            // Twice at the same moment is once, too.
            if let Some(training) = training.request.as_ref().map(|named| repeated(tx.table(), named, now)).transpose()?.flatten() {
                return Ok(training);
            }
            if tx.get::<Training>(training.id.as_str()).is_some() {
                return Err(Error::from(Problem::conflict("There is a training of that id already.")));
            }
            let mut training = training;
            if is_taken(tx.table(), &training.name) {
                return Err(Problem::invalid("name", "Another training has this name. Choose another.").into());
            }
            enqueue(tx, &mut training, now)?;
            tx.put(training.clone())?;
            Ok(training)
        })
        .await;
    let lost = stored.as_ref().map_or(true, |training| training.id != kept);
    if lost {
        // The folder belongs to nobody.
        let _ = tokio::fs::remove_dir_all(ours.home()).await;
    }
    let training = stored?;
    app.wake(Lane::Train);
    tracing::info!(training.id = %training.id, "a training was asked for");
    Ok(training)
}

/// Whose it is to be, with what, and on what.
fn foundation(app: &AppState, request: &TrainRequest) -> Result<(Arc<Character>, Trainer, BaseModel, Launcher), Problem> {
    let state = app.store.read();
    let unknown = || Problem::invalid("characterId", "There is no such character.");
    let character = state.characters.get(request.character_id.as_str()).cloned().ok_or_else(unknown)?;
    let launcher = launcher(app)?;
    let trainer = settings::trainer(app, &state);
    let base = base::meant(&trainer, &request.base_model)?;
    Ok((character, trainer, base, launcher))
}

/// What can be told without looking at any file.
fn draft(app: &AppState, request: &TrainRequest) -> Result<Draft, Problem> {
    let (character, trainer, base, launcher) = foundation(app, request)?;
    let state = app.store.read();
    let wrong = |words: &str| Problem::invalid("datasetId", words);
    let newest = || {
        let mut hers = state.datasets.newest().filter(|dataset| dataset.character_id == character.id);
        hers.find(|dataset| dataset.usable().next().is_some()).cloned()
    };
    let dataset = match &request.dataset_id {
        Some(id) => state.datasets.get(id.as_str()).cloned().ok_or_else(|| wrong("There is no such dataset."))?,
        None => newest().ok_or_else(|| wrong("There are no pictures to learn from. Make a dataset first."))?,
    };
    if dataset.character_id != character.id {
        return Err(wrong("This dataset shows somebody else."));
    }
    if dataset.usable().next().is_none() {
        return Err(wrong("There are no pictures in this dataset."));
    }
    Ok(Draft { character, dataset, trainer, base, launcher })
}

impl Draft {
    fn plan(&self, request: &TrainRequest, flux: Option<FluxParts>) -> Plan {
        let word = request.trigger_word.as_deref().map(str::trim).filter(|word| !word.is_empty());
        let words = [word.unwrap_or_default(), &self.dataset.trigger_word, &self.character.trigger_word];
        let given = Given {
            family: self.base.family,
            base_model: self.base.path.to_string_lossy().into_owned(),
            flux,
            trigger_word: words.into_iter().find(|word| !word.is_empty()).unwrap_or_default().to_owned(),
            pictures: count(&self.dataset),
        };
        Plan::of(request, given)
    }

    fn training(self, id: TrainingId, name: String, plan: Plan, preset: Preset, request: Option<Named>, now: DateTime<Utc>) -> Training {
        let pictures = count(&self.dataset);
        let progress = TrainProgress { total_steps: plan.total_steps(pictures), total_epochs: plan.epochs, ..TrainProgress::default() };
        Training {
            id,
            character_id: self.character.id.clone(),
            character_name: self.character.name.clone(),
            name,
            dataset_id: Some(self.dataset.id.clone()),
            dataset_name: self.dataset.name.clone(),
            pictures,
            preset,
            plan,
            state: TrainingState::Queued { resume: None },
            // Replaced when its job is stored, in the same step.
            job_id: JobId::new(),
            runs: Vec::new(),
            progress,
            notes: Vec::new(),
            request,
            comparison: None,
            created_at: now,
            updated_at: now,
            finished_at: None,
        }
    }
}

fn count(dataset: &Dataset) -> u32 {
    u32::try_from(dataset.usable().count()).unwrap_or(u32::MAX)
}

fn launcher(app: &AppState) -> Result<Launcher, Problem> {
    let words = "No trainer is set up. Set the folder of kohya's sd-scripts under Settings, or KOHYA_DIR when starting.";
    settings::trainer(app, &app.store.read()).launcher.ok_or_else(|| Problem::new(Kind::NotConfigured, words))
}

/// Whether the trainer can be started: as it was last seen, or looked at anew when that was not good.
async fn works(app: &AppState, now: DateTime<Utc>) -> Result<(), Error> {
    let launcher = launcher(app)?;
    if app.trainer.last(&launcher).is_some_and(|seen| seen.seen.is_ok()) {
        return Ok(());
    }
    match settings::look(app, now).await.map(|seen| seen.seen) {
        Some(Err(words)) => Err(Problem::new(Kind::NotConfigured, words).into()),
        Some(Ok(_)) | None => Ok(()),
    }
}

/// The dataset's folder, ready for a trainer; what is wrong with it is said of the field.
async fn ready(app: &AppState, id: &DatasetId) -> Result<std::path::PathBuf, Error> {
    super::super::datasets::folder(app, id).await.map_err(|error| match error {
        Error::Problem(problem) if problem.kind == Kind::Conflict => Problem::invalid("datasetId", problem.message).into(),
        error => error,
    })
}

/// The name that was asked for, or the next one of the character.
fn name(app: &AppState, request: &TrainRequest, character: &Character) -> Result<String, Problem> {
    let state = app.store.read();
    match request.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) if is_taken(&state.trainings, name) => Err(Problem::invalid("name", "Another training has this name. Choose another.")),
        Some(name) => Ok(name.to_owned()),
        None => {
            let stem = plain_name(&character.name);
            let known = |name: &String| {
                is_taken(&state.trainings, name)
                    || character.lora_versions.iter().any(|version| version.name == format!("{name}.safetensors"))
            };
            let mut names = (1..).map(|number: u32| format!("{stem}-v{number}"));
            Ok(names.find(|name| !known(name)).unwrap_or(stem))
        }
    }
}

fn is_taken(trainings: &Table<Training>, name: &str) -> bool {
    trainings.indexed("name", name).next().is_some()
}

fn named(request: &TrainRequest, key: Option<String>) -> Result<Option<Named>, Problem> {
    let Some(key) = key else { return Ok(None) };
    let fits = !key.is_empty() && key.len() <= 200 && key.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if !fits {
        return Err(Problem::invalid("Idempotency-Key", "Use 1 to 200 plain characters."));
    }
    let body = serde_json::to_string(request).unwrap_or_default();
    Ok(Some(Named { key, body: format!("{:016x}", xxhash_rust::xxh3::xxh3_64(body.as_bytes())) }))
}

fn repeated(trainings: &Table<Training>, named: &Named, now: DateTime<Utc>) -> Result<Option<Training>, Problem> {
    let recent = |training: &&Arc<Training>| now - training.created_at < chrono::Duration::hours(24);
    match trainings.indexed("request", &named.key).find(recent) {
        Some(training) if training.request.as_ref() == Some(named) => Ok(Some(Training::clone(training))),
        Some(_) => Err(Problem::invalid("Idempotency-Key", "This key was used for another request within the last 24 hours.")),
        None => Ok(None),
    }
}
