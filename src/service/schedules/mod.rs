//! Schedules: tasks, when they are due, and what becomes of their runs.
//!
//! A tick of the clock stores a run, with its job, for each task that was due since the last one. A worker does what
//! the run is for, step by step; each step is stored before it begins, with the ids of what it makes.

mod book;
mod deeds;
mod engine;
mod planned;
mod report;
mod running;
mod view;

pub(super) use self::{
    book::{broke_down, forget_all},
    running::work,
};
pub use self::{
    deeds::{change, create, delete, pause_all, preview, preview_of, resume_all, run, run_all, run_missed, set_active, stop},
    engine::{Ticked, recover, tick, wind_up},
    planned::{Planned, next_of_each, planned},
    report::{MissedReport, MissedTask, missed_report},
    running::follow,
    view::{
        Filter, LastResult, Page, Preview, Status, Summary, TaskView, all, behind, get, list, of_content, run_of, runs, status, summary,
        view,
    },
};
