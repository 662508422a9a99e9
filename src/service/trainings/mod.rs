//! Trainings: from pictures to a LoRA that works, with a trainer that outlives this process.
//!
//! What is about to be done is stored before it is done, the trainer runs under a guard of its own (see
//! [`crate::integrations::trainer`]), and how it ended is read from the guard's folder: whatever is cut off, and
//! wherever, the next start finds out how it went, and nothing is ever trained twice at once.

mod asking;
mod base;
mod comparing;
mod delivering;
mod following;
mod list;
mod paths;
mod places;
mod preparing;
mod removing;
mod running;
mod settings;
mod settling;
mod sharing;
mod sight;
mod stopping;
mod versions;

pub use self::{
    asking::{Offer, command, offer, resume, start},
    base::{BaseModel, base_models},
    comparing::compare,
    list::{Page, TrainingView, get, page, unfinished},
    places::LogName,
    removing::{delete, tidy},
    running::recover,
    settings::{Trainer, TrainerChange, look, trainer},
    sight::{Sight, file, log, metrics, sample, sight},
    stopping::{stop, stopped},
    versions::{promote, rollback},
};
pub(in crate::service) use self::{
    running::{broke_down, work},
    settings::{apply as apply_settings, check as check_settings, view as settings_view},
    sharing::turn_to_draw,
    stopping::stop_all,
};
