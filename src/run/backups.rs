//! Making a backup and putting one back, at the command line.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::Utc;
use tokio_util::sync::CancellationToken;

use crate::{
    config::{BackupArguments, Config, RestoreArguments},
    domain::backup::{Backup, BackupOrder, BackupRequest, Extent},
    service::backups::{self, Broke, Making, Restored, Restoring, Step},
    store::{self, OpenOptions},
};

/// Makes a backup. A server may work in the folder meanwhile: it is only read.
pub async fn back_up(config: Config, how: BackupArguments) -> Result<(), String> {
    let options = OpenOptions { dir: config.data_dir(), key: config.secret_key()? };
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        // Without the signal there is only no way to stop it.
        if tokio::signal::ctrl_c().await.is_ok() {
            stopped.cancel();
        }
    });
    let made = tokio::task::spawn_blocking(move || make(&options, how, stop)).await;
    let (backup, path, gone) = made.map_err(|_| "making the backup broke down".to_owned())??;
    println!("{} is there, and was read again: {}.", path.display(), backups::what(&backup));
    for missing in backup.contents.iter().flat_map(|contents| &contents.missing) {
        println!("Not there, though records speak of it: {missing}");
    }
    for id in gone {
        println!("Removed, for newer ones take its place: {id}.zip");
    }
    Ok(())
}

type Made = (Backup, PathBuf, Vec<crate::domain::backup::BackupId>);

fn make(options: &OpenOptions, how: BackupArguments, stop: CancellationToken) -> Result<Made, String> {
    let dir = &options.dir;
    if !dir.is_dir() {
        return Err(format!("{} is not there. Say where everything is stored with --data-dir or DALLA_DATA_DIR.", dir.display()));
    }
    let peeked = store::peek(options).map_err(|error| error.to_string())?;
    if let Some(damage) = peeked.damaged.first() {
        return Err(format!("No backup was made, for it would lack something. {damage}"));
    }
    if peeked.clear_keys {
        return Err("characters.json holds keys in clear text, which never get into a backup. Start the server once: it seals them.".into());
    }
    let extent = match (how.records_only, how.everything) {
        (true, _) => Extent::Records,
        (false, true) => Extent::Everything,
        (false, false) => Extent::Pictures,
    };
    let now = Utc::now();
    let order = BackupOrder::new(&BackupRequest { extent, keep: false }, false, now);
    let kept = backups::kept(&peeked.state);
    let making = Making { state: Arc::new(peeked.state), data: dir.clone(), order, now, stop };
    let mut shown = Shown::default();
    let mut told = |step| shown.show(step);
    match how.to {
        Some(to) => {
            let to = if to.is_dir() { to.join(crate::domain::backup::file_name(&making.order.backup_id)) } else { to };
            if to.exists() {
                return Err(format!("{} is there already. Choose another name.", to.display()));
            }
            Ok((making.make_at(&to, &mut told).map_err(Broke::words)?, to, Vec::new()))
        }
        None => {
            let backup = making.make(&mut told).map_err(Broke::words)?;
            let gone = backups::make_room_in(dir, kept).map_err(|error| format!("Old backups could not be removed: {error}"))?;
            let path = dir.join(backups::FOLDER).join(backup.file_name());
            Ok((backup, path, gone))
        }
    }
}

/// Puts a backup back.
pub async fn restore(config: Config, what: RestoreArguments) -> Result<(), String> {
    let key = config.secret_key()?;
    let dir = what.into.unwrap_or_else(|| config.data_dir());
    let restoring = Restoring { zip: what.zip, into: OpenOptions { dir: dir.clone(), key }, now: Utc::now() };
    let yes = what.yes;
    let restored = tokio::task::spawn_blocking(move || {
        if restoring.replaces_something().map_err(Broke::words)? && !yes {
            ask(&restoring.into.dir)?;
        }
        let mut shown = Shown::default();
        restoring.restore(&mut |step| shown.show(step)).map_err(Broke::words)
    });
    let restored = restored.await.map_err(|_| "restoring broke down".to_owned())??;
    say(&dir, &restored);
    Ok(())
}

fn say(dir: &Path, restored: &Restored) {
    let contents = &restored.contents;
    let records: usize = contents.counts.values().sum();
    println!("{} is as it was at {}: {records} records and {} files.", dir.display(), contents.made_at.to_rfc3339(), contents.files);
    if let Some(before) = &restored.before {
        println!("What was there before is in {}. Remove it when everything is as it should be.", before.display());
    }
    for missing in &contents.missing {
        println!("Not in the backup, for it was not there: {missing}");
    }
    if let Some(why) = &restored.secrets_locked {
        println!("Secrets are locked. {why} They stay sealed until the right key is there.");
    }
    println!("Everybody has to log in again. The first start pauses everything: look at the posts before you resume.");
}

fn ask(dir: &Path) -> Result<(), String> {
    if !std::io::stdin().is_terminal() {
        return Err(format!("{} holds something. Say --yes to have it moved aside, or restore --into another folder.", dir.display()));
    }
    print!("What is in {} is moved aside, and the backup takes its place. Go on? Type yes: ", dir.display());
    let unread = |error: std::io::Error| format!("the answer could not be read: {error}");
    std::io::stdout().flush().map_err(unread)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(unread)?;
    if answer.trim().eq_ignore_ascii_case("yes") { Ok(()) } else { Err("Nothing was changed.".into()) }
}

/// How far it is, for a person who watches: each step once in a while.
#[derive(Default)]
struct Shown {
    last: Option<std::time::Instant>,
}

impl Shown {
    fn show(&mut self, step: Step) {
        let (words, done, all) = match step {
            Step::Copying(done, all) => ("Copying", done, all),
            Step::Verifying(done, all) => ("Reading it through", done, all),
        };
        const SELDOM: std::time::Duration = std::time::Duration::from_secs(1);
        let due = self.last.get_or_insert_with(std::time::Instant::now).elapsed() >= SELDOM;
        if due && std::io::stderr().is_terminal() {
            self.last = Some(std::time::Instant::now());
            eprintln!("{words}: {done} of {all} files");
        }
    }
}
