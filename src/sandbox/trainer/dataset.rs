//! The dataset as the real trainer reads it, with its rules.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What the real one knows in a dataset, and in a subset of one.
const DATASET: [&str; 8] = [
    "batch_size",
    "bucket_no_upscale",
    "bucket_reso_steps",
    "enable_bucket",
    "max_bucket_reso",
    "min_bucket_reso",
    "resolution",
    "subsets",
];
const SUBSET: [&str; 5] = ["caption_prefix", "class_tokens", "image_dir", "is_reg", "num_repeats"];

#[derive(Debug, Deserialize)]
struct Description {
    #[serde(default)]
    general: toml::Table,
    datasets: Vec<Described>,
}

#[derive(Debug, Deserialize)]
struct Described {
    #[serde(default)]
    batch_size: Option<u32>,
    subsets: Vec<Subset>,
    #[serde(flatten)]
    rest: toml::Table,
}

#[derive(Debug, Deserialize)]
struct Subset {
    image_dir: PathBuf,
    #[serde(default)]
    num_repeats: Option<u32>,
    #[serde(flatten)]
    rest: toml::Table,
}

/// What there is to learn from.
#[derive(Debug)]
pub(super) struct Dataset {
    pub(super) folder: PathBuf,
    pub(super) pictures: Vec<PathBuf>,
    pub(super) repeats: u32,
    pub(super) batch_size: u32,
}

/// Reads a description. The error is the exception the real one ends with.
pub(super) fn read(description: &str) -> Result<Dataset, String> {
    let text = std::fs::read_to_string(description).map_err(|error| format!("FileNotFoundError: {error}: '{description}'"))?;
    let described: Description = toml::from_str(&text).map_err(|error| format!("voluptuous.error.MultipleInvalid: {}", error.message()))?;
    let extension = described.general.get("caption_extension").and_then(toml::Value::as_str).unwrap_or(".caption").to_owned();
    let first = described.datasets.first().ok_or("voluptuous.error.MultipleInvalid: required key not provided @ data['datasets']")?;
    let subset = first.subsets.first().ok_or("voluptuous.error.MultipleInvalid: required key not provided @ data['subsets']")?;
    known(&first.rest, &DATASET, "data['datasets'][0]")?;
    known(&subset.rest, &SUBSET, "data['datasets'][0]['subsets'][0]")?;
    let mut pictures: Vec<_> = std::fs::read_dir(&subset.image_dir)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| is_picture(path))
        .collect();
    pictures.sort();
    for picture in &pictures {
        let caption = picture.with_extension(extension.trim_start_matches('.'));
        if std::fs::read_to_string(&caption).is_ok_and(|caption| caption.trim().is_empty()) {
            return Err(format!("AssertionError: caption file is empty / キャプションファイルが空です: {}", caption.display()));
        }
    }
    Ok(Dataset {
        folder: subset.image_dir.clone(),
        pictures,
        repeats: subset.num_repeats.unwrap_or(1),
        batch_size: first.batch_size.unwrap_or(1).max(1),
    })
}

/// In the words of the real one.
fn known(keys: &toml::Table, known: &[&str], place: &str) -> Result<(), String> {
    match keys.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("voluptuous.error.MultipleInvalid: extra keys not allowed @ {place}['{key}']")),
        None => Ok(()),
    }
}

impl Dataset {
    /// Pictures times repeats.
    pub(super) fn shown(&self) -> u32 {
        u32::try_from(self.pictures.len()).unwrap_or(u32::MAX).saturating_mul(self.repeats)
    }

    /// Steps of one epoch.
    pub(super) fn steps(&self) -> u32 {
        self.shown().div_ceil(self.batch_size)
    }
}

/// Whether a file begins as pictures do.
pub(super) fn is_really_one(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    [&b"\x89PNG"[..], b"\xff\xd8\xff", b"RIFF", b"BM"].iter().any(|start| bytes.starts_with(start))
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["png", "jpg", "jpeg", "webp", "bmp"].iter().any(|known| ending == *known || ending == known.to_uppercase())
}
