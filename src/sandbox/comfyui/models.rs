//! The model folders.

use std::{collections::BTreeMap, sync::Mutex};

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
pub(super) struct Shelf(Mutex<Models>);

impl Shelf {
    pub(super) fn new(models: Models) -> Self {
        Self(Mutex::new(models))
    }

    pub(super) fn add(&self, folder: &str, entry: ModelEntry) {
        let mut models = lock(&self.0);
        let files = models.0.entry(folder.to_owned()).or_default();
        files.push(entry);
        files.sort_by(|a, b| a.name.cmp(&b.name));
    }

    pub(super) fn remove(&self, folder: &str, name: &str) {
        if let Some(files) = lock(&self.0).0.get_mut(folder) {
            files.retain(|file| file.name != name);
        }
    }

    /// The files of a folder; `None` when there is no such folder.
    pub(super) fn files(&self, folder: &str) -> Option<Vec<ModelEntry>> {
        lock(&self.0).0.get(folder).cloned()
    }

    pub(super) fn folders(&self) -> Vec<String> {
        lock(&self.0).0.keys().cloned().collect()
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
