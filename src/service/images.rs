//! Pictures: asking for them, and waiting for them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::Rng;

use crate::{
    domain::{
        character::Character,
        content::{Content, ContentId},
        generation::{GenerateRequest, Resolved},
        job::{ImageOrder, Job, Shot, Work},
        model::Catalogue,
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
    let resolved = request.resolve(character, parts.clone(), &app.comfy.catalogue());
    Preview { parts, resolved }
}

/// Asks for pictures. They are drawn by a worker; the job says how far it is.
pub async fn order(app: &AppState, request: GenerateRequest, now: DateTime<Utc>) -> Result<Job, Error> {
    order_for(app, request, None, now).await
}

/// The same for pictures that could go out at some time: they come to review with it.
pub async fn order_for(app: &AppState, request: GenerateRequest, planned_for: Option<Proposal>, now: DateTime<Utc>) -> Result<Job, Error> {
    let job = prepare(app, request, planned_for, now).await?;
    super::jobs::start(app, job).await
}

/// The job for a request, to be stored. What is planned for a later day is drawn as her story is then.
pub(super) async fn prepare(
    app: &AppState,
    request: GenerateRequest,
    planned_for: Option<Proposal>,
    now: DateTime<Utc>,
) -> Result<Job, Error> {
    request.check()?;
    let character =
        super::characters::get(app, &request.character_id).map_err(|_| Problem::invalid("characterId", "There is no such character."))?;
    let day = planned_for.as_ref().map_or(now, |proposal| proposal.at);
    let parts = parts(app, &character, &request, day);
    let resolved = resolve(app, &character, &request, parts, now).await?;
    let arc = character.active_narrative(day, app.timezone);
    let order = ImageOrder {
        planned_for,
        shots: shots(&request),
        recipe: resolved.recipe,
        narrative_id: arc.map(|arc| arc.id.clone()),
        narrative_title: arc.map(|arc| arc.title.clone()),
        request,
    };
    Ok(Job::queued(Work::GenerateImage(Box::new(order)), Some(character.id.clone()), resolved.notes, now))
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
        None => prompt::parts(character, character.chapter(now, app.timezone), &request.prompt),
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
