//! Pictures of the library as pictures to train on: copied, so that neither minds what becomes of the other.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    folder, get,
    taking::{Arrival, copied, take_in},
    with_files,
};
use crate::{
    domain::{
        content::{Content, ContentId, ReviewState},
        dataset::{AddedFrom, Dataset, DatasetId, MOST_IMAGES, Received, with_words_first},
        problem::{Kind, Problem},
    },
    error::Error,
    state::AppState,
};

/// The approved pictures of a dataset's character that are not in it yet, newest first, at most `limit`.
pub fn copyable(app: &AppState, dataset: &Dataset, limit: usize) -> Vec<Arc<Content>> {
    let state = app.store.read();
    let hers = state.content.indexed("character", dataset.character_id.as_str());
    hers.filter(|content| may_be_copied(dataset, content).is_ok()).take(limit).cloned().collect()
}

/// Copies approved pictures into a dataset. With `with_prompts`, what was asked for becomes the caption.
pub async fn copy_contents(
    app: &AppState,
    id: &DatasetId,
    contents: Vec<ContentId>,
    with_prompts: bool,
    now: DateTime<Utc>,
) -> Result<Received, Error> {
    if contents.is_empty() {
        return Err(Problem::invalid("contentIds", "Choose at least one picture.").into());
    }
    if contents.len() > MOST_IMAGES {
        return Err(Problem::invalid("contentIds", format!("Choose at most {MOST_IMAGES} pictures.")).into());
    }
    let mut received = Received::default();
    for content in contents {
        match copy(app, id, &content, with_prompts, now).await {
            Ok(image) => received.added.push(image),
            Err(Error::Problem(problem)) if problem.kind != Kind::Internal => received.refuse(content.as_str(), problem),
            Err(error) => return Err(error),
        }
        get(app, id)?;
    }
    Ok(received)
}

async fn copy(
    app: &AppState,
    id: &DatasetId,
    content: &ContentId,
    with_prompts: bool,
    now: DateTime<Utc>,
) -> Result<crate::domain::dataset::DatasetImage, Error> {
    let (dataset, content) = (get(app, id)?, super::super::content::get(app, content)?);
    may_be_copied(&dataset, &content)?;
    let from = super::super::media::original_path(app, &content.id)?;
    let root = folder::root(app);
    let part = with_files("Copying a picture", move || copied(&root, &from)).await?;
    let caption = match &content.provenance {
        Some(made) if with_prompts && !made.request.is_empty() => with_words_first(&made.request, &dataset.trigger_word),
        Some(_) | None => String::new(),
    };
    // A name that sorts by age and can be found again in the library.
    let called = format!("{}.png", content.id);
    take_in(app, id, Arrival { part, called, from: AddedFrom::Content(content.id.clone()), caption }, now).await
}

fn may_be_copied(dataset: &Dataset, content: &Content) -> Result<(), Problem> {
    if content.character_id != dataset.character_id {
        return Err(Problem::conflict("It shows somebody else."));
    }
    if content.state != ReviewState::Approved || content.picture.is_none() {
        return Err(Problem::conflict("Only approved pictures can be trained on."));
    }
    if dataset.images.iter().any(|image| image.added_from == AddedFrom::Content(content.id.clone())) {
        return Err(Problem::conflict("It is in the dataset already."));
    }
    Ok(())
}
