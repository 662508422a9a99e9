//! What a server can draw with.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use futures::{StreamExt, stream};
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
            self.files("checkpoints", ModelKind::Checkpoint, choices(&checkpoints, "ckpt_name"), said),
            self.files("diffusion_models", ModelKind::DiffusionModel, choices(&diffusion, "unet_name"), said),
            self.files("loras", ModelKind::Lora, choices(&loras, "lora_name"), said),
        )?;
        let mut vaes = choices(&vaes, "vae_name");
        // ComfyUI lists this one although it is no file.
        vaes.retain(|name| name != "pixel_space");
        Ok(Catalogue {
            models: checkpoints.into_iter().chain(diffusion).collect(),
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

    async fn files(&self, folder: &'static str, kind: ModelKind, names: Vec<String>, said: &BTreeMap<String, Family>) -> Result<Vec<ModelFile>, ComfyError> {
        let facts: Vec<FileFacts> = self.find(&format!("experiment/models/{folder}")).await?.unwrap_or_default();
        let facts: HashMap<&str, &FileFacts> = facts.iter().map(|facts| (facts.name.as_str(), facts)).collect();
        let described = names.into_iter().map(|name| {
            let facts = facts.get(name.as_str()).copied().cloned();
            let family = said.get(&name).copied();
            self.describe(folder, kind, name, facts, family)
        });
        stream::iter(described).buffered(AT_ONCE).collect::<Vec<_>>().await.into_iter().collect()
    }

    async fn describe(&self, folder: &'static str, kind: ModelKind, name: String, facts: Option<FileFacts>, said: Option<Family>) -> Result<ModelFile, ComfyError> {
        let size = facts.as_ref().and_then(|facts| facts.size);
        let modified = facts.map_or(0, |facts| facts.modified.to_bits());
        let metadata = self.metadata(Fingerprint { folder, name: name.clone(), size, modified }).await?;
        let (family, family_source) = family::find(Evidence { name: &name, kind, size, metadata: metadata.as_ref(), said });
        Ok(ModelFile { name, kind, family, family_source, size, trained_tag: metadata.and_then(|metadata| metadata.tag) })
    }

    async fn metadata(&self, file: Fingerprint) -> Result<Option<Metadata>, ComfyError> {
        // Other formats have none, and the server says 404 for them as for much else.
        if !file.name.ends_with(".safetensors") {
            return Ok(None);
        }
        if let Some(known) = self.0.known.get(&file) {
            return Ok(known);
        }
        let mut url = self.url(&format!("view_metadata/{}", file.folder));
        url.query_pairs_mut().append_pair("filename", &file.name);
        let metadata = match self.send(self.0.http.get(url)).await {
            Ok(answer) => {
                let bytes = answer.bytes().await.map_err(|error| self.failure(&error))?;
                serde_json::from_slice::<Map<String, Value>>(&bytes).ok().map(|fields| Metadata::read(&fields))
            }
            Err(ComfyError::Status { .. }) => None,
            Err(error) => return Err(error),
        };
        self.0.known.keep(file, metadata.clone());
        Ok(metadata)
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

impl Metadata {
    fn read(fields: &Map<String, Value>) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            base_model: text("ss_base_model_version"),
            architecture: text("modelspec.architecture"),
            tag: most_frequent_tag(&text("ss_tag_frequency")),
        }
    }
}

/// JSON in a text: folders, each with its tags and how often they were seen.
fn most_frequent_tag(frequency: &str) -> Option<String> {
    let folders: BTreeMap<String, BTreeMap<String, f64>> = serde_json::from_str(frequency).ok()?;
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for (tag, count) in folders.into_values().flatten() {
        *counts.entry(tag.trim().to_owned()).or_default() += count;
    }
    counts.into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(tag, _)| tag).filter(|tag| !tag.is_empty())
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
    fn the_most_frequent_tag_counts_over_all_folders() {
        assert_eq!(most_frequent_tag(r#"{"10_luna": {"luna": 4, "lake": 5}, "5_more": {"luna": 3}}"#), Some("luna".into()));
        assert_eq!(most_frequent_tag("not json"), None);
    }
}
