//! Captions by Gemini, which looks at one picture after the other. Each is stored in one step with how far the job
//! is, so that none is written twice, whatever is cut off.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{captions, get, picture};
use crate::{
    domain::{
        dataset::{
            DESCRIBER, Dataset, DatasetId, DescribeOrder, DescribeRequest, ImageName, LONGEST_CAPTION, MOST_IMAGES, description,
            description_schema, one_line, with_words_first,
        },
        job::{Job, JobId, Work},
        problem::{Kind, Problem},
        words::Usage,
    },
    error::Error,
    integrations::gemini::{Ask, Asked, GeminiError},
    live::Running,
    service::{
        captions::MOST_ATTEMPTS,
        gemini, media,
        work::{self, Ended, tell},
    },
    state::AppState,
};

/// What a person is told who has no key.
const NO_KEY: &str =
    "There is no key for Gemini, so nobody can look at the pictures. Set one under Settings, or write the captions by hand.";

/// Asks for captions: for the pictures that have none or, with `again`, for all that can be read. A worker writes them.
pub async fn order_descriptions(app: &AppState, id: &DatasetId, request: DescribeRequest, now: DateTime<Utc>) -> Result<Job, Error> {
    get(app, id)?;
    if gemini::key(app).is_none() {
        return Err(Problem::new(Kind::NotConfigured, NO_KEY).into());
    }
    if request.names.len() > MOST_IMAGES {
        return Err(Problem::invalid("names", format!("Choose at most {MOST_IMAGES} pictures.")).into());
    }
    let id = id.clone();
    let job = app
        .store
        .write(move |tx| {
            let dataset = tx.get::<Dataset>(id.as_str()).ok_or_else(|| Problem::not_found("dataset"))?;
            if tx.table::<Job>().indexed("dataset", id.as_str()).any(|job| !job.status.is_final()) {
                return Err(Error::from(Problem::conflict("Captions of this dataset are being written already.")));
            }
            let order = order(&dataset, &request)?;
            let job = Job::queued(Work::DescribeImages(order), Some(dataset.character_id.clone()), Vec::new(), now);
            tx.put(job.clone())?;
            Ok(job)
        })
        .await?;
    app.wake(job.work.lane());
    Ok(job)
}

fn order(dataset: &Dataset, request: &DescribeRequest) -> Result<DescribeOrder, Problem> {
    let wanted = |name: &ImageName| request.names.is_empty() || request.names.iter().any(|one| one == name.as_str());
    let open = dataset.usable().filter(|image| wanted(&image.name) && (request.again || image.caption.is_empty()));
    let names: Vec<_> = open.map(|image| image.name.clone()).collect();
    if names.is_empty() {
        let words = if dataset.images.is_empty() { "Add pictures first." } else { "Each of these pictures has a caption already." };
        return Err(Problem::conflict(words));
    }
    Ok(DescribeOrder {
        dataset_id: dataset.id.clone(),
        style: request.style,
        again: request.again,
        names,
        done: 0,
        written: 0,
        passed_over: Vec::new(),
        usage: Vec::new(),
    })
}

/// The job that writes captions of a dataset and has not ended, if there is one.
pub fn unfinished(app: &AppState, id: &DatasetId) -> Option<Arc<Job>> {
    app.store.read().jobs.indexed("dataset", id.as_str()).find(|job| !job.status.is_final()).cloned()
}

/// Writes the captions of a job that are not written yet.
pub(in crate::service) async fn describe(app: &AppState, id: &JobId, running: &Running) -> Result<(), Ended> {
    loop {
        let job = crate::service::jobs::get(app, id).map_err(|_| Ended::Cancelled)?;
        let order = job.descriptions().expect("workers hand over each job by its kind");
        let done = order.done as u32;
        tell(app, id, running, |progress| progress.step = done);
        // A dataset that was deleted needs no captions.
        let dataset = get(app, &order.dataset_id).map_err(|_| Ended::Cancelled)?;
        let Some(name) = order.next() else { return Ok(sum_up(app, id, order).await?) };
        let open = dataset.image(name.as_str()).is_some_and(|image| image.broken.is_none() && (order.again || image.caption.is_empty()));
        if !open {
            // Taken out, or written by hand in the meantime.
            keep(app, id, Outcome::Nothing).await?;
            continue;
        }
        let (caption, usage) = tokio::select! {
            asked = ask(app, &dataset, name, order) => asked?,
            () = running.cancel.cancelled() => return Err(Ended::Cancelled),
        };
        spent(app, id, usage).await?;
        let outcome = match caption {
            Ok(caption) => Outcome::Caption(caption),
            Err(error) => otherwise(&error, &job)?,
        };
        keep(app, id, outcome).await?;
        captions::write_files(app, &order.dataset_id, vec![name.clone()]).await;
    }
}

/// What came of one picture.
enum Outcome {
    Caption(String),
    PassedOver,
    Nothing,
}

/// Asks Gemini about one picture. The outer failure is ours.
async fn ask(
    app: &AppState,
    dataset: &Dataset,
    name: &ImageName,
    order: &DescribeOrder,
) -> Result<(Result<String, GeminiError>, Vec<Usage>), Ended> {
    let Some(key) = gemini::key(app) else {
        return Err(Ended::Failed(Problem::new(Kind::NotConfigured, NO_KEY)));
    };
    let file = picture(app, &dataset.id, name.as_str())?;
    let jpeg = match media::jpeg_to_look_at(file.path).await {
        Ok(jpeg) => jpeg,
        // It broke since it was looked at; the checks will say so.
        Err(_) => return Ok((Err(GeminiError::Unreadable), Vec::new())),
    };
    let (task, schema, model) = (description(order.style, &dataset.trigger_word), description_schema(), gemini::model(app));
    let ask = Ask { model: &model, system: DESCRIBER, task: &task, picture: Some(&jpeg), schema: &schema };
    let Asked { answer, usage } = app.gemini.ask(&key, &ask).await;
    let caption = answer.and_then(|answer| {
        let text = one_line(answer["description"].as_str().unwrap_or_default());
        let caption = with_words_first(&text, &dataset.trigger_word).chars().take(LONGEST_CAPTION).collect();
        if text.is_empty() { Err(GeminiError::Empty) } else { Ok(caption) }
    });
    Ok((caption, usage))
}

/// What is done when Gemini did not describe a picture: one it will not describe is passed over, a state of Gemini's
/// is waited out or ends the job. What was written stays.
fn otherwise(error: &GeminiError, job: &Job) -> Result<Outcome, Ended> {
    match error {
        GeminiError::Blocked(_) | GeminiError::Recited | GeminiError::Cut | GeminiError::Empty | GeminiError::Unreadable => {
            Ok(Outcome::PassedOver)
        }
        error => match error.wait(job.attempts) {
            Some(wait) if job.attempts < MOST_ATTEMPTS => {
                let at = Utc::now() + TimeDelta::from_std(wait).unwrap_or_default();
                Err(Ended::Later(at, format!("{error} It is asked again by itself.")))
            }
            _ => Err(Ended::from(Error::from(error.clone()))),
        },
    }
}

/// Stores what came of the next picture and that it is dealt with, in one step.
async fn keep(app: &AppState, id: &JobId, outcome: Outcome) -> Result<(), Error> {
    let id = id.clone();
    app.store
        .write(move |tx| {
            let stored = tx.get::<Job>(id.as_str()).ok_or_else(|| Problem::not_found("job"))?;
            let mut job = Job::clone(&stored);
            // An answer came: earlier silence does not count any more.
            job.attempts = 1;
            let Work::DescribeImages(order) = &mut job.work else { return Ok(()) };
            let Some(name) = order.next().cloned() else { return Ok(()) };
            order.done += 1;
            match outcome {
                Outcome::Nothing => {}
                Outcome::PassedOver => order.passed_over.push(name),
                Outcome::Caption(caption) => {
                    if let Some(stored) = tx.get::<Dataset>(order.dataset_id.as_str()) {
                        let mut dataset = Dataset::clone(&stored);
                        let again = order.again;
                        if let Some(image) = dataset.image_mut(name.as_str()).filter(|image| again || image.caption.is_empty()) {
                            image.caption = caption;
                            dataset.updated_at = Some(Utc::now());
                            order.written += 1;
                            tx.put(dataset)?;
                        }
                    }
                }
            }
            Ok::<_, Error>(tx.put(job)?)
        })
        .await
}

/// Notes what calls have cost, also those whose answer was of no use.
async fn spent(app: &AppState, id: &JobId, usage: Vec<Usage>) -> Result<(), Error> {
    work::update(app, id, move |job| {
        if let Work::DescribeImages(order) = &mut job.work {
            usage.into_iter().for_each(|usage| add(&mut order.usage, usage));
        }
    })
    .await
}

/// Five hundred calls of one model are one line.
fn add(usage: &mut Vec<Usage>, new: Usage) {
    match usage.iter_mut().find(|one| one.model == new.model) {
        Some(one) => {
            one.asked += new.asked;
            one.answered += new.answered;
            one.thought += new.thought;
        }
        None => usage.push(new),
    }
}

async fn sum_up(app: &AppState, id: &JobId, order: &DescribeOrder) -> Result<(), Error> {
    if order.passed_over.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = order.passed_over.iter().take(3).map(ImageName::as_str).collect();
    let more = if order.passed_over.len() > named.len() { " and others" } else { "" };
    let words = format!("Gemini would not describe {}{more}. Write these by hand.", named.join(", "));
    work::update(app, id, move |job| job.notes = vec![words]).await
}
