//! Datasets: what can be done with pictures and captions that a LoRA is trained on.

mod folder;

use std::sync::Arc;

pub use self::folder::folder;
use crate::{
    domain::{
        dataset::{Dataset, DatasetId},
        problem::Problem,
    },
    error::Error,
    state::AppState,
};

/// One dataset.
pub fn get(app: &AppState, id: &DatasetId) -> Result<Arc<Dataset>, Error> {
    app.store.read().datasets.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("dataset").into())
}
