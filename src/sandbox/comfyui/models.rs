//! The model folders.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::lock;

/// A file in a model folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelEntry {
    /// With `/` between subfolder and file.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// Its safetensors `__metadata__`.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
}

/// What lies in which folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Models(pub BTreeMap<String, Vec<ModelEntry>>);

impl Default for Models {
    /// The files of the recordings.
    fn default() -> Self {
        serde_json::from_str(include_str!("models.json")).expect("the list is ours")
    }
}

/// The folders as they are now.
#[derive(Debug)]
pub(super) struct Shelf {
    models: Mutex<Models>,
    lora_dir: Option<PathBuf>,
}

impl Shelf {
    pub(super) fn new(models: Models, lora_dir: Option<PathBuf>) -> Self {
        Self { models: Mutex::new(models), lora_dir }
    }

    pub(super) fn add(&self, folder: &str, entry: ModelEntry) {
        let mut models = lock(&self.models);
        let files = models.0.entry(folder.to_owned()).or_default();
        files.push(entry);
        files.sort_by(|a, b| a.name.cmp(&b.name));
    }

    pub(super) fn remove(&self, folder: &str, name: &str) {
        if let Some(files) = lock(&self.models).0.get_mut(folder) {
            files.retain(|file| file.name != name);
        }
    }

    /// The files of a folder; `None` when there is no such folder.
    pub(super) fn files(&self, folder: &str) -> Option<Vec<ModelEntry>> {
        let mut files = lock(&self.models).0.get(folder).cloned()?;
        if folder == "loras" {
            let known: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
            files.extend(self.lora_dir.iter().flat_map(|dir| lying_in(dir)).filter(|file| !known.contains(&file.name)));
        }
        Some(files)
    }

    pub(super) fn folders(&self) -> Vec<String> {
        lock(&self.models).0.keys().cloned().collect()
    }

    /// The nodes as `GET /object_info` tells them, with the files there are now as choices.
    pub(super) fn nodes(&self) -> Map<String, Value> {
        let mut nodes: Map<String, Value> = serde_json::from_str(include_str!("nodes.json")).expect("the nodes are recorded");
        const INPUTS: [(&str, &str, &str); 7] = [
            ("CheckpointLoaderSimple", "ckpt_name", "checkpoints"),
            ("UNETLoader", "unet_name", "diffusion_models"),
            ("LoraLoader", "lora_name", "loras"),
            ("LoraLoaderModelOnly", "lora_name", "loras"),
            ("DualCLIPLoader", "clip_name1", "text_encoders"),
            ("DualCLIPLoader", "clip_name2", "text_encoders"),
            ("VAELoader", "vae_name", "vae"),
        ];
        for (node, input, folder) in INPUTS {
            let mut names: Vec<_> = self.files(folder).unwrap_or_default().into_iter().map(|file| file.name).collect();
            // ComfyUI sorts the names it offers.
            names.sort();
            if folder == "vae" {
                names.push("pixel_space".into());
            }
            if let Some(choices) = nodes.get_mut(node).and_then(|node| node.pointer_mut(&format!("/input/required/{input}/0"))) {
                *choices = json!(names);
            }
        }
        nodes
    }
}

/// The files of a folder of this machine, with what their heads say.
fn lying_in(dir: &Path) -> Vec<ModelEntry> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "safetensors"));
    let entry = |entry: std::fs::DirEntry| {
        let size = entry.metadata().ok()?.len();
        Some(ModelEntry { name: entry.file_name().into_string().ok()?, size, metadata: head(&entry.path()) })
    };
    files.filter_map(entry).collect()
}

/// A safetensors file's `__metadata__`.
fn head(path: &Path) -> Option<Map<String, Value>> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut length = [0; 8];
    file.read_exact(&mut length).ok()?;
    let mut head = Vec::new();
    file.take(u64::from_le_bytes(length).min(1 << 20)).read_to_end(&mut head).ok()?;
    let mut head: Map<String, Value> = serde_json::from_slice(&head).ok()?;
    head.remove("__metadata__").and_then(|metadata| metadata.as_object().cloned())
}
