//! The files for people: each collection as an array, written whole and put in place of the old one.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use serde::{Serialize, Serializer};

use super::{record::Record, table::Table};

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
    let temporary = tempfile::Builder::new().prefix(name).suffix(".tmp").tempfile_in(dir)?;
    let mut writer = BufWriter::with_capacity(1 << 16, temporary.as_file());
    write(&mut writer)?;
    writer.write_all(b"\n")?;
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    temporary.persist(dir.join(format!("{name}.json")))?;
    File::open(dir)?.sync_all()
}
