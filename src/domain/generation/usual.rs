//! What a family of models is asked for unless someone says otherwise.

use crate::domain::model::Family;

/// What pictures of a family are made with unless someone says otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of `Recipe`")]
pub struct FamilyDefaults {
    pub width: u32,
    pub height: u32,
    pub steps: u32,
    pub cfg: f64,
    pub guidance: Option<f64>,
    pub sampler: &'static str,
    pub scheduler: &'static str,
}

/// A shape that fits a network, with its size for one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizePreset {
    /// As people write it.
    pub ratio: &'static str,
    /// What it is good for.
    pub purpose: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// The defaults of a family.
pub fn defaults(family: Family) -> FamilyDefaults {
    let (sampler, normal) = ("euler", "normal");
    match family {
        Family::Sd15 => FamilyDefaults { width: 512, height: 768, steps: 20, cfg: 7.0, guidance: None, sampler, scheduler: normal },
        Family::Sdxl => FamilyDefaults { width: 896, height: 1152, steps: 28, cfg: 6.0, guidance: None, sampler, scheduler: normal },
        Family::Flux => FamilyDefaults { width: 896, height: 1152, steps: 20, cfg: 1.0, guidance: Some(3.5), sampler, scheduler: "simple" },
    }
}

/// The shapes of the networks, sized for a family.
pub fn size_presets(family: Family) -> [SizePreset; 4] {
    let [portrait, square, wide, story] = match family {
        Family::Sd15 => [(512, 640), (512, 512), (768, 400), (432, 768)],
        Family::Sdxl | Family::Flux => [(896, 1120), (1024, 1024), (1344, 704), (720, 1280)],
    };
    let preset = |ratio, purpose, (width, height)| SizePreset { ratio, purpose, width, height };
    [
        preset("4:5", "Instagram portrait", portrait),
        preset("1:1", "square", square),
        preset("1.91:1", "wide, link cards", wide),
        preset("9:16", "story", story),
    ]
}
