//! Which trainer is in force: what a person has set, else flags and environment.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        model::Family,
        problem::Checks,
        sent::Sent,
        settings::Settings,
        training::{FluxParts, TrainerSettings, WhileTraining},
    },
    integrations::kohya::{self, Launcher, Sighting},
    state::AppState,
    store::State,
};

/// The trainer in force.
#[derive(Debug, Clone)]
pub struct Trainer {
    /// What trains; `None` when nothing is set.
    pub launcher: Option<Launcher>,
    /// Base models by family, the usual one first.
    pub models: Vec<(Family, PathBuf)>,
    /// The folder of sd-scripts and its Python, where they are set.
    pub kohya: Option<(PathBuf, PathBuf)>,
    /// A trainer of one's own.
    pub own: Option<PathBuf>,
    /// What FLUX needs beside its model: CLIP-L, T5-XXL and the autoencoder, as far as they are set.
    pub flux: [Option<PathBuf>; 3],
    /// ComfyUI's folder of LoRAs.
    pub lora_dir: Option<PathBuf>,
    /// Folders whose pictures may be trained on by their paths.
    pub image_folders: Vec<PathBuf>,
    /// What pictures do meanwhile.
    pub while_training: WhileTraining,
}

/// What a request says about training. Lists are texts with a path a line, or parted by commas.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrainerChange {
    /// The folder of sd-scripts.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "KOHYA_DIR", alias = "kohya_dir")]
    pub kohya_dir: Sent<String>,
    /// The Python that has its requirements.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "KOHYA_PYTHON", alias = "kohya_python")]
    pub kohya_python: Sent<String>,
    /// A trainer of one's own instead.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "DALLA_TRAINER_COMMAND", alias = "trainer_command")]
    pub trainer_command: Sent<String>,
    /// Base models of SD 1.5, the usual one first.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "KOHYA_SD15_MODEL")]
    pub sd15_models: Sent<String>,
    /// Of SDXL.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "KOHYA_SDXL_MODEL")]
    pub sdxl_models: Sent<String>,
    /// Of FLUX.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "KOHYA_FLUX_MODEL")]
    pub flux_models: Sent<String>,
    /// The CLIP-L text encoder that FLUX needs.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "KOHYA_FLUX_CLIP_L")]
    pub flux_clip_l: Sent<String>,
    /// The T5-XXL text encoder that FLUX needs.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "KOHYA_FLUX_T5XXL")]
    pub flux_t5xxl: Sent<String>,
    /// The autoencoder that FLUX needs.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "KOHYA_FLUX_AE")]
    pub flux_ae: Sent<String>,
    /// ComfyUI's folder of LoRAs.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "COMFYUI_LORA_DIR", alias = "comfyui_lora_dir")]
    pub comfyui_lora_dir: Sent<String>,
    /// Folders whose pictures may be trained on by their paths.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "DALLA_IMAGE_FOLDERS", alias = "image_folders")]
    pub image_folders: Sent<String>,
    /// What pictures do while a training runs: `wait` or `go_on`.
    #[schema(value_type = Option<String>)]
    #[serde(alias = "generation_while_training")]
    pub generation_while_training: Sent<String>,
}

/// The trainer in force.
pub fn trainer(app: &AppState, state: &State) -> Trainer {
    let (set, given) = (&state.settings.trainer, &app.config.training);
    let one = |set: &str, given: &Option<PathBuf>| {
        let given = || given.clone().filter(|path| !path.as_os_str().is_empty());
        Some(set).filter(|set| !set.is_empty()).map(PathBuf::from).or_else(given)
    };
    let many = |set: &[String], given: &[PathBuf]| -> Vec<PathBuf> {
        let chosen: Vec<_> = if set.is_empty() { given.to_vec() } else { set.iter().map(PathBuf::from).collect() };
        chosen.into_iter().filter(|path| !path.as_os_str().is_empty()).collect()
    };
    let own = one(&set.trainer_command, &given.trainer_command);
    let kohya = one(&set.kohya_dir, &given.kohya_dir).map(|dir| {
        let python = one(&set.kohya_python, &given.kohya_python).unwrap_or_else(|| usual_python(&dir));
        (dir, python)
    });
    let families = [
        (Family::Sd15, many(&set.sd15_models, &given.sd15_models)),
        (Family::Sdxl, many(&set.sdxl_models, &given.sdxl_models)),
        (Family::Flux, many(&set.flux_models, &given.flux_models)),
    ];
    let by_kohya = || kohya.clone().map(|(dir, python)| Launcher::Kohya { dir, python });
    Trainer {
        // A trainer of one's own comes first: whoever sets it means it.
        launcher: own.clone().map(|program| Launcher::Command { program }).or_else(by_kohya),
        models: families.into_iter().flat_map(|(family, paths)| paths.into_iter().map(move |path| (family, path))).collect(),
        kohya,
        own,
        flux: [one(&set.flux_clip_l, &given.flux_clip_l), one(&set.flux_t5xxl, &given.flux_t5xxl), one(&set.flux_ae, &given.flux_ae)],
        lora_dir: one(&set.comfyui_lora_dir, &given.lora_dir),
        image_folders: many(&set.image_folders, &given.image_folders),
        while_training: set.generation_while_training,
    }
}

impl Trainer {
    /// What FLUX needs beside its model, when all of it is set.
    pub fn flux_parts(&self) -> Option<FluxParts> {
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let [clip_l, t5xxl, ae] = &self.flux;
        Some(FluxParts { clip_l: text(clip_l)?, t5xxl: text(t5xxl)?, ae: text(ae)? })
    }
}

/// The Python of the folder's own environment, else the system's.
fn usual_python(dir: &Path) -> PathBuf {
    ["venv", ".venv"].iter().map(|venv| dir.join(venv).join("bin/python")).find(|path| path.exists()).unwrap_or_else(|| "python3".into())
}

/// Looks whether the trainer in force can be started, and remembers it; `None` when none is set.
pub async fn look(app: &AppState, now: DateTime<Utc>) -> Option<Sighting> {
    let launcher = trainer(app, &app.store.read()).launcher?;
    let seen = kohya::look(&launcher, now).await;
    app.trainer.remember(seen.clone());
    Some(seen)
}

/// What is in force, as the API shows settings.
pub(in crate::service) fn view(app: &AppState, state: &State) -> BTreeMap<&'static str, String> {
    let trainer = trainer(app, state);
    let text = |path: Option<&PathBuf>| path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    let [clip_l, t5xxl, ae] = &trainer.flux;
    let models = |family: Family| {
        let of = trainer.models.iter().filter(|(of, _)| *of == family).map(|(_, path)| text(Some(path)));
        of.collect::<Vec<_>>().join("\n")
    };
    BTreeMap::from([
        ("kohyaDir", text(trainer.kohya.as_ref().map(|(dir, _)| dir))),
        ("kohyaPython", text(trainer.kohya.as_ref().map(|(_, python)| python))),
        ("trainerCommand", text(trainer.own.as_ref())),
        ("sd15Models", models(Family::Sd15)),
        ("sdxlModels", models(Family::Sdxl)),
        ("fluxModels", models(Family::Flux)),
        ("fluxClipL", text(clip_l.as_ref())),
        ("fluxT5xxl", text(t5xxl.as_ref())),
        ("fluxAe", text(ae.as_ref())),
        ("comfyuiLoraDir", text(trainer.lora_dir.as_ref())),
        ("imageFolders", trainer.image_folders.iter().map(|path| text(Some(path))).collect::<Vec<_>>().join("\n")),
        ("generationWhileTraining", trainer.while_training.key().to_owned()),
    ])
}

/// Checks what was sent: paths must lead where they say. What is cleared is always fine.
pub(in crate::service) async fn check(app: &AppState, change: &TrainerChange, checks: &mut Checks) {
    let choice = change.generation_while_training.value().is_none_or(|choice| WhileTraining::from_key(choice.trim()).is_some());
    checks.require(choice, "generationWhileTraining", "Choose wait or go_on.");
    for (field, sent) in [
        ("sd15Models", &change.sd15_models),
        ("sdxlModels", &change.sdxl_models),
        ("fluxModels", &change.flux_models),
        ("fluxClipL", &change.flux_clip_l),
        ("fluxT5xxl", &change.flux_t5xxl),
        ("fluxAe", &change.flux_ae),
    ] {
        for path in sent.value().map(|text| paths(text)).unwrap_or_default() {
            require_path(field, &path, false, checks).await;
        }
    }
    for (field, sent) in [("comfyuiLoraDir", &change.comfyui_lora_dir), ("imageFolders", &change.image_folders)] {
        for path in sent.value().map(|text| paths(text)).unwrap_or_default() {
            require_path(field, &path, true, checks).await;
        }
    }
    check_launcher(app, change, checks).await;
}

async fn require_path(field: &'static str, path: &str, folder: bool, checks: &mut Checks) {
    let what = if folder { "folder" } else { "file" };
    if !Path::new(path).is_absolute() {
        checks.wrong(field, format!("{path}: write the whole path, from / on."));
        return;
    }
    if folder && Path::new(path).parent().is_none() {
        checks.wrong(field, "This is the whole disk. Name a folder.");
        return;
    }
    let right = tokio::fs::metadata(path).await.is_ok_and(|about| about.is_dir() == folder);
    checks.require(right, field, format!("There is no {what} {path}."));
}

/// The trainer must work as it would be after the change, when the change is about it.
async fn check_launcher(app: &AppState, change: &TrainerChange, checks: &mut Checks) {
    let named = [("trainerCommand", &change.trainer_command), ("kohyaDir", &change.kohya_dir), ("kohyaPython", &change.kohya_python)];
    let Some((field, _)) = named.into_iter().find(|(_, sent)| sent.value().is_some_and(|text| !text.trim().is_empty())) else { return };
    let mut state = State::clone(&app.store.read());
    let mut settings = Settings::clone(&state.settings);
    apply(&mut settings.trainer, change.clone());
    state.settings = settings.into();
    let Some(launcher) = trainer(app, &state).launcher else { return };
    let seen = kohya::look(&launcher, Utc::now()).await;
    if let Err(words) = &seen.seen {
        checks.wrong(field, words.clone());
    } else {
        app.trainer.remember(seen);
    }
}

/// Puts what was sent into the settings.
pub(in crate::service) fn apply(settings: &mut TrainerSettings, change: TrainerChange) {
    let one = |sent: Sent<String>, field: &mut String| sent.map(|text| text.trim().to_owned()).set(field);
    let many = |sent: Sent<String>, field: &mut Vec<String>| sent.map(|text| paths(&text)).set(field);
    one(change.kohya_dir, &mut settings.kohya_dir);
    one(change.kohya_python, &mut settings.kohya_python);
    one(change.trainer_command, &mut settings.trainer_command);
    many(change.sd15_models, &mut settings.sd15_models);
    many(change.sdxl_models, &mut settings.sdxl_models);
    many(change.flux_models, &mut settings.flux_models);
    one(change.flux_clip_l, &mut settings.flux_clip_l);
    one(change.flux_t5xxl, &mut settings.flux_t5xxl);
    one(change.flux_ae, &mut settings.flux_ae);
    one(change.comfyui_lora_dir, &mut settings.comfyui_lora_dir);
    many(change.image_folders, &mut settings.image_folders);
    let choice = change.generation_while_training.map(|choice| WhileTraining::from_key(choice.trim()).unwrap_or_default());
    choice.set(&mut settings.generation_while_training);
}

fn paths(text: &str) -> Vec<String> {
    text.split(['\n', ',']).map(|path| path.trim().to_owned()).filter(|path| !path.is_empty()).collect()
}
