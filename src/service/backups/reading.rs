//! Reading a backup as if a stranger had sent it: every name, size and checksum is compared with what the manifest
//! says before anything is believed, and nothing larger than that is unpacked.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use zip::{
    CompressionMethod,
    read::{Config, ZipReadOptions},
    result::ZipError,
    unstable::read::ZipIterable,
};

use super::contents::is_plain;
use crate::{
    domain::{
        backup::{Entry, FORMAT, Manifest, Summary},
        problem::{Kind, Problem},
    },
    error::Error,
    store,
};

/// The file that says what is in a backup.
pub(super) const MANIFEST: &str = "manifest.json";
/// The one collection that is no array.
pub(super) const SETTINGS: &str = "settings";

/// Longest path in a backup, in bytes.
const LONGEST_NAME: usize = 1_024;
/// Most files in a backup.
const MOST_ENTRIES: usize = 2_000_000;
/// Largest manifest.
const LARGEST_MANIFEST: u64 = 512 << 20;
/// How much is read at once.
const PIECE: usize = 256 << 10;

/// Why the work on a backup ends here.
#[derive(Debug)]
pub enum Broke {
    /// Somebody stopped it.
    Stopped,
    /// The backup is not as it should be, or a rule stands against it.
    Problem(Problem),
    /// A file of this machine failed.
    File {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl From<Problem> for Broke {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Broke {
    pub(super) fn file(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { doing, source }
    }

    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Stopped => "It was stopped.".to_owned(),
            Self::Problem(problem) => problem.message,
            Self::File { doing, source } => Problem::from(Error::File { doing, source }).message,
        }
    }
}

/// What a backup says of itself, without reading the rest.
pub(super) fn manifest(path: &Path) -> Result<Manifest, Broke> {
    Ok(Opened::new(path)?.manifest)
}

/// Reads everything in a backup and compares it with its manifest; counts the records of its collections. `told` hears
/// of each file that was read.
pub(super) fn verify(path: &Path, stop: &CancellationToken, told: &mut dyn FnMut(usize)) -> Result<Summary, Broke> {
    let mut opened = Opened::new(path)?;
    let counts = opened.manifest.summary.counts.clone();
    opened.each(stop, told, &mut |entry, body| match collection_of(&entry.name) {
        Some(name) => {
            let counted = count(name, body).map_err(|error| wrong(format!("{} cannot be read: {error}.", entry.name)))?;
            match counts.get(name) {
                Some(count) if *count == counted => Ok(()),
                _ => Err(wrong(format!("{} holds {counted} records, which is not what the backup says of it.", entry.name))),
            }
        }
        None => Ok(()),
    })?;
    Ok(opened.manifest.summary)
}

/// A backup whose names and sizes were looked at.
pub(super) struct Opened {
    zip: ZipIterable<BufReader<File>>,
    bodies: BufReader<File>,
    pub(super) manifest: Manifest,
}

impl Opened {
    pub(super) fn new(path: &Path) -> Result<Self, Broke> {
        let open = || File::open(path).map(BufReader::new).map_err(Broke::file("Opening a backup"));
        let (index, mut bodies) = (open()?, open()?);
        let mut zip = ZipIterable::try_new(index, Config::default()).map_err(damaged)?;
        if zip.len() > MOST_ENTRIES {
            return Err(wrong(format!("It holds {} files, which no backup does.", zip.len())));
        }
        let mut sizes = HashMap::with_capacity(zip.len());
        let mut manifest = None;
        for entry in zip.files().map_err(damaged)? {
            let entry = entry.map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.into_owned();
            look(&name, &entry)?;
            let size = entry.size();
            if name == MANIFEST {
                manifest = Some(read_manifest(entry.with_reader(&mut bodies, ZipReadOptions::new()).map_err(damaged)?)?);
            }
            if sizes.insert(name.clone(), size).is_some() {
                return Err(wrong(format!("It holds {} twice.", shown(&name))));
            }
        }
        let manifest = manifest.ok_or_else(|| wrong("It has no manifest.json, so it is not a backup of Digital Dalla.".into()))?;
        compare(&manifest, &sizes)?;
        Ok(Self { zip, bodies, manifest })
    }

    /// Hands each file to `take`, and compares what came out of it with the manifest, whether `take` has read it to
    /// its end or not.
    pub(super) fn each(
        &mut self,
        stop: &CancellationToken,
        told: &mut dyn FnMut(usize),
        take: &mut dyn FnMut(&Entry, &mut dyn Read) -> Result<(), Broke>,
    ) -> Result<(), Broke> {
        let entries: HashMap<&str, &Entry> = self.manifest.entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        let mut done = 0;
        for file in self.zip.files().map_err(damaged)? {
            let file = file.map_err(damaged)?;
            let name = file.name().map_err(damaged)?.into_owned();
            let Some(entry) = entries.get(name.as_str()) else { continue };
            let body = file.with_reader(&mut self.bodies, ZipReadOptions::new()).map_err(damaged)?;
            let mut body = Measured { body, left: entry.bytes, hash: Sha256::new(), stop };
            take(entry, &mut body).map_err(|broke| if stop.is_cancelled() { Broke::Stopped } else { broke })?;
            body.finish(entry)?;
            done += 1;
            told(done);
        }
        Ok(())
    }
}

/// Reads no more than there should be, and remembers what it was.
struct Measured<'a, R> {
    body: R,
    left: u64,
    hash: Sha256,
    stop: &'a CancellationToken,
}

impl<R: Read> Read for Measured<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(io::Error::other("stopped"));
        }
        let length = self.body.read(buffer)?;
        self.left = self.left.checked_sub(length as u64).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        self.hash.update(&buffer[..length]);
        Ok(length)
    }
}

impl<R: Read> Measured<'_, R> {
    fn finish(mut self, entry: &Entry) -> Result<(), Broke> {
        let mut rest = vec![0; PIECE];
        loop {
            match self.read(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) if self.stop.is_cancelled() => return Err(Broke::Stopped),
                Err(_) => return Err(wrong(format!("{} is damaged.", shown(&entry.name)))),
            }
        }
        let same = self.left == 0 && hexadecimal(&self.hash.finalize()) == entry.sha256;
        if same { Ok(()) } else { Err(wrong(format!("{} is not what was put into the backup.", shown(&entry.name)))) }
    }
}

/// The collection whose file that is.
pub(super) fn collection_of(name: &str) -> Option<&'static str> {
    let stem = name.strip_suffix(".json")?;
    store::copied().find(|collection| *collection == stem)
}

/// How many records a collection's file holds.
pub(super) fn count(collection: &str, body: &mut dyn Read) -> Result<usize, serde_json::Error> {
    let body = BufReader::with_capacity(PIECE, body);
    if collection == SETTINGS {
        return serde_json::from_reader::<_, HashMap<String, IgnoredAny>>(body).map(|_| 1);
    }
    serde_json::from_reader::<_, Vec<IgnoredAny>>(body).map(|records| records.len())
}

/// As `sha256sum` prints it.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut digits, byte| {
        // Writing to a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Whether a file of that name belongs into a backup, and is a file.
fn look(name: &str, entry: &zip::read::ZipFileEntry<'_>) -> Result<(), Broke> {
    let parts: Vec<_> = name.split('/').collect();
    let known = match parts.as_slice() {
        [file] => *file == MANIFEST || collection_of(file).is_some(),
        [folder, .., _] => matches!(*folder, "media" | "datasets" | "trainings"),
        [] => false,
    };
    if name.len() > LONGEST_NAME || !parts.iter().all(|part| is_plain(part)) {
        return Err(wrong(format!("It holds {}, a name that could lead out of the data folder.", shown(name))));
    }
    if !known {
        return Err(wrong(format!("It holds {}, which this version does not know. A newer version may have made it.", shown(name))));
    }
    // What is no plain file: links, and whatever else systems have.
    let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
    if entry.is_symlink() || entry.is_dir() || !matches!(kind, 0 | 0o100_000) {
        return Err(wrong(format!("{} is not a plain file.", shown(name))));
    }
    if entry.encrypted() || !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(wrong(format!("{} is packed in a way that backups are not.", shown(name))));
    }
    Ok(())
}

fn read_manifest(body: impl Read) -> Result<Manifest, Broke> {
    let read: Result<serde_json::Value, _> = serde_json::from_reader(BufReader::new(body.take(LARGEST_MANIFEST)));
    let unreadable = |error: serde_json::Error| wrong(format!("Its manifest.json cannot be read: {error}."));
    let value = read.map_err(unreadable)?;
    // First, for a newer one may say everything else in another way.
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format == u64::from(FORMAT) => serde_json::from_value(value).map_err(unreadable),
        Some(format) if format > u64::from(FORMAT) => {
            Err(wrong(format!("A newer version of Digital Dalla made it (format {format}; this one reads {FORMAT}). Update first.")))
        }
        Some(_) | None => Err(wrong("Its manifest.json does not say in which format it is.".into())),
    }
}

/// Everything that is listed is there, and nothing else.
fn compare(manifest: &Manifest, sizes: &HashMap<String, u64>) -> Result<(), Broke> {
    let mut listed = HashSet::with_capacity(manifest.entries.len());
    for entry in &manifest.entries {
        if entry.name == MANIFEST || !listed.insert(entry.name.as_str()) {
            return Err(wrong(format!("Its manifest lists {} twice.", shown(&entry.name))));
        }
        match sizes.get(&entry.name) {
            Some(size) if *size == entry.bytes => {}
            Some(_) => return Err(wrong(format!("{} is not as large as its manifest says.", shown(&entry.name)))),
            None => return Err(wrong(format!("{} is missing in it.", shown(&entry.name)))),
        }
    }
    if let Some(name) = sizes.keys().find(|name| *name != MANIFEST && !listed.contains(name.as_str())) {
        return Err(wrong(format!("It holds {}, which its manifest does not list.", shown(name))));
    }
    let all = manifest.entries.iter().try_fold(0_u64, |all, entry| all.checked_add(entry.bytes));
    if all != Some(manifest.summary.bytes) {
        return Err(wrong("Its manifest does not add up.".into()));
    }
    let lost = manifest.summary.counts.keys().find(|name| !listed.contains(format!("{name}.json").as_str()));
    match lost {
        Some(name) => Err(wrong(format!("{} is missing in it.", shown(&format!("{name}.json"))))),
        None => Ok(()),
    }
}

fn wrong(words: String) -> Broke {
    Broke::Problem(Problem::new(Kind::Unsupported, words))
}

fn damaged(error: ZipError) -> Broke {
    match error {
        ZipError::Io(source) if !matches!(source.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => {
            Broke::File { doing: "Reading a backup", source }
        }
        _ => wrong("It is not a zip file, or it is damaged or breaks off.".into()),
    }
}

/// A name as it may be shown: whoever made the file chose it.
fn shown(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).take(120).collect();
    format!("“{plain}”")
}

#[cfg(test)]
mod tests;
