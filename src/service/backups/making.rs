//! Making a backup: one file, written beside the others under another name, read again from its beginning to its end,
//! and only then put in its place.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Seek, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Datelike, Timelike, Utc};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;
use zip::{CompressionMethod, DateTime as ZipTime, ZipWriter, write::SimpleFileOptions};

use super::{
    contents::Contents,
    folder::{self, MAKING},
    folder_of,
    reading::{self, Broke, MANIFEST},
};
use crate::{
    domain::{
        backup::{Backup, BackupOrder, Entry, FORMAT, Manifest, Summary, file_name},
        problem::{Kind, Problem},
    },
    service::disk::free,
    store::{self, State},
};

/// How much is copied at once.
const PIECE: usize = 256 << 10;
/// How much is left on the disk, so that the store can go on writing.
const RESERVE: u64 = 64 << 20;

/// A backup to be made.
pub struct Making {
    /// What is stored, at one moment.
    pub state: Arc<State>,
    /// The data folder its files lie in.
    pub data: PathBuf,
    /// Which one, and how much of it.
    pub order: BackupOrder,
    /// The moment.
    pub now: DateTime<Utc>,
    /// Fires when nobody wants it any more.
    pub stop: CancellationToken,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Files are copied: so many of so many.
    Copying(usize, usize),
    /// What was written is read again.
    Verifying(usize, usize),
}

impl Making {
    /// Makes it in the folder of backups. One of that name that is there already, and good, is the one: a stop between
    /// its last step and the word about it makes no second one.
    pub fn make(&self, told: &mut dyn FnMut(Step)) -> Result<Backup, Broke> {
        let folder = folder_of(&self.data);
        let path = folder.join(file_name(&self.order.backup_id));
        if let Some(there) = folder::read(&path).map_err(Broke::file("Looking at a backup"))?.filter(Backup::is_good) {
            return Ok(there);
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(Broke::file("Making the folder of backups"))?;
        let (file, backup) = self.write(&folder, told)?;
        // First, so that nobody sees the zip without what is known of it.
        folder::note(&path, &backup).map_err(Broke::file("Noting what is in a backup"))?;
        put(file, &path)?;
        Ok(backup)
    }

    /// Makes it as that file, outside of the folder of backups.
    pub fn make_at(&self, path: &Path, told: &mut dyn FnMut(Step)) -> Result<Backup, Broke> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (file, backup) = self.write(folder, told)?;
        put(file, path)?;
        Ok(backup)
    }

    /// Writes it into a folder under another name, and reads it again.
    fn write(&self, folder: &Path, told: &mut dyn FnMut(Step)) -> Result<(NamedTempFile, Backup), Broke> {
        let starting = |source| Broke::File { doing: "Writing a backup", source };
        let arrays = tempfile::Builder::new().prefix(".arrays-").suffix(MAKING).tempdir_in(folder).map_err(starting)?;
        self.state.write_into(arrays.path()).map_err(Broke::file("Writing the records"))?;
        let contents = Contents::of(&self.state, &self.data, self.order.extent).map_err(Broke::file("Looking for files"))?;
        room(folder, arrays.path(), &contents)?;
        let file = tempfile::Builder::new().prefix(".zip-").suffix(MAKING).tempfile_in(folder).map_err(starting)?;
        let mut writing = Writing::new(self, file.as_file(), contents.files.len());
        writing.arrays(arrays.path())?;
        writing.files(contents, told)?;
        let manifest = writing.finish()?;
        file.as_file().sync_all().map_err(starting)?;
        let all = manifest.entries.len();
        let summary = reading::verify(file.path(), &self.stop, &mut |done| told(Step::Verifying(done, all)))?;
        let backup = Backup {
            id: self.order.backup_id.clone(),
            bytes: file.as_file().metadata().map_err(starting)?.len(),
            keep: self.order.keep,
            scheduled: self.order.scheduled,
            verified_at: Some(Utc::now()),
            trouble: None,
            contents: Some(summary),
        };
        Ok((file, backup))
    }
}

fn put(file: NamedTempFile, path: &Path) -> Result<(), Broke> {
    let putting = |source| Broke::File { doing: "Putting a backup in its place", source };
    file.persist(path).map_err(|error| putting(error.error))?;
    sync(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))).map_err(putting)
}

/// Whether the disk has room for a backup, as if nothing became smaller by packing.
fn room(folder: &Path, arrays: &Path, contents: &Contents) -> Result<(), Broke> {
    let mut records = 0;
    for entry in fs::read_dir(arrays).map_err(Broke::file("Looking how much room there is"))? {
        records += entry.and_then(|entry| entry.metadata()).map_err(Broke::file("Looking how much room there is"))?.len();
    }
    let needed = contents.files.iter().map(|file| file.bytes).sum::<u64>() + records;
    match free(folder) {
        Ok(free) if free < needed.saturating_add(RESERVE) => Err(Problem::new(
            Kind::StorageFull,
            format!(
                "The disk has too little room: this backup needs about {}, and {} are free. Make room, or back up records only.",
                megabytes(needed),
                megabytes(free)
            ),
        )
        .into()),
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, "how much room the disk has cannot be told");
            Ok(())
        }
    }
}

/// A backup as it is written.
struct Writing<'a> {
    making: &'a Making,
    zip: ZipWriter<BufWriter<&'a File>>,
    entries: Vec<Entry>,
    summary: Summary,
}

impl<'a> Writing<'a> {
    fn new(making: &'a Making, file: &'a File, files: usize) -> Self {
        let summary = Summary {
            format: FORMAT,
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: making.now,
            extent: making.order.extent,
            counts: Default::default(),
            files: 0,
            bytes: 0,
            missing: Vec::new(),
        };
        let zip = ZipWriter::new(BufWriter::with_capacity(PIECE, file)).set_auto_large_file();
        Self { making, zip, entries: Vec::with_capacity(files + 20), summary }
    }

    fn arrays(&mut self, dir: &Path) -> Result<(), Broke> {
        for name in store::copied() {
            let (file, path) = (format!("{name}.json"), dir.join(format!("{name}.json")));
            let mut open = File::open(&path).map_err(Broke::file("Reading the records"))?;
            let records =
                reading::count(name, &mut open).map_err(|error| Broke::File { doing: "Reading the records", source: error.into() })?;
            open.rewind().map_err(Broke::file("Reading the records"))?;
            self.summary.counts.insert(name.to_owned(), records);
            self.add(file, &mut open)?;
        }
        Ok(())
    }

    fn files(&mut self, contents: Contents, told: &mut dyn FnMut(Step)) -> Result<(), Broke> {
        self.summary.missing = contents.missing;
        let all = contents.files.len();
        for (done, wanted) in contents.files.into_iter().enumerate() {
            told(Step::Copying(done + 1, all));
            match File::open(&wanted.path) {
                // What grows while it is read, as a log does, is taken as it was.
                Ok(file) => {
                    self.add(wanted.name, &mut file.take(wanted.bytes))?;
                    self.summary.files += 1;
                }
                // Deleted since: named, and no reason to have no backup.
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.summary.missing.push(wanted.name),
                Err(source) => return Err(Broke::File { doing: "Reading a file for the backup", source }),
            }
        }
        Ok(())
    }

    fn add(&mut self, name: String, body: &mut dyn Read) -> Result<(), Broke> {
        self.zip.start_file(&name, options(&name, self.making.now)).map_err(writing)?;
        let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
        loop {
            if self.making.stop.is_cancelled() {
                return Err(Broke::Stopped);
            }
            let length = body.read(&mut piece).map_err(Broke::file("Reading a file for the backup"))?;
            if length == 0 {
                break;
            }
            hash.update(&piece[..length]);
            bytes += length as u64;
            self.zip.write_all(&piece[..length]).map_err(Broke::file("Writing a backup"))?;
        }
        self.summary.bytes += bytes;
        self.entries.push(Entry { name, bytes, sha256: reading::hexadecimal(&hash.finalize()) });
        Ok(())
    }

    fn finish(mut self) -> Result<Manifest, Broke> {
        let manifest = Manifest { summary: self.summary, entries: self.entries };
        self.zip.start_file(MANIFEST, options(MANIFEST, self.making.now)).map_err(writing)?;
        serde_json::to_writer_pretty(&mut self.zip, &manifest)
            .map_err(|error| Broke::File { doing: "Writing a backup", source: error.into() })?;
        let mut file = self.zip.finish().map_err(writing)?;
        file.flush().map_err(Broke::file("Writing a backup"))?;
        Ok(manifest)
    }
}

/// What is packed already is only put in.
pub(in crate::service) fn options(name: &str, now: DateTime<Utc>) -> SimpleFileOptions {
    let text = [".json", ".txt", ".toml", ".log", ".ndjson"].into_iter().any(|ending| name.ends_with(ending));
    let method = if text { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let small = |number: u32| number.try_into().unwrap_or_default();
    let year = now.year().try_into().unwrap_or_default();
    let time = ZipTime::from_date_and_time(
        year,
        small(now.month()),
        small(now.day()),
        small(now.hour()),
        small(now.minute()),
        small(now.second()),
    );
    SimpleFileOptions::default().compression_method(method).last_modified_time(time.unwrap_or_default()).unix_permissions(0o600)
}

fn writing(error: zip::result::ZipError) -> Broke {
    Broke::File { doing: "Writing a backup", source: error.into() }
}

/// As in "12 MB".
pub(super) fn megabytes(bytes: u64) -> String {
    if bytes >= 10_000_000_000 { format!("{:.1} GB", bytes as f64 / 1e9) } else { format!("{:.0} MB", (bytes as f64 / 1e6).ceil()) }
}

/// Makes a file last, or what was renamed in a folder.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::backup::{BackupRequest, Extent};

    fn making(data: &Path) -> Making {
        let now = "2026-11-27T08:00:00Z".parse().unwrap();
        let order = BackupOrder::new(&BackupRequest { extent: Extent::Pictures, keep: false }, false, now);
        Making { state: Arc::default(), data: data.to_owned(), order, now, stop: CancellationToken::new() }
    }

    #[test]
    fn one_that_is_stopped_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let making = making(dir.path());
        making.stop.cancel();
        assert!(matches!(making.make(&mut |_| {}), Err(Broke::Stopped)));
        assert_eq!(fs::read_dir(folder_of(dir.path())).unwrap().count(), 0);
    }

    #[test]
    fn one_that_is_there_already_is_not_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let making = making(dir.path());
        let first = making.make(&mut |_| {}).unwrap();
        let mut steps = 0;
        assert_eq!(making.make(&mut |_| steps += 1).unwrap(), first);
        assert_eq!(steps, 0);
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(folder_of(dir.path()).join(first.file_name())).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}
