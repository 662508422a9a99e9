//! Files that are sent: pictures, captions as text files of the same name, and archives of both. They go to disk as
//! they come; memory holds no more than a piece of them.

use std::{collections::HashMap, io::Write};

use bytes::{Bytes, BytesMut};
use chrono::Utc;
use futures::{Stream, StreamExt};
use tempfile::TempPath;

use super::{
    archive::{self, Entry},
    captions, files, folder, get,
    taking::{Arrival, take_in},
    whole,
};
use crate::{
    domain::{
        dataset::{AddedFrom, DatasetId, ImageName, Received, one_line, stem_of},
        problem::{Kind, Problem},
    },
    error::Error,
    state::AppState,
};

/// What a file is told that is none of ours.
pub(super) const NO_PICTURE: &str = "It is no PNG, JPEG or WebP picture that can be read, whatever its name says.";

/// Largest text file that is read as a caption.
pub(super) const LARGEST_TEXT: u64 = 64 << 10;
/// Most files of one upload.
const MOST_FILES: usize = 5_000;
/// So many bytes tell what a file is.
const START: usize = 12;

/// Files on their way into a dataset.
pub struct Receiving {
    app: AppState,
    id: DatasetId,
    received: Received,
    /// What each picture of this upload is called now, by what it was called.
    names: HashMap<Called, ImageName>,
    captions: Vec<(Called, String, String)>,
    archives: usize,
    files: usize,
}

/// Where a file came from, and its name without the ending: what a picture and its caption have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Called {
    archive: usize,
    folder: String,
    stem: String,
}

/// Why files stopped coming.
#[derive(Debug)]
pub enum Broke<E> {
    /// The sender's end, in the caller's words.
    Theirs(E),
    /// Ours.
    Ours(Error),
}

impl<E> From<Error> for Broke<E> {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl Called {
    fn of(archive: usize, called: &str) -> Self {
        let path = called.replace('\\', "/");
        let folder = path.rsplit_once('/').map(|(folder, _)| folder.to_lowercase()).unwrap_or_default();
        Self { archive, folder, stem: stem_of(&path).to_lowercase() }
    }
}

impl Receiving {
    /// Begins to take files for a dataset.
    pub fn begin(app: &AppState, id: &DatasetId) -> Result<Self, Error> {
        let dataset = get(app, id)?;
        folder::file_name(&dataset.id)?;
        let (app, id, received) = (app.clone(), dataset.id.clone(), Received::default());
        Ok(Self { app, id, received, names: HashMap::new(), captions: Vec::new(), archives: 0, files: 0 })
    }

    /// Takes one file, as far as it can be taken; what is wrong with it is told at the end. A file that is refused is
    /// still read to its end, so that the next one can come.
    pub async fn file<E>(&mut self, called: &str, mut chunks: impl Stream<Item = Result<Bytes, E>> + Unpin) -> Result<(), Broke<E>> {
        self.files += 1;
        if self.files > MOST_FILES {
            let words = format!("Send at most {MOST_FILES} files at a time. What came before stays.");
            return Err(Error::from(Problem::new(Kind::TooLarge, words)).into());
        }
        if let Err(refused) = self.take(called, &mut chunks).await? {
            self.received.refuse(called, refused);
        }
        while let Some(chunk) = chunks.next().await {
            chunk.map_err(Broke::Theirs)?;
        }
        Ok(())
    }

    /// Everything has come: captions find their pictures.
    pub async fn finish(mut self) -> Result<Received, Error> {
        let dataset = get(&self.app, &self.id)?;
        let mut found = Vec::new();
        for (called, file, caption) in std::mem::take(&mut self.captions) {
            let there = || dataset.images.iter().find(|image| image.name.key() == called.stem).map(|image| image.name.clone());
            match self.names.get(&called).cloned().or_else(there) {
                Some(name) => found.push((name, caption)),
                None => self.received.refuse(&file, Problem::new(Kind::Invalid, "There is no picture of that name for this caption.")),
            }
        }
        if !found.is_empty() {
            self.received.captioned = captions::set_many(&self.app, &self.id, found, Utc::now()).await?.len();
        }
        if !self.received.added.is_empty() {
            // As they are now, with their captions.
            let dataset = get(&self.app, &self.id)?;
            for image in &mut self.received.added {
                if let Some(stored) = dataset.image(image.name.as_str()) {
                    *image = stored.clone();
                }
            }
        }
        Ok(self.received)
    }

    async fn take<E>(
        &mut self,
        called: &str,
        chunks: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    ) -> Result<Result<(), Problem>, Broke<E>> {
        let mut start = BytesMut::new();
        while start.len() < START {
            match chunks.next().await {
                Some(chunk) => start.extend_from_slice(&chunk.map_err(Broke::Theirs)?),
                None => break,
            }
        }
        let start = start.freeze();
        if start.is_empty() {
            return Ok(Err(Problem::new(Kind::Unsupported, "The file is empty.")));
        }
        if has_ending(called, "txt") {
            return self.take_caption(called, start, chunks).await;
        }
        let is_archive = archive::is_one(&start);
        if !is_archive && whole::format(&start).is_none() {
            return Ok(Err(Problem::new(Kind::Unsupported, NO_PICTURE)));
        }
        let limit = if is_archive { self.app.config.upload_limit } else { self.app.config.picture_limit };
        let Some(part) = self.write(start, chunks, limit).await? else {
            return Ok(Err(too_large(limit)));
        };
        if is_archive {
            self.archives += 1;
            return Ok(self.unpack(called, part).await?);
        }
        Ok(self.picture(0, called.to_owned(), part).await?)
    }

    async fn take_caption<E>(
        &mut self,
        called: &str,
        start: Bytes,
        chunks: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    ) -> Result<Result<(), Problem>, Broke<E>> {
        let mut text = BytesMut::from(start);
        while let Some(chunk) = chunks.next().await {
            text.extend_from_slice(&chunk.map_err(Broke::Theirs)?);
            if text.len() as u64 > LARGEST_TEXT {
                return Ok(Err(Problem::new(Kind::TooLarge, "It is too long to be a caption.")));
            }
        }
        Ok(self.caption(0, called.to_owned(), &text))
    }

    /// Writes what comes to a file; `None` when there is more than may be.
    async fn write<E>(
        &self,
        start: Bytes,
        chunks: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
        limit: u64,
    ) -> Result<Option<TempPath>, Broke<E>> {
        const DOING: &str = "Writing what was sent";
        let root = folder::root(&self.app);
        let (mut file, part) = super::with_files(DOING, move || files::new_part(&root)).await?;
        let (mut next, mut length) = (Some(start), 0);
        while let Some(chunk) = next {
            length += chunk.len() as u64;
            if length > limit {
                return Ok(None);
            }
            file = super::with_files(DOING, move || file.write_all(&chunk).map(|()| file)).await?;
            next = chunks.next().await.transpose().map_err(Broke::Theirs)?;
        }
        Ok(Some(part))
    }

    async fn picture(&mut self, archive: usize, called: String, part: TempPath) -> Result<Result<(), Problem>, Error> {
        let key = Called::of(archive, &called);
        let arrival = Arrival { part, called, from: AddedFrom::Upload, caption: String::new() };
        match take_in(&self.app, &self.id, arrival, Utc::now()).await {
            Ok(image) => {
                self.names.insert(key, image.name.clone());
                self.received.added.push(image);
                Ok(Ok(()))
            }
            // What is wrong with one picture is no reason to leave the next; a dataset that is gone is.
            Err(Error::Problem(problem)) if problem.kind != Kind::NotFound && problem.kind != Kind::Internal => Ok(Err(problem)),
            Err(error) => Err(error),
        }
    }

    fn caption(&mut self, archive: usize, called: String, text: &[u8]) -> Result<(), Problem> {
        let caption = read_caption(text)?;
        self.captions.push((Called::of(archive, &called), called, caption));
        Ok(())
    }

    /// Takes what is in an archive. One that cannot be read to its end keeps what came before.
    async fn unpack(&mut self, called: &str, part: TempPath) -> Result<Result<(), Problem>, Error> {
        let (archive, config) = (self.archives, &self.app.config);
        let limits = archive::Limits { picture: config.picture_limit, all: config.upload_limit };
        let mut entries = archive::unpack(part, folder::root(&self.app), limits);
        while let Some(entry) = entries.recv().await {
            match entry {
                Ok(Entry::Picture { path, part }) => {
                    let name = format!("{called}/{path}");
                    if let Err(refused) = self.picture(archive, path, part).await? {
                        self.received.refuse(&name, refused);
                    }
                }
                Ok(Entry::Text { path, text }) => {
                    let name = format!("{called}/{path}");
                    if let Err(refused) = self.caption(archive, path, &text) {
                        self.received.refuse(&name, refused);
                    }
                }
                Ok(Entry::Refused { path, problem }) => self.received.refuse(&format!("{called}/{path}"), problem),
                Err(archive::Failure::Archive(problem)) => return Ok(Err(problem)),
                Err(archive::Failure::Disk(error)) => return Err(Error::File { doing: "Unpacking an archive", source: error }),
            }
        }
        Ok(Ok(()))
    }
}

/// The first line of a text file, which is all a trainer reads.
pub(super) fn read_caption(text: &[u8]) -> Result<String, Problem> {
    let text = std::str::from_utf8(text).map_err(|_| Problem::new(Kind::Unsupported, "It is no text in UTF-8."))?;
    let text = text.trim_start_matches('\u{feff}');
    let caption = one_line(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default());
    let length = caption.chars().count();
    match length {
        0 => Err(Problem::new(Kind::Invalid, "It has no words.")),
        _ if length > crate::domain::dataset::LONGEST_CAPTION => Err(Problem::new(Kind::TooLarge, "It is too long to be a caption.")),
        _ => Ok(caption),
    }
}

pub(super) fn has_ending(called: &str, ending: &str) -> bool {
    called.rsplit_once('.').is_some_and(|(_, its)| its.eq_ignore_ascii_case(ending))
}

pub(in crate::service) fn too_large(limit: u64) -> Problem {
    let words = if limit >= 1_000_000 { format!("{} MB", limit / 1_000_000) } else { format!("{} KB", limit / 1_000) };
    Problem::new(Kind::TooLarge, format!("It is larger than {words}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_file_is_read_as_a_trainer_reads_it() {
        assert_eq!(read_caption("\u{feff}luna, by the lake\r\nsecond line".as_bytes()).unwrap(), "luna, by the lake");
        assert_eq!(read_caption(b"\n\n  luna\t, hat ").unwrap(), "luna , hat");
        assert!(read_caption(b" \n").is_err() && read_caption(&[0xff, 0xfe, 0x41]).is_err());
        assert!(read_caption("x".repeat(2_001).as_bytes()).is_err());
    }

    #[test]
    fn a_picture_and_its_caption_are_called_alike_within_their_folder() {
        let called = |path: &str| Called::of(1, path);
        assert_eq!(called("set/Luna 01.PNG"), called(r"set\luna 01.txt"));
        assert_ne!(called("a/luna.png"), called("b/luna.txt"));
        assert_ne!(called("luna.png"), Called::of(2, "luna.txt"));
        assert_eq!(called("v1.5 a.png"), called("v1.5 a.txt"));
    }
}
