//! What goes on, by itself or because somebody asked.

use super::Record;
use crate::{
    domain::{
        activity::Deed,
        job::{Job, JobStatus},
        run::{Cause, LastTick, Run, RunState},
        task::Task,
    },
    store::{
        state::State,
        table::Table,
        told::{self, Change},
    },
};

impl Record for Job {
    const COLLECTION: &'static str = "jobs";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("status", self.status.key());
        if matches!(self.status, JobStatus::Queued | JobStatus::Interrupted) {
            emit("waiting", self.work.lane().key());
        }
        if let Some(character) = &self.character_id {
            emit("character", character.as_str());
        }
        if let Some(order) = self.descriptions() {
            emit("dataset", order.dataset_id.as_str());
        }
    }

    fn told(change: Change<'_, Self>, state: &State) -> Option<Deed> {
        told::job(change, state)
    }

    fn table(state: &State) -> &Table<Self> {
        &state.jobs
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.jobs
    }
}

impl Record for Task {
    const COLLECTION: &'static str = "scheduler";
    const OLDER_FILE: Option<&'static str> = Some("schedule");

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("character", self.character_id.as_str());
        emit("active", if self.active { "true" } else { "false" });
    }

    fn table(state: &State) -> &Table<Self> {
        &state.tasks
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.tasks
    }
}

impl Record for Run {
    const COLLECTION: &'static str = "runs";

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn index(&self, emit: &mut dyn FnMut(&'static str, &str)) {
        emit("task", self.task_id.as_str());
        emit("state", self.state.key());
        emit("character", self.character_id.as_str());
        if self.state.goes_on() {
            emit("going", self.character_id.as_str());
        }
        for content in self.steps.iter().flat_map(|step| &step.contents) {
            emit("content", content.as_str());
        }
        // What a report about a time without this server speaks of.
        if self.cause == Cause::MadeUp || matches!(self.state, RunState::Missed { .. }) {
            emit("gap", "true");
        }
        if let Some(step) = self.open_step() {
            if let Some(job) = &step.job_id {
                emit("waits-for", job.as_str());
            }
            if let Some(post) = &step.post_id {
                emit("waits-for", post.as_str());
            }
        }
    }

    /// What comes of it is told by what it makes.
    fn told(_: Change<'_, Self>, _: &State) -> Option<Deed> {
        None
    }

    fn table(state: &State) -> &Table<Self> {
        &state.runs
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.runs
    }
}

impl Record for LastTick {
    const COLLECTION: &'static str = "ticks";

    fn id(&self) -> &str {
        &self.id
    }

    /// What comes of it is told by what it makes.
    fn told(_: Change<'_, Self>, _: &State) -> Option<Deed> {
        None
    }

    fn table(state: &State) -> &Table<Self> {
        &state.ticks
    }

    fn table_mut(state: &mut State) -> &mut Table<Self> {
        &mut state.ticks
    }
}
