//! Planning a week: prompts from the story arc, pictures of them in review, and for each a time it could go out at.
//!
//! One job for each character writes the prompts; then each is drawn by a job of its own, stored in one step with the
//! slot it is for. So whatever is cut off goes on where it was, and no slot is drawn twice.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::{
    publishing::{self, checks},
    work::{Ended, tell},
};
use crate::{
    domain::{
        calendar,
        character::{Character, CharacterId},
        content::{Content, ContentId, ReviewState},
        generation::GenerateRequest,
        job::{Job, JobId, Lane, Work},
        library::Prompt,
        narrative,
        plan::{PlanOrder, PlanRequest, Proposal, Slot, Week},
        post::{Post, PostRequest},
        problem::Problem,
        words::{PromptsOrder, PromptsRequest},
    },
    error::Error,
    expected::Expected,
    live::Running,
    state::AppState,
    store::{State, Transaction},
};

/// Asks for the drafts of a week. Answers the jobs that make them, one for each character.
pub async fn week(app: &AppState, request: PlanRequest, now: DateTime<Utc>) -> Result<Vec<Job>, Error> {
    let slots = preview(app, &request, now)?;
    let jobs: Vec<_> = slots.into_iter().map(|(character, times)| job(&request, character, &times, now)).collect();
    let stored = jobs.clone();
    app.store.write(move |tx| stored.into_iter().try_for_each(|job| tx.put(job)).map_err(Error::from)).await?;
    app.wake(Lane::Write);
    Ok(jobs)
}

/// When pictures of a character could go out.
pub type Proposed = (CharacterId, Vec<DateTime<Utc>>);

/// When the drafts of each character could go out.
pub fn preview(app: &AppState, request: &PlanRequest, now: DateTime<Utc>) -> Result<Vec<Proposed>, Problem> {
    request.check()?;
    let state = app.store.read();
    let mut slots: Vec<Proposed> = Vec::new();
    for id in &request.character_ids {
        let character = planned(app, &state, request, id, now)?;
        let mut taken = taken(app, &state, request, id, now);
        // Two characters that always speak up at the same minute look like one machine.
        taken.extend(slots.iter().flat_map(|(_, times)| times));
        let times = request.times(&week_of(app, &state, request, now), &taken, state.settings.gap(), now);
        if times.is_empty() {
            let words = format!("For {} there is no free time left in these hours of that week.", character.name);
            return Err(Problem::invalid("toHour", words));
        }
        slots.push((id.clone(), times));
    }
    Ok(slots)
}

/// The week that is to be planned.
fn week_of(app: &AppState, state: &State, request: &PlanRequest, now: DateTime<Utc>) -> Week {
    let zone = app.timezone();
    Week::of(request.week.unwrap_or_else(|| now.with_timezone(&zone).date_naive()), state.settings.week_start.day(), zone)
}

/// The character, when there is a story to draw from in that week.
fn planned(app: &AppState, state: &State, request: &PlanRequest, id: &CharacterId, now: DateTime<Utc>) -> Result<Arc<Character>, Problem> {
    let character = state.characters.get(id.as_str()).ok_or_else(|| Problem::invalid("characterIds", "There is no such character."))?;
    let today = now.with_timezone(&app.timezone()).date_naive();
    if week_of(app, state, request, now).days_from(today).any(|day| narrative::active(&character.narratives, day).is_some()) {
        return Ok(Arc::clone(character));
    }
    let words = format!("{} is in no story arc that week, so there is nothing to draw from. Add one first.", character.name);
    Err(Problem::invalid("characterIds", words))
}

/// When the character has something in that week already.
fn taken(app: &AppState, state: &State, request: &PlanRequest, id: &CharacterId, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let week = week_of(app, state, request, now);
    let from = calendar::start_of(week.first, week.zone) - Duration::days(1);
    let entries = super::calendar::between(app, state, from, from + Duration::days(9), Some(id), now);
    entries.into_iter().map(|entry| entry.at).collect()
}

fn job(request: &PlanRequest, character: CharacterId, times: &[DateTime<Utc>], now: DateTime<Utc>) -> Job {
    let slots = times.iter().map(|at| Slot { at: *at, job_id: None }).collect();
    let prompts = PromptsRequest { character_id: character.clone(), count: times.len() as u32, theme: String::new() };
    let plan = PlanOrder { networks: request.networks.clone(), slots };
    let order = PromptsOrder { request: prompts, written: Vec::new(), rounds: 0, source: None, usage: Vec::new(), plan: Some(plan) };
    let mut notes = Vec::new();
    if times.len() < request.count as usize {
        notes.push(format!("There is room for {} of {} in these hours.", times.len(), request.count));
    }
    Job::queued(Work::WritePrompts(order), Some(character), notes, now)
}

/// Has what was written for a plan drawn, as far as that was not asked for yet.
pub(super) async fn draw(app: &AppState, id: &JobId, running: &Running) -> Result<(), Ended> {
    loop {
        let job = super::jobs::get(app, id).map_err(|_| Ended::Cancelled)?;
        let Some((place, slot, networks, prompt)) = next(app, &job) else { return Ok(()) };
        if running.cancel.is_cancelled() {
            return Err(Ended::Cancelled);
        }
        tell(app, id, running, |progress| progress.words = "Asking for the pictures".into());
        let request = GenerateRequest {
            character_id: prompt.character_id.clone(),
            prompt: prompt.prompt.clone(),
            prompt_id: Some(prompt.id.clone()),
            ..GenerateRequest::default()
        };
        let proposal = Proposal { at: slot.at, networks };
        let character = super::images::whose(app, &request)?;
        let picture = super::images::prepare(app, &character, request, Some(proposal), Utc::now()).await?;
        let id = id.clone();
        app.store
            .write(move |tx| {
                let stored = tx.get::<Job>(id.as_str()).ok_or_else(|| Problem::not_found("job"))?;
                let mut job = Job::clone(&stored);
                if let Work::WritePrompts(PromptsOrder { plan: Some(plan), .. }) = &mut job.work {
                    plan.slots[place].job_id = Some(picture.id.clone());
                }
                tx.put(job)?;
                Ok::<_, Error>(tx.put(picture)?)
            })
            .await?;
        app.wake(Lane::Draw);
    }
}

/// The first slot that was not asked for, with the prompt for it. Prompts a person has deleted meanwhile are passed over.
fn next(app: &AppState, job: &Job) -> Option<(usize, Slot, Vec<crate::domain::caption::Network>, Arc<Prompt>)> {
    let order = job.prompts()?;
    let plan = order.plan.as_ref()?;
    let state = app.store.read();
    let open = plan.slots.iter().enumerate().filter(|(_, slot)| slot.job_id.is_none());
    let mut written = open.filter_map(|(place, slot)| Some((place, slot, state.prompts.get(order.written.get(place)?.as_str())?)));
    written.next().map(|(place, slot, prompt)| (place, slot.clone(), plan.networks.clone(), Arc::clone(prompt)))
}

/// Proposes another time for a picture that waits, or none.
pub async fn propose(app: &AppState, id: &ContentId, proposal: Option<Proposal>, now: DateTime<Utc>) -> Result<Content, Error> {
    let change = crate::domain::content::ContentChange {
        planned_for: proposal.map_or(crate::domain::sent::Sent::Null, crate::domain::sent::Sent::Value),
        ..Default::default()
    };
    super::content::change(app, id, change, Expected::ANY, now).await
}

/// Posts for pictures that were planned, and why others have none.
#[derive(Debug, Default)]
pub(super) struct Planned {
    posts: Vec<Post>,
    unscheduled: Vec<String>,
}

/// The posts that go with the approval of these pictures.
pub(super) async fn posts_for(app: &AppState, ids: &[ContentId], now: DateTime<Utc>) -> Result<Planned, Error> {
    let state = app.store.read();
    let contents = ids.iter().filter_map(|id| state.content.get(id.as_str())).filter(|content| content.state != ReviewState::Approved);
    let mut planned = Planned::default();
    for content in contents {
        let Some(proposal) = content.proposal() else { continue };
        if proposal.at <= now {
            planned.unscheduled.push("The time that was proposed has passed: choose another on the picture's page.".into());
            continue;
        }
        for network in &proposal.networks {
            let request = PostRequest {
                character_id: Some(content.character_id.clone()),
                content_id: Some(content.id.clone()),
                scheduled_at: Some(proposal.at),
                ..PostRequest::default()
            };
            match publishing::prepare(app, *network, request, None, now).await {
                Ok(post) => planned.posts.push(post),
                Err(error) => planned.unscheduled.push(not_scheduled(*network, error)),
            }
        }
    }
    Ok(planned)
}

/// Takes them into the ledger, each that may be. Answers them, and why the others are not. What is scheduled is not
/// proposed any more.
pub(super) fn admit(app: &AppState, tx: &mut Transaction, planned: Planned, now: DateTime<Utc>) -> Result<(Vec<Post>, Vec<String>), Error> {
    let Planned { posts, mut unscheduled } = planned;
    let mut scheduled = Vec::new();
    for post in posts {
        let network = post.network;
        match publishing::admit(app, tx, post, now) {
            Ok(post) => {
                settle(tx, &post)?;
                scheduled.push(post);
            }
            Err(error @ Error::Store(_)) => return Err(error),
            Err(error) => unscheduled.push(not_scheduled(network, error)),
        }
    }
    Ok((scheduled, unscheduled))
}

fn settle(tx: &mut Transaction, post: &Post) -> Result<(), Error> {
    for picture in &post.pictures {
        let Some(stored) = tx.get::<Content>(picture.content_id.as_str()) else { continue };
        let mut content = Content::clone(&stored);
        if let Some(proposal) = &mut content.planned_for {
            proposal.networks.retain(|network| *network != post.network);
        }
        content.planned_for = content.planned_for.filter(|proposal| !proposal.networks.is_empty());
        tx.put(content)?;
    }
    Ok(())
}

fn not_scheduled(network: crate::domain::caption::Network, error: Error) -> String {
    format!("It is not scheduled on {}: {}", network.label(), Problem::from(error).message)
}

/// Where a picture is still to be scheduled, of what was planned for it.
pub fn still_open(state: &State, content: &Content) -> Option<Proposal> {
    let proposal = content.proposal()?;
    let open = |network: &crate::domain::caption::Network| checks::already_there(state, &content.id, *network, None).is_none();
    let networks: Vec<_> = proposal.networks.iter().copied().filter(open).collect();
    (!networks.is_empty()).then_some(Proposal { at: proposal.at, networks })
}
