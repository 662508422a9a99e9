//! Prompts for the library, written many at a time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    captions::{otherwise, values},
    gemini,
    work::{Ended, tell},
};
use crate::{
    domain::{
        character::{Character, CharacterId},
        generation::LONGEST_PROMPT,
        instruction::{self, Voice},
        job::{Job, JobId, Work},
        library::{Known, Prompt},
        problem::{Kind, Problem},
        template,
        words::{Author, PromptsOrder, PromptsRequest, Usage},
    },
    error::Error,
    integrations::gemini::{Ask, Asked, GeminiError},
    live::Running,
    state::AppState,
    store::State,
};

/// How many prompts are asked for at a time: what was stored is never written again, whatever is cut off.
const AT_A_TIME: usize = 10;
/// Most rounds beyond those that are needed when nothing is thrown away.
const SPARE_ROUNDS: u32 = 4;
/// How many of her newest prompts a writer is shown.
const SHOWN: usize = 30;

/// Asks for prompts. A worker writes them.
pub async fn order(app: &AppState, request: PromptsRequest, now: DateTime<Utc>) -> Result<Job, Error> {
    super::jobs::start(app, prepare(app, request, now)?).await
}

/// The job that writes what is asked for, not stored yet.
pub(super) fn prepare(app: &AppState, request: PromptsRequest, now: DateTime<Utc>) -> Result<Job, Error> {
    request.check()?;
    let unknown = |_| Problem::invalid("characterId", "There is no such character.");
    let character = super::characters::get(app, &request.character_id).map_err(unknown)?;
    let order = PromptsOrder { request, written: Vec::new(), rounds: 0, source: None, usage: Vec::new(), plan: None };
    Ok(Job::queued(Work::WritePrompts(order), Some(character.id.clone()), Vec::new(), now))
}

/// The entries a job has written that are still there, oldest first.
pub fn written(app: &AppState, job: &Job) -> Vec<Arc<Prompt>> {
    let state = app.store.read();
    job.prompts().into_iter().flat_map(|order| &order.written).filter_map(|id| state.prompts.get(id.as_str()).cloned()).collect()
}

/// Writes the prompts of a job that are not written yet; when they are for a plan, they are drawn then.
pub(super) async fn write(app: &AppState, id: &JobId, running: &Running) -> Result<(), Ended> {
    write_all(app, id, running).await?;
    super::plans::draw(app, id, running).await
}

async fn write_all(app: &AppState, id: &JobId, running: &Running) -> Result<(), Ended> {
    loop {
        let job = super::jobs::get(app, id).map_err(|_| Ended::Cancelled)?;
        let order = job.prompts().expect("workers hand over each job by its kind");
        let done = order.written.len() as u32;
        tell(app, id, running, |progress| progress.step = done);
        if order.missing() == 0 {
            return Ok(());
        }
        let character = super::characters::get(app, &order.request.character_id).map_err(|_| Ended::Cancelled)?;
        let rounds = order.request.count.div_ceil(AT_A_TIME as u32) + SPARE_ROUNDS;
        if order.rounds >= rounds {
            let words = format!("Only {done} of {}: the other ideas were too much like those that are there.", order.request.count);
            return enough(app, id, words).await;
        }
        let round = tokio::select! {
            round = ask(app, &character, order) => round,
            () = running.cancel.cancelled() => return Err(Ended::Cancelled),
        };
        let Some(Asked { answer, usage }) = round else {
            return with_templates(app, id, &character, order, "There is no key for Gemini, so templates wrote these.".into()).await;
        };
        match answer.and_then(|answer| read(&answer)) {
            Ok(texts) => keep(app, id, &character, Author::Gemini, texts, usage, None).await?,
            Err(error) => {
                gemini::note_usage(app, id, usage).await?;
                let why = otherwise(&error, job.attempts, Utc::now())?;
                return with_templates(app, id, &character, order, format!("{why} Templates wrote the rest.")).await;
            }
        }
    }
}

/// Asks Gemini for the next few; `None` when there is no key.
async fn ask(app: &AppState, character: &Character, order: &PromptsOrder) -> Option<Asked> {
    let key = gemini::key(app)?;
    let state = app.store.read();
    let known = state.prompts.indexed("character", character.id.as_str()).take(SHOWN).map(|known| start(&known.prompt)).collect::<Vec<_>>();
    let count = order.missing().min(AT_A_TIME);
    let chapter = character.chapter(Utc::now(), app.timezone());
    let told = instruction::prompts(&Voice::of(character), chapter, &order.request.theme, &known, count);
    let (system, task, schema) = (instruction::text(&told.system), instruction::text(&told.task), instruction::prompts_schema(count));
    let model = gemini::model(app);
    Some(app.gemini.ask(&key, &Ask { model: &model, system: &system, task: &task, picture: None, schema: &schema }).await)
}

fn read(answer: &Value) -> Result<Vec<String>, GeminiError> {
    let texts = answer["prompts"].as_array().ok_or(GeminiError::Unreadable)?;
    Ok(texts.iter().filter_map(|text| text.as_str()).map(crate::domain::caption::tidy).collect())
}

/// Lets templates write what is missing.
async fn with_templates(app: &AppState, id: &JobId, character: &Character, order: &PromptsOrder, why: String) -> Result<(), Ended> {
    let templates = app.store.read().settings.templates.clone().unwrap_or_default();
    let values = values(app, Some(character), &character.name, &order.request.theme);
    let texts: Vec<String> = {
        let mut rng = rand::rng();
        // Many more than are missing: those that say the same are thrown away.
        (0..order.missing() * 20).filter_map(|_| template::fill(&templates.prompts, &values, &mut rng)).collect()
    };
    keep(app, id, character, Author::Template, texts, Vec::new(), Some(why)).await?;
    let missing = super::jobs::get(app, id).map_err(|_| Ended::Cancelled)?.prompts().map_or(0, PromptsOrder::missing);
    match missing {
        0 => Ok(()),
        _ => enough(app, id, "The templates give no more ideas that differ. Add some under Prompts, Templates.".into()).await,
    }
}

/// Stores what is new among the texts, as many as are missing, in one step with the job's list of them.
async fn keep(
    app: &AppState,
    id: &JobId,
    character: &Character,
    source: Author,
    texts: Vec<String>,
    usage: Vec<Usage>,
    note: Option<String>,
) -> Result<(), Error> {
    let (id, whose, name) = (id.clone(), character.id.clone(), character.name.clone());
    let (state, her) = (app.store.read(), whose.clone());
    // Each is compared with all there are, which takes a moment in a large library.
    let compared = tokio::task::spawn_blocking(move || unlike(&state, &her, texts)).await;
    let new = compared.map_err(|_| Problem::new(Kind::Internal, "Something in this server broke while it compared prompts."))?;
    app.store
        .write(move |tx| {
            let stored = tx.get::<Job>(id.as_str()).ok_or_else(|| Problem::not_found("job"))?;
            let mut job = Job::clone(&stored);
            let now = Utc::now();
            let Work::WritePrompts(order) = &mut job.work else { return Ok(()) };
            for text in new.into_iter().take(order.missing()) {
                let prompt = Prompt::new(whose.clone(), name.clone(), text, source, now);
                order.written.push(prompt.id.clone());
                tx.put(prompt)?;
            }
            order.rounds += 1;
            order.source = Some(source);
            order.usage.extend(usage);
            // An answer came: earlier silence does not count any more.
            job.attempts = 1;
            job.notes.extend(note);
            Ok::<_, Error>(tx.put(job)?)
        })
        .await
}

/// Those of the texts that say something no prompt of hers says yet.
fn unlike(state: &State, her: &CharacterId, texts: Vec<String>) -> Vec<String> {
    let mut known = Known::of(state.prompts.indexed("character", her.as_str()).map(|known| known.prompt.as_str()));
    let fits = |text: &String| !text.is_empty() && text.chars().count() <= LONGEST_PROMPT;
    texts.into_iter().filter(fits).filter(|text| known.add(text)).collect()
}

async fn enough(app: &AppState, id: &JobId, words: String) -> Result<(), Ended> {
    super::work::update(app, id, move |job| job.notes.push(words)).await?;
    Ok(())
}

fn start(text: &str) -> String {
    text.chars().take(160).collect()
}
