//! Where what is imported lies: a folder, a zip, or JSON alone. Names are looked at before anything is opened, links
//! are not followed, and no more comes out than may.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use zip::{
    read::{Config, ZipFileEntry, ZipReadOptions},
    unstable::read::ZipIterable,
};

use crate::{
    domain::{
        import::{LeftOut, shown},
        problem::{Kind, Problem},
    },
    error::Error,
    service::{
        archives::{self, Copying, DAMAGED_ENTRY, Failure, LEADS_OUT, LOCKED, UNKNOWN_PACKING},
        datasets::too_large,
    },
};

/// Most files there may be, whatever they are: folders of old apps hold their libraries, too.
const MOST_ENTRIES: usize = 200_000;
/// How deep folders may lie in each other.
const DEEPEST: usize = 24;
/// Longest path.
const LONGEST_PATH: usize = 1_024;
/// So much of what is wrong with names is told.
const MOST_TOLD: usize = 200;

/// What JSON is called that comes without a file.
pub(super) const JSON: &str = "characters.json";

/// What is said of something that is packed to do harm, or by mistake.
const SWELLS: &str = "It swells to hundreds of times its packed size, which no such file does.";

/// What a link is told.
pub(super) const LINK: &str = "It is a link to somewhere else, and links are not followed.";

/// Takes a file by its path: what is in it, or why it cannot be read.
type Take<'a> = dyn FnMut(&str, Result<Vec<u8>, String>) -> Result<(), Error> + 'a;

/// What is imported, with the names of all files in it.
pub(super) struct Source {
    place: Place,
    /// Size by path, with `/` between its parts.
    pub(super) files: BTreeMap<String, u64>,
    /// Paths of links.
    pub(super) links: BTreeSet<String>,
    /// Names with which something is wrong.
    pub(super) left_out: Vec<LeftOut>,
    /// How much may still come out of it.
    left: u64,
}

enum Place {
    Folder(PathBuf),
    Zip(PathBuf),
    Json(Vec<u8>),
}

impl Source {
    /// A folder or a zip.
    pub(super) fn at(path: &Path, most: u64) -> Result<Self, Error> {
        let about = fs::metadata(path).map_err(Error::file("Looking at what is imported"))?;
        if about.is_dir() {
            let mut source = Self::new(Place::Folder(path.to_owned()), most);
            source.walk(path, "", 0)?;
            return Ok(source);
        }
        let mut start = [0; 12];
        let mut file = File::open(path).map_err(Error::file("Looking at what is imported"))?;
        let length = archives::read_start(&mut file, &mut start).map_err(Error::file("Looking at what is imported"))?;
        let start = &start[..length];
        if archives::is_one(start) {
            let mut source = Self::new(Place::Zip(path.to_owned()), most);
            source.list()?;
            return Ok(source);
        }
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        if text.starts_with(b"[") || text.starts_with(b"{") {
            if about.len() > super::files::LARGEST_JSON {
                return Err(too_large(super::files::LARGEST_JSON).into());
            }
            return Ok(Self::json(fs::read(path).map_err(Error::file("Reading what is imported"))?, most));
        }
        let words = "This is neither a zip nor JSON. Pack the whole data folder as a zip, or choose a character’s bundle.";
        Err(Problem::new(Kind::Unsupported, words).into())
    }

    /// Characters as JSON.
    pub(super) fn json(bytes: Vec<u8>, most: u64) -> Self {
        let mut source = Self::new(Place::Json(Vec::new()), most);
        source.files.insert(JSON.to_owned(), bytes.len() as u64);
        source.place = Place::Json(bytes);
        source
    }

    pub(super) fn is_json(&self) -> bool {
        matches!(self.place, Place::Json(_))
    }

    fn new(place: Place, most: u64) -> Self {
        Self { place, files: BTreeMap::new(), links: BTreeSet::new(), left_out: Vec::new(), left: most }
    }

    /// Hands each of the wanted files to `take`, whole; or why it cannot be read. Each once.
    pub(super) fn each(&mut self, wanted: &BTreeSet<String>, limit: u64, take: &mut Take<'_>) -> Result<(), Error> {
        match &self.place {
            Place::Json(bytes) => wanted.iter().try_for_each(|name| take(name, Ok(bytes.clone()))),
            Place::Folder(root) => {
                let root = root.clone();
                wanted.iter().try_for_each(|name| {
                    let file = File::open(root.join(name));
                    let read = match file {
                        Ok(mut file) => self.read(&mut file, limit)?,
                        Err(error) => Err(format!("It cannot be opened: {}.", error.kind())),
                    };
                    take(name, read)
                })
            }
            Place::Zip(path) => {
                let path = path.clone();
                self.each_in_zip(&path, wanted, limit, take)
            }
        }
    }

    /// All of a body, as far as it may be large.
    fn read(&mut self, body: &mut impl Read, limit: u64) -> Result<Result<Vec<u8>, String>, Error> {
        let mut bytes = Vec::new();
        match archives::copy(body, &mut bytes, limit.min(self.left)) {
            Ok(length) => {
                self.left -= length;
                Ok(Ok(bytes))
            }
            Err(Copying::TooLarge) if self.left < limit => {
                Err(Problem::new(Kind::TooLarge, "What it holds is larger than may be imported at once. Import it in parts.").into())
            }
            Err(Copying::TooLarge) => {
                self.left = self.left.saturating_sub(limit);
                Ok(Err(too_large(limit).message))
            }
            Err(Copying::Read) => Ok(Err(DAMAGED_ENTRY.to_owned())),
            Err(Copying::Write(source)) => Err(Error::File { doing: "Reading what is imported", source }),
        }
    }

    fn each_in_zip(&mut self, path: &Path, wanted: &BTreeSet<String>, limit: u64, take: &mut Take<'_>) -> Result<(), Error> {
        let (mut zip, mut bodies) = opened(path)?;
        let mut missing = wanted.clone();
        for entry in zip.files().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = path_of(&entry);
            if !missing.remove(&path) {
                continue;
            }
            if entry.encrypted() {
                take(&path, Err(LOCKED.to_owned()))?;
                continue;
            }
            let grown = archives::most_out_of(entry.compressed_size());
            let read = match entry.with_reader(&mut bodies, ZipReadOptions::new()) {
                Ok(mut body) if grown < limit => self.read(&mut body, grown)?.map_err(|_| SWELLS.to_owned()),
                Ok(mut body) => self.read(&mut body, limit)?,
                Err(_) => Err(UNKNOWN_PACKING.to_owned()),
            };
            take(&path, read)?;
        }
        Ok(())
    }

    /// The names in an archive.
    fn list(&mut self) -> Result<(), Error> {
        let Place::Zip(path) = &self.place else { return Ok(()) };
        let (mut zip, _) = opened(&path.clone())?;
        if zip.len() > MOST_ENTRIES {
            return Err(too_many().into());
        }
        for entry in zip.files().map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = path_of(&entry);
            if entry.is_dir() || path.ends_with('/') || is_passed_over(&path) {
                continue;
            }
            if archives::leads_out(&path) || path.len() > LONGEST_PATH || path.contains('\0') {
                self.tell(&path, LEADS_OUT);
            } else if entry.is_symlink() {
                self.links.insert(path);
            } else if self.files.insert(path.clone(), entry.size()).is_some() {
                self.tell(&path, "It is in the archive twice; the first one counts.");
            }
        }
        Ok(())
    }

    /// The names in a folder and those within it.
    fn walk(&mut self, folder: &Path, before: &str, depth: usize) -> Result<(), Error> {
        let looking = Error::file("Looking through the folder");
        for entry in fs::read_dir(folder).map_err(looking)? {
            let entry = entry.map_err(Error::file("Looking through the folder"))?;
            let kind = entry.file_type().map_err(Error::file("Looking through the folder"))?;
            // What is no text is none of the names that are looked for.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if before.is_empty() { name } else { format!("{before}/{name}") };
            if is_passed_over(&path) {
                continue;
            }
            if self.files.len() >= MOST_ENTRIES {
                return Err(too_many().into());
            }
            if kind.is_symlink() {
                self.links.insert(path);
            } else if kind.is_dir() && depth < DEEPEST {
                self.walk(&entry.path(), &path, depth + 1)?;
            } else if kind.is_file() {
                let size = entry.metadata().map_err(Error::file("Looking through the folder"))?.len();
                self.files.insert(path, size);
            }
        }
        Ok(())
    }

    fn tell(&mut self, path: &str, why: &str) {
        if self.left_out.len() < MOST_TOLD {
            self.left_out.push(LeftOut { file: shown(path), record: None, why: why.to_owned() });
        }
    }
}

/// What nobody wants to hear of: what systems leave, and what apps are made of. Settings of an old app begin with a dot.
fn is_passed_over(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let library = folders.split('/').any(|part| matches!(part, "node_modules" | "__pycache__" | "venv" | "site-packages"));
    let junk = if name == ".env" { !folders.is_empty() && archives::is_junk(folders) } else { archives::is_junk(path) };
    junk || library
}

fn path_of(entry: &ZipFileEntry<'_>) -> String {
    let path = entry.name().map(|name| name.replace('\\', "/")).unwrap_or_else(|_| String::from_utf8_lossy(entry.name_raw()).into());
    path.strip_prefix("./").map(str::to_owned).unwrap_or(path)
}

type Zip = (ZipIterable<BufReader<File>>, BufReader<File>);

fn opened(path: &Path) -> Result<Zip, Error> {
    let open = || File::open(path).map(BufReader::new).map_err(Error::file("Opening an archive"));
    Ok((ZipIterable::try_new(open()?, Config::default()).map_err(failed)?, open()?))
}

fn failed(error: zip::result::ZipError) -> Error {
    match archives::damaged(error) {
        Failure::Archive(problem) => problem.into(),
        Failure::Disk(source) => Error::File { doing: "Reading an archive", source },
    }
}

fn too_many() -> Problem {
    Problem::new(Kind::TooLarge, format!("It holds more than {MOST_ENTRIES} files. Pack only the data folder and the pictures."))
}
