//! Datasets: pictures with captions that a LoRA is trained on.

mod caption;
mod checks;
mod instruct;
mod name;
mod received;
mod request;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    caption::{has_words, one_line, with_words_first, without_tag},
    checks::{DatasetCheck, DatasetCheckName, Fix, Known, checks, is_small, lacks_trigger, usual_side, worst},
    instruct::{DESCRIBER, description, description_schema},
    name::{Format, ImageName, stem_of},
    received::{Received, RefusedFile},
    request::{CaptionStyle, CaptionTool, CaptionsRequest, Changed, DescribeOrder, DescribeRequest, FixRequest},
};
use super::{
    character::CharacterId,
    content::ContentId,
    id::Id,
    lenient::{null_as_default, text_or_null},
    moment,
    problem::{Checks, Problem},
    sent::Sent,
};

/// The id of a dataset; also the name of its folder.
pub type DatasetId = Id<Dataset>;

/// Most pictures in one dataset.
pub const MOST_IMAGES: usize = 500;
/// Longest caption of a picture.
pub const LONGEST_CAPTION: usize = 2_000;

/// Pictures with captions. Each picture is the file `datasets/{id}/{name}`, its caption the file of the same name
/// that ends in `.txt`; what counts is the caption in here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dataset {
    /// Made by us.
    pub id: DatasetId,
    /// Who is to be seen in it.
    #[serde(default)]
    pub character_id: CharacterId,
    /// As people call it, 1–80 characters.
    #[serde(default, deserialize_with = "text_or_null")]
    pub name: String,
    /// The word the LoRA is to be called by in prompts; may be empty.
    #[serde(default, deserialize_with = "text_or_null")]
    pub trigger_word: String,
    /// When it was made.
    #[serde(default, with = "moment::lenient")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    #[serde(default, with = "moment::lenient")]
    pub updated_at: Option<DateTime<Utc>>,
    /// Its pictures, oldest first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub images: Vec<DatasetImage>,
    /// Fields we do not know, kept as they came.
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// One picture of a dataset. It is listed only when its file was complete and on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetImage {
    /// Its file's name; no other picture of the dataset has the same before the dot.
    pub name: ImageName,
    /// What is to be seen, in one line; empty while nobody has said.
    #[serde(default, deserialize_with = "text_or_null")]
    pub caption: String,
    /// In pixels.
    #[serde(default)]
    pub width: u32,
    /// In pixels.
    #[serde(default)]
    pub height: u32,
    /// Size of the file.
    #[serde(default)]
    pub bytes: u64,
    /// What it looks like, as a perceptual hash; empty while not known.
    #[serde(default)]
    pub hash: String,
    /// A digest of the file's bytes, to tell it from others; empty while not known.
    #[serde(default)]
    pub digest: String,
    /// Where it came from.
    #[serde(default)]
    pub added_from: AddedFrom,
    /// Why it cannot be trained on, when it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
}

/// Where a picture of a dataset came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddedFrom {
    /// A person sent the file.
    #[default]
    Upload,
    /// It lay in the dataset's folder.
    Folder,
    /// It is a copy of that content's picture.
    Content(ContentId),
}

/// Why a picture cannot be trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Broken {
    /// Its file is gone.
    Missing,
    /// Its file breaks off.
    Truncated,
    /// Its file is no picture any more.
    NotAPicture,
    /// Its sides are too long to be read.
    TooLarge,
}

impl Broken {
    /// As a page says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Missing => "The file is gone",
            Self::Truncated => "The file breaks off",
            Self::NotAPicture => "The file is no picture that can be read",
            Self::TooLarge => "The picture has too many pixels",
        }
    }
}

/// What was taken out of datasets and can be put back.
#[derive(Debug, Clone, PartialEq)]
pub enum Removed {
    /// A whole one.
    Dataset(Box<Dataset>),
    /// Pictures of one, each with the place it had.
    Images {
        /// Which dataset.
        dataset: DatasetId,
        /// In the order of their places.
        images: Vec<(usize, DatasetImage)>,
    },
    /// Captions that were changed together, as they were before.
    Captions {
        /// Which dataset.
        dataset: DatasetId,
        /// By the names of the pictures.
        captions: Vec<(ImageName, String)>,
    },
}

/// A new dataset, as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NewDataset {
    /// Who is to be seen in it.
    #[serde(alias = "character_id")]
    pub character_id: CharacterId,
    /// 1–80 characters.
    pub name: String,
    /// The word the LoRA is to be called by; the character's own when left out.
    #[serde(alias = "trigger_word")]
    pub trigger_word: Option<String>,
}

/// What a request says of a dataset.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DatasetChange {
    /// 1–80 characters.
    #[schema(value_type = Option<String>)]
    pub name: Sent<String>,
    /// At most 80 characters, without commas.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "trigger_word")]
    pub trigger_word: Sent<String>,
}

impl Dataset {
    /// An empty one.
    pub fn new(character_id: CharacterId, name: String, trigger_word: String, now: DateTime<Utc>) -> Self {
        Self {
            id: DatasetId::new(),
            character_id,
            name: name.trim().to_owned(),
            trigger_word: trigger_word.trim().to_owned(),
            created_at: Some(now),
            updated_at: Some(now),
            images: Vec::new(),
            extra: serde_json::Map::new(),
        }
    }

    /// The picture of that name.
    pub fn image(&self, name: &str) -> Option<&DatasetImage> {
        self.images.iter().find(|image| image.name.as_str() == name)
    }

    /// The same, to be changed.
    pub fn image_mut(&mut self, name: &str) -> Option<&mut DatasetImage> {
        self.images.iter_mut().find(|image| image.name.as_str() == name)
    }

    /// The pictures that can be trained on.
    pub fn usable(&self) -> impl Iterator<Item = &DatasetImage> {
        self.images.iter().filter(|image| image.broken.is_none())
    }

    /// Applies what was sent; the result still has to pass [`Dataset::check`].
    pub fn apply(&mut self, change: DatasetChange, now: DateTime<Utc>) {
        change.name.set_trimmed(&mut self.name);
        change.trigger_word.set_trimmed(&mut self.trigger_word);
        self.updated_at = Some(now);
    }

    /// Checks what a person may write on it.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.require(!self.name.is_empty(), "name", "Give the dataset a name.");
        checks.at_most("name", &self.name, 80);
        checks.at_most("triggerWord", &self.trigger_word, 80);
        let plain = !self.trigger_word.chars().any(|c| c == ',' || c.is_control());
        checks.require(plain, "triggerWord", "A trigger word has no commas: they part the tags of a caption.");
        checks.require(!self.name.chars().any(char::is_control), "name", "A name is one line.");
        checks.finish()
    }
}

impl DatasetImage {
    /// Gives it another caption: one line, or it is refused.
    pub fn set_caption(&mut self, caption: &str) -> Result<(), Problem> {
        let caption = one_line(caption);
        let mut checks = Checks::default();
        checks.at_most("caption", &caption, LONGEST_CAPTION);
        checks.finish()?;
        self.caption = caption;
        Ok(())
    }

    /// Its shorter side, in pixels.
    pub fn shorter_side(&self) -> u32 {
        self.width.min(self.height)
    }
}
