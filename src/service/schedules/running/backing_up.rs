//! A run that makes a backup: one step, done by a job of its own.

use std::sync::Arc;

use chrono::Utc;

use super::{Next, Runner, Stop, TaskType};
use crate::{
    domain::{
        backup::BackupRequest,
        run::{Run, RunDeed},
    },
    service::backups,
};

impl Runner<'_> {
    /// The run, when it is none of a character.
    pub(super) fn without_character(&self) -> Option<Arc<Run>> {
        let state = self.app.store.read();
        state.runs.get(self.id.as_str()).filter(|run| self.is_ours(run) && run.kind == TaskType::Backup).cloned()
    }

    /// Has the backup made, and waits for it.
    pub(super) async fn back_up(&self, run: &Run) -> Result<Next, Stop> {
        match run.step(RunDeed::Backup) {
            None => {
                let request = BackupRequest { extent: run.config()?.extent, keep: false };
                let job = backups::job(&request, true, Utc::now());
                self.hand_over(job, |_| {}, RunDeed::Backup).await
            }
            Some(step) if step.ended_at.is_none() => match self.done_in(&self.app.store.read(), step).await? {
                Ok(job) => self.close(backups::outcome(&job), false).await,
                Err(next) => Ok(next),
            },
            Some(_) => self.finish().await,
        }
    }
}
