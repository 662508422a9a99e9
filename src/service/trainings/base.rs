//! Base models a LoRA can be trained on.

use std::path::{Path, PathBuf};

use super::settings::Trainer;
use crate::domain::{
    model::Family,
    problem::{Kind, Problem},
    training::FluxParts,
};

/// A base model that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseModel {
    /// Its family.
    pub family: Family,
    /// Its file.
    pub path: PathBuf,
}

impl BaseModel {
    /// Its file's name.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }
}

/// The base models that are set.
pub fn base_models(trainer: &Trainer) -> Vec<BaseModel> {
    trainer.models.iter().map(|(family, path)| BaseModel { family: *family, path: path.clone() }).collect()
}

/// The base model that is meant: by family, by name or by path.
pub(super) fn meant(trainer: &Trainer, asked: &str) -> Result<BaseModel, Problem> {
    let models = base_models(trainer);
    let asked = asked.trim();
    let found = match Family::from_key(&asked.to_lowercase()) {
        Some(family) => models.iter().find(|model| model.family == family),
        None => models.iter().find(|model| model.path == Path::new(asked) || model.name() == asked),
    };
    if let Some(model) = found {
        return Ok(model.clone());
    }
    let words = match (Family::from_key(&asked.to_lowercase()), models.is_empty()) {
        (Some(family), _) => format!("No base model of the family {} is set. Set its path under Settings.", family.label()),
        (None, true) => "No base model is set. Set the path of one under Settings.".to_owned(),
        (None, false) => {
            let names: Vec<_> = models.iter().map(BaseModel::name).collect();
            format!("{asked} is none of the base models that are set: {}.", names.join(", "))
        }
    };
    Err(Problem::invalid("baseModel", words))
}

/// Whether its files are there. Blocks for a moment.
pub(super) fn there(model: &BaseModel, trainer: &Trainer) -> Result<Option<FluxParts>, Problem> {
    let missing = |path: &Path| !path.is_file();
    if missing(&model.path) {
        return Err(Problem::invalid(
            "baseModel",
            format!("The base model {} is not there. Set its path under Settings.", model.path.display()),
        ));
    }
    if model.family != Family::Flux {
        return Ok(None);
    }
    let Some(parts) = trainer.flux_parts() else {
        return Err(Problem::new(
            Kind::NotConfigured,
            "FLUX needs its text encoders and autoencoder too: set CLIP-L, T5-XXL and AE under Settings.",
        ));
    };
    let absent = [&parts.clip_l, &parts.t5xxl, &parts.ae].into_iter().find(|path| missing(Path::new(path.as_str())));
    match absent {
        Some(path) => Err(Problem::invalid("baseModel", format!("{path} is not there, and FLUX needs it. Set its path under Settings."))),
        None => Ok(Some(parts)),
    }
}
