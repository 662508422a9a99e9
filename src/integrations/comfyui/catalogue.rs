//! What a server can draw with.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Comfy,
    error::ComfyError,
    family::{self, Evidence, Metadata},
};
use crate::domain::model::{Catalogue, Family, ModelFile, ModelKind};

/// How many files' metadata are asked for at a time.
const AT_ONCE: usize = 6;

/// Metadata that was read before, by what would be different if the file were.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<Fingerprint, Option<Metadata>>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Fingerprint {
    folder: &'static str,
    name: String,
    size: Option<u64>,
    /// The file's time, bit for bit.
    modified: u64,
}

/// A folder of models, as the server names it.
#[derive(Debug, Clone, Copy)]
struct Folder {
    name: &'static str,
    kind: ModelKind,
}

impl Folder {
    const CHECKPOINTS: Self = Self { name: "checkpoints", kind: ModelKind::Checkpoint };
    const DIFFUSION_MODELS: Self = Self { name: "diffusion_models", kind: ModelKind::DiffusionModel };
    const LORAS: Self = Self { name: "loras", kind: ModelKind::Lora };
}

/// A file that a node takes.
#[derive(Debug)]
struct Listed {
    kind: ModelKind,
    file: Fingerprint,
}

/// A line of `GET /experiment/models/{folder}`.
#[derive(Debug, Clone, Deserialize)]
struct FileFacts {
    name: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    modified: f64,
}

impl Comfy {
    /// Everything the server has now. `said` are families a person has set, by file name.
    pub async fn catalogue(&self, said: &BTreeMap<String, Family>) -> Result<Catalogue, ComfyError> {
        let (checkpoints, diffusion, loras, clips, vaes, sampler) = tokio::try_join!(
            self.node("CheckpointLoaderSimple"),
            self.node("UNETLoader"),
            self.node("LoraLoader"),
            self.node("DualCLIPLoader"),
            self.node("VAELoader"),
            self.node("KSampler"),
        )?;
        let (checkpoints, diffusion, loras) = tokio::try_join!(
            self.listed(Folder::CHECKPOINTS, choices(&checkpoints, "ckpt_name")),
            self.listed(Folder::DIFFUSION_MODELS, choices(&diffusion, "unet_name")),
            self.listed(Folder::LORAS, choices(&loras, "lora_name")),
        )?;
        let listed = checkpoints.into_iter().chain(diffusion).chain(loras);
        let described = stream::iter(listed).map(|listed| self.describe(listed, said)).buffered(AT_ONCE);
        let described: Vec<ModelFile> = described.try_collect().await?;
        let (loras, models) = described.into_iter().partition(|file| file.kind == ModelKind::Lora);
        let mut vaes = choices(&vaes, "vae_name");
        // ComfyUI lists this one although it is no file.
        vaes.retain(|name| name != "pixel_space");
        Ok(Catalogue {
            models,
            loras,
            text_encoders: choices(&clips, "clip_name1"),
            vaes,
            samplers: choices(&sampler, "sampler_name"),
            schedulers: choices(&sampler, "scheduler"),
        })
    }

    /// The inputs of a node; none when the server does not know it.
    async fn node(&self, name: &str) -> Result<Value, ComfyError> {
        let mut nodes: Map<String, Value> = self.get(&format!("object_info/{name}")).await?;
        Ok(nodes.remove(name).unwrap_or_default())
    }

    /// The files of a folder under the names that nodes take, with what else is known of them.
    async fn listed(&self, folder: Folder, names: Vec<String>) -> Result<Vec<Listed>, ComfyError> {
        let facts: Vec<FileFacts> = self.find(&format!("experiment/models/{}", folder.name)).await?.unwrap_or_default();
        let facts: HashMap<&str, &FileFacts> = facts.iter().map(|facts| (facts.name.as_str(), facts)).collect();
        let listed = names.into_iter().map(|name| {
            let facts = facts.get(name.as_str());
            let (size, modified) = (facts.and_then(|facts| facts.size), facts.map_or(0, |facts| facts.modified.to_bits()));
            Listed { kind: folder.kind, file: Fingerprint { folder: folder.name, name, size, modified } }
        });
        Ok(listed.collect())
    }

    async fn describe(&self, Listed { kind, file }: Listed, said: &BTreeMap<String, Family>) -> Result<ModelFile, ComfyError> {
        let metadata = self.metadata(&file).await?;
        let Fingerprint { name, size, .. } = file;
        let said = said.get(&name).copied();
        let (family, family_source) = family::find(Evidence { name: &name, kind, size, metadata: metadata.as_ref(), said });
        Ok(ModelFile { name, kind, family, family_source, size, trained_tag: metadata.and_then(|metadata| metadata.trained_tag) })
    }

    async fn metadata(&self, file: &Fingerprint) -> Result<Option<Metadata>, ComfyError> {
        // Other formats have none, and the server says 404 for them as for much else.
        if !file.name.to_lowercase().ends_with(".safetensors") {
            return Ok(None);
        }
        if let Some(known) = self.0.known.get(file) {
            return Ok(known);
        }
        let metadata = match self.read_metadata(file).await {
            Ok(metadata) => metadata,
            // A disk that is slow today is no reason to do without the server, and may be faster next time.
            Err(ComfyError::TooSlow(_)) => return Ok(None),
            Err(ComfyError::Status { status: 404, .. } | ComfyError::Garbage(_)) => None,
            Err(ComfyError::Status { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.0.known.keep(file.clone(), metadata.clone());
        Ok(metadata)
    }

    async fn read_metadata(&self, file: &Fingerprint) -> Result<Option<Metadata>, ComfyError> {
        let url = self.url(&format!("view_metadata/{}", file.folder));
        let fields: Option<Map<String, Value>> = self.read(self.0.http.get(url).query(&[("filename", &file.name)])).await?;
        Ok(fields.map(|fields| Metadata::read(&fields)))
    }
}

impl Remembered {
    fn get(&self, file: &Fingerprint) -> Option<Option<Metadata>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(file).cloned()
    }

    fn keep(&self, file: Fingerprint, metadata: Option<Metadata>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(file, metadata);
    }
}

/// The choices of an input: `[["a", "b"], {…}]`, or in newer nodes `["COMBO", {"options": […]}]`.
fn choices(node: &Value, input: &str) -> Vec<String> {
    let Some(spec) = node.pointer(&format!("/input/required/{input}")) else { return Vec::new() };
    let list = spec.get(0).and_then(Value::as_array).or_else(|| spec.pointer("/1/options").and_then(Value::as_array));
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrations::comfyui::fixtures;
    use serde_json::json;

    #[test]
    fn both_shapes_of_choices_are_read() {
        let old = json!({"input": {"required": {"x": [["a", "b"], {"tooltip": "t"}]}}});
        let new = json!({"input": {"required": {"x": ["COMBO", {"options": ["a", "b"]}]}}});
        assert_eq!(choices(&old, "x"), ["a", "b"]);
        assert_eq!(choices(&new, "x"), ["a", "b"]);
        assert!(choices(&json!({}), "x").is_empty());
    }

    #[test]
    fn recorded_nodes_tell_their_choices() {
        let choices = |node: &str, input: &str| choices(&fixtures::json(&format!("object_info/{node}.json"))[node], input);
        assert!(choices("CheckpointLoaderSimple", "ckpt_name").contains(&"dreamshaper_8.safetensors".to_owned()));
        assert!(choices("LoraLoader", "lora_name").contains(&"characters/mira.safetensors".to_owned()));
        assert!(choices("VAELoader", "vae_name").contains(&"pixel_space".to_owned()));
        assert!(choices("KSampler", "scheduler").contains(&"simple".to_owned()));
        assert!(choices("KSampler", "seed").is_empty());
        assert!(!choices("DualCLIPLoader", "clip_name1").is_empty());
    }
}
