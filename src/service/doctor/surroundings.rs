//! What is around the records: who works in the folder, what was left in it, who may read it, how much room there is,
//! and when it was last backed up.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use chrono::{DateTime, Duration, Utc};

use super::{Finding, show};
use crate::{
    service::{
        backups::{self, Leftover},
        disk,
    },
    store,
};

/// Less room than this is a worry.
const LITTLE_ROOM: u64 = 1_000_000_000;
/// Less than this stops work soon.
const NO_ROOM: u64 = 200_000_000;
/// A backup should not be older.
const OLD_BACKUP: Duration = Duration::days(7);

pub(super) fn look(dir: &Path, now: DateTime<Utc>) -> Vec<Finding> {
    let parts = [in_use(dir), secrets_mode(dir), room(dir)];
    let mut findings: Vec<_> = parts.into_iter().flatten().collect();
    findings.extend(unfinished(dir));
    findings.extend(last_backup(dir, now));
    findings
}

/// What restores have left behind.
pub(super) fn restores(dir: &Path) -> Vec<Finding> {
    let mut findings: Vec<_> =
        backups::unfinished(dir).map(|words| Finding::wrong(words, "Until then the server does not start on it.")).into_iter().collect();
    for leftover in backups::leftovers(dir).unwrap_or_default() {
        let finding = match &leftover {
            Leftover::Half(_) => Finding::note(
                "A restore was cut off while it unpacked; nothing else was changed.",
                "Remove the folder. The next restore does so, too.",
            ),
            Leftover::Whole(_) => Finding::note(
                "A restore was cut off after it had unpacked, before it was put in its place.",
                "Run the restore again, then remove the folder.",
            ),
            Leftover::Before(path) if path.join(backups::FOLDER).is_dir() && !dir.join(backups::FOLDER).exists() => Finding::wrong(
                "What was there before a restore, and all backups are still in it.",
                "Move its folder `backups` into the data folder.",
            ),
            Leftover::Before(_) => Finding::note("What was there before a restore.", "Remove it when everything is as it should be."),
        };
        findings.push(finding.in_file(show(leftover.path())));
    }
    findings
}

fn in_use(dir: &Path) -> Option<Finding> {
    store::in_use(dir).map(|pid| {
        let who = pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
        Finding::note(format!("A Digital Dalla works in this folder{who}."), "Stop it before you change a file by hand.")
    })
}

fn secrets_mode(dir: &Path) -> Option<Finding> {
    let mode = fs::metadata(dir.join("secrets.json")).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let what = format!("Other users of this machine may read it (mode {mode:o}). What is in it is sealed, but nobody else needs it.");
        Finding::wrong(what, format!("chmod 600 {}", show(&dir.join("secrets.json")))).in_file("secrets.json")
    })
}

fn room(dir: &Path) -> Option<Finding> {
    let free = disk::free(dir).ok().filter(|free| *free < LITTLE_ROOM)?;
    let what = format!("The disk has {} MB left.", free / 1_000_000);
    let advice = "Make room: old backups, saved states of trainings and pictures that are not wanted take most.";
    Some(if free < NO_ROOM { Finding::wrong(what, advice) } else { Finding::note(what, advice) })
}

/// Files that were in the making when a server was killed.
fn unfinished(dir: &Path) -> Vec<Finding> {
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect::<Vec<_>>()
    };
    let arrays = names(dir).into_iter().filter(|name| name.ends_with(".tmp"));
    let media = names(&dir.join("media")).into_iter().filter(|name| name.starts_with(".tmp")).map(|name| format!("media/{name}"));
    let making =
        names(&dir.join(backups::FOLDER)).into_iter().filter(|name| backups::is_unfinished(name)).map(|name| format!("backups/{name}"));
    let running = store::in_use(dir).is_some();
    let left: Vec<_> = arrays.chain(media).chain(making).collect();
    // A server that runs is at work on them.
    let note = |name: String| Finding::note("It was never finished.", "Nothing: the next start removes it.").in_file(name);
    if running { Vec::new() } else { left.into_iter().map(note).collect() }
}

fn last_backup(dir: &Path, now: DateTime<Utc>) -> Vec<Finding> {
    let all = match backups::list_in(dir) {
        Ok(all) => all,
        Err(error) => {
            return vec![Finding::wrong(format!("The folder of backups cannot be read: {error}."), "See whether this user may read it.")];
        }
    };
    let mut findings = Vec::new();
    for backup in &all {
        if let Some(trouble) = &backup.trouble {
            let file = format!("backups/{}", backup.file_name());
            findings.push(Finding::wrong(format!("This backup is damaged. {trouble}"), "Make a new one, then delete it.").in_file(file));
        }
    }
    let advice = "Make one under Settings, Backups, or with `digital-dalla backup`, and let a schedule make one each night.";
    match all.iter().filter(|backup| backup.trouble.is_none()).filter_map(|backup| backup.made_at()).max() {
        None => findings.push(Finding::note("There is no backup.", advice)),
        Some(at) if now - at > OLD_BACKUP => {
            findings.push(Finding::note(format!("The last backup is {} days old.", (now - at).num_days()), advice))
        }
        Some(_) => {}
    }
    findings
}
