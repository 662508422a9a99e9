//! Finding out which family a file belongs to. ComfyUI does not say it, and a wrong guess fails late or not at all.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::model::{Family, FamilySource, ModelKind};

/// What is known of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence<'a> {
    pub(super) name: &'a str,
    pub(super) kind: ModelKind,
    pub(super) size: Option<u64>,
    pub(super) metadata: Option<&'a Metadata>,
    /// What a person said.
    pub(super) said: Option<Family>,
}

/// What matters of a file's own metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// `ss_base_model_version` of sd-scripts, as in `sdxl_base_v1-0`.
    base_model: String,
    /// `modelspec.architecture`, as in `stable-diffusion-xl-v1-base/lora`.
    architecture: String,
    /// The tag it was trained on most often.
    pub(super) trained_tag: Option<String>,
}

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    /// One of our families, in plain words.
    Plainly(Family),
    /// A well-known offspring of one of our families.
    Offspring(Family),
    /// A family that is none of ours.
    Foreign,
    Nothing,
}

/// The family, and how it was found: a person's word, the metadata, the folder, a plain name, the size, any other name.
pub(super) fn find(evidence: Evidence<'_>) -> (Option<Family>, FamilySource) {
    if let Some(family) = evidence.said {
        return (Some(family), FamilySource::Person);
    }
    if let Some(told) = evidence.metadata.and_then(Metadata::family) {
        return (told, FamilySource::Metadata);
    }
    let named = by_name(evidence.name);
    match evidence.kind {
        // Files of many families lie in this folder; of ours, only FLUX is used in this form.
        ModelKind::DiffusionModel if named == Named::Plainly(Family::Flux) => (Some(Family::Flux), FamilySource::Folder),
        ModelKind::DiffusionModel => (None, FamilySource::Unknown),
        ModelKind::Checkpoint => by_name_and_size(named, evidence.size.and_then(by_size)),
        // LoRAs have any size.
        ModelKind::Lora => by_name_and_size(named, None),
    }
}

fn by_name_and_size(named: Named, size: Option<Family>) -> (Option<Family>, FamilySource) {
    match (named, size) {
        (Named::Plainly(family), _) | (Named::Offspring(family), None) => (Some(family), FamilySource::Name),
        (Named::Offspring(_) | Named::Nothing, Some(family)) => (Some(family), FamilySource::Size),
        (Named::Foreign, _) | (Named::Nothing, None) => (None, FamilySource::Unknown),
    }
}

/// Checkpoints of a family have much the same size, in half or full precision. What lies between is not guessed.
fn by_size(bytes: u64) -> Option<Family> {
    const MEGABYTE: u64 = 1_000_000;
    match bytes / MEGABYTE {
        1_700..=2_800 | 3_900..=4_400 => Some(Family::Sd15),
        6_000..=7_300 => Some(Family::Sdxl),
        11_000..=12_500 | 16_000..=24_000 => Some(Family::Flux),
        _ => None,
    }
}

fn by_name(name: &str) -> Named {
    const FOREIGN: [&str; 26] = [
        "flux2",
        "flux.2",
        "flux-2-",
        "chroma",
        "wan2",
        "wan_",
        "wan-",
        "sd3",
        "sd_3",
        "sd-3",
        "stable-diffusion-3",
        "hunyuan",
        "qwen",
        "sd2",
        "sd_2",
        "v2-1",
        "v2-0",
        "pixart",
        "kolors",
        "auraflow",
        "lumina",
        "hidream",
        "ltx",
        "cosmos",
        "cascade",
        "z_image",
    ];
    const OFFSPRING: [&str; 4] = ["pony", "illustrious", "noob", "animagine"];
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|letter: char| !letter.is_alphanumeric()).collect();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if FOREIGN.iter().any(|part| begins_a_word(&name, part)) {
        Named::Foreign
    } else if words.iter().any(|word| word.starts_with("flux") || word.ends_with("flux")) {
        Named::Plainly(Family::Flux)
    } else if has(&["sdxl"]) || words.iter().any(|word| ends_in_xl(word)) {
        Named::Plainly(Family::Sdxl)
    } else if has(&["sd15", "sd1.5", "sd_15", "sd-15", "sd_1.5", "sd-1.5", "sd_1_5", "v1-5", "v1_5"]) {
        Named::Plainly(Family::Sd15)
    } else if has(&OFFSPRING) {
        Named::Offspring(Family::Sdxl)
    } else {
        Named::Nothing
    }
}

fn begins_a_word(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(at, _)| !name[..at].ends_with(char::is_alphanumeric))
}

/// As in `juggernautXL`, `animagineXLV31` and `sd_xl`, and not in `t5xxl`.
fn ends_in_xl(word: &str) -> bool {
    let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let word = word.strip_suffix('v').unwrap_or(word);
    word.ends_with("xl") && !word.ends_with("xxl")
}

impl Metadata {
    /// What matters of the metadata as the server hands it out. All values are texts.
    pub(super) fn read(fields: &Map<String, Value>) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let frequency = fields.get("ss_tag_frequency").and_then(Value::as_str);
        Self {
            base_model: text("ss_base_model_version"),
            architecture: text("modelspec.architecture"),
            trained_tag: frequency.and_then(most_frequent_tag),
        }
    }

    /// `None`: it does not say. `Some(None)`: it says a family that is none of ours.
    fn family(&self) -> Option<Option<Family>> {
        if self.base_model.is_empty() && self.architecture.is_empty() {
            return None;
        }
        let starts = |text: &str, beginnings: &[&str]| beginnings.iter().any(|beginning| text.starts_with(beginning));
        let foreign = |text: &str| starts(text, &["flux2", "flux-2", "flux.2"]);
        let ours = |base: &[&str], architecture: &[&str]| starts(&self.base_model, base) || starts(&self.architecture, architecture);
        if foreign(&self.base_model) || foreign(&self.architecture) {
            Some(None)
        } else if ours(&["flux"], &["flux"]) {
            Some(Some(Family::Flux))
        } else if ours(&["sdxl"], &["stable-diffusion-xl"]) {
            Some(Some(Family::Sdxl))
        } else if ours(&["sd_v1", "sd_1", "sd1"], &["stable-diffusion-v1"]) {
            Some(Some(Family::Sd15))
        } else {
            Some(None)
        }
    }
}

/// JSON in a text: folders, each with its tags and how often they were seen.
fn most_frequent_tag(frequency: &str) -> Option<String> {
    let folders: BTreeMap<String, BTreeMap<String, f64>> = serde_json::from_str(frequency).ok()?;
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for (tag, count) in folders.into_values().flatten() {
        *counts.entry(tag.trim().to_owned()).or_default() += count;
    }
    // The first of equals, so that the answer is the same each time.
    let most = counts.into_iter().filter(|(tag, _)| !tag.is_empty()).rev().max_by(|(_, a), (_, b)| a.total_cmp(b));
    most.map(|(tag, _)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrations::comfyui::fixtures;

    const GB: f64 = 1e9;

    fn checkpoint(name: &str, gigabytes: f64) -> (Option<Family>, FamilySource) {
        find(Evidence { name, kind: ModelKind::Checkpoint, size: Some((gigabytes * GB) as u64), metadata: None, said: None })
    }

    fn named(name: &str, kind: ModelKind) -> (Option<Family>, FamilySource) {
        find(Evidence { name, kind, size: None, metadata: None, said: None })
    }

    fn told(base: &str, architecture: &str) -> (Option<Family>, FamilySource) {
        let metadata = Metadata { base_model: base.into(), architecture: architecture.into(), trained_tag: None };
        find(Evidence { name: "x.safetensors", kind: ModelKind::Lora, size: None, metadata: Some(&metadata), said: None })
    }

    #[test]
    fn checkpoints_are_told_by_a_plain_name_then_size_then_any_name() {
        use FamilySource::{Name, Size, Unknown};
        let table = [
            ("dreamshaper_8.safetensors", 2.13, Some(Family::Sd15), Size),
            ("anything.ckpt", 4.27, Some(Family::Sd15), Size),
            ("v1-5-pruned-emaonly.safetensors", 4.27, Some(Family::Sd15), Name),
            ("sd_xl_base_1.0.safetensors", 6.94, Some(Family::Sdxl), Name),
            ("juggernautXL_v9.safetensors", 7.11, Some(Family::Sdxl), Name),
            ("animagineXLV31.safetensors", 0.1, Some(Family::Sdxl), Name),
            ("realvis.safetensors", 6.6, Some(Family::Sdxl), Size),
            ("ponyDiffusionV6.safetensors", 6.94, Some(Family::Sdxl), Size),
            ("ponyDiffusionV6.safetensors", 0.2, Some(Family::Sdxl), Name),
            ("flux1-dev-fp8.safetensors", 5.89, Some(Family::Flux), Name),
            ("unlabelled.safetensors", 17.2, Some(Family::Flux), Size),
            ("unlabelled.safetensors", 11.9, Some(Family::Flux), Size),
            ("unlabelled.safetensors", 3.3, None, Unknown),
            ("unlabelled.safetensors", 9.0, None, Unknown),
            ("broken_download.safetensors", 0.0002, None, Unknown),
            ("sd3.5_large_fp8_scaled.safetensors", 16.4, None, Unknown),
            ("subfolder/flux1-schnell.safetensors", 17.2, Some(Family::Flux), Name),
        ];
        for (name, gigabytes, family, source) in table {
            assert_eq!(checkpoint(name, gigabytes), (family, source), "{name} of {gigabytes} GB");
        }
    }

    #[test]
    fn other_diffusion_models_are_not_taken_for_flux() {
        assert_eq!(named("flux1-dev.safetensors", ModelKind::DiffusionModel), (Some(Family::Flux), FamilySource::Folder));
        for name in [
            "wan2.1_t2v_1.3B.safetensors",
            "sd3_medium.safetensors",
            "hunyuan_video.safetensors",
            "qwen_image.safetensors",
            "flux2-dev.safetensors",
            "sdxl_unet.safetensors",
        ] {
            assert_eq!(named(name, ModelKind::DiffusionModel), (None, FamilySource::Unknown), "{name}");
        }
    }

    #[test]
    fn loras_are_told_by_their_metadata_or_name() {
        assert_eq!(told("sd_v1", "stable-diffusion-v1/lora"), (Some(Family::Sd15), FamilySource::Metadata));
        assert_eq!(told("sdxl_base_v1-0", ""), (Some(Family::Sdxl), FamilySource::Metadata));
        assert_eq!(told("", "flux-1-dev/lora"), (Some(Family::Flux), FamilySource::Metadata));
        assert_eq!(told("sd_v2", "stable-diffusion-v2-512/lora"), (None, FamilySource::Metadata));
        assert_eq!(told("", ""), (None, FamilySource::Unknown));
        assert_eq!(named("luna_xl.safetensors", ModelKind::Lora), (Some(Family::Sdxl), FamilySource::Name));
        assert_eq!(named("luna.safetensors", ModelKind::Lora), (None, FamilySource::Unknown));
    }

    #[test]
    fn recorded_metadata_tells_family_and_tag() {
        let table = [
            ("view_metadata_lora_with_metadata", Family::Sd15, Some("luna")),
            ("view_metadata_lora_trained_by_sd_scripts", Family::Sd15, Some("luna")),
            ("view_metadata_lora_sdxl", Family::Sdxl, Some("luna")),
            ("view_metadata_lora_flux", Family::Flux, Some("luna")),
            ("view_metadata_checkpoint_sdxl", Family::Sdxl, None),
        ];
        for (name, family, tag) in table {
            let metadata = Metadata::read(fixtures::json(&format!("http/{name}.json")).as_object().unwrap());
            assert_eq!(metadata.family(), Some(Some(family)), "{name}");
            assert_eq!(metadata.trained_tag.as_deref(), tag, "{name}");
        }
    }

    #[test]
    fn a_person_knows_better() {
        let metadata = Metadata { base_model: "sd_v1".into(), ..Metadata::default() };
        let evidence =
            Evidence { name: "flux.ckpt", kind: ModelKind::Checkpoint, size: None, metadata: Some(&metadata), said: Some(Family::Sdxl) };
        assert_eq!(find(evidence), (Some(Family::Sdxl), FamilySource::Person));
    }

    #[test]
    fn the_most_frequent_tag_counts_over_all_folders() {
        assert_eq!(most_frequent_tag(r#"{"10_luna": {"luna": 4, "lake": 5}, "5_more": {"luna": 3}}"#), Some("luna".into()));
        assert_eq!(most_frequent_tag("not json"), None);
    }
}
