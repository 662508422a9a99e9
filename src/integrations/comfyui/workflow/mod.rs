//! Workflows in the form of ComfyUI's API: nodes by id, inputs that are values or links to other nodes' outputs.

use serde_json::{Map, Value, json};

use crate::domain::{generation::Recipe, model::Family};

/// The workflow that draws one picture by `recipe` and saves it under a name that begins with `filename_prefix`.
pub fn graph(recipe: &Recipe, seed: u64, filename_prefix: &str) -> Value {
    let mut graph = Graph::default();
    let loaded = graph.loaders(recipe);
    let loaded = graph.loras(recipe, loaded);
    let prompt = graph.text(&recipe.prompt, &loaded.clip);
    let (positive, negative, latent) = match recipe.family {
        Family::Sd15 | Family::Sdxl => {
            let negative = graph.text(&recipe.negative_prompt, &loaded.clip);
            (prompt, negative, "EmptyLatentImage")
        }
        Family::Flux => {
            // FLUX is guided through the prompt; what stands for a negative one is empty.
            let guided = graph.add("FluxGuidance", json!({"guidance": recipe.guidance.unwrap_or(3.5), "conditioning": prompt}));
            let zero = graph.add("ConditioningZeroOut", json!({"conditioning": prompt}));
            (guided.output(0), zero.output(0), "EmptySD3LatentImage")
        }
    };
    let latent = graph.add(latent, json!({"width": recipe.width, "height": recipe.height, "batch_size": 1}));
    let sampled = graph.add(
        "KSampler",
        json!({
            "seed": seed, "steps": recipe.steps, "cfg": recipe.cfg, "sampler_name": recipe.sampler, "scheduler": recipe.scheduler,
            "denoise": 1.0, "model": loaded.model, "positive": positive, "negative": negative, "latent_image": latent.output(0)
        }),
    );
    let decoded = graph.add("VAEDecode", json!({"samples": sampled.output(0), "vae": loaded.vae}));
    graph.add("SaveImage", json!({"filename_prefix": filename_prefix, "images": decoded.output(0)}));
    Value::Object(graph.nodes)
}

#[derive(Default)]
struct Graph {
    nodes: Map<String, Value>,
}

/// A node's id. ComfyUI wants ids to be texts, also in links.
struct Node(String);

/// What the loaders put out, as links.
struct Loaded {
    model: Value,
    clip: Value,
    vae: Value,
}

impl Node {
    fn output(&self, slot: u32) -> Value {
        json!([self.0, slot])
    }
}

impl Graph {
    fn add(&mut self, class_type: &str, inputs: Value) -> Node {
        let id = (self.nodes.len() + 1).to_string();
        self.nodes.insert(id.clone(), json!({"class_type": class_type, "inputs": inputs}));
        Node(id)
    }

    fn text(&mut self, text: &str, clip: &Value) -> Value {
        self.add("CLIPTextEncode", json!({"text": text, "clip": clip})).output(0)
    }

    /// All in one file, or the diffusion model with its companions.
    fn loaders(&mut self, recipe: &Recipe) -> Loaded {
        let Some(companions) = &recipe.companions else {
            let checkpoint = self.add("CheckpointLoaderSimple", json!({"ckpt_name": recipe.model}));
            return Loaded { model: checkpoint.output(0), clip: checkpoint.output(1), vae: checkpoint.output(2) };
        };
        let model = self.add("UNETLoader", json!({"unet_name": recipe.model, "weight_dtype": "default"}));
        let clip = json!({"clip_name1": companions.t5, "clip_name2": companions.clip_l, "type": "flux", "device": "default"});
        let clip = self.add("DualCLIPLoader", clip);
        let vae = self.add("VAELoader", json!({"vae_name": companions.vae}));
        Loaded { model: model.output(0), clip: clip.output(0), vae: vae.output(0) }
    }

    /// Each LoRA works on what the one before it put out.
    fn loras(&mut self, recipe: &Recipe, mut loaded: Loaded) -> Loaded {
        for lora in &recipe.loras {
            let inputs = json!({
                "lora_name": lora.name, "strength_model": lora.strength, "strength_clip": lora.strength,
                "model": loaded.model, "clip": loaded.clip
            });
            let node = self.add("LoraLoader", inputs);
            (loaded.model, loaded.clip) = (node.output(0), node.output(1));
        }
        loaded
    }
}

#[cfg(test)]
mod tests;
