//! Names of picture files: safe as a part of a path, on every system, and for a trainer.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Longest name before the dot, in characters and in bytes: a file system takes 255 bytes in all.
const LONGEST: (usize, usize) = (80, 180);

/// The kinds of picture a trainer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Without loss.
    Png,
    /// With some.
    Jpeg,
    /// Either.
    Webp,
}

impl Format {
    /// How its files end: a trainer knows pictures by that, in lower case.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// As it is served.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

/// The name of a picture's file within its dataset's folder: a plain name, never a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct ImageName(String);

impl ImageName {
    /// The nearest good name to what a file was called, with the ending of its kind.
    pub fn new(called: &str, format: Format) -> Self {
        Self(format!("{}.{}", stem_of(called), format.ending()))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the dot.
    pub fn stem(&self) -> &str {
        self.0.rsplit_once('.').map_or(&self.0, |(stem, _)| stem)
    }

    /// What no other picture of the dataset may have: where case does not count, neither may it here.
    pub fn key(&self) -> String {
        self.stem().to_lowercase()
    }

    /// The name of its caption's file.
    pub fn caption_file(&self) -> String {
        format!("{}.txt", self.stem())
    }

    /// The kind its ending says.
    pub fn format(&self) -> Format {
        match self.0.rsplit_once('.').map(|(_, ending)| ending) {
            Some("png") => Format::Png,
            Some("webp") => Format::Webp,
            _ => Format::Jpeg,
        }
    }

    /// The same with a number, for when the name is taken.
    pub fn numbered(&self, number: usize) -> Self {
        Self(format!("{}-{number}.{}", self.stem(), self.format().ending()))
    }

    /// The same under another kind's ending.
    pub fn of_format(&self, format: Format) -> Self {
        Self(format!("{}.{}", self.stem(), format.ending()))
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ImageName {
    /// What does not make a plain name is not read: it would lead out of the folder.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = text.rsplit_once('.').is_some_and(|(stem, ending)| {
            !stem.is_empty() && matches!(ending, "png" | "jpg" | "jpeg" | "webp") && stem.chars().all(|c| !is_trouble(c))
        });
        if known && !text.starts_with('.') && text.len() <= 250 {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom(format!("`{text}` is not the name of a picture's file")))
        }
    }
}

/// What a file's name is before its ending, cleaned.
pub fn stem_of(called: &str) -> String {
    let file = called.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = match file.rsplit_once('.') {
        Some((stem, ending)) if !ending.is_empty() && ending.len() <= 5 && ending.bytes().all(|b| b.is_ascii_alphanumeric()) => stem,
        _ => file,
    };
    // What looks the same is the same: some systems send letters and their accents apart.
    let clean: String = stem.nfc().filter(|c| !is_hidden(*c)).map(|c| if is_trouble(c) { '-' } else { c }).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short = String::new();
    for letter in clean.trim_matches(['.', ' ', '-']).chars().take(LONGEST.0) {
        if short.len() + letter.len_utf8() > LONGEST.1 {
            break;
        }
        short.push(letter);
    }
    let short = short.trim_end_matches(['.', ' ']);
    if short.is_empty() { "picture".to_owned() } else { short.to_owned() }
}

/// What a path, a system or a shell could take for something else.
fn is_trouble(c: char) -> bool {
    c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '%' | '#' | '~' | '$' | '`')
}

/// What cannot be seen, or turns the reading direction so that a name shows as another.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(called: &str) -> String {
        ImageName::new(called, Format::Png).0
    }

    #[test]
    fn a_name_never_leads_anywhere() {
        assert_eq!(name("../../etc/passwd.png"), "passwd.png");
        assert_eq!(name(r"C:\Users\me\luna 01.PNG"), "luna 01.png");
        assert_eq!(name(".."), "picture.png");
        assert_eq!(name(".hidden.png"), "hidden.png");
        assert_eq!(name("a\u{0}b\n.png"), "a-b.png");
        assert_eq!(name(""), "picture.png");
    }

    #[test]
    fn a_name_keeps_its_letters() {
        assert_eq!(name("Lüna bei Nacht.jpg"), "Lüna bei Nacht.png");
        assert_eq!(name("ルナ-01.webp"), "ルナ-01.png");
        assert_eq!(name("e\u{301}te\u{301}.png"), "été.png");
        assert_eq!(name("gnp.\u{202e}anul.png"), "gnp.anul.png");
        assert_eq!(name("v1.5 sample"), "v1.5 sample.png");
    }

    #[test]
    fn a_name_is_never_too_long_for_a_file_system() {
        let long = name(&format!("{}.png", "ルナ".repeat(200)));
        assert!(long.len() <= 190 && long.ends_with("ナ.png") || long.ends_with("ル.png"), "{long}");
        assert_eq!(name(&"x".repeat(300)).len(), 84);
    }

    #[test]
    fn a_stored_name_that_is_a_path_is_not_read() {
        let read = |text: &str| serde_json::from_str::<ImageName>(&format!("{text:?}")).is_ok();
        assert!(read("luna 01.png") && read("ルナ.jpeg"));
        assert!(!read("../luna.png") && !read("a/b.png") && !read(".png") && !read("luna.txt") && !read("luna"));
    }

    #[test]
    fn names_differ_by_more_than_case() {
        assert_eq!(ImageName::new("Luna.png", Format::Png).key(), ImageName::new("LUNA.jpg", Format::Jpeg).key());
        assert_eq!(ImageName::new("luna.png", Format::Webp).numbered(2).as_str(), "luna-2.webp");
        assert_eq!(ImageName::new("luna.png", Format::Webp).caption_file(), "luna.txt");
    }
}
