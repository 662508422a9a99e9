//! What is asked of a picture, and the recipe it is made by.

use serde::{Deserialize, Serialize};

use super::{
    character::{Character, CharacterId},
    library::PromptId,
    model::{Catalogue, Family, LoraUse, ModelFile, ModelKind},
    problem::{Checks, Problem},
    prompt::{self, Part},
    sent::Sent,
};

/// Longest prompt, in characters.
pub const LONGEST_PROMPT: usize = 10_000;
/// Most pictures of one request.
pub const LARGEST_BATCH: u32 = 8;
/// Smallest and largest side of a picture, in pixels.
pub const SIDES: std::ops::RangeInclusive<u32> = 64..=4096;
/// Fewest and most sampling steps.
pub const STEPS: std::ops::RangeInclusive<u32> = 1..=150;
/// Least and greatest cfg and guidance.
pub const SCALE: std::ops::RangeInclusive<f64> = 0.0..=30.0;

/// A request for one or more pictures. Everything but the character may be left out: it then follows the
/// character, and after her the model's family.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GenerateRequest {
    /// Whose picture.
    #[serde(alias = "character_id")]
    pub character_id: CharacterId,
    /// What happens in the picture; joined with the character's own parts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// The whole prompt, word for word, instead of the composed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_prompt: Option<String>,
    /// What must not be in the picture, instead of the character's own.
    #[serde(default, alias = "negative_prompt", skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// As ComfyUI lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// In pixels, 64–4096; rounded to a multiple of 8, and the answer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In pixels, 64–4096; rounded to a multiple of 8, and the answer says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// 1–150.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// 0–30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cfg: Option<f64>,
    /// FLUX only, 0–30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f64>,
    /// As ComfyUI lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampler: Option<String>,
    /// As ComfyUI lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// 0 to 2^64-1; left out, one is drawn. The pictures of a batch count up from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How many pictures, 1–8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Instead of the character's own; an empty list means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loras: Option<Vec<LoraUse>>,
    /// The entry of the prompt library it is made from; that entry is then marked as used.
    #[serde(default, alias = "prompt_id", skip_serializing_if = "Option::is_none")]
    pub prompt_id: Option<PromptId>,
}

/// What is to be different from a picture that exists. Without anything, the same picture is made again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemixRequest {
    /// What happens in the picture; composed anew with the character's own parts.
    #[serde(default)]
    pub prompt: Option<String>,
    /// The whole prompt, word for word.
    #[serde(default)]
    pub full_prompt: Option<String>,
    /// What must not be in the picture.
    #[serde(default, alias = "negative_prompt")]
    pub negative_prompt: Option<String>,
    /// As ComfyUI lists it.
    #[serde(default)]
    pub model: Option<String>,
    /// In pixels, 64–4096.
    #[serde(default)]
    pub width: Option<u32>,
    /// In pixels, 64–4096.
    #[serde(default)]
    pub height: Option<u32>,
    /// 1–150.
    #[serde(default)]
    pub steps: Option<u32>,
    /// 0–30.
    #[serde(default)]
    pub cfg: Option<f64>,
    /// `null` draws a new one.
    #[serde(default)]
    #[schema(value_type = Option<u64>)]
    pub seed: Sent<u64>,
    /// How many pictures, 1–8.
    #[serde(default)]
    pub batch: Option<u32>,
    /// Instead of those of the picture.
    #[serde(default)]
    pub loras: Option<Vec<LoraUse>>,
}

impl RemixRequest {
    /// The request that made a picture, with the changes.
    pub fn applied_to(self, mut request: GenerateRequest) -> GenerateRequest {
        if let Some(prompt) = self.prompt {
            request.prompt = prompt;
            request.full_prompt = None;
        }
        if self.model.as_ref().is_some_and(|model| request.model.as_ref() != Some(model)) {
            // Another model may be of another family, with its own scheduler.
            (request.sampler, request.scheduler) = (None, None);
        }
        request.full_prompt = self.full_prompt.or(request.full_prompt);
        request.negative_prompt = self.negative_prompt.or(request.negative_prompt);
        request.model = self.model.or(request.model);
        request.width = self.width.or(request.width);
        request.height = self.height.or(request.height);
        request.steps = self.steps.or(request.steps);
        request.cfg = self.cfg.or(request.cfg);
        self.seed.set_option(&mut request.seed);
        request.batch = self.batch.or(request.batch);
        request.loras = self.loras.or(request.loras);
        request
    }
}

/// Everything a picture is made by: with the same recipe and seed it can be made again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recipe {
    /// As ComfyUI lists it.
    pub model: String,
    /// How the model is loaded.
    pub model_kind: ModelKind,
    /// The model's family.
    pub family: Family,
    /// Applied in this order.
    #[serde(default)]
    pub loras: Vec<LoraUse>,
    /// The pieces of the prompt and where each comes from.
    pub parts: Vec<Part>,
    /// The pieces, joined: what ComfyUI was told.
    pub prompt: String,
    /// Empty for FLUX, which has no use for one.
    #[serde(default)]
    pub negative_prompt: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Sampling steps.
    pub steps: u32,
    /// Classifier-free guidance.
    pub cfg: f64,
    /// FLUX only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f64>,
    /// As ComfyUI names it.
    pub sampler: String,
    /// As ComfyUI names it.
    pub scheduler: String,
    /// The files a diffusion model needs beside itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companions: Option<Companions>,
}

/// What a FLUX diffusion model needs beside itself, as ComfyUI lists the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Companions {
    /// The T5 text encoder.
    pub t5: String,
    /// The CLIP-L text encoder.
    pub clip_l: String,
    /// The VAE.
    pub vae: String,
}

/// A recipe, and words about what was changed on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What the pictures are made by.
    pub recipe: Recipe,
    /// Sentences for the person who asked.
    pub notes: Vec<String>,
}

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

impl GenerateRequest {
    /// Checks what can be checked without knowing the models.
    pub fn check(&self) -> Result<(), Problem> {
        let mut checks = Checks::default();
        checks.at_most("prompt", &self.prompt, LONGEST_PROMPT);
        checks.at_most("fullPrompt", self.full_prompt.as_deref().unwrap_or_default(), LONGEST_PROMPT);
        checks.at_most("negativePrompt", self.negative_prompt.as_deref().unwrap_or_default(), LONGEST_PROMPT);
        check_ranges(&mut checks, &[("width", self.width), ("height", self.height)], ("steps", self.steps), ("cfg", self.cfg));
        checks.require(self.guidance.is_none_or(|value| SCALE.contains(&value)), "guidance", "Guidance lies between 0 and 30.");
        checks.require(
            self.batch.is_none_or(|batch| (1..=LARGEST_BATCH).contains(&batch)),
            "batch",
            format!("Ask for 1 to {LARGEST_BATCH} pictures at once."),
        );
        let loras = self.loras.as_deref().unwrap_or_default();
        checks.require(loras.len() <= 10, "loras", "At most 10 LoRAs can be combined.");
        for (place, lora) in loras.iter().enumerate() {
            let strong = (-2.0..=2.0).contains(&lora.strength);
            checks.require(strong, format!("loras[{place}].strength"), "A LoRA's strength lies between -2 and 2.");
        }
        checks.finish()
    }

    /// The recipe this request asks for, with what `catalogue` holds and the parts of `character`.
    ///
    /// Refused with a word by its field: a model or LoRA that is gone, a LoRA of another family, an unknown
    /// sampler, an empty prompt.
    pub fn resolve(&self, character: &Character, parts: Vec<Part>, catalogue: &Catalogue) -> Result<Resolved, Problem> {
        self.check()?;
        let mut checks = Checks::default();
        let model = self.choose_model(character, catalogue)?;
        let Some(family) = model.family else {
            let message = format!("Nobody knows which family {} belongs to. Set it on the Models page.", model.name);
            return Err(Problem::invalid("model", message));
        };
        let mut notes = Vec::new();
        let usual = defaults(family);
        let own = &character.defaults;
        let width = on_grid("Width", self.width.or(own.width).unwrap_or(usual.width), &mut notes);
        let height = on_grid("Height", self.height.or(own.height).unwrap_or(usual.height), &mut notes);
        let loras = self.choose_loras(character, family, catalogue, &mut checks, &mut notes);
        let sampler = choose("sampler", self.sampler.as_deref(), usual.sampler, &catalogue.samplers, &mut checks);
        let scheduler = choose("scheduler", self.scheduler.as_deref(), usual.scheduler, &catalogue.schedulers, &mut checks);
        let prompt = prompt::join(&parts);
        checks.require(!prompt.is_empty(), "prompt", "Say what happens in the picture: the prompt is empty.");
        checks.finish()?;
        let companions = match model.kind {
            ModelKind::DiffusionModel => Some(companions(catalogue)?),
            ModelKind::Checkpoint | ModelKind::Lora => None,
        };
        let negative = self.negative_prompt.clone().unwrap_or_else(|| character.prompt_settings.negative_prompt.clone());
        let recipe = Recipe {
            model: model.name.clone(),
            model_kind: model.kind,
            family,
            loras,
            parts,
            prompt,
            negative_prompt: if family == Family::Flux { String::new() } else { negative },
            width,
            height,
            steps: self.steps.or(own.steps).unwrap_or(usual.steps),
            cfg: self.cfg.or(own.cfg.filter(|_| family != Family::Flux)).unwrap_or(usual.cfg),
            guidance: usual.guidance.map(|guidance| self.guidance.unwrap_or(guidance)),
            sampler,
            scheduler,
            companions,
        };
        Ok(Resolved { recipe, notes })
    }

    fn choose_model<'a>(&self, character: &Character, catalogue: &'a Catalogue) -> Result<&'a ModelFile, Problem> {
        let asked = self.model.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let preferred = Some(character.preferred_model.as_str()).filter(|name| !name.is_empty());
        let Some(name) = asked.or(preferred) else {
            let first = catalogue.models.iter().find(|file| file.family.is_some());
            return first.ok_or_else(|| Problem::invalid("model", "ComfyUI has no model yet. Put one into its models/checkpoints folder."));
        };
        catalogue
            .model(name)
            .ok_or_else(|| Problem::invalid("model", not_there("model", name, catalogue.models.iter().map(|file| file.name.as_str()))))
    }

    fn choose_loras(
        &self,
        character: &Character,
        family: Family,
        catalogue: &Catalogue,
        checks: &mut Checks,
        notes: &mut Vec<String>,
    ) -> Vec<LoraUse> {
        let asked = self.loras.is_some();
        let wanted = self.loras.as_ref().unwrap_or(&character.loras);
        let mut chosen = Vec::new();
        for (place, lora) in wanted.iter().enumerate() {
            let field = format!("loras[{place}].name");
            match catalogue.lora(&lora.name) {
                None => checks.wrong(field, not_there("LoRA", &lora.name, catalogue.loras.iter().map(|file| file.name.as_str()))),
                Some(file) => match file.family {
                    Some(other) if other != family && asked => checks.wrong(field, wrong_family(&lora.name, other, family)),
                    Some(other) if other != family => notes.push(format!("{} Left out.", wrong_family(&lora.name, other, family))),
                    Some(_) | None => chosen.push(lora.clone()),
                },
            }
        }
        chosen
    }
}

/// Checks the numbers that characters and requests share; each comes with its field's name.
pub(crate) fn check_ranges(checks: &mut Checks, sides: &[(&str, Option<u32>)], steps: (&str, Option<u32>), cfg: (&str, Option<f64>)) {
    for (field, side) in sides {
        checks.require(side.is_none_or(|side| SIDES.contains(&side)), *field, "A side is 64 to 4096 pixels long.");
    }
    checks.require(steps.1.is_none_or(|count| STEPS.contains(&count)), steps.0, "Use 1 to 150 steps.");
    checks.require(cfg.1.is_none_or(|value| SCALE.contains(&value)), cfg.0, "Cfg lies between 0 and 30.");
}

/// Models draw in blocks of eight pixels.
fn on_grid(side: &str, asked: u32, notes: &mut Vec<String>) -> u32 {
    let rounded = ((asked + 4) / 8 * 8).clamp(*SIDES.start(), *SIDES.end());
    if rounded != asked {
        notes.push(format!("{side} {asked} became {rounded}: models draw in multiples of 8."));
    }
    rounded
}

fn choose(field: &str, asked: Option<&str>, usual: &str, known: &[String], checks: &mut Checks) -> String {
    let name = asked.map(str::trim).filter(|name| !name.is_empty()).unwrap_or(usual);
    if !known.iter().any(|other| other == name) {
        checks.wrong(field, not_there(field, name, known.iter().map(String::as_str)));
    }
    name.to_owned()
}

/// The encoders and VAE of FLUX go by customary file names.
fn companions(catalogue: &Catalogue) -> Result<Companions, Problem> {
    let find = |files: &[String], part: &str, what: &str, folder: &str| {
        let found = files.iter().find(|name| name.to_lowercase().contains(part)).cloned();
        found.ok_or_else(|| {
            let names = files.iter().map(String::as_str);
            let message = format!("This FLUX model needs {what}. Put it into ComfyUI's models/{folder} folder; it has {}.", listing(names));
            Problem::invalid("model", message)
        })
    };
    Ok(Companions {
        t5: find(&catalogue.text_encoders, "t5xxl", "a T5 text encoder (t5xxl…)", "text_encoders")?,
        clip_l: find(&catalogue.text_encoders, "clip_l", "the CLIP-L text encoder (clip_l…)", "text_encoders")?,
        vae: find(&catalogue.vaes, "ae", "its VAE (ae.safetensors)", "vae")?,
    })
}

/// "ComfyUI does not have the model X; it has A, B."
pub fn not_there<'a>(what: &str, name: &str, has: impl Iterator<Item = &'a str>) -> String {
    format!("ComfyUI does not have the {what} {name}; it has {}.", listing(has))
}

fn listing<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<_> = names.collect();
    match names.len() {
        0 => "none".to_owned(),
        all if all <= SHOWN => names.join(", "),
        all => format!("{} and {} more", names[..SHOWN].join(", "), all - SHOWN),
    }
}

fn wrong_family(name: &str, its: Family, needed: Family) -> String {
    format!("{name} is a LoRA for {}; it does nothing on {}.", its.label(), needed.label())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{model::FamilySource, prompt};
    use serde_json::json;

    fn file(name: &str, kind: ModelKind, family: Family) -> ModelFile {
        ModelFile { name: name.into(), kind, family: Some(family), family_source: FamilySource::Name, size: None, trained_tag: None }
    }

    fn catalogue() -> Catalogue {
        Catalogue {
            models: vec![
                file("dream.safetensors", ModelKind::Checkpoint, Family::Sd15),
                file("flux1-dev.safetensors", ModelKind::DiffusionModel, Family::Flux),
            ],
            loras: vec![
                file("luna.safetensors", ModelKind::Lora, Family::Sd15),
                file("luna_xl.safetensors", ModelKind::Lora, Family::Sdxl),
            ],
            text_encoders: vec!["clip_l.safetensors".into(), "t5xxl_fp8_e4m3fn.safetensors".into()],
            vaes: vec!["ae.safetensors".into()],
            samplers: vec!["euler".into()],
            schedulers: vec!["normal".into(), "simple".into()],
        }
    }

    fn luna() -> Character {
        serde_json::from_value(
            json!({"id": "luna", "name": "Luna", "promptSettings": {"negativePrompt": "blurry"}, "loras": [{"name": "luna.safetensors"}]}),
        )
        .unwrap()
    }

    fn resolve(request: serde_json::Value) -> Result<Resolved, Problem> {
        let request: GenerateRequest = serde_json::from_value(request).unwrap();
        request.resolve(&luna(), prompt::parts(&luna(), None, &request.prompt), &catalogue())
    }

    #[test]
    fn what_is_left_out_follows_the_family() {
        let recipe = resolve(json!({"characterId": "luna", "prompt": "a lake"})).unwrap().recipe;
        assert_eq!((recipe.width, recipe.height, recipe.steps, recipe.cfg), (512, 768, 20, 7.0));
        assert_eq!(recipe.loras[0].name, "luna.safetensors");
        assert_eq!(recipe.negative_prompt, "blurry");
    }

    #[test]
    fn a_flux_diffusion_model_finds_its_companions_and_leaves_out_other_loras_with_a_word() {
        let resolved = resolve(json!({"characterId": "luna", "prompt": "a lake", "model": "flux1-dev.safetensors"})).unwrap();
        assert_eq!(resolved.recipe.companions.unwrap().t5, "t5xxl_fp8_e4m3fn.safetensors");
        assert_eq!((resolved.recipe.cfg, resolved.recipe.guidance), (1.0, Some(3.5)));
        assert!(resolved.recipe.loras.is_empty());
        assert_eq!(resolved.notes, ["luna.safetensors is a LoRA for SD 1.5; it does nothing on FLUX. Left out."]);
    }

    #[test]
    fn a_lora_of_another_family_that_was_asked_for_is_refused() {
        let problem = resolve(json!({"characterId": "luna", "prompt": "a lake", "loras": [{"name": "luna_xl.safetensors"}]})).unwrap_err();
        assert_eq!(problem.about("loras[0].name"), Some("luna_xl.safetensors is a LoRA for SDXL; it does nothing on SD 1.5."));
    }

    #[test]
    fn a_model_that_is_gone_is_named_beside_those_that_are_there() {
        let problem = resolve(json!({"characterId": "luna", "prompt": "a lake", "model": "gone.ckpt"})).unwrap_err();
        assert_eq!(problem.message, "ComfyUI does not have the model gone.ckpt; it has dream.safetensors, flux1-dev.safetensors.");
    }

    #[test]
    fn sizes_are_rounded_with_a_word_and_refused_out_of_range() {
        let resolved = resolve(json!({"characterId": "luna", "prompt": "a lake", "width": 513})).unwrap();
        assert_eq!((resolved.recipe.width, resolved.notes[0].as_str()), (512, "Width 513 became 512: models draw in multiples of 8."));
        assert!(resolve(json!({"characterId": "luna", "prompt": "a lake", "width": 63})).is_err());
        assert!(resolve(json!({"characterId": "luna", "prompt": "a lake", "height": 4097})).is_err());
    }
}
