//! A trainer that learns nothing: sd-scripts and a Python that are this very program, with the words and the timing of
//! recorded runs. Its LoRAs are whole files with made-up weights.

mod arguments;
mod behaviour;
mod dataset;
mod output;
mod program;
mod run;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

pub use self::{
    behaviour::{Behaviour, Fault},
    program::main,
};

/// The first argument that makes a trainer of this program.
pub const TRAINER: &str = "sandbox-trainer";

/// A simulated trainer in a folder.
#[derive(Debug, Clone)]
pub struct TrainerSandbox {
    dir: PathBuf,
}

/// One start of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its process.
    pub pid: i32,
    /// What it was told.
    pub arguments: Vec<String>,
}

impl TrainerSandbox {
    /// Makes one in that folder: scripts, a Python that starts `program`, base models, and a folder for LoRAs.
    pub fn prepare(dir: &Path, program: &Path) -> std::io::Result<Self> {
        let dir = std::path::absolute(dir)?;
        for folder in ["sd-scripts", "models", "loras"] {
            fs::create_dir_all(dir.join(folder))?;
        }
        for script in ["train_network.py", "sdxl_train_network.py", "flux_train_network.py"] {
            fs::write(dir.join("sd-scripts").join(script), "# Simulated: see the program beside.\n")?;
        }
        let sandbox = Self { dir };
        for (name, size) in
            [("dreamshaper_8", 40), ("sd_xl_base_1.0", 60), ("flux1-dev", 80), ("clip_l", 20), ("t5xxl_fp8_e4m3fn", 30), ("ae", 20)]
        {
            let model = sandbox.model(&format!("{name}.safetensors"));
            if !model.exists() {
                output::write_weights(&model, &serde_json::Map::new(), size)?;
            }
        }
        sandbox.write_python(program)?;
        Ok(sandbox)
    }

    /// Where its scripts lie.
    pub fn scripts(&self) -> PathBuf {
        self.dir.join("sd-scripts")
    }

    /// The Python that starts them.
    pub fn python(&self) -> PathBuf {
        self.dir.join("sd-scripts/python")
    }

    /// One of its base models.
    pub fn model(&self, name: &str) -> PathBuf {
        self.dir.join("models").join(name)
    }

    /// The folder ComfyUI would take LoRAs from.
    pub fn loras(&self) -> PathBuf {
        self.dir.join("loras")
    }

    /// Says how the next starts go.
    pub fn ask(&self, behaviour: &Behaviour) -> std::io::Result<()> {
        fs::write(self.scripts().join("sandbox.json"), serde_json::to_vec(behaviour)?)
    }

    /// Every start so far.
    pub fn starts(&self) -> Vec<Start> {
        let text = fs::read_to_string(self.scripts().join("starts.ndjson")).unwrap_or_default();
        let start = |line: &str| {
            let (pid, arguments) = serde_json::from_str(line).ok()?;
            Some(Start { pid, arguments })
        };
        text.lines().filter_map(start).collect()
    }

    /// A script, for the program may be called anything: Python is told its arguments without a name for the program.
    fn write_python(&self, program: &Path) -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let program = program.to_string_lossy().replace('\'', "'\\''");
        // Put there whole: a trainer may be starting from the old one.
        let mut file = tempfile::NamedTempFile::new_in(self.scripts())?;
        writeln!(file, "#!/bin/sh\nexec '{program}' {TRAINER} \"$@\"")?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o755))?;
        file.persist(self.python())?;
        Ok(())
    }
}
