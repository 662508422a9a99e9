//! The pages of datasets: pictures with captions that a LoRA is trained on.

pub mod create;
pub mod deeds;
pub mod detail;
mod grid;
pub mod library;
pub mod list;
mod side;

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::{
    domain::{
        check::Verdict,
        dataset::{Dataset, DatasetId, DatasetImage},
    },
    service,
    web::context,
};

/// A dataset's page.
pub fn page_of(id: &DatasetId) -> String {
    format!("/datasets/{}", context::encode(id.as_str()))
}

/// The dataset the address names.
fn this_dataset() -> Option<Arc<Dataset>> {
    let id = use_params_map().with_untracked(|params| params.get("id")).map(DatasetId::from)?;
    service::datasets::get(&context::app(), &id).ok()
}

/// Where a picture is served. Its digest makes the address that of this very picture.
fn image_url(id: &DatasetId, image: &DatasetImage) -> String {
    format!("/media/datasets/{}/{}?v={}", context::encode(id.as_str()), context::encode(image.name.as_str()), image.digest)
}

fn thumbnail_url(id: &DatasetId, image: &DatasetImage) -> String {
    format!("/media/datasets/{}/{}/thumb.webp?v={}", context::encode(id.as_str()), context::encode(image.name.as_str()), image.digest)
}

/// Who is to be seen in a dataset.
fn whose(dataset: &Dataset) -> String {
    let state = context::app().store.read();
    state.characters.get(dataset.character_id.as_str()).map_or_else(|| "A deleted character".to_owned(), |one| one.name.clone())
}

/// How a dataset stands, as a dot and a word.
fn standing(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Good => ("ok", "Ready to train"),
        Verdict::Mind | Verdict::Waits => ("warn", "Could be better"),
        Verdict::Stops => ("bad", "Not ready"),
    }
}
