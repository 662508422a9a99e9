//! Storing what a plan says: pictures first, then all records in one step. When that fails, the pictures go again.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{
    planned,
    planning::{Changes, Plan, versions},
};
use crate::{
    domain::{
        activity::{Activity, ActivityId},
        import::ImportReport,
        problem::{Kind, Problem},
    },
    error::Error,
    imports::Staged,
    service::{disk::blocking, media},
    state::AppState,
    store::{StoreError, Transaction},
};

/// How often is planned anew while others change what is here.
const ROUNDS: usize = 20;

/// How it went.
pub(super) enum Stored {
    /// It is stored, as the report says.
    Done(ImportReport),
    /// Nothing is stored: this is what would come now, and it is not what was told.
    Other(ImportReport),
}

/// Stores what was read; where something was told before, that and nothing else.
pub(super) async fn store(app: &AppState, staged: &Arc<Staged>, told: Option<&ImportReport>, now: DateTime<Utc>) -> Result<Stored, Error> {
    for _ in 0..ROUNDS {
        let Plan { mut report, changes, versions } = planned(app, staged).await?;
        if told.is_some_and(|told| *told != report) {
            return Ok(Stored::Other(report));
        }
        report.imported = true;
        if report.new_records() == 0 {
            return Ok(Stored::Done(report));
        }
        let placed = place(app, &changes).await?;
        match write(app, changes, versions, &report, now).await {
            Ok(true) => return Ok(Stored::Done(report)),
            Ok(false) => remove(placed).await,
            Err(error) => {
                remove(placed).await;
                return Err(error);
            }
        }
    }
    Err(Problem::new(Kind::Conflict, "What is here changed again and again meanwhile. Nothing was imported; try again.").into())
}

/// Writes all records in one step. Answers whether it did: not when what is here has changed since it was planned.
async fn write(app: &AppState, changes: Changes, planned: [u64; 6], report: &ImportReport, now: DateTime<Utc>) -> Result<bool, Error> {
    let line = Activity {
        id: ActivityId::new(),
        at: now,
        actor: crate::actor::current(),
        kind: "characters".to_owned(),
        subject: None,
        character_id: match changes.characters.as_slice() {
            [only] => Some(only.id.clone()),
            _ => None,
        },
        words: format!("“{}” was imported: {}", report.name, report.what()),
    };
    let written = app.store.write(move |tx| {
        if versions(tx.state()) != planned {
            return Ok(false);
        }
        put(tx, changes)?;
        match tx.put(line) {
            // Where activity cannot be written because its file is damaged, what was done still counts.
            Ok(()) | Err(StoreError::ReadOnly(_)) => Ok::<_, Error>(true),
            Err(error) => Err(error.into()),
        }
    });
    written.await
}

fn put(tx: &mut Transaction, changes: Changes) -> Result<(), StoreError> {
    changes.characters.into_iter().try_for_each(|one| tx.put(one))?;
    changes.secrets.iter().try_for_each(|(owner, field, secret)| tx.put_secret(owner, field, secret))?;
    changes.contents.into_iter().try_for_each(|one| tx.put(one))?;
    changes.prompts.into_iter().try_for_each(|one| tx.put(one))?;
    changes.tasks.into_iter().try_for_each(|one| tx.put(one))?;
    changes.posts.into_iter().try_for_each(|one| tx.put(one))
}

/// Puts the pictures where they belong. Answers which, so that they can be taken back.
async fn place(app: &AppState, changes: &Changes) -> Result<Vec<PathBuf>, Error> {
    let mut pairs = Vec::with_capacity(changes.pictures.len() * 2);
    for (id, ready) in &changes.pictures {
        pairs.push((ready.thumbnail.clone(), media::thumbnail_path(app, id)?));
        pairs.push((ready.original.clone(), media::original_path(app, id)?));
    }
    let folder = app.store.dir().join("media");
    blocking(move || {
        let mut placed = Vec::with_capacity(pairs.len());
        match copy_all(&folder, pairs, &mut placed) {
            Ok(()) => Ok(placed),
            Err(source) => {
                remove_all(&placed);
                Err(Error::File { doing: "Storing the pictures", source })
            }
        }
    })
    .await
}

fn copy_all(folder: &Path, pairs: Vec<(PathBuf, PathBuf)>, placed: &mut Vec<PathBuf>) -> io::Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    for (from, to) in pairs {
        // The file is there whole, or not at all.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::copy(&mut fs::File::open(from)?, &mut file)?;
        file.as_file().sync_data()?;
        placed.push(to.clone());
        file.persist(to)?;
    }
    fs::File::open(folder)?.sync_all()
}

async fn remove(placed: Vec<PathBuf>) {
    let removed = tokio::task::spawn_blocking(move || remove_all(&placed)).await;
    if removed.is_err() {
        tracing::warn!("pictures of an import that failed stay behind");
    }
}

fn remove_all(placed: &[PathBuf]) {
    for path in placed {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a picture of an import that failed stays behind")
            }
            Ok(()) | Err(_) => {}
        }
    }
}
