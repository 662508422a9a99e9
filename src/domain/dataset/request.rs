//! What is asked of the captions of a dataset, and what came of it.

use serde::{Deserialize, Serialize};

use super::{DatasetId, Fix, ImageName, LONGEST_CAPTION, one_line};
use crate::domain::{
    model::Family,
    problem::{Checks, Problem},
    words::Usage,
};

/// A tool that changes many captions at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptionTool {
    /// Puts words before each caption that lacks them.
    #[default]
    Prefix,
    /// Puts one text in the place of another. Case counts.
    Replace,
    /// Takes out a tag.
    RemoveTag,
}

/// A change of many captions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CaptionsRequest {
    /// What is to be done.
    pub tool: CaptionTool,
    /// For `prefix`: the words; the trigger word when left out.
    pub words: String,
    /// For `replace`: what is looked for.
    pub find: String,
    /// For `replace`: what takes its place; may be empty.
    pub replace: String,
    /// For `remove_tag`: the tag.
    pub tag: String,
    /// The pictures it is about; all of them when left out.
    pub names: Vec<String>,
}

impl CaptionsRequest {
    /// Checks what can be checked without looking anything up.
    pub fn check(&self, trigger_word: &str) -> Result<(), Problem> {
        let mut checks = Checks::default();
        match self.tool {
            CaptionTool::Prefix => {
                let words = !one_line(&self.words).is_empty() || !trigger_word.is_empty();
                checks.require(words, "words", "Write the words, or give the dataset a trigger word.");
                checks.at_most("words", &self.words, 200);
            }
            CaptionTool::Replace => {
                checks.require(!self.find.is_empty(), "find", "Write what is to be found.");
                checks.at_most("find", &self.find, LONGEST_CAPTION);
                checks.at_most("replace", &self.replace, LONGEST_CAPTION);
            }
            CaptionTool::RemoveTag => {
                checks.require(!one_line(&self.tag).is_empty(), "tag", "Write the tag.");
                checks.require(!self.tag.contains(','), "tag", "Take out one tag at a time: they are parted by commas.");
            }
        }
        checks.finish()
    }

    /// What becomes of a caption.
    pub fn applied_to(&self, caption: &str, trigger_word: &str) -> String {
        match self.tool {
            CaptionTool::Prefix => {
                let words = if one_line(&self.words).is_empty() { trigger_word } else { &self.words };
                // Words alone are no caption: one that is missing stays missing, and is said to be.
                if caption.is_empty() { String::new() } else { super::with_words_first(caption, words) }
            }
            CaptionTool::Replace => one_line(&caption.replace(&self.find, &self.replace)),
            CaptionTool::RemoveTag => super::without_tag(caption, &self.tag),
        }
    }
}

/// A fix that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FixRequest {
    /// Which.
    pub fix: Fix,
    /// For which family the pictures are to be large enough; that of the character's model when left out.
    #[serde(default)]
    pub family: Option<Family>,
}

/// What a change of many did.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Changed {
    /// How many pictures or captions it was.
    pub changed: usize,
    /// Sent to `/api/lora/datasets/undo`, it takes it back, until this server is restarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
}

/// How a writer puts what it sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptionStyle {
    /// In a plain sentence, as SDXL and FLUX like it.
    #[default]
    Sentence,
    /// In tags, as models after SD 1.5 were trained with.
    Tags,
}

/// A request for captions by Gemini, which looks at each picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeRequest {
    /// How they are put.
    pub style: CaptionStyle,
    /// Whether captions that are there are written anew; else only those that are missing.
    pub again: bool,
    /// The pictures it is about; all of them when left out.
    pub names: Vec<String>,
}

/// Captions to be written for a dataset, and those that were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DescribeOrder {
    /// Which dataset.
    pub dataset_id: DatasetId,
    /// How they are put.
    #[serde(default)]
    pub style: CaptionStyle,
    /// Whether captions that are there are written anew.
    #[serde(default)]
    pub again: bool,
    /// The pictures, in order. Fixed when it was asked for.
    pub names: Vec<ImageName>,
    /// How many of them are dealt with; stored in one step with the caption, so that none is written twice.
    #[serde(default)]
    pub done: usize,
    /// How many captions were written.
    #[serde(default)]
    pub written: usize,
    /// The pictures Gemini would not describe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<ImageName>,
    /// What each call cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<Usage>,
}

impl DescribeOrder {
    /// The next picture, when there is one.
    pub fn next(&self) -> Option<&ImageName> {
        self.names.get(self.done)
    }
}
