//! Drawing the pictures of a job: what a worker does.
//!
//! A picture's content id and its name at ComfyUI are stored before anything is sent, so whatever is cut off,
//! and wherever, the next start finds out how it went instead of drawing twice.

use std::time::Instant;

use chrono::Utc;

use super::work::{Ended, update};
use crate::{
    domain::{
        content::{Content, Provenance, ReviewState},
        job::{ImageOrder, Job, JobId, Lane, Sending, Shot, Work},
        problem::{Kind, Problem},
    },
    error::Error,
    integrations::comfyui::{DrawError, Drawing, DrawnPicture, Sign, Ticket, workflow},
    live::{Preview, Running},
    state::AppState,
};

/// How often one picture is sent before it is given up: servers that restart again and again would get it for ever.
const MOST_SENDINGS: u32 = 4;

/// Draws what is not drawn yet.
pub(super) async fn draw_all(app: &AppState, id: &JobId, running: &Running) -> Result<(), Ended> {
    loop {
        // Deleted with its character: nobody waits for it.
        let job = super::jobs::get(app, id).map_err(|_| Ended::Cancelled)?;
        let Some(place) = image_order(&job).shots.iter().position(|shot| !shot.done) else { return Ok(()) };
        running.update(|progress| progress.picture = place as u32 + 1);
        // What was sent before is being drawn already, whoever else has the card.
        let _turn = match image_order(&job).shots[place].sent {
            Some(_) => app.gpu.draw(true),
            None => Some(super::trainings::turn_to_draw(app, id, running).await?),
        };
        draw_shot(app, &job, place, running).await?;
    }
}

/// Draws one picture, on another server or again where that can help.
async fn draw_shot(app: &AppState, job: &Job, place: usize, running: &Running) -> Result<(), Ended> {
    let mut given_up: Vec<String> = Vec::new();
    let mut why: Option<Problem> = None;
    loop {
        let (ticket, sending, resume) = match self::sending(app, &job.id, place, &given_up).await.map_err(Ended::from)? {
            Some(chosen) => chosen,
            None => return Err(Ended::Failed(why.unwrap_or_else(|| nobody(app, job)))),
        };
        let one = Order { app, job, place, sending: &sending, resume };
        match one.draw(&ticket, running).await {
            Ok((picture, seconds)) => return one.keep(picture, seconds).await.map_err(Ended::from),
            Err(DrawError::Cancelled) => return Err(Ended::Cancelled),
            Err(error) => {
                tracing::warn!(job.id = %job.id, server = %sending.server, error = %error, "a picture was not made");
                let again = error.is_worth_sending_again();
                if !again && !error.is_worth_another_server() {
                    return Err(Ended::Failed(problem(&error)));
                }
                if !again {
                    given_up.push(sending.server.clone());
                }
                why = Some(problem(&error));
                forget_sending(app, &job.id, place).await.map_err(Ended::from)?;
            }
        }
    }
}

/// Where the picture was sent, or is to be sent now: that is stored before it is.
async fn sending(app: &AppState, id: &JobId, place: usize, except: &[String]) -> Result<Option<(Ticket, Sending, bool)>, Error> {
    let job = super::jobs::get(app, id)?;
    let shot = &image_order(&job).shots[place];
    if let Some(sent) = &shot.sent
        && let Some(ticket) = app.comfy.server(&sent.server)
    {
        return Ok(Some((ticket, sent.clone(), true)));
    }
    if shot.sendings >= MOST_SENDINGS {
        return Ok(None);
    }
    let mut ticket = app.comfy.choose(&image_order(&job).recipe, except).await;
    if ticket.is_none() {
        super::models::look(app, Utc::now()).await;
        ticket = app.comfy.choose(&image_order(&job).recipe, except).await;
    }
    let Some(ticket) = ticket else { return Ok(None) };
    let sending = Sending { server: ticket.comfy().address().to_owned(), prompt_id: uuid::Uuid::new_v4().to_string() };
    let stored = sending.clone();
    update(app, id, move |job| {
        let shot = shot_mut(job, place);
        shot.sent = Some(stored);
        shot.sendings += 1;
    })
    .await?;
    Ok(Some((ticket, sending, false)))
}

async fn forget_sending(app: &AppState, id: &JobId, place: usize) -> Result<(), Error> {
    update(app, id, move |job| shot_mut(job, place).sent = None).await
}

/// One picture on its way.
struct Order<'a> {
    app: &'a AppState,
    job: &'a Job,
    place: usize,
    sending: &'a Sending,
    resume: bool,
}

impl Order<'_> {
    async fn draw(&self, ticket: &Ticket, running: &Running) -> Result<(DrawnPicture, f64), DrawError> {
        let order = image_order(self.job);
        let shot = &order.shots[self.place];
        // A prefix of its own: an identical picture in ComfyUI's cache would otherwise come back under its old name,
        // which may be deleted by now.
        let prefix = format!("dalla/{}", self.sending.prompt_id);
        let graph = workflow::graph(&order.recipe, shot.seed, &prefix);
        let drawing = Drawing { prompt_id: &self.sending.prompt_id, graph: &graph, resume: self.resume, cancel: &running.cancel };
        let mut pace = Pace::new(order, self.place);
        let watch = |sign: Sign| pace.follow(self.app, &self.job.id, running, sign);
        let pictures = ticket.comfy().draw(drawing, watch).await?;
        let seconds = pace.seconds();
        pictures.into_iter().next().map(|picture| (picture, seconds)).ok_or(DrawError::OutputGone)
    }

    /// Stores the picture, its content, and that this part of the job is done: the last two in one step.
    async fn keep(&self, drawn: DrawnPicture, seconds: f64) -> Result<(), Error> {
        let order = image_order(self.job);
        let shot = &order.shots[self.place];
        let picture = super::media::store(self.app, &shot.content_id, drawn.bytes).await?;
        let now = Utc::now();
        let mut content = Content {
            id: shot.content_id.clone(),
            character_id: order.request.character_id.clone(),
            created_at: Some(now),
            updated_at: Some(now),
            state: if order.planned_for.is_some() { ReviewState::InReview } else { order.begins_as },
            caption: String::new(),
            alt_text: String::new(),
            twitter_caption: String::new(),
            reviewed_at: None,
            reject_reason: String::new(),
            planned_for: order.planned_for.clone(),
            history: Vec::new(),
            picture: Some(picture),
            provenance: Some(Provenance {
                job_id: self.job.id.clone(),
                recipe: order.recipe.clone(),
                seed: shot.seed,
                request: order.request.prompt.clone(),
                narrative_id: order.narrative_id.clone(),
                narrative_title: order.narrative_title.clone(),
                server: self.sending.server.clone(),
                prompt_id: self.sending.prompt_id.clone(),
                seconds,
            }),
            extra: serde_json::Map::new(),
        };
        // What is planned needs words for each network, for a person to read with the picture.
        let networks = order.planned_for.iter().flat_map(|proposal| &proposal.networks);
        let words: Vec<_> = networks.map(|network| super::captions::about(&content, *network, now)).collect();
        let writing = !words.is_empty();
        let (id, place) = (self.job.id.clone(), self.place);
        self.app
            .store
            .write(move |tx| {
                let stored = tx.get::<Job>(id.as_str()).ok_or_else(|| Problem::not_found("job"))?;
                let mut job = Job::clone(&stored);
                shot_mut(&mut job, place).done = true;
                job.updated_at = now;
                if let Some(prompt) = image_order(&job).request.prompt_id.clone() {
                    content.caption = super::prompts::mark_used(tx, &prompt, &content.id, now)?;
                }
                tx.put(job)?;
                for words in words {
                    tx.put(words)?;
                }
                Ok::<_, Error>(tx.put(content)?)
            })
            .await?;
        if writing {
            self.app.wake(Lane::Write);
        }
        Ok(())
    }
}

/// How fast a picture is being drawn, and so how long it will take.
struct Pace {
    started: Instant,
    first_step: Option<(Instant, u32)>,
    pictures_after: u32,
}

impl Pace {
    fn new(order: &ImageOrder, place: usize) -> Self {
        Self { started: Instant::now(), first_step: None, pictures_after: (order.shots.len() - place - 1) as u32 }
    }

    fn seconds(&self) -> f64 {
        (self.started.elapsed().as_secs_f64() * 10.0).round() / 10.0
    }

    fn follow(&mut self, app: &AppState, id: &JobId, running: &Running, sign: Sign) {
        let progress = match sign {
            Sign::Queued { ahead: 0 } => running.update(|progress| progress.words = "Next in ComfyUI's queue".into()),
            Sign::Queued { ahead } => running.update(|progress| progress.words = format!("{ahead} before it in ComfyUI's queue")),
            Sign::Started | Sign::Loading => {
                self.started = Instant::now();
                running.update(|progress| progress.words = "Loading the model".into())
            }
            Sign::Step { step, steps } => {
                let seconds_left = self.seconds_left(step, steps);
                running.update(|progress| {
                    progress.words = "Drawing".into();
                    (progress.step, progress.steps) = (step, steps);
                    progress.seconds_left = seconds_left.or(progress.seconds_left);
                })
            }
            Sign::Preview { bytes, mime } => {
                running.show(Preview { mime, bytes });
                running.update(|_| {})
            }
            Sign::Saving => running.update(|progress| progress.words = "Saving".into()),
        };
        if let Some(progress) = progress {
            super::watching::tell_progress(app, id, &progress);
        }
    }

    fn seconds_left(&mut self, step: u32, steps: u32) -> Option<u32> {
        let (since, first) = *self.first_step.get_or_insert((Instant::now(), step));
        let drawn = step.checked_sub(first).filter(|drawn| *drawn > 0)?;
        let per_step = since.elapsed().as_secs_f64() / f64::from(drawn);
        let steps_left = steps.saturating_sub(step) + steps * self.pictures_after;
        Some((per_step * f64::from(steps_left)).ceil() as u32)
    }
}

/// The order in a job of the lane that draws.
fn image_order(job: &Job) -> &ImageOrder {
    job.images().expect("workers hand over each job by its kind")
}

fn shot_mut(job: &mut Job, place: usize) -> &mut Shot {
    match &mut job.work {
        Work::GenerateImage(order) => &mut order.shots[place],
        Work::WriteCaption(_)
        | Work::WritePrompts(_)
        | Work::DescribeImages(_)
        | Work::Publish(_)
        | Work::Train(_)
        | Work::RunTask(_)
        | Work::Backup(_) => unreachable!("workers hand over each job by its kind"),
    }
}

fn nobody(app: &AppState, job: &Job) -> Problem {
    if app.comfy.is_up() {
        let model = &image_order(job).recipe.model;
        return Problem::new(
            Kind::Refused,
            format!("No ComfyUI has everything this picture needs any more. It needs the model {model} and its LoRAs."),
        );
    }
    super::models::unreachable(app)
}

fn problem(error: &DrawError) -> Problem {
    let kind = match error {
        DrawError::Unreachable(_) => Kind::Unreachable,
        DrawError::Stalled { .. } => Kind::TooSlow,
        _ => Kind::Refused,
    };
    Problem::new(kind, error.to_string())
}
