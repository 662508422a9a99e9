//! The pictures: those that are missing, and those that nobody speaks of.

use std::{collections::HashSet, fs, path::Path};

use super::{Finding, few};
use crate::{service::backups::missing_files, store::State};

pub(super) fn look(state: &State, dir: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    match missing_files(state, dir) {
        Ok(missing) if missing.is_empty() => {}
        Ok(missing) => {
            let what = format!("{} that records speak of are not there: {}.", files(missing.len()), few(&missing));
            findings.push(Finding::wrong(what, "Put them back from a backup, or delete what shows them."));
        }
        Err(error) => findings
            .push(Finding::wrong(format!("The folders of pictures cannot be read: {error}."), "See whether this user may read them.")),
    }
    let orphans = orphans(state, &dir.join("media"));
    if !orphans.is_empty() {
        let what = format!("{} in media belong to no picture in the library: {}.", files(orphans.len()), few(&orphans));
        findings.push(Finding::note(what, "They only take room. Move them away if you like."));
    }
    findings
}

/// Files whose name begins with no content's id.
fn orphans(state: &State, media: &Path) -> Vec<String> {
    let known: HashSet<&str> = state.content.iter().map(|content| content.id.as_str()).collect();
    let entries = fs::read_dir(media).into_iter().flatten().filter_map(Result::ok);
    let names =
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).filter_map(|entry| entry.file_name().into_string().ok());
    let orphan = |name: &String| {
        let id = name.split('.').next().unwrap_or_default();
        !id.is_empty() && !known.contains(id)
    };
    let mut orphans: Vec<_> = names.filter(orphan).collect();
    orphans.sort_unstable();
    orphans
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
