//! The job of a backup: made on a thread of its own, watched and stopped from here; then the oldest make room.

use std::{path::Path, time::Duration};

use chrono::Utc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Broke, Making, Step, folder, folder_of, kept, told};
use crate::{
    domain::{
        backup::{Backup, BackupId, BackupOrder, file_name, surplus},
        job::JobId,
        problem::{Kind, Problem},
    },
    error::Error,
    live::Running,
    service::{
        disk::blocking,
        work::{Ended, tell},
    },
    state::AppState,
};

/// How often is looked how far it is.
const LOOK: Duration = Duration::from_millis(200);

impl From<Broke> for Ended {
    fn from(broke: Broke) -> Self {
        match broke {
            Broke::Stopped => Self::Cancelled,
            Broke::Problem(problem) => Self::Failed(problem),
            Broke::File { doing, source } => Error::File { doing, source }.into(),
        }
    }
}

/// Makes a backup: what a worker does.
pub(in crate::service) async fn work(app: &AppState, id: &JobId, order: &BackupOrder, running: &Running) -> Result<(), Ended> {
    is_whole(app)?;
    let stop = CancellationToken::new();
    // Whether a person stops it or this server does: the thread must not go on.
    let _ends = stop.clone().drop_guard();
    let making =
        Making { state: app.store.read(), data: app.store.dir().to_owned(), order: order.clone(), now: Utc::now(), stop: stop.clone() };
    let (steps, mut heard) = watch::channel(None);
    let mut made = tokio::task::spawn_blocking(move || {
        making.make(&mut |step| {
            steps.send_replace(Some(step));
        })
    });
    let mut ticks = tokio::time::interval(LOOK);
    let made = loop {
        tokio::select! {
            made = &mut made => break made,
            _ = ticks.tick() => if heard.has_changed().unwrap_or_default() {
                let step = *heard.borrow_and_update();
                show(app, id, running, step);
            },
            () = running.cancel.cancelled(), if !stop.is_cancelled() => stop.cancel(),
        }
    };
    let broke =
        |_| Ended::Failed(Problem::new(Kind::Internal, "Something in this server broke while it made the backup. The log says what."));
    let backup = made.map_err(broke)??;
    told(app, &backup.id, &format!("made: {}", what(&backup))).await?;
    make_room(app).await?;
    Ok(())
}

/// A backup of a damaged store would lack what could not be read, and push out older ones that have it.
fn is_whole(app: &AppState) -> Result<(), Ended> {
    match app.store.health().damaged.first() {
        None => Ok(()),
        Some(damage) => {
            Err(Ended::Failed(Problem::new(Kind::ReadOnly, format!("No backup was made, for it would lack something. {damage}"))))
        }
    }
}

fn show(app: &AppState, id: &JobId, running: &Running, step: Option<Step>) {
    let (words, done, all) = match step {
        None => return,
        Some(Step::Copying(done, all)) => ("Copying", done, all),
        Some(Step::Verifying(done, all)) => ("Reading it again", done, all),
    };
    tell(app, id, running, |progress| {
        progress.words = words.into();
        progress.step = u32::try_from(done).unwrap_or(u32::MAX);
        progress.steps = u32::try_from(all).unwrap_or(u32::MAX);
    });
}

/// The oldest go, now that there is a new one that is good.
async fn make_room(app: &AppState) -> Result<(), Error> {
    let (data, kept) = (app.store.dir().to_owned(), kept(&app.store.read()));
    let gone = blocking(move || make_room_in(&data, kept).map_err(Error::file("Removing old backups"))).await?;
    for id in gone {
        told(app, &id, &format!("removed: the newest {kept} stay")).await?;
    }
    Ok(())
}

/// Removes the backups of a data folder there are too many of; answers which. Blocks.
pub fn make_room_in(data: &Path, kept: usize) -> std::io::Result<Vec<BackupId>> {
    let folder = folder_of(data);
    let mut gone = surplus(&folder::list(&folder)?, kept);
    for id in &gone {
        folder::remove(&folder.join(file_name(id)))?;
    }
    gone.reverse();
    Ok(gone)
}

/// What is in it, in a few words.
pub fn what(backup: &Backup) -> String {
    let Some(contents) = &backup.contents else { return super::making::megabytes(backup.bytes) };
    let records: usize = contents.counts.values().sum();
    let missing = match contents.missing.len() {
        0 => String::new(),
        1 => "; 1 file was not there".to_owned(),
        many => format!("; {many} files were not there"),
    };
    format!("{records} records and {} files, {}{missing}", contents.files, super::making::megabytes(backup.bytes))
}
