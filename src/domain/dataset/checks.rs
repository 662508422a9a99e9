//! What is looked at before a LoRA is trained on a dataset, and what can be done about it.

use serde::{Deserialize, Serialize};

use super::{Dataset, DatasetImage, ImageName, has_words};
use crate::domain::{check::Verdict, model::Family};

/// From so many pictures on, a LoRA learns a face and not the pictures.
const ENOUGH: usize = 10;
/// The share of the pixels it is trained with that a picture may lack without being blurred by it.
const SLACK: f64 = 0.8;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatasetCheckName {
    /// How many pictures there are.
    Count,
    /// Whether their files can be read.
    Files,
    /// Whether they have enough pixels for the family.
    Size,
    /// Whether some look alike.
    Duplicates,
    /// Whether each has a caption.
    Captions,
    /// Whether each caption holds the trigger word.
    Trigger,
}

impl DatasetCheckName {
    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Count => "Pictures",
            Self::Files => "Files",
            Self::Size => "Size",
            Self::Duplicates => "Duplicates",
            Self::Captions => "Captions",
            Self::Trigger => "Trigger word",
        }
    }

    /// As it is sent, and as a filter of the pictures it names.
    pub fn key(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Files => "files",
            Self::Size => "size",
            Self::Duplicates => "duplicates",
            Self::Captions => "captions",
            Self::Trigger => "trigger",
        }
    }
}

/// What can be done with one press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// Take out the pictures that cannot be read.
    RemoveBroken,
    /// Take out those that have too few pixels for the family.
    RemoveSmall,
    /// Of each group that looks alike, keep the one with the most pixels.
    RemoveDuplicates,
    /// Put the trigger word before each caption that lacks it.
    PrefixTrigger,
    /// Give each picture without a caption the trigger word as its caption.
    CaptionWithTrigger,
    /// Take over the trigger word of the character.
    TakeTrigger,
}

impl Fix {
    /// As its button says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::RemoveBroken => "Remove broken pictures",
            Self::RemoveSmall => "Remove small pictures",
            Self::RemoveDuplicates => "Keep the best of each",
            Self::PrefixTrigger => "Put it first",
            Self::CaptionWithTrigger => "Use the trigger word",
            Self::TakeTrigger => "Take the character's",
        }
    }

    /// As it is sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::RemoveBroken => "remove_broken",
            Self::RemoveSmall => "remove_small",
            Self::RemoveDuplicates => "remove_duplicates",
            Self::PrefixTrigger => "prefix_trigger",
            Self::CaptionWithTrigger => "caption_with_trigger",
            Self::TakeTrigger => "take_trigger",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DatasetCheck {
    /// What.
    pub name: DatasetCheckName,
    /// How it stands: `stops` when nothing can be trained on it like this.
    pub verdict: Verdict,
    /// What was seen and, when it is not good, what to do.
    pub words: String,
    /// The pictures it is about.
    pub images: Vec<ImageName>,
    /// What can be done about it with one press.
    pub fixes: Vec<Fix>,
}

/// What the checks know beside the dataset itself.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// For which family it is to be trained.
    pub family: Family,
    /// Which pictures look alike, by their places: groups of two or more.
    pub alike: &'a [Vec<usize>],
    /// The character's trigger word.
    pub trigger_word: &'a str,
}

/// The side of the square a family is usually trained with.
pub fn usual_side(family: Family) -> u32 {
    match family {
        Family::Sd15 => 512,
        Family::Sdxl | Family::Flux => 1_024,
    }
}

/// Whether a picture has too few pixels for a family: it would be enlarged, and the LoRA would learn the blur.
pub fn is_small(image: &DatasetImage, family: Family) -> bool {
    let wanted = f64::from(usual_side(family)).powi(2) * SLACK;
    f64::from(image.width) * f64::from(image.height) < wanted
}

/// Whether a caption lacks the trigger word. One that is empty lacks more than that.
pub fn lacks_trigger(dataset: &Dataset, image: &DatasetImage) -> bool {
    !dataset.trigger_word.is_empty() && !image.caption.is_empty() && !has_words(&image.caption, &dataset.trigger_word)
}

/// Everything that is looked at.
pub fn checks(dataset: &Dataset, known: &Known<'_>) -> Vec<DatasetCheck> {
    if dataset.images.is_empty() {
        return vec![count(dataset)];
    }
    vec![
        count(dataset),
        files(dataset),
        size(dataset, known.family),
        duplicates(dataset, known.alike),
        captions(dataset),
        trigger(dataset, known.trigger_word),
    ]
}

/// How everything together stands.
pub fn worst(checks: &[DatasetCheck]) -> Verdict {
    checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Good)
}

fn count(dataset: &Dataset) -> DatasetCheck {
    let (verdict, words) = match dataset.images.len() {
        0 => (Verdict::Stops, "There are no pictures yet. Add some: 15 to 40 that differ make a good LoRA.".to_owned()),
        few if few < ENOUGH => {
            (Verdict::Mind, format!("{}. With 10 or more a LoRA learns the character, and not these pictures by heart.", pictures(few)))
        }
        many => (Verdict::Good, format!("{}.", pictures(many))),
    };
    check(DatasetCheckName::Count, verdict, words, Vec::new(), &[])
}

fn files(dataset: &Dataset) -> DatasetCheck {
    let broken: Vec<_> = dataset.images.iter().filter(|image| image.broken.is_some()).collect();
    let words = match broken.as_slice() {
        [] => return good(DatasetCheckName::Files, "Every file can be read."),
        [only] => format!("{}: {}.", only.name, lower(only.broken.map_or("", |broken| broken.words()))),
        several => format!("{} cannot be read. A trainer would break off.", pictures(several.len())),
    };
    check(DatasetCheckName::Files, Verdict::Stops, words, names(broken), &[Fix::RemoveBroken])
}

fn size(dataset: &Dataset, family: Family) -> DatasetCheck {
    let small: Vec<_> = dataset.usable().filter(|image| is_small(image, family)).collect();
    let (side, label) = (usual_side(family), family.label());
    if small.is_empty() {
        return good(DatasetCheckName::Size, format!("Every picture has enough pixels for {label}."));
    }
    let words = format!(
        "{} fewer pixels than {side} × {side}, with which {label} is trained: enlarged they blur, and so does the LoRA.",
        have(small.len())
    );
    check(DatasetCheckName::Size, Verdict::Mind, words, names(small), &[Fix::RemoveSmall])
}

fn duplicates(dataset: &Dataset, alike: &[Vec<usize>]) -> DatasetCheck {
    if alike.is_empty() {
        return good(DatasetCheckName::Duplicates, "No two pictures look alike.");
    }
    let images: Vec<_> = alike.iter().flatten().filter_map(|place| dataset.images.get(*place)).collect();
    let groups = if alike.len() == 1 { "1 group".to_owned() } else { format!("{} groups", alike.len()) };
    let words = format!("{} look alike, in {groups}. What is there twice counts twice.", pictures(images.len()));
    check(DatasetCheckName::Duplicates, Verdict::Mind, words, names(images), &[Fix::RemoveDuplicates])
}

fn captions(dataset: &Dataset) -> DatasetCheck {
    let missing: Vec<_> = dataset.images.iter().filter(|image| image.caption.is_empty()).collect();
    if missing.is_empty() {
        return good(DatasetCheckName::Captions, "Every picture has a caption.");
    }
    let words = format!("{} no caption. What a caption does not name becomes part of the character.", have(missing.len()));
    let fixes: &[Fix] = if dataset.trigger_word.is_empty() { &[] } else { &[Fix::CaptionWithTrigger] };
    check(DatasetCheckName::Captions, Verdict::Mind, words, names(missing), fixes)
}

fn trigger(dataset: &Dataset, of_character: &str) -> DatasetCheck {
    let of_character = of_character.trim();
    if dataset.trigger_word.is_empty() {
        let fixes: &[Fix] = if of_character.is_empty() || of_character.contains(',') { &[] } else { &[Fix::TakeTrigger] };
        let hint = if fixes.is_empty() { String::new() } else { format!(" The character's is “{of_character}”.") };
        let words = format!("There is no trigger word: the LoRA could not be called by one.{hint}");
        return check(DatasetCheckName::Trigger, Verdict::Mind, words, Vec::new(), fixes);
    }
    let lacking: Vec<_> = dataset.images.iter().filter(|image| lacks_trigger(dataset, image)).collect();
    if lacking.is_empty() {
        return good(DatasetCheckName::Trigger, format!("“{}” is in every caption.", dataset.trigger_word));
    }
    let captions = if lacking.len() == 1 { "1 caption does".to_owned() } else { format!("{} captions do", lacking.len()) };
    let words = format!("{captions} not hold “{}”.", dataset.trigger_word);
    check(DatasetCheckName::Trigger, Verdict::Mind, words, names(lacking), &[Fix::PrefixTrigger])
}

fn check(name: DatasetCheckName, verdict: Verdict, words: impl Into<String>, images: Vec<ImageName>, fixes: &[Fix]) -> DatasetCheck {
    DatasetCheck { name, verdict, words: words.into(), images, fixes: fixes.to_vec() }
}

fn good(name: DatasetCheckName, words: impl Into<String>) -> DatasetCheck {
    check(name, Verdict::Good, words, Vec::new(), &[])
}

fn names(images: Vec<&DatasetImage>) -> Vec<ImageName> {
    images.into_iter().map(|image| image.name.clone()).collect()
}

fn pictures(count: usize) -> String {
    if count == 1 { "1 picture".to_owned() } else { format!("{count} pictures") }
}

fn have(count: usize) -> String {
    if count == 1 { "1 picture has".to_owned() } else { format!("{count} pictures have") }
}

fn lower(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::dataset::Broken;

    fn dataset(captions: &[&str]) -> Dataset {
        let images: Vec<_> = captions
            .iter()
            .enumerate()
            .map(|(n, caption)| json!({"name": format!("{n}.png"), "caption": caption, "width": 1024, "height": 1024}))
            .collect();
        serde_json::from_value(json!({"id": "d", "name": "Luna", "triggerWord": "luna", "images": images})).unwrap()
    }

    fn known(alike: &[Vec<usize>]) -> Known<'_> {
        Known { family: Family::Sdxl, alike, trigger_word: "luna" }
    }

    fn of(checks: &[DatasetCheck], name: DatasetCheckName) -> &DatasetCheck {
        checks.iter().find(|check| check.name == name).unwrap()
    }

    #[test]
    fn a_good_dataset_passes() {
        let dataset = dataset(&["luna, by the lake"; 12]);
        let checks = checks(&dataset, &known(&[]));
        assert_eq!(worst(&checks), Verdict::Good, "{checks:#?}");
    }

    #[test]
    fn everything_that_is_wrong_is_named_with_its_fix() {
        let mut dataset = dataset(&["luna, by the lake", "", "by the sea", "lunatic"]);
        dataset.images[0].broken = Some(Broken::Truncated);
        dataset.images[1].width = 600;
        let checks = checks(&dataset, &known(&[vec![2, 3]]));
        assert_eq!(worst(&checks), Verdict::Stops);
        let named = |name| of(&checks, name).images.iter().map(ImageName::as_str).collect::<Vec<_>>();
        assert_eq!(named(DatasetCheckName::Files), ["0.png"]);
        assert_eq!(of(&checks, DatasetCheckName::Files).words, "0.png: the file breaks off.");
        assert_eq!(named(DatasetCheckName::Size), ["1.png"]);
        assert_eq!(named(DatasetCheckName::Duplicates), ["2.png", "3.png"]);
        assert_eq!(named(DatasetCheckName::Captions), ["1.png"]);
        assert_eq!(named(DatasetCheckName::Trigger), ["2.png", "3.png"]);
        assert!(checks.iter().skip(1).all(|check| !check.fixes.is_empty()));
        assert_eq!(of(&checks, DatasetCheckName::Count).verdict, Verdict::Mind);
    }

    #[test]
    fn the_family_says_what_is_small() {
        let mut dataset = dataset(&["luna"]);
        (dataset.images[0].width, dataset.images[0].height) = (832, 1216);
        assert!(!is_small(&dataset.images[0], Family::Sdxl), "a bucket of the same area is as good");
        (dataset.images[0].width, dataset.images[0].height) = (512, 768);
        assert!(is_small(&dataset.images[0], Family::Flux) && !is_small(&dataset.images[0], Family::Sd15));
    }

    #[test]
    fn an_empty_dataset_is_only_empty() {
        let checks = checks(&dataset(&[]), &known(&[]));
        assert_eq!((checks.len(), worst(&checks)), (1, Verdict::Stops));
    }

    #[test]
    fn a_dataset_without_a_trigger_word_is_offered_the_characters() {
        let mut dataset = dataset(&["by the lake"]);
        dataset.trigger_word.clear();
        assert_eq!(of(&checks(&dataset, &known(&[])), DatasetCheckName::Trigger).fixes, [Fix::TakeTrigger]);
        let nobody = Known { trigger_word: "", ..known(&[]) };
        assert!(of(&checks(&dataset, &nobody), DatasetCheckName::Trigger).fixes.is_empty());
    }
}
