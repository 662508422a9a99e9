//! Backups: made while the server runs, looked through before they count, kept in bounds, and put back.
//!
//! A backup shows one moment: the records come from one snapshot of the store, the files they speak of from the disk.
//! The truth about backups is the folder they lie in, not the store: after a restore they are all still there. Beside
//! each zip lies a note with what is known of it, so that a list does not have to open it.

mod after;
mod contents;
mod folder;
mod making;
mod mending;
mod reading;
mod restoring;
mod swapping;
mod working;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

pub use self::{
    after::settle,
    folder::is_unfinished,
    making::{Making, Step},
    mending::{Leftover, leftovers, unfinished},
    reading::Broke,
    restoring::{Restored, Restoring},
    working::{make_room_in, what},
};
pub(super) use self::{making::options, working::work};
use crate::{
    domain::{
        activity::{Activity, ActivityId},
        backup::{Backup, BackupId, BackupOrder, BackupRequest, Extent, USUALLY_KEPT},
        job::{Job, Work},
        problem::Problem,
    },
    error::Error,
    expected::Expected,
    service::disk::blocking,
    state::AppState,
    store::State,
};

/// The folder of backups within the data folder.
pub const FOLDER: &str = "backups";

/// Asks for a backup: it is made beside everything else.
pub async fn ask(app: &AppState, request: &BackupRequest, now: DateTime<Utc>) -> Result<Job, Error> {
    let job = job(request, false, now);
    super::jobs::start(app, job).await
}

/// The job of a backup.
pub(super) fn job(request: &BackupRequest, scheduled: bool, now: DateTime<Utc>) -> Job {
    Job::queued(Work::Backup(BackupOrder::new(request, scheduled, now)), None, Vec::new(), now)
}

/// What came of a job that made a backup, in words.
pub(super) fn outcome(job: &Job) -> String {
    match &job.work {
        Work::Backup(order) => format!("{} is there, and was read again.", crate::domain::backup::file_name(&order.backup_id)),
        _ => String::new(),
    }
}

/// All backups, the newest first.
pub async fn list(app: &AppState) -> Result<Vec<Backup>, Error> {
    let folder = folder_of(app.store.dir());
    blocking(move || folder::list(&folder).map_err(Error::file("Looking through the backups"))).await
}

/// The backups of a data folder, the newest first. Blocks.
pub fn list_in(data: &Path) -> std::io::Result<Vec<Backup>> {
    folder::list(&folder_of(data))
}

/// The files that records speak of and that are not in the data folder. Blocks.
pub fn missing_files(state: &State, data: &Path) -> std::io::Result<Vec<String>> {
    contents::Contents::of(state, data, Extent::Pictures).map(|contents| contents.missing)
}

/// One backup.
pub async fn get(app: &AppState, id: &BackupId) -> Result<Backup, Error> {
    let path = path(app, id)?;
    blocking(move || folder::read(&path).map_err(Error::file("Looking at a backup"))?.ok_or_else(missing)).await
}

/// Where a backup's file is.
pub fn path(app: &AppState, id: &BackupId) -> Result<PathBuf, Error> {
    let name = crate::domain::backup::file_name(id);
    // Whoever asks names it: only plain names lead into the folder.
    match crate::domain::backup::id_of(&name) {
        Some(_) => Ok(folder_of(app.store.dir()).join(name)),
        None => Err(missing()),
    }
}

/// Reads a backup from its beginning to its end, and notes whether everything in it is as it was written.
pub async fn verify(app: &AppState, id: &BackupId, now: DateTime<Utc>) -> Result<Backup, Error> {
    let path = path(app, id)?;
    let stop = app.stopping.child_token();
    let backup = blocking(move || {
        let before = folder::read(&path).map_err(Error::file("Looking at a backup"))?.ok_or_else(missing)?;
        let seen = match reading::verify(&path, &stop, &mut |_| {}) {
            Ok(contents) => Backup { verified_at: Some(now), trouble: None, contents: Some(contents), ..before },
            Err(Broke::Problem(problem)) => Backup { trouble: Some(problem.message), ..before },
            Err(Broke::Stopped) => return Err(Problem::conflict("This server is being stopped.").into()),
            Err(Broke::File { doing, source }) => return Err(Error::File { doing, source }),
        };
        folder::note(&path, &seen).map_err(Error::file("Noting that a backup was verified"))?;
        Ok(seen)
    });
    let backup = backup.await?;
    told(app, id, if backup.trouble.is_none() { "verified" } else { "verified, and it is damaged" }).await?;
    Ok(backup)
}

/// Says whether a backup stays until a person deletes it.
pub async fn set_keep(app: &AppState, id: &BackupId, keep: bool, expected: Expected) -> Result<Backup, Error> {
    let path = path(app, id)?;
    let backup = blocking(move || {
        let before = folder::read(&path).map_err(Error::file("Looking at a backup"))?.ok_or_else(missing)?;
        expected.check(&before)?;
        let backup = Backup { keep, ..before };
        folder::note(&path, &backup).map_err(Error::file("Noting what becomes of a backup"))?;
        Ok(backup)
    });
    let backup = backup.await?;
    told(app, id, if keep { "marked to be kept" } else { "marked as one that may go" }).await?;
    Ok(backup)
}

/// Deletes a backup.
pub async fn delete(app: &AppState, id: &BackupId, expected: Expected) -> Result<(), Error> {
    let path = path(app, id)?;
    blocking(move || {
        expected.check(&folder::read(&path).map_err(Error::file("Looking at a backup"))?.ok_or_else(missing)?)?;
        let there = folder::remove(&path).map_err(Error::file("Deleting a backup"))?;
        if there { Ok(()) } else { Err(missing()) }
    })
    .await?;
    told(app, id, "deleted").await
}

/// How many backups stay when a new one was made.
pub fn kept(state: &State) -> usize {
    state.settings.backups_kept.unwrap_or(USUALLY_KEPT) as usize
}

/// Removes what a kill left half written. Only before anything is written: whatever is unfinished then stays so.
pub async fn tidy(app: &AppState) {
    let folder = folder_of(app.store.dir());
    let tidied = blocking(move || folder::tidy(&folder).map_err(Error::file("Tidying the folder of backups"))).await;
    if let Err(error) = tidied {
        tracing::warn!(%error, "the folder of backups was not tidied");
    }
}

/// The folder of backups of a data folder.
fn folder_of(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// Writes down in activity what was done to a backup.
async fn told(app: &AppState, id: &BackupId, what: &str) -> Result<(), Error> {
    let line = Activity {
        id: ActivityId::new(),
        at: Utc::now(),
        actor: crate::actor::current(),
        kind: FOLDER.to_owned(),
        subject: Some(id.to_string()),
        character_id: None,
        words: format!("The backup {id} was {what}"),
    };
    match app.store.write(move |tx| tx.put(line)).await {
        // Where activity cannot be written because its file is damaged, what was done still counts.
        Ok(()) | Err(crate::store::StoreError::ReadOnly(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn missing() -> Error {
    Problem::not_found("backup").into()
}
