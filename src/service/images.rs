//! Pictures: asking for them, and waiting for them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::Rng;

use crate::{
    domain::{
        character::Character,
        content::{Content, ContentId, ReviewState},
        generation::{GenerateRequest, Resolved},
        job::{ImageOrder, Job, Shot, Work},
        model::Catalogue,
        narrative::NarrativeId,
        plan::Proposal,
        problem::Problem,
        prompt::{self, Part},
    },
    error::Error,
    state::AppState,
};

/// What a request would do, before it does it.
#[derive(Debug)]
pub struct Preview {
    /// The pieces of the prompt and where each comes from.
    pub parts: Vec<Part>,
    /// The recipe, or why there is none.
    pub resolved: Result<Resolved, Problem>,
}

/// What a request would do. Never waits for an outside service.
pub fn preview(app: &AppState, character: &Character, request: &GenerateRequest, now: DateTime<Utc>) -> Preview {
    let parts = parts(app, character, request, now);
    let catalogue = app.comfy.catalogue();
    let resolved = if catalogue.models.is_empty() && !app.comfy.is_up() {
        Err(Problem::invalid("model", "Which models there are is known as soon as ComfyUI answers."))
    } else {
        request.resolve(character, parts.clone(), &catalogue)
    };
    Preview { parts, resolved }
}

/// Asks for pictures. They are drawn by a worker; the job says how far it is.
pub async fn order(app: &AppState, request: GenerateRequest, now: DateTime<Utc>) -> Result<Job, Error> {
    let character = whose(app, &request)?;
    let job = prepare(app, &character, request, None, now).await?;
    super::jobs::start(app, job).await
}

/// The job for a request, to be stored. What is planned for a later day is drawn as her story is then.
pub(super) async fn prepare(
    app: &AppState,
    character: &Character,
    request: GenerateRequest,
    planned_for: Option<Proposal>,
    now: DateTime<Utc>,
) -> Result<Job, Error> {
    request.check()?;
    let prompt = composed(app, character, &request, planned_for.as_ref().map_or(now, |proposal| proposal.at));
    job(app, character, request, prompt, Begin { state: ReviewState::Draft, planned_for }, now).await
}

/// Asks for pictures like one that exists, which begin in review as `begins_as`. While the prompt is the same, so is
/// what is known of its parts and its story arc.
pub async fn order_like(
    app: &AppState,
    like: &Content,
    request: GenerateRequest,
    begins_as: ReviewState,
    now: DateTime<Utc>,
) -> Result<Job, Error> {
    request.check()?;
    let character = whose(app, &request)?;
    let same = like.provenance.as_ref().filter(|made| request.full_prompt.as_ref() == Some(&made.recipe.prompt));
    let prompt = match same {
        Some(made) => Prompt {
            parts: made.recipe.parts.clone(),
            narrative_id: made.narrative_id.clone(),
            narrative_title: made.narrative_title.clone(),
        },
        None => composed(app, &character, &request, now),
    };
    // What takes the place of another in review also takes its place in the calendar.
    let planned_for = like.proposal().filter(|_| begins_as == ReviewState::InReview).cloned();
    let job = job(app, &character, request, prompt, Begin { state: begins_as, planned_for }, now).await?;
    super::jobs::start(app, job).await
}

/// How the pictures of an order begin.
struct Begin {
    state: ReviewState,
    planned_for: Option<Proposal>,
}

/// The pieces of a prompt, and the story arc they were taken from.
struct Prompt {
    parts: Vec<Part>,
    narrative_id: Option<NarrativeId>,
    narrative_title: Option<String>,
}

fn composed(app: &AppState, character: &Character, request: &GenerateRequest, now: DateTime<Utc>) -> Prompt {
    let arc = character.active_narrative(now, app.timezone());
    Prompt {
        parts: parts(app, character, request, now),
        narrative_id: arc.map(|arc| arc.id.clone()),
        narrative_title: arc.map(|arc| arc.title.clone()),
    }
}

async fn job(
    app: &AppState,
    character: &Character,
    request: GenerateRequest,
    prompt: Prompt,
    begin: Begin,
    now: DateTime<Utc>,
) -> Result<Job, Error> {
    let Prompt { parts, narrative_id, narrative_title } = prompt;
    let Resolved { recipe, notes } = resolve(app, character, &request, parts, now).await?;
    let Begin { state: begins_as, planned_for } = begin;
    let order = ImageOrder { shots: shots(&request), recipe, narrative_id, narrative_title, begins_as, planned_for, request };
    Ok(Job::queued(Work::GenerateImage(Box::new(order)), Some(character.id.clone()), notes, now))
}

/// Whose pictures are asked for.
pub(super) fn whose(app: &AppState, request: &GenerateRequest) -> Result<Arc<Character>, Error> {
    let unknown = |_| Problem::invalid("characterId", "There is no such character.");
    Ok(super::characters::get(app, &request.character_id).map_err(unknown)?)
}

/// The contents a job has made so far, in the order of its batch.
pub fn contents(app: &AppState, job: &Job) -> Vec<Arc<Content>> {
    let state = app.store.read();
    job.images()
        .into_iter()
        .flat_map(|order| &order.shots)
        .filter_map(|shot| state.content.get(shot.content_id.as_str()).cloned())
        .collect()
}

fn parts(app: &AppState, character: &Character, request: &GenerateRequest, now: DateTime<Utc>) -> Vec<Part> {
    match request.full_prompt.as_deref().filter(|text| !text.trim().is_empty()) {
        Some(text) => prompt::by_hand(text),
        None => prompt::parts(character, character.chapter(now, app.timezone()), &request.prompt),
    }
}

/// Resolves with what is known of the servers, and looks at them anew when that does not do: a file may be
/// new, or a server just started.
async fn resolve(
    app: &AppState,
    character: &Character,
    request: &GenerateRequest,
    parts: Vec<Part>,
    now: DateTime<Utc>,
) -> Result<Resolved, Error> {
    if app.comfy.is_up()
        && let Ok(resolved) = request.resolve(character, parts.clone(), &app.comfy.catalogue())
    {
        return Ok(resolved);
    }
    super::models::look(app, now).await;
    let catalogue: Arc<Catalogue> = app.comfy.catalogue();
    if !app.comfy.is_up() {
        return Err(super::models::unreachable(app).into());
    }
    Ok(request.resolve(character, parts, &catalogue)?)
}

fn shots(request: &GenerateRequest) -> Vec<Shot> {
    // Front ends keep numbers as doubles, so what we draw stays below 2^53; what people ask for may be any u64.
    let first = request.seed.unwrap_or_else(|| rand::rng().random_range(0..1 << 53));
    let batch = u64::from(request.batch.unwrap_or(1));
    let shot = |n: u64| Shot { content_id: ContentId::new(), seed: first.wrapping_add(n), sent: None, sendings: 0, done: false };
    (0..batch).map(shot).collect()
}
