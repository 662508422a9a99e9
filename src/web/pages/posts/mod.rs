//! Posts: the publish ledger as a person reads it.

pub mod compose;
pub mod deeds;
pub mod detail;
pub mod list;

use crate::{domain::post::PostId, web::context};

/// Where a post is looked at.
pub fn page_of(id: &PostId) -> String {
    format!("/posts/{}", context::encode(id.as_str()))
}
