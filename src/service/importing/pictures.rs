//! Pictures: found within what was sent and nowhere else, looked at, and laid ready as we store them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs,
    path::Path,
};

use super::{
    contents::Pictured,
    source::{LINK, Source},
};
use crate::{
    domain::{
        content::Picture,
        dataset::{Broken, Format},
        import::{LeftOut, shown},
    },
    error::Error,
    imports::{Gathered, Ready},
    service::{
        datasets::{about_broken, decoded},
        looks, media,
    },
};

/// What is said of a picture on the web.
const LINKED: &str = "It comes without a picture file: its picture is on the web, and nothing is fetched from there. The address stays with it, and it cannot be posted.";
/// What is said of a file that is there and is no picture we take.
const OTHER_KIND: &str = "Its file is there, and is of a kind that is not taken: pictures are PNG, JPEG or WebP.";
const NOT_SENT: &str = "Its file is not among what was sent.";

/// Where a record's picture is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In this file.
    File(String),
    /// Somewhere on the web: the record keeps the link.
    Link,
    /// The record speaks of none.
    Unsaid,
    /// Nowhere, and why.
    Nowhere(&'static str),
}

/// Lays the pictures of all records ready.
pub(super) fn lay_ready(
    source: &mut Source,
    root: &str,
    gathered: &mut Gathered,
    pictured: Vec<Pictured>,
    folder: &Path,
    limit: u64,
) -> Result<(), Error> {
    let names = Names::of(source);
    let mut wanted: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, one) in pictured.iter().enumerate() {
        match place(source, &names, root, one) {
            Place::File(path) => wanted.entry(path).or_default().push(at),
            Place::Link => gathered.contents[at].words.push(LINKED.to_owned()),
            Place::Unsaid => gathered.contents[at].words.push("It comes without a picture file: its record speaks of none.".to_owned()),
            Place::Nowhere(why) => without(gathered, at, why),
        }
    }
    // Until it was looked at, no record has a picture of ours.
    let before: Vec<_> = gathered.contents.iter_mut().map(|content| content.record.picture.take()).collect();
    let paths: BTreeSet<String> = wanted.keys().cloned().collect();
    source.each(&paths, limit, &mut |path, read| {
        let places = wanted.get(path).map(Vec::as_slice).unwrap_or_default();
        let looked = match read.and_then(|bytes| look(&bytes).map_err(about_broken).map(|seen| (bytes, seen))) {
            Ok((bytes, seen)) => Ok(keep(folder, places.first().copied().unwrap_or_default(), &bytes, seen)?),
            Err(why) => Err(why),
        };
        for at in places {
            match &looked {
                Ok((picture, ready, converted)) => {
                    let content = &mut gathered.contents[*at];
                    let stored = before[*at]
                        .clone()
                        .filter(|stored| (stored.width, stored.height, stored.bytes) == (picture.width, picture.height, picture.bytes));
                    content.record.picture = Some(stored.unwrap_or_else(|| picture.clone()));
                    content.record.extra.shift_remove("imageUrl");
                    content.with = Some(ready.clone());
                    if *converted {
                        content.words.push("Its picture becomes a PNG.".to_owned());
                    }
                }
                Err(why) => without(gathered, *at, why),
            }
        }
        Ok(())
    })
}

/// A record without its picture: the words come, and what is lost is told.
fn without(gathered: &mut Gathered, at: usize, why: &str) {
    let content = &mut gathered.contents[at];
    content.words.push(format!("It comes without its picture. {why}"));
    let (file, id) = (content.file.to_string(), shown(&content.id));
    gathered.left_out.push(LeftOut { file, record: Some(format!("picture of {id}")), why: why.to_owned() });
}

/// Files by the last part of their paths.
struct Names<'a> {
    /// Pictures, where each is the only one of its name.
    pictures: HashMap<&'a str, Option<&'a str>>,
    /// All others.
    others: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(source: &'a Source) -> Self {
        let mut names = Self { pictures: HashMap::new(), others: HashSet::new() };
        for path in source.files.keys() {
            let name = path.rsplit('/').next().unwrap_or(path);
            if is_picture(path) {
                names.pictures.entry(name).and_modify(|known| *known = None).or_insert(Some(path));
            } else {
                names.others.insert(name);
            }
        }
        names
    }
}

fn is_picture(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["png", "jpg", "jpeg", "webp"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn place(source: &Source, names: &Names<'_>, root: &str, one: &Pictured) -> Place {
    let own = format!("{root}media/{}.png", one.id);
    if !one.id.contains('/') && source.files.contains_key(&own) {
        return Place::File(own);
    }
    if source.links.contains(&own) {
        return Place::Nowhere(LINK);
    }
    let Some(said) = &one.said else {
        return if one.ours { Place::Nowhere(NOT_SENT) } else { Place::Unsaid };
    };
    if said.starts_with("data:") {
        return Place::Nowhere("It lies within the record, where pictures are not read from.");
    }
    let (is_web, path) = path_in(said);
    let Some(inside) = resolved(root, &path) else {
        return Place::Nowhere("Its path leads out of what was sent.");
    };
    let bare = path.trim_start_matches('/').to_owned();
    let places =
        [inside, bare.clone(), format!("{root}public/{bare}"), format!("public/{bare}"), format!("static/{bare}"), format!("media/{bare}")];
    if let Some(found) = places.iter().find(|path| source.files.contains_key(*path) && is_picture(path)) {
        return Place::File(found.clone());
    }
    if places.iter().any(|path| source.links.contains(path)) {
        return Place::Nowhere(LINK);
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    match names.pictures.get(name) {
        Some(Some(found)) => Place::File((*found).to_owned()),
        Some(None) => Place::Nowhere("Several files have its name, and none lies where the record says."),
        None if is_web => Place::Link,
        None if names.others.contains(name) => Place::Nowhere(OTHER_KIND),
        None => Place::Nowhere(NOT_SENT),
    }
}

/// The path in what a record says, and whether it leads to the web. ComfyUI names its pictures in the query.
fn path_in(said: &str) -> (bool, String) {
    let said = said.replace('\\', "/");
    let (is_web, path) = match said.split_once("://") {
        Some(("file", path)) => (false, path.to_owned()),
        Some((_, rest)) => (true, rest.split_once('/').map_or(String::new(), |(_, path)| format!("/{path}"))),
        None => (false, said),
    };
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let in_query = query.split('&').find_map(|pair| pair.strip_prefix("filename="));
    let decoded = percent_encoding::percent_decode_str(in_query.unwrap_or(path)).decode_utf8_lossy().into_owned();
    (is_web, decoded)
}

/// A path from the folder of the records, without `.` and `..`; `None` when it leads out of everything that was sent.
fn resolved(root: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = if path.starts_with('/') { Vec::new() } else { root.split('/').filter(|part| !part.is_empty()).collect() };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// What was seen of a picture: itself, and whether it is a PNG already.
type Seen = (image::DynamicImage, bool);

fn look(bytes: &[u8]) -> Result<Seen, Broken> {
    decoded(bytes).map(|(picture, format)| (picture, format == Format::Png))
}

/// Writes a picture down as we store it. What was a PNG stays as it is, to the last byte.
fn keep(folder: &Path, number: usize, bytes: &[u8], (picture, is_png): Seen) -> Result<(Picture, Ready, bool), Error> {
    let mut png = Vec::new();
    if !is_png {
        let written = picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png);
        written.map_err(|error| Error::File { doing: "Making a PNG of a picture", source: std::io::Error::other(error) })?;
    }
    let png = if is_png { bytes } else { &png };
    let ready = Ready { original: folder.join(format!("{number}.png")), thumbnail: folder.join(format!("{number}.webp")) };
    fs::write(&ready.original, png).map_err(Error::file("Laying a picture ready"))?;
    fs::write(&ready.thumbnail, media::thumbnail_of(&picture)).map_err(Error::file("Laying a picture ready"))?;
    let looks = looks::of(&picture);
    Ok((Picture { width: picture.width(), height: picture.height(), bytes: png.len() as u64, looks }, ready, !is_png))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(files: &[&str]) -> Source {
        let mut source = Source::json(Vec::new(), 0);
        source.files = files.iter().map(|path| ((*path).to_owned(), 1)).collect();
        source
    }

    fn found(source: &Source, said: &str) -> Place {
        place(source, &Names::of(source), "app/data/", &Pictured { id: "p".into(), said: Some(said.into()), ours: false })
    }

    #[test]
    fn pictures_are_found_where_older_apps_laid_them() {
        let source = source(&[
            "app/data/characters.json",
            "app/data/images/a b.png",
            "app/public/generated/luna.png",
            "app/x.jpg",
            "app/data/x.jpg",
            "app/data/images/a.svg",
        ]);
        for (said, path) in [
            ("images/a b.png", "app/data/images/a b.png"),
            ("/images/a%20b.png?v=2", "app/data/images/a b.png"),
            ("images\\a b.png", "app/data/images/a b.png"),
            ("../public/generated/luna.png", "app/public/generated/luna.png"),
            ("http://localhost:3000/generated/luna.png", "app/public/generated/luna.png"),
            ("http://127.0.0.1:8188/view?filename=luna.png&type=output", "app/public/generated/luna.png"),
            ("/home/me/app/output/luna.png", "app/public/generated/luna.png"),
            ("x.jpg", "app/data/x.jpg"),
        ] {
            assert_eq!(found(&source, said), Place::File(path.into()), "{said}");
        }
        assert_eq!(found(&source, "https://example.org/other.png"), Place::Link);
        assert_eq!(found(&source, "images/a.svg"), Place::Nowhere(OTHER_KIND));
        assert_eq!(found(&source, "images/b.svg"), Place::Nowhere(NOT_SENT));
        assert!(matches!(found(&source, "elsewhere/x.jpg"), Place::Nowhere(why) if why.starts_with("Several")));
    }

    #[test]
    fn nothing_outside_is_ever_a_picture() {
        let mut source = source(&["app/data/characters.json", "app/data/secrets.json"]);
        source.links.insert("app/data/linked.png".into());
        for said in [
            "../../../etc/passwd",
            "/etc/passwd",
            "file:///etc/shadow",
            "..\\..\\..\\a.png",
            "%2e%2e/%2e%2e/%2e%2e/a.png",
            "secrets.json",
            "linked.png",
            "data:image/png;base64,AAAA",
        ] {
            assert!(matches!(found(&source, said), Place::Nowhere(_)), "{said}");
        }
    }
}
