//! The first start on a restored folder. What it holds is older than what has happened: posts that were waiting then
//! may be out by now. So everything stands still until a person has looked.

use std::{fs, io::ErrorKind};

use chrono::{DateTime, Utc};

use super::{
    restoring::{RESTORED, RestoredNote},
    swapping::keep_backups,
    told,
};
use crate::{
    domain::problem::{Kind, Problem},
    error::Error,
    service::{disk::blocking, publishing},
    state::AppState,
};

/// Pauses everything and holds the posts that were due, when the folder was restored since the last start. To be called
/// before workers run. Answers whether it was.
pub async fn settle(app: &AppState, now: DateTime<Utc>) -> Result<bool, Error> {
    let (dir, note) = (app.store.dir().to_owned(), app.store.dir().join(RESTORED));
    let from = note.clone();
    let read = blocking(move || match fs::read(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(Error::file("Reading what was restored")),
    });
    let Some(text) = read.await? else { return Ok(false) };
    let unreadable =
        |_| Problem::new(Kind::Internal, format!("{RESTORED} in the data folder cannot be read. Restore the backup once more."));
    let restored: RestoredNote = serde_json::from_slice(&text).map_err(unreadable)?;
    let made_at = app.times().moment(restored.made_at);
    let why =
        format!("Restored from a backup of {made_at}: it may have gone out since then. Look at the account, then send it or take it back.");
    app.store
        .write(move |tx| {
            let mut settings = tx.settings().clone();
            settings.paused = true;
            tx.put_settings(settings)?;
            publishing::hold_what_may_be_out(tx, &why, now)
        })
        .await?;
    let name = restored.backup.trim_end_matches(".zip").into();
    told(app, &name, "restored. Everything is paused until somebody has looked").await?;
    blocking(move || {
        // Where the restore was cut off right after the swap.
        restored.before.map_or(Ok(()), |before| keep_backups(&before, &dir)).map_err(Error::file("Moving the backups"))?;
        fs::remove_file(note).map_err(Error::file("Noting that a restored folder was seen"))
    })
    .await?;
    Ok(true)
}
