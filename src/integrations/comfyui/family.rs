//! Finding out which family a file belongs to. ComfyUI does not say it, and a wrong guess fails late or not at all.

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
    pub(super) base_model: String,
    /// `modelspec.architecture`, as in `stable-diffusion-xl-v1-base/lora`.
    pub(super) architecture: String,
    /// The tag it was trained on most often.
    pub(super) tag: Option<String>,
}

/// The family, and how it was found: a person's word, metadata, folder, size, name, in this order.
pub(super) fn find(evidence: Evidence<'_>) -> (Option<Family>, FamilySource) {
    if let Some(family) = evidence.said {
        return (Some(family), FamilySource::Person);
    }
    if let Some(told) = evidence.metadata.and_then(Metadata::family) {
        return (told, FamilySource::Metadata);
    }
    if evidence.kind == ModelKind::DiffusionModel {
        // Files of many families lie in this folder; of ours, only FLUX is used in this form.
        let flux = from_name(evidence.name) == Some(Family::Flux);
        return if flux { (Some(Family::Flux), FamilySource::Folder) } else { (None, FamilySource::Unknown) };
    }
    let by_size = || evidence.size.filter(|_| evidence.kind == ModelKind::Checkpoint).and_then(from_size);
    if let Some(family) = by_size() {
        return (Some(family), FamilySource::Size);
    }
    match from_name(evidence.name) {
        Some(family) => (Some(family), FamilySource::Name),
        None => (None, FamilySource::Unknown),
    }
}

impl Metadata {
    /// `None`: it does not say. `Some(None)`: it says a family that is none of ours.
    fn family(&self) -> Option<Option<Family>> {
        let base = self.base_model.to_lowercase();
        let architecture = self.architecture.to_lowercase();
        if base.is_empty() && architecture.is_empty() {
            return None;
        }
        let ours = [
            (Family::Flux, base.starts_with("flux") || architecture.starts_with("flux")),
            (Family::Sdxl, base.starts_with("sdxl") || architecture.starts_with("stable-diffusion-xl")),
            (Family::Sd15, base.starts_with("sd_v1") || base.starts_with("sd_1") || architecture.starts_with("stable-diffusion-v1")),
        ];
        Some(ours.into_iter().find(|(_, fits)| *fits).map(|(family, _)| family))
    }
}

/// Checkpoints of a family have much the same size, in half or full precision. What lies between is not guessed.
fn from_size(bytes: u64) -> Option<Family> {
    const MB: u64 = 1_000_000;
    match bytes / MB {
        1_900..=2_300 | 3_900..=4_400 => Some(Family::Sd15),
        6_300..=7_300 => Some(Family::Sdxl),
        16_000..=24_500 => Some(Family::Flux),
        _ => None,
    }
}

fn from_name(name: &str) -> Option<Family> {
    let name = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["flux"]) {
        Some(Family::Flux)
    } else if has(&["sdxl", "sd_xl", "_xl", "-xl", "xl_", "xl-", "xl.", "pony", "illustrious", "noobai"]) {
        Some(Family::Sdxl)
    } else if has(&["sd15", "sd1.5", "sd_15", "sd-15", "v1-5", "v1_5", "_15.", "-15."]) {
        Some(Family::Sd15)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(name: &str, size: u64) -> (Option<Family>, FamilySource) {
        find(Evidence { name, kind: ModelKind::Checkpoint, size: Some(size), metadata: None, said: None })
    }

    fn lora(base: &str, architecture: &str) -> (Option<Family>, FamilySource) {
        let metadata = Metadata { base_model: base.into(), architecture: architecture.into(), tag: None };
        find(Evidence { name: "x.safetensors", kind: ModelKind::Lora, size: None, metadata: Some(&metadata), said: None })
    }

    #[test]
    fn checkpoints_are_told_by_size_then_name() {
        assert_eq!(checkpoint("dreamshaper_8.safetensors", 2_132_626_358), (Some(Family::Sd15), FamilySource::Size));
        assert_eq!(checkpoint("sd_xl_base_1.0.safetensors", 6_938_041_272), (Some(Family::Sdxl), FamilySource::Size));
        assert_eq!(checkpoint("flux1-dev-fp8.safetensors", 5_890_536_228), (Some(Family::Flux), FamilySource::Name));
        assert_eq!(checkpoint("ponyDiffusionV6.safetensors", 200_000), (Some(Family::Sdxl), FamilySource::Name));
        assert_eq!(checkpoint("broken_download.safetensors", 200_000), (None, FamilySource::Unknown));
    }

    #[test]
    fn loras_are_told_by_their_metadata() {
        assert_eq!(lora("sd_v1", "stable-diffusion-v1/lora").0, Some(Family::Sd15));
        assert_eq!(lora("sdxl_base_v1-0", "stable-diffusion-xl-v1-base/lora").0, Some(Family::Sdxl));
        assert_eq!(lora("flux1", "flux-1-dev/lora").0, Some(Family::Flux));
        assert_eq!(lora("sd_v2", "stable-diffusion-v2-512/lora"), (None, FamilySource::Metadata));
    }

    #[test]
    fn other_diffusion_models_are_not_taken_for_flux() {
        let find = |name| find(Evidence { name, kind: ModelKind::DiffusionModel, size: None, metadata: None, said: None }).0;
        assert_eq!(find("flux1-dev.safetensors"), Some(Family::Flux));
        assert_eq!(find("wan2.1_t2v_1.3B.safetensors"), None);
    }

    #[test]
    fn a_person_knows_better() {
        let evidence = Evidence { name: "odd.ckpt", kind: ModelKind::Checkpoint, size: None, metadata: None, said: Some(Family::Sdxl) };
        assert_eq!(find(evidence), (Some(Family::Sdxl), FamilySource::Person));
    }
}
