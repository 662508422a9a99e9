//! Training: LoRAs in the making.

mod curve;
pub mod deeds;
pub mod detail;
mod form;
mod kept;
pub mod list;
pub mod new;
mod outcome;
pub mod setup;
pub mod versions;

use crate::{domain::training::TrainingId, web::context};

/// Where a training is looked at.
pub fn page_of(id: &TrainingId) -> String {
    format!("/training/{}", context::encode(id.as_str()))
}
