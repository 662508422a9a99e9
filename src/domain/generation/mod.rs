//! What is asked of a picture, and the recipe it is made by.

mod recipe;
mod remix;
mod request;
mod resolving;
mod usual;

pub(crate) use self::request::check_ranges;
pub use self::{
    recipe::{Companions, Recipe, Resolved},
    remix::RemixRequest,
    request::{GenerateRequest, LARGEST_BATCH, LONGEST_PROMPT, SCALE, SIDES, STEPS},
    resolving::not_there,
    usual::{FamilyDefaults, SizePreset, defaults, size_presets},
};
