//! What was missed while this server did not run, and what was done about it.

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        character::CharacterId,
        run::{Cause, RunId},
        task::TaskId,
    },
    state::AppState,
};

/// What was missed up to the last start of this server, or while the machine slept since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedReport {
    /// When this server was started.
    pub since: DateTime<Utc>,
    /// Each task something was missed of.
    pub tasks: Vec<MissedTask>,
}

/// What was missed of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedTask {
    /// Which; it may be deleted by now.
    pub task_id: TaskId,
    /// For whom.
    pub character_id: CharacterId,
    /// The time of the last one.
    pub last: DateTime<Utc>,
    /// How many were left out.
    pub missed: usize,
    /// Those that were made up for, newest first.
    pub made_up: Vec<RunId>,
}

impl MissedReport {
    /// How many were left out, in all.
    pub fn missed(&self) -> usize {
        self.tasks.iter().map(|task| task.missed).sum()
    }

    /// How many were made up for, in all.
    pub fn made_up(&self) -> usize {
        self.tasks.iter().map(|task| task.made_up.len()).sum()
    }
}

/// What was missed since the last start, and what was done about it; `None` when nothing was missed.
pub fn missed_report(app: &AppState) -> Option<MissedReport> {
    let since = app.agenda.since()?;
    let state = app.store.read();
    let mut tasks: Vec<MissedTask> = Vec::new();
    for run in state.runs.indexed("gap", "true").take_while(|run| run.created_at >= since) {
        let place = tasks.iter().position(|task| task.task_id == run.task_id).unwrap_or_else(|| {
            let (task_id, character_id) = (run.task_id.clone(), run.character_id.clone());
            tasks.push(MissedTask { task_id, character_id, last: run.due_at, missed: 0, made_up: Vec::new() });
            tasks.len() - 1
        });
        let task = &mut tasks[place];
        task.last = task.last.max(run.due_at);
        match run.cause {
            Cause::MadeUp => task.made_up.push(run.id.clone()),
            Cause::Schedule | Cause::Person => task.missed += 1,
        }
    }
    (!tasks.is_empty()).then_some(MissedReport { since, tasks })
}
