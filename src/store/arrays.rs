//! The files for people: each collection as an array, written whole and put in place of the old one.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use serde::{Serialize, Serializer};

use super::{record::Record, state::COLLECTIONS, table::Table};

/// How the name of a temporary file ends, after the collection's and a few random letters.
const TEMPORARY: &str = ".tmp";

/// Removes what a kill left half written. Only for whoever holds the folder.
pub(super) fn tidy(dir: &Path) -> std::io::Result<()> {
    for file in std::fs::read_dir(dir)? {
        let (path, name) = file.map(|file| (file.path(), file.file_name()))?;
        if name.to_str().is_some_and(is_temporary) {
            tracing::info!(file = %path.display(), "a file that was never finished is removed");
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn is_temporary(name: &str) -> bool {
    let Some(start) = name.strip_suffix(TEMPORARY) else { return false };
    let mut random = COLLECTIONS.into_iter().filter_map(|collection| start.strip_prefix(collection));
    random.any(|random| random.len() == 6 && random.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// Writes a collection as an array, two-space indented.
pub(super) fn write_array<T: Record>(dir: &Path, table: &Table<T>) -> std::io::Result<()> {
    replace(dir, T::COLLECTION, |writer| serde_json::Serializer::pretty(writer).collect_seq(table.iter().map(|record| &**record)))
}

/// Writes one object, two-space indented.
pub(super) fn write_object<T: Serialize>(dir: &Path, name: &str, object: &T) -> std::io::Result<()> {
    replace(dir, name, |writer| serde_json::to_writer_pretty(writer, object))
}

/// The new file is there whole, or the old one still is. Temporary files are readable by their owner only, and
/// stay so: the secrets' file must be, and the others lose nothing by it.
fn replace(dir: &Path, name: &str, write: impl FnOnce(&mut BufWriter<&File>) -> serde_json::Result<()>) -> std::io::Result<()> {
    let temporary = tempfile::Builder::new().prefix(name).suffix(TEMPORARY).tempfile_in(dir)?;
    let mut writer = BufWriter::with_capacity(1 << 16, temporary.as_file());
    write(&mut writer)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    temporary.persist(dir.join(format!("{name}.json")))?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_never_finished_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let kept = ["characters.json", "notes.tmp", "charactersa.tmp", "characters-old.tmp", "journal.ndjson"];
        for name in kept.into_iter().chain(["charactersAb12Cd.tmp", "contentx9X9x9.tmp"]) {
            std::fs::write(dir.path().join(name), "[]").unwrap();
        }
        tidy(dir.path()).unwrap();
        let mut left: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        left.sort_unstable();
        let mut expected = kept.map(str::to_owned).to_vec();
        expected.sort_unstable();
        assert_eq!(left, expected);
    }
}
