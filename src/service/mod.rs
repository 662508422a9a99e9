//! What the app does: a file a subject, a function a deed. Pages, the API and jobs all call these.

pub mod accounts;
pub mod captions;
pub mod characters;
pub mod content;
pub mod datasets;
pub mod drawing;
pub mod gemini;
pub mod handoff;
pub mod ideas;
pub mod images;
pub mod jobs;
pub mod looks;
pub mod media;
pub mod models;
pub mod prompts;
pub mod publishing;
pub mod renditions;
pub mod review;
pub mod seed;
pub mod settings;
pub mod status;
pub mod trainings;
pub mod watching;
pub mod work;
