//! Which files belong to a state: those its records speak of, and no others. A secret key, a lock or a file that
//! happens to lie in the data folder never gets into a backup.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    domain::{backup::Extent, content::Content, dataset::Dataset, training::Training},
    store::State,
};

/// A file that is to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its path in the data folder, as the backup calls it.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its size.
    pub(super) bytes: u64,
}

/// What there is to copy.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// In the order of their names.
    pub(super) files: Vec<Wanted>,
    /// What records speak of, and what is not there.
    pub(super) missing: Vec<String>,
}

impl Contents {
    /// The files of a state, in the data folder `dir`.
    pub(super) fn of(state: &State, dir: &Path, extent: Extent) -> io::Result<Self> {
        let mut contents = Self::default();
        if extent == Extent::Records {
            return Ok(contents);
        }
        state.content.iter().try_for_each(|content| contents.add_content(dir, content))?;
        state.datasets.iter().try_for_each(|dataset| contents.add_dataset(dir, dataset))?;
        for training in state.trainings.iter() {
            contents.add_training(dir, training, extent == Extent::Everything)?;
        }
        contents.files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(contents)
    }

    fn add_content(&mut self, dir: &Path, content: &Content) -> io::Result<()> {
        let id = content.id.as_str();
        // Contents of older apps may have no picture of ours, and an id that is no file name.
        if content.picture.is_none() || !is_plain(id) {
            return Ok(());
        }
        self.add(dir, format!("media/{id}.png"), true)?;
        self.add(dir, format!("media/{id}.thumb.webp"), false)
    }

    fn add_dataset(&mut self, dir: &Path, dataset: &Dataset) -> io::Result<()> {
        let id = dataset.id.as_str();
        if !is_plain(id) {
            return Ok(());
        }
        for image in &dataset.images {
            self.add(dir, format!("datasets/{id}/{}", image.name.as_str()), image.broken.is_none())?;
            self.add(dir, format!("datasets/{id}/{}", image.name.caption_file()), false)?;
        }
        Ok(())
    }

    /// A training's folder; what is large in it only when `all` of it is asked for.
    fn add_training(&mut self, dir: &Path, training: &Training, all: bool) -> io::Result<()> {
        let id = training.id.as_str();
        if is_plain(id) { self.add_folder(dir, &format!("trainings/{id}"), all) } else { Ok(()) }
    }

    fn add_folder(&mut self, dir: &Path, folder: &str, all: bool) -> io::Result<()> {
        let entries = match fs::read_dir(dir.join(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().filter(|name| is_plain(name)).map(str::to_owned) else { continue };
            let (path, kind) = (format!("{folder}/{name}"), entry.file_type()?);
            // Links are not followed: they could lead anywhere.
            if kind.is_dir() && (all || !is_large_folder(&name)) {
                self.add_folder(dir, &path, all)?;
            } else if kind.is_file() && (all || !is_large_file(&name)) {
                self.add(dir, path, false)?;
            }
        }
        Ok(())
    }

    /// Adds a file. One that is not there is named when it `must` be.
    fn add(&mut self, dir: &Path, name: String, must: bool) -> io::Result<()> {
        let path = dir.join(&name);
        match fs::symlink_metadata(&path) {
            Ok(about) if about.is_file() => self.files.push(Wanted { name, path, bytes: about.len() }),
            Err(error) if error.kind() != io::ErrorKind::NotFound && error.kind() != io::ErrorKind::NotADirectory => return Err(error),
            Ok(_) | Err(_) if must => self.missing.push(name),
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }
}

/// Whether a name is one step of a path, and nothing that hides or leads elsewhere.
pub(super) fn is_plain(name: &str) -> bool {
    let strange = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':');
    !name.is_empty() && name.len() <= 255 && !name.starts_with('.') && !name.contains(strange)
}

/// Saved states, and the pictures a training learns from: they are in its dataset, too.
fn is_large_folder(name: &str) -> bool {
    name.ends_with("-state") || name == "dataset"
}

fn is_large_file(name: &str) -> bool {
    [".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".npz"].into_iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_leads_nowhere_else() {
        for plain in ["luna.png", "0190-ab", "with spaces (2).png", "ünïcode.png", "a..b"] {
            assert!(is_plain(plain), "{plain}");
        }
        for other in ["", ".", "..", ".lock", "a/b", "a\\b", "c:", "a\0b", "a\nb", &"x".repeat(256)] {
            assert!(!is_plain(other), "{other:?}");
        }
    }

    #[test]
    fn of_a_training_its_large_outputs_come_along_only_when_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "train.log",
            "output/l.safetensors",
            "output/l-000004-state/optimizer.bin",
            "output/sample/a.png",
            "dataset/10_luna/a.png",
            ".hidden",
        ] {
            let path = dir.path().join("trainings/t").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("trainings/t/link.log")).unwrap();
        let names = |all: bool| {
            let mut contents = Contents::default();
            contents.add_folder(dir.path(), "trainings/t", all).unwrap();
            let mut names: Vec<_> = contents.files.into_iter().map(|file| file.name["trainings/t/".len()..].to_owned()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(names(false), ["output/sample/a.png", "train.log"]);
        assert_eq!(names(true).len(), 5, "{:?}", names(true));
    }
}
