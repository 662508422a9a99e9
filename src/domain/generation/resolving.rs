//! From a request to a recipe: what it leaves out is filled in, and what it names has to be there.

use super::{Companions, GenerateRequest, Recipe, Resolved, SIDES, defaults};
use crate::domain::{
    character::Character,
    model::{Catalogue, Family, LoraUse, ModelFile, ModelKind},
    problem::{Checks, Problem},
    prompt::{self, Part},
};

impl GenerateRequest {
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
