//! Bundles: one character as a zip that another installation imports. Never with a key, not even a sealed one.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use zip::ZipWriter;

use super::{backups, importing, media};
use crate::{
    domain::{
        character::{Character, CharacterId},
        content::Content,
        problem::Problem,
    },
    error::Error,
    service::disk::blocking,
    state::AppState,
    store::{Record, State},
};

/// The version of the way a bundle is written.
pub const FORMAT: u32 = 1;
/// How much is written at once.
const PIECE: usize = 256 << 10;

/// A bundle, ready to be sent. Its file has no name on the disk: it is gone when it is closed.
#[derive(Debug)]
pub struct Bundle {
    /// What is in it.
    pub file: File,
    /// Its size.
    pub bytes: u64,
    /// What it is to be called, in plain letters.
    pub name: String,
}

/// How much a character's bundle would hold: prompts, and pictures.
pub fn counts(state: &State, id: &CharacterId) -> (usize, usize) {
    (state.prompts.count("character", id.as_str()), state.content.count("character", id.as_str()))
}

/// Makes a character's bundle: her record with her story arcs, and her prompts; with her pictures, their records and
/// what of them is out, when asked for.
pub async fn make(app: &AppState, id: &CharacterId, pictures: bool, now: DateTime<Utc>) -> Result<Bundle, Error> {
    let state = app.store.read();
    let character = state.characters.get(id.as_str()).cloned().ok_or_else(|| Problem::not_found("character"))?;
    let (app, folder) = (app.clone(), app.store.dir().to_owned());
    blocking(move || {
        let made = write(&app, &state, &character, pictures, &folder, now);
        made.map_err(Error::file("Writing a bundle"))
    })
    .await
}

fn write(
    app: &AppState,
    state: &State,
    character: &Arc<Character>,
    pictures: bool,
    folder: &Path,
    now: DateTime<Utc>,
) -> io::Result<Bundle> {
    let mut file = tempfile::tempfile_in(folder)?;
    fill(&file, app, state, character, pictures, now)?;
    let bytes = file.stream_position()?;
    file.rewind()?;
    let pictures = if pictures { "-with-pictures" } else { "" };
    Ok(Bundle { file, bytes, name: format!("{}{pictures}.zip", plain(&character.name)) })
}

fn fill(file: &File, app: &AppState, state: &State, character: &Arc<Character>, pictures: bool, now: DateTime<Utc>) -> io::Result<()> {
    let id = character.id.as_str();
    let mut zip = Zip { zip: ZipWriter::new(BufWriter::with_capacity(PIECE, file)).set_auto_large_file(), now };
    let contents: Vec<_> = if pictures { oldest_first(state.content.indexed("character", id)) } else { Vec::new() };
    let prompts = oldest_first(state.prompts.indexed("character", id));
    let is_out = |post: &&Arc<crate::domain::post::Post>| {
        let shows = |content: &Arc<Content>| post.pictures.iter().any(|picture| picture.content_id == content.id);
        post.state.may_be_out() && contents.iter().any(shows)
    };
    // Where they were posted comes along: or they would be posted again there.
    let posts = oldest_first(state.posts.indexed("character", id).filter(is_out));
    let about = json!({
        "format": FORMAT, "kind": "character", "appVersion": env!("CARGO_PKG_VERSION"), "madeAt": now,
        "character": {"id": id, "name": character.name},
        "prompts": prompts.len(), "pictures": contents.len(), "posts": posts.len(),
    });
    zip.json(importing::BUNDLE, &about)?;
    zip.records(std::slice::from_ref(character))?;
    zip.records(&prompts)?;
    if pictures {
        zip.records(&contents)?;
        zip.records(&posts)?;
        for content in contents.iter().filter(|content| content.picture.is_some()) {
            // A picture whose file is gone is told where the bundle is imported.
            if let Ok(path) = media::original_path(app, &content.id) {
                zip.picture(&format!("media/{}.png", content.id), path)?;
            }
        }
    }
    zip.zip.finish()?.flush()
}

struct Zip<'a> {
    zip: ZipWriter<BufWriter<&'a File>>,
    now: DateTime<Utc>,
}

impl Zip<'_> {
    /// A collection, as its file in a data folder.
    fn records<T: Record>(&mut self, records: &[Arc<T>]) -> io::Result<()> {
        let mut values = Vec::with_capacity(records.len());
        for record in records {
            let mut value = serde_json::to_value(&**record)?;
            // What older apps kept under other names.
            importing::without_secrets(&mut value);
            values.push(value);
        }
        self.json(&format!("{}.json", T::COLLECTION), &Value::Array(values))
    }

    fn json(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        self.zip.start_file(name, backups::options(name, self.now))?;
        Ok(serde_json::to_writer_pretty(&mut self.zip, value)?)
    }

    fn picture(&mut self, name: &str, path: PathBuf) -> io::Result<()> {
        match File::open(path) {
            Ok(mut picture) => {
                self.zip.start_file(name, backups::options(name, self.now))?;
                io::copy(&mut picture, &mut self.zip).map(|_| ())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn oldest_first<'a, T: 'a>(newest_first: impl Iterator<Item = &'a Arc<T>>) -> Vec<Arc<T>> {
    let mut records: Vec<_> = newest_first.cloned().collect();
    records.reverse();
    records
}

/// A name in letters that every system takes as a file's.
fn plain(name: &str) -> String {
    let letters: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<_> = letters.split('-').filter(|part| !part.is_empty()).collect();
    let name: String = parts.join("-").chars().take(60).collect();
    if name.is_empty() { "character".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_plain_letters() {
        for (name, file) in [("Luna the Mystic", "luna-the-mystic"), ("../\"x\"\r\n", "x"), ("月", "character"), ("a__B", "a-b")] {
            assert_eq!(plain(name), file);
        }
        assert!(plain(&"x".repeat(300)).len() <= 60);
    }
}
