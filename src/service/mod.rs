//! What the app does: a file a subject, a function a deed. Pages, the API and jobs all call these.

pub mod characters;
pub mod content;
pub mod drawing;
pub mod images;
pub mod jobs;
pub mod media;
pub mod models;
pub mod seed;
pub mod watching;
