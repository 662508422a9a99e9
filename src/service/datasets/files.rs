//! Moving picture files in and out of datasets, so that a stop at any moment leaves nothing half done.
//!
//! While a file is on its way, a mark in `.pending` says so. What is marked and not in the record at the next start
//! is removed: it was on its way in and nobody was told that it arrived, or it was taken out. Files that a person has
//! put into a folder have no mark and are never removed.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use tempfile::TempPath;

use super::folder::{names_in, remove};
use crate::domain::dataset::{Dataset, ImageName};

/// The mark that a whole dataset is on its way.
const ALL: &str = ".all";

/// Where things are, for one dataset.
#[derive(Debug, Clone)]
pub(super) struct Places {
    root: PathBuf,
    /// The dataset's id, as the name of its folders.
    id: String,
}

impl Places {
    pub(super) fn new(root: PathBuf, id: &str) -> Self {
        Self { root, id: id.to_owned() }
    }

    pub(super) fn home(&self) -> PathBuf {
        self.root.join(&self.id)
    }

    pub(super) fn thumbnail(&self, name: &ImageName) -> PathBuf {
        self.thumbnails().join(format!("{name}.webp"))
    }

    fn thumbnails(&self) -> PathBuf {
        self.root.join(".thumbnails").join(&self.id)
    }

    fn marks(&self) -> PathBuf {
        self.root.join(".pending").join(&self.id)
    }

    fn trash(&self, token: &str) -> PathBuf {
        trash(&self.root).join(token)
    }

    fn mark(&self, name: &str) -> io::Result<()> {
        fs::create_dir_all(self.marks())?;
        fs::write(self.marks().join(name), b"")
    }

    /// Nothing is on its way any more. A mark that stays behind does no harm: what is in the record is not removed.
    pub(super) fn arrived(&self, name: &str) {
        if let Err(error) = remove(&self.marks().join(name)) {
            tracing::warn!(dataset.id = self.id, %error, "a mark of a picture that has arrived stays behind");
        }
    }

    /// Puts a file under its name, whole and synced. The record has to follow, and then [`Places::arrived`].
    pub(super) fn bring_in(&self, part: TempPath, name: &ImageName, thumbnail: &[u8], caption: &str) -> io::Result<()> {
        let home = self.home();
        fs::create_dir_all(&home)?;
        fs::create_dir_all(self.thumbnails())?;
        self.mark(name.as_str())?;
        fs::File::open(&part)?.sync_data()?;
        fs::write(self.thumbnail(name), thumbnail)?;
        self.write_caption(name, caption)?;
        part.persist(home.join(name.as_str())).map_err(|error| error.error)?;
        fs::File::open(&home)?.sync_all()
    }

    /// Takes back a file that could not be recorded.
    pub(super) fn send_back(&self, name: &ImageName) {
        let ours = [self.home().join(name.as_str()), self.home().join(name.caption_file()), self.thumbnail(name)];
        for path in ours {
            if let Err(error) = remove(&path) {
                tracing::warn!(dataset.id = self.id, %error, "a picture's file stays behind until the next start");
                return;
            }
        }
        // Both only go when nothing is left in them, as when the dataset was deleted meanwhile.
        let _ = (fs::remove_dir(self.home()), fs::remove_dir(self.thumbnails()));
        self.arrived(name.as_str());
    }

    /// Marks pictures as on their way out. The record has to follow, and then [`Places::take_out`].
    pub(super) fn mark_all(&self, names: &[ImageName]) -> io::Result<()> {
        names.iter().try_for_each(|name| self.mark(name.as_str()))
    }

    /// Moves the files of pictures into the trash, from where they can be brought back.
    pub(super) fn take_out(&self, names: &[ImageName], token: &str) -> io::Result<()> {
        let trash = self.trash(token);
        fs::create_dir_all(&trash)?;
        for name in names {
            move_if_there(&self.home().join(name.as_str()), &trash.join(name.as_str()))?;
            remove(&self.home().join(name.caption_file()))?;
            remove(&self.thumbnail(name))?;
            self.arrived(name.as_str());
        }
        Ok(())
    }

    /// Brings a picture's file back from the trash, under a name that may be another one.
    pub(super) fn bring_back(&self, was: &ImageName, name: &ImageName, caption: &str, token: &str) -> io::Result<()> {
        fs::create_dir_all(self.home())?;
        self.mark(name.as_str())?;
        self.write_caption(name, caption)?;
        move_if_there(&self.trash(token).join(was.as_str()), &self.home().join(name.as_str()))
    }

    /// Marks the whole dataset as on its way.
    pub(super) fn mark_dataset(&self) -> io::Result<()> {
        self.mark(ALL)
    }

    /// Moves the whole folder into the trash.
    pub(super) fn take_out_dataset(&self, token: &str) -> io::Result<()> {
        fs::create_dir_all(trash(&self.root))?;
        move_if_there(&self.home(), &self.trash(token))?;
        remove_folder(&self.thumbnails())?;
        self.arrived(ALL);
        Ok(())
    }

    /// Brings the whole folder back. The record has to follow, and then [`Places::dataset_arrived`].
    pub(super) fn bring_back_dataset(&self, token: &str) -> io::Result<()> {
        self.mark(ALL)?;
        move_if_there(&self.trash(token), &self.home())
    }

    pub(super) fn dataset_arrived(&self) {
        self.arrived(ALL);
    }

    /// Writes a caption beside its picture; none when it is empty. The record is what counts, so nothing is synced.
    pub(super) fn write_caption(&self, name: &ImageName, caption: &str) -> io::Result<()> {
        let path = self.home().join(name.caption_file());
        if caption.is_empty() { remove(&path) } else { fs::write(path, format!("{caption}\n")) }
    }
}

/// A new file to be filled, on the same disk as the datasets. It is gone when it is dropped.
pub(super) fn new_part(root: &Path) -> io::Result<(fs::File, TempPath)> {
    let folder = root.join(".incoming");
    fs::create_dir_all(&folder)?;
    Ok(tempfile::NamedTempFile::new_in(folder)?.into_parts())
}

/// Empties what only this process could have brought back, and removes what was on its way when the last one ended.
/// To be called before anything is on its way.
pub(super) fn tidy(root: &Path, datasets: &[std::sync::Arc<Dataset>]) -> io::Result<()> {
    remove_folder(&root.join(".incoming"))?;
    remove_folder(&trash(root))?;
    let pending = root.join(".pending");
    for id in folders_in(&pending)? {
        let places = Places::new(root.to_owned(), &id);
        let dataset = datasets.iter().find(|dataset| dataset.id.as_str() == id);
        for mark in names_in(&places.marks())? {
            match dataset {
                Some(dataset) if mark != ALL && dataset.image(&mark).is_none() => {
                    let stem = Path::new(&mark).with_extension("txt");
                    remove(&places.home().join(&mark))?;
                    remove(&places.home().join(stem))?;
                    remove(&places.thumbnails().join(format!("{mark}.webp")))?;
                    tracing::info!(dataset.id = id, file = mark, "a picture that did not arrive is removed");
                }
                Some(_) => {}
                None => {
                    remove_folder(&places.home())?;
                    remove_folder(&places.thumbnails())?;
                    tracing::info!(dataset.id = id, "the folder of a deleted dataset is removed");
                }
            }
        }
    }
    remove_folder(&pending)
}

/// Empties the trash of what there is no more room for.
pub(super) fn forget(root: &Path, token: &str) -> io::Result<()> {
    remove_folder(&trash(root).join(token))
}

fn trash(root: &Path) -> PathBuf {
    root.join(".trash")
}

fn folders_in(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    Ok(names.filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
