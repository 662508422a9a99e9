//! Models and LoRAs as ComfyUI lists them, and which family each belongs to.

use serde::{Deserialize, Serialize};

/// A family of picture models. Parts of different families do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Stable Diffusion 1.x.
    Sd15,
    /// Stable Diffusion XL and what grew from it.
    Sdxl,
    /// FLUX.1.
    Flux,
}

impl Family {
    /// Every family, in the order they are listed.
    pub const ALL: [Self; 3] = [Self::Sd15, Self::Sdxl, Self::Flux];

    /// The name people know.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sd15 => "SD 1.5",
            Self::Sdxl => "SDXL",
            Self::Flux => "FLUX",
        }
    }

    /// The name it is stored and sent under.
    pub fn key(self) -> &'static str {
        match self {
            Self::Sd15 => "sd15",
            Self::Sdxl => "sdxl",
            Self::Flux => "flux",
        }
    }

    /// The family of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.key() == key)
    }
}

/// What sort of file a model is, which is also how ComfyUI has to load it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// All in one file (`models/checkpoints`).
    Checkpoint,
    /// The diffusion model alone (`models/diffusion_models`): text encoders and VAE come from files of their own.
    DiffusionModel,
    /// A LoRA (`models/loras`).
    Lora,
}

/// How a file's family was found. ComfyUI itself does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FamilySource {
    /// A person said so.
    Person,
    /// The file's own metadata.
    Metadata,
    /// The folder it lies in.
    Folder,
    /// Its size.
    Size,
    /// Its name.
    Name,
    /// Nothing told.
    Unknown,
}

impl FamilySource {
    /// As a page says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Person => "set by you",
            Self::Metadata => "from its metadata",
            Self::Folder => "from its folder",
            Self::Size => "guessed from its size",
            Self::Name => "guessed from its name",
            Self::Unknown => "not known",
        }
    }
}

/// One model or LoRA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelFile {
    /// As ComfyUI lists it, with `/` (or `\` on Windows) between folder and file. Send it back unchanged.
    pub name: String,
    /// How it is loaded.
    pub kind: ModelKind,
    /// `None`: not known, so it is not offered until a person says.
    pub family: Option<Family>,
    /// Where the family was taken from.
    pub family_source: FamilySource,
    /// In bytes, where ComfyUI tells.
    pub size: Option<u64>,
    /// The tag its metadata shows as trained most often (LoRAs), a hint at the trigger word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_tag: Option<String>,
}

/// A LoRA and how strongly it is applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LoraUse {
    /// As ComfyUI lists it.
    pub name: String,
    /// From -2 to 2; 1 is full strength.
    #[serde(default = "full_strength")]
    pub strength: f64,
}

fn full_strength() -> f64 {
    1.0
}

/// Everything one ComfyUI can draw with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Checkpoints and diffusion models.
    pub models: Vec<ModelFile>,
    /// LoRAs.
    pub loras: Vec<ModelFile>,
    /// Text encoders, for diffusion models.
    pub text_encoders: Vec<String>,
    /// VAEs, for diffusion models.
    pub vaes: Vec<String>,
    /// Samplers the server knows.
    pub samplers: Vec<String>,
    /// Schedulers the server knows.
    pub schedulers: Vec<String>,
}

impl Catalogue {
    /// The model of that name.
    pub fn model(&self, name: &str) -> Option<&ModelFile> {
        self.models.iter().find(|file| file.name == name)
    }

    /// The LoRA of that name.
    pub fn lora(&self, name: &str) -> Option<&ModelFile> {
        self.loras.iter().find(|file| file.name == name)
    }
}
