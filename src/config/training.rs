//! Settings of LoRA training. What is set on the page of settings comes first.

use std::{path::PathBuf, time::Duration};

use clap::Args;

/// Where the trainer and its models are.
#[derive(Debug, Clone, Args)]
pub struct TrainingConfig {
    /// The folder of kohya's sd-scripts, with `train_network.py` in it.
    #[arg(long = "kohya-dir", env = "KOHYA_DIR", value_name = "KOHYA_DIR")]
    pub kohya_dir: Option<PathBuf>,

    /// The Python that has the requirements of sd-scripts [default: that of `venv` in its folder, else python3].
    #[arg(long = "kohya-python", env = "KOHYA_PYTHON", value_name = "KOHYA_PYTHON")]
    pub kohya_python: Option<PathBuf>,

    /// A trainer of one's own instead of sd-scripts: a program that is told everything by its environment.
    #[arg(long = "trainer-command", env = "DALLA_TRAINER_COMMAND", value_name = "DALLA_TRAINER_COMMAND")]
    pub trainer_command: Option<PathBuf>,

    /// Base models of the family SD 1.5, separated by commas; the first is the usual one.
    #[arg(long = "sd15-model", env = "KOHYA_SD15_MODEL", value_name = "KOHYA_SD15_MODEL", value_delimiter = ',')]
    pub sd15_models: Vec<PathBuf>,

    /// Base models of the family SDXL.
    #[arg(long = "sdxl-model", env = "KOHYA_SDXL_MODEL", value_name = "KOHYA_SDXL_MODEL", value_delimiter = ',')]
    pub sdxl_models: Vec<PathBuf>,

    /// Base models of the family FLUX.
    #[arg(long = "flux-model", env = "KOHYA_FLUX_MODEL", value_name = "KOHYA_FLUX_MODEL", value_delimiter = ',')]
    pub flux_models: Vec<PathBuf>,

    /// The CLIP-L text encoder that FLUX needs.
    #[arg(long = "flux-clip-l", env = "KOHYA_FLUX_CLIP_L", value_name = "KOHYA_FLUX_CLIP_L")]
    pub flux_clip_l: Option<PathBuf>,

    /// The T5-XXL text encoder that FLUX needs.
    #[arg(long = "flux-t5xxl", env = "KOHYA_FLUX_T5XXL", value_name = "KOHYA_FLUX_T5XXL")]
    pub flux_t5xxl: Option<PathBuf>,

    /// The autoencoder that FLUX needs.
    #[arg(long = "flux-ae", env = "KOHYA_FLUX_AE", value_name = "KOHYA_FLUX_AE")]
    pub flux_ae: Option<PathBuf>,

    /// ComfyUI's folder of LoRAs: finished ones are copied there.
    #[arg(long = "comfyui-lora-dir", env = "COMFYUI_LORA_DIR", value_name = "COMFYUI_LORA_DIR")]
    pub lora_dir: Option<PathBuf>,

    /// Folders whose pictures may be trained on by their paths, separated by commas.
    #[arg(long = "image-folders", env = "DALLA_IMAGE_FOLDERS", value_name = "DALLA_IMAGE_FOLDERS", value_delimiter = ',')]
    pub image_folders: Vec<PathBuf>,

    /// Seconds between asking a trainer to stop and ending it.
    #[arg(long = "trainer-grace", env = "DALLA_TRAINER_GRACE", value_name = "DALLA_TRAINER_GRACE", default_value = "15", value_parser = super::pace)]
    pub grace: Duration,

    /// Gigabytes that stay free on the disk beside what a training is reckoned to write.
    #[arg(long = "training-reserve", env = "DALLA_TRAINING_RESERVE", value_name = "DALLA_TRAINING_RESERVE", default_value = "2")]
    pub reserve: u32,

    /// This very program, which also guards trainers [default: the one that runs].
    #[arg(skip)]
    pub program: Option<PathBuf>,
}

impl TrainingConfig {
    /// The program that guards trainers.
    pub fn guard_program(&self) -> PathBuf {
        let ours = || std::env::current_exe().ok().filter(|path| path.exists());
        // An update may have taken the file away under which this process was started.
        self.program.clone().or_else(ours).unwrap_or_else(|| "/proc/self/exe".into())
    }
}
