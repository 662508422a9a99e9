//! Imports: what others have written is read, told, and on a person's word stored, all or nothing.
//!
//! What is sent is read once, as tolerantly as can be (`reading`), and its pictures are laid ready. A plan then says
//! what becomes of each record, given what is here (`planning`); the report a person sees is the plan's, and what is
//! stored is exactly that plan, or nothing when what is here has changed meanwhile. Nothing that is imported can post by
//! itself: tasks come paused, and of posts only those that are out.

mod characters;
mod contents;
mod files;
mod keys;
mod names;
mod others;
mod pictures;
mod planning;
mod reading;
mod shapes;
mod source;
mod storing;

use std::{path::Path, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use tempfile::{TempDir, TempPath};

pub(super) use self::{files::BUNDLE, keys::without_secrets};
pub use self::{keys::InForce, reading::Limits};
use self::{
    planning::{Plan, plan},
    source::Source,
};
use super::disk::blocking;
use crate::{
    domain::{
        import::{ImportId, ImportReport, WAITS_MINUTES, Waiting},
        problem::{Kind, Problem},
    },
    error::Error,
    imports::Staged,
    state::AppState,
    store::{Peeked, State},
};

/// Where what is imported lies until it is stored, within the data folder.
const FOLDER: &str = ".imports";

/// What is imported.
#[derive(Debug)]
pub enum What {
    /// A file that was sent: a zip, or JSON. It is gone afterwards.
    File(TempPath),
    /// JSON that was sent.
    Json(Vec<u8>),
    /// A folder or a file of this machine.
    Place(std::path::PathBuf),
}

/// Reads what was sent and tells what it would bring. It waits for a person's word for a while.
pub async fn stage(app: &AppState, what: What, name: &str, now: DateTime<Utc>) -> Result<Waiting, Error> {
    let staged = read(app, what, name, now).await?;
    let report = planned(app, &staged).await?.report;
    let until = now + Duration::minutes(WAITS_MINUTES);
    let waiting = Waiting { id: uuid::Uuid::new_v4().to_string().into(), until, report };
    app.imports.keep(waiting.clone(), staged);
    // What nobody decides about must not lie there for ever.
    let (app, id) = (app.clone(), waiting.id.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(Duration::minutes(WAITS_MINUTES).to_std().unwrap_or_default()) => {}
            () = app.stopping.cancelled() => {}
        }
        app.imports.forget(&id);
    });
    Ok(waiting)
}

/// What waits under that id, or was imported a while ago.
pub fn waiting(app: &AppState, id: &ImportId, now: DateTime<Utc>) -> Result<Waiting, Error> {
    app.imports.get(id, now).ok_or_else(|| over().into())
}

/// Stores what waits under that id: exactly what was told. When what is here has changed so that something else would
/// come of it, nothing is stored, and what would come now waits to be looked at.
pub async fn import(app: &AppState, id: &ImportId, now: DateTime<Utc>) -> Result<ImportReport, Error> {
    let (waiting, staged) = app.imports.staged(id, now).ok_or_else(over)?;
    match storing::store(app, &staged, Some(&waiting.report), now).await? {
        storing::Stored::Done(report) => {
            app.imports.done(Waiting { report: report.clone(), ..waiting });
            Ok(report)
        }
        storing::Stored::Other(report) => {
            app.imports.report_anew(Waiting { report, ..waiting });
            let words = "What is here has changed since, and something else would come of it now. Nothing was imported: look at it again.";
            Err(Problem::conflict(words).into())
        }
    }
}

/// Forgets what waits under that id.
pub fn discard(app: &AppState, id: &ImportId) -> Result<(), Error> {
    if app.imports.forget(id) { Ok(()) } else { Err(over().into()) }
}

/// Reads and stores in one go; or only tells what would come.
pub async fn at_once(app: &AppState, what: What, name: &str, dry_run: bool, now: DateTime<Utc>) -> Result<ImportReport, Error> {
    let staged = read(app, what, name, now).await?;
    if dry_run {
        return Ok(planned(app, &staged).await?.report);
    }
    match storing::store(app, &staged, None, now).await? {
        storing::Stored::Done(report) | storing::Stored::Other(report) => Ok(report),
    }
}

/// Tells what a place would bring to a folder that was only looked at. Blocks.
pub fn tell(peeked: Option<&Peeked>, place: &Path, limits: Limits, in_force: &InForce, now: DateTime<Utc>) -> Result<ImportReport, Error> {
    let folder = tempfile::tempdir().map_err(Error::file("Making a folder for the import"))?;
    let mut source = Source::at(place, limits.all)?;
    let gathered = reading::gather(&mut source, &name_of(place), folder.path(), limits, now)?;
    let empty = State::default();
    let (state, locked) = peeked.map_or((&empty, None), |peeked| (&peeked.state, peeked.secrets_locked.as_deref()));
    Ok(plan(&gathered, state, in_force, locked).report)
}

/// What a place is called.
pub fn name_of(place: &Path) -> String {
    let whole = std::path::absolute(place).unwrap_or_else(|_| place.to_owned());
    whole.file_name().map_or_else(|| place.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Removes what a kill left of imports that never were.
pub async fn tidy(app: &AppState) {
    let folder = app.store.dir().join(FOLDER);
    match tokio::fs::remove_dir_all(&folder).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => tracing::warn!(%error, "the folder of imports was not tidied"),
        Ok(()) | Err(_) => {}
    }
}

/// A file that what is sent is written to, on the same disk as everything else.
pub async fn new_file(app: &AppState) -> Result<(std::fs::File, TempPath), Error> {
    let folder = app.store.dir().join(FOLDER);
    let made = blocking(move || {
        let made = made(&folder).and_then(|()| tempfile::NamedTempFile::new_in(&folder));
        made.map_err(Error::file("Making a file for what is sent"))
    });
    Ok(made.await?.into_parts())
}

/// What would become of what was read, as things are now.
async fn planned(app: &AppState, staged: &Arc<Staged>) -> Result<Plan, Error> {
    let (state, locked, staged) = (app.store.read(), app.store.health().secrets_locked, Arc::clone(staged));
    let in_force = InForce::of(&app.config);
    blocking(move || Ok(plan(&staged.gathered, &state, &in_force, locked.as_deref()))).await
}

async fn read(app: &AppState, what: What, name: &str, now: DateTime<Utc>) -> Result<Arc<Staged>, Error> {
    let folder = app.store.dir().join(FOLDER);
    let limits = Limits { picture: app.config.picture_limit, all: app.config.upload_limit };
    let name = name.to_owned();
    // Pictures are decoded one after the other, and not many at once.
    let _turn = app.incoming.look().await;
    blocking(move || {
        let making = Error::file("Making a folder for the import");
        let folder = made(&folder).and_then(|()| TempDir::new_in(&folder)).map_err(making)?;
        let (mut source, _file) = match what {
            What::File(file) => (Source::at(&file, limits.all)?, Some(file)),
            What::Json(bytes) => (Source::json(bytes, limits.all), None),
            What::Place(place) => (Source::at(&place, limits.all)?, None),
        };
        let gathered = reading::gather(&mut source, &name, folder.path(), limits, now)?;
        Ok(Arc::new(Staged { gathered, folder }))
    })
    .await
}

/// Makes the folder, for its owner alone.
fn made(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn over() -> Problem {
    Problem::new(Kind::NotFound, "This import is over: it waits for an hour, and not beyond a restart. Send the file again.")
}
