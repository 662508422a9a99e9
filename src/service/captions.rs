//! Captions: asking for them, writing them, and what they are told to be.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{gemini, work::Ended};
use crate::{
    domain::{
        caption::{self, Network},
        character::Character,
        content::{Content, ContentChange},
        instruction::{self, Instruction, Voice},
        job::{Job, JobId, Work},
        library::{Prompt, PromptChange},
        problem::Problem,
        template,
        words::{Author, CaptionOrder, CaptionRequest, Usage},
    },
    error::Error,
    integrations::gemini::{Ask, Asked, GeminiError},
    live::Running,
    state::AppState,
    store::{State, Transaction},
};

/// How often Gemini is asked before a template takes its place.
pub(super) const MOST_ATTEMPTS: u32 = 4;
/// How many of her last captions a writer is shown, so as not to repeat them.
const LATELY: usize = 10;
/// How far back they are looked for.
const LATELY_AMONG: usize = 300;

/// What a caption is about, and in whose voice.
struct Subject {
    voice: Voice,
    character: Option<Arc<Character>>,
    content: Option<Arc<Content>>,
    /// What happens in the picture.
    text: String,
}

/// Asks for captions. A worker writes them. With `keep_first`, the first is stored on the content or the prompt.
pub async fn order(app: &AppState, request: CaptionRequest, keep_first: bool, now: DateTime<Utc>) -> Result<Job, Error> {
    super::jobs::start(app, prepare(app, request, keep_first, now)?).await
}

/// The job that writes what is asked for, not stored yet.
pub(super) fn prepare(app: &AppState, request: CaptionRequest, keep_first: bool, now: DateTime<Utc>) -> Result<Job, Error> {
    request.check()?;
    let subject = subject(&app.store.read(), &request)?;
    let character = subject.character.as_ref().map(|character| character.id.clone());
    let order = CaptionOrder { request, keep_first, captions: Vec::new(), alt_text: String::new(), source: None, usage: Vec::new() };
    Ok(Job::queued(Work::WriteCaption(order), character, Vec::new(), now))
}

/// A job that writes the words of a picture for a network and keeps them, to be stored with the picture.
pub(super) fn about(content: &Content, network: Network, now: DateTime<Utc>) -> Job {
    let request = CaptionRequest { content_id: Some(content.id.clone()), network, ..CaptionRequest::default() };
    let order = CaptionOrder { request, keep_first: true, captions: Vec::new(), alt_text: String::new(), source: None, usage: Vec::new() };
    Job::queued(Work::WriteCaption(order), Some(content.character_id.clone()), Vec::new(), now)
}

/// What Gemini would be told, piece by piece.
pub fn preview(app: &AppState, request: &CaptionRequest, now: DateTime<Utc>) -> Result<Instruction, Error> {
    request.check()?;
    let state = app.store.read();
    let subject = subject(&state, request)?;
    Ok(instruct(app, &state, &subject, request, now))
}

/// Puts one of the captions a job has written where it belongs. `place` counts from 0.
pub async fn choose(app: &AppState, id: &JobId, place: usize, now: DateTime<Utc>) -> Result<(), Error> {
    let job = super::jobs::get(app, id)?;
    let order = job.captions().ok_or_else(|| Problem::conflict("This job has not written captions."))?;
    let chosen = order.captions.get(place).ok_or_else(|| Problem::invalid("place", "There is no such caption."))?;
    let (order, chosen) = (order.clone(), chosen.clone());
    app.store.write(move |tx| put(tx, &order, &chosen, now)).await
}

/// Stores a caption on the content or the prompt it was asked for, if that is still there.
fn put(tx: &mut Transaction, order: &CaptionOrder, text: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let (request, by) = (&order.request, order.source.unwrap_or(Author::Hand));
    if let Some(stored) = request.content_id.as_ref().and_then(|id| tx.get::<Content>(id.as_str())) {
        let mut content = Content::clone(&stored);
        content.set_caption(request.network, text.to_owned(), by, now);
        if content.alt_text.is_empty() {
            let seen = ContentChange { alt_text: order.alt_text.clone().into(), ..ContentChange::default() };
            content.apply(seen, by, now);
        }
        tx.put(content)?;
    }
    if let Some(stored) = request.prompt_id.as_ref().and_then(|id| tx.get::<Prompt>(id.as_str())) {
        let mut prompt = Prompt::clone(&stored);
        prompt.apply(PromptChange { caption: text.to_owned().into(), ..PromptChange::default() }, now);
        tx.put(prompt)?;
    }
    Ok(())
}

/// Writes the captions of a job.
pub(super) async fn write(app: &AppState, id: &JobId, running: &Running) -> Result<(), Ended> {
    let job = super::jobs::get(app, id).map_err(|_| Ended::Cancelled)?;
    let order = job.captions().expect("workers hand over each job by its kind");
    if !order.captions.is_empty() {
        // They were stored before this server was stopped.
        return Ok(());
    }
    let state = app.store.read();
    let subject = subject(&state, &order.request)?;
    let asked = tokio::select! {
        asked = ask(app, &state, &subject, &order.request) => asked?,
        () = running.cancel.cancelled() => return Err(Ended::Cancelled),
    };
    let why = match asked {
        None => "There is no key for Gemini.".to_owned(),
        Some(Asked { answer, usage }) => match answer.and_then(|answer| read(&subject, &order.request, &answer)) {
            Ok(written) => return Ok(keep(app, id, Author::Gemini, None, Written { usage, ..written }).await?),
            Err(error) => {
                gemini::note_usage(app, id, usage).await?;
                otherwise(&error, job.attempts, Utc::now())?
            }
        },
    };
    let note = format!("{why} A template wrote this.");
    Ok(keep(app, id, Author::Template, Some(note), from_templates(app, &subject, &order.request)).await?)
}

/// What is done when Gemini did not answer: waiting, failing, or the word with which a template takes its place.
pub(super) fn otherwise(error: &GeminiError, attempts: u32, now: DateTime<Utc>) -> Result<String, Ended> {
    match error.wait(attempts) {
        Some(wait) if attempts < MOST_ATTEMPTS => {
            let at = now + TimeDelta::from_std(wait).unwrap_or_default();
            Err(Ended::Later(at, format!("{error} It is asked again by itself.")))
        }
        _ if error.is_passing() => Ok(error.to_string()),
        _ => Err(Ended::from(Error::from(error.clone()))),
    }
}

/// Texts, and what they cost.
struct Written {
    captions: Vec<String>,
    alt_text: String,
    usage: Vec<Usage>,
}

/// Asks Gemini; `None` when there is no key.
async fn ask(app: &AppState, state: &State, subject: &Subject, request: &CaptionRequest) -> Result<Option<Asked>, Error> {
    let Some(key) = gemini::key(app) else { return Ok(None) };
    let told = instruct(app, state, subject, request, Utc::now());
    let picture = match &subject.content {
        Some(content) if request.use_image => Some(super::media::to_look_at(app, &content.id).await?),
        Some(_) | None => None,
    };
    let (system, task) = (instruction::text(&told.system), instruction::text(&told.task));
    let schema = instruction::captions_schema(request.variants(), picture.is_some());
    let model = gemini::model(app);
    let ask = Ask { model: &model, system: &system, task: &task, picture: picture.as_ref() as Option<&Bytes>, schema: &schema };
    Ok(Some(app.gemini.ask(&key, &ask).await))
}

fn read(subject: &Subject, request: &CaptionRequest, answer: &Value) -> Result<Written, GeminiError> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let captions = answer["captions"].as_array().ok_or(GeminiError::Unreadable)?;
    let dull = subject.dull();
    let captions = captions.iter().take(request.variants() as usize).map(|one| {
        let hashtags: Vec<String> = one["hashtags"].as_array().into_iter().flatten().map(text).collect();
        caption::compose(request.network, &text(&one["caption"]), &hashtags, &dull)
    });
    let captions: Vec<String> = captions.filter(|caption| !caption.is_empty()).collect();
    if captions.is_empty() {
        return Err(GeminiError::Empty);
    }
    let alt_text = caption::tidy(&text(&answer["altText"])).chars().take(1_000).collect();
    Ok(Written { captions, alt_text, usage: Vec::new() })
}

/// Stores what was written with the job and, when it is to be kept, where it belongs: in one step.
async fn keep(app: &AppState, id: &JobId, source: Author, note: Option<String>, written: Written) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Job>(id.as_str()).ok_or_else(|| Problem::not_found("job"))?;
            let mut job = Job::clone(&stored);
            let Work::WriteCaption(order) = &mut job.work else { return Ok(()) };
            order.captions = written.captions;
            order.alt_text = written.alt_text;
            order.source = Some(source);
            order.usage.extend(written.usage);
            job.notes.extend(note);
            if let (true, Some(first)) = (order.keep_first, order.captions.first()) {
                put(tx, order, first, Utc::now())?;
            }
            Ok::<_, Error>(tx.put(job)?)
        })
        .await
}

fn from_templates(app: &AppState, subject: &Subject, request: &CaptionRequest) -> Written {
    let templates = app.store.read().settings.templates.clone().unwrap_or_default();
    let values = values(app, subject.character.as_deref(), &subject.voice.name, &subject.text);
    let mut captions: Vec<String> = Vec::new();
    // A few more tries than wanted, for the same template may come up twice.
    for _ in 0..request.variants() * 10 {
        let text = template::fill(&templates.captions, &values, &mut rand::rng()).unwrap_or_else(|| subject.text.clone());
        let text = caption::compose(request.network, &text, &[], &subject.dull());
        if !text.is_empty() && !captions.contains(&text) && captions.len() < request.variants() as usize {
            captions.push(text);
        }
    }
    Written { captions, alt_text: String::new(), usage: Vec::new() }
}

/// What a template may speak of.
pub(super) fn values(app: &AppState, character: Option<&Character>, name: &str, request: &str) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::from([("name", name.to_owned()), ("request", request.to_owned())]);
    if let Some(character) = character {
        values.insert("mood", character.prompt_settings.mood.clone());
        if let Some(chapter) = character.chapter(Utc::now(), app.timezone()) {
            values.insert("arc", chapter.arc.title.clone());
            values.insert("day", chapter.day.day.to_string());
            values.insert("of", chapter.day.of.to_string());
            values.insert("scene", chapter.beat.unwrap_or_default().to_owned());
        }
    }
    values
}

fn instruct(app: &AppState, state: &State, subject: &Subject, request: &CaptionRequest, now: DateTime<Utc>) -> Instruction {
    let character = subject.character.as_deref();
    let chapter = character.and_then(|one| one.chapter(now, app.timezone()));
    let lately = character.map(|one| lately(state, one, request.network, subject.content.as_deref())).unwrap_or_default();
    instruction::captions(&subject.voice, chapter, request.network, &subject.text, &lately, request.variants(), request.use_image)
}

/// Her last captions, newest first; not the one that is to be replaced.
fn lately(state: &State, character: &Character, network: Network, but: Option<&Content>) -> Vec<String> {
    let contents = state.content.indexed("character", character.id.as_str()).take(LATELY_AMONG);
    let others = contents.filter(|content| but.is_none_or(|but| but.id != content.id));
    let captions = others.map(|content| content.caption_for(network)).filter(|caption| !caption.is_empty());
    captions.take(LATELY).map(one_line).collect()
}

/// A caption as one line of a list: without its hashtags, and not too long.
fn one_line(caption: &str) -> String {
    let words = caption.split_whitespace().filter(|word| !word.starts_with('#'));
    words.collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

fn subject(state: &State, request: &CaptionRequest) -> Result<Subject, Error> {
    let unknown = |field: &str, what: &str| Problem::invalid(field, format!("There is no such {what}."));
    let content = match &request.content_id {
        Some(id) => Some(Arc::clone(state.content.get(id.as_str()).ok_or_else(|| unknown("contentId", "picture"))?)),
        None => None,
    };
    let prompt = match &request.prompt_id {
        Some(id) => Some(Arc::clone(state.prompts.get(id.as_str()).ok_or_else(|| unknown("promptId", "prompt"))?)),
        None => None,
    };
    let named = request.character_id.clone();
    let theirs = content.as_ref().map(|content| &content.character_id).or_else(|| prompt.as_ref().map(|prompt| &prompt.character_id));
    let character = match named.as_ref().or(theirs) {
        Some(id) => state.characters.get(id.as_str()).cloned(),
        None => None,
    };
    if named.is_some() && character.is_none() {
        return Err(unknown("characterId", "character").into());
    }
    let voice = match &character {
        Some(character) => Voice::of(character),
        None if request.character_name.trim().is_empty() => {
            return Err(Problem::invalid("characterId", "The character is deleted. Say whose voice it is.").into());
        }
        None => Voice {
            name: request.character_name.trim().to_owned(),
            personality: request.personality.clone(),
            backstory: request.backstory.clone(),
            trigger_word: String::new(),
        },
    };
    let asked = Some(request.prompt.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let text = asked
        .or_else(|| prompt.as_ref().map(|prompt| prompt.prompt.clone()))
        .or_else(|| content.as_ref().filter(|content| content.provenance.is_some()).map(|content| content.title().to_owned()));
    Ok(Subject { voice, character, content, text: text.unwrap_or_default() })
}

impl Subject {
    /// Hashtags that would say nothing.
    fn dull(&self) -> Vec<&str> {
        let first = self.voice.name.split_whitespace().next().unwrap_or_default();
        vec![&self.voice.name, first, &self.voice.trigger_word]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_asked_again_a_few_times_and_then_left_to_templates() {
        let now = Utc::now();
        let waits: Vec<_> = (1..=MOST_ATTEMPTS)
            .map(|attempt| match otherwise(&GeminiError::Broken(503), attempt, now) {
                Err(Ended::Later(at, _)) => Some((at - now).num_seconds()),
                Ok(_) => None,
                Err(other) => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(waits, [Some(1), Some(2), Some(4), None]);
        assert!(otherwise(&GeminiError::DayQuota, 1, now).is_ok(), "a day is not waited for");
        assert!(matches!(otherwise(&GeminiError::KeyRefused, 1, now), Err(Ended::Failed(_))), "nor is a key");
    }
}
