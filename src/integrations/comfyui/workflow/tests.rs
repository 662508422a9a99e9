//! Compares workflows with those that a real ComfyUI ran, whatever their nodes are numbered.

use serde_json::{Value, json};

use super::graph;
use crate::{
    domain::{
        generation::{Companions, Recipe},
        model::{Family, LoraUse, ModelKind},
    },
    integrations::comfyui::fixtures,
};

const LORA: &[(&str, f64)] = &[("luna.safetensors", 0.8)];
const TWO_LORAS: &[(&str, f64)] = &[("luna.safetensors", 0.8), ("characters/mira.safetensors", 0.5)];
const XL_LORA: &[(&str, f64)] = &[("luna_xl.safetensors", 0.8)];
const FLUX_LORA: &[(&str, f64)] = &[("luna_flux.safetensors", 0.8)];

/// The node of that id with all nodes it is linked to in place of the links: node ids do not show in it.
fn unfolded(graph: &Value, id: &str) -> Value {
    let node = &graph[id];
    let inputs = node["inputs"].as_object().unwrap().iter().map(|(name, input)| {
        let input = match input.as_array().map(Vec::as_slice) {
            Some([Value::String(id), slot]) => json!({"slot": slot, "node": unfolded(graph, id)}),
            _ => input.as_f64().map_or_else(|| input.clone(), |number| json!(number)),
        };
        (name.clone(), input)
    });
    // Sorted, for the order of inputs means nothing.
    let inputs: std::collections::BTreeMap<_, _> = inputs.collect();
    json!({"class_type": node["class_type"], "inputs": inputs})
}

fn saved(graph: &Value) -> Value {
    let nodes = graph.as_object().unwrap();
    let (id, _) = nodes.iter().find(|(_, node)| node["class_type"] == "SaveImage").unwrap();
    unfolded(graph, id)
}

fn input<'a>(recorded: &'a Value, class_type: &str, name: &str) -> Option<&'a Value> {
    let node = recorded.as_object().unwrap().values().find(|node| node["class_type"] == class_type)?;
    node["inputs"].get(name)
}

fn text(recorded: &Value, class_type: &str, name: &str) -> Option<String> {
    input(recorded, class_type, name).and_then(Value::as_str).map(str::to_owned)
}

fn linked_text(recorded: &Value, end: &str) -> String {
    let mut id = recorded["3"]["inputs"][end][0].as_str().unwrap();
    while recorded[id]["class_type"] != "CLIPTextEncode" {
        id = recorded[id]["inputs"]["conditioning"][0].as_str().unwrap();
    }
    recorded[id]["inputs"]["text"].as_str().unwrap().to_owned()
}

/// The recipe by which a recorded workflow would have been built.
fn recipe(recorded: &Value, family: Family, loras: &[(&str, f64)]) -> Recipe {
    let sampler = &recorded["3"]["inputs"];
    let latent = if family == Family::Flux { "EmptySD3LatentImage" } else { "EmptyLatentImage" };
    let side = |name| input(recorded, latent, name).and_then(Value::as_u64).unwrap() as u32;
    let unet = text(recorded, "UNETLoader", "unet_name");
    let companions = unet.is_some().then(|| Companions {
        t5: text(recorded, "DualCLIPLoader", "clip_name1").unwrap(),
        clip_l: text(recorded, "DualCLIPLoader", "clip_name2").unwrap(),
        vae: text(recorded, "VAELoader", "vae_name").unwrap(),
    });
    Recipe {
        model_kind: if unet.is_some() { ModelKind::DiffusionModel } else { ModelKind::Checkpoint },
        model: unet.or_else(|| text(recorded, "CheckpointLoaderSimple", "ckpt_name")).unwrap(),
        family,
        loras: loras.iter().map(|(name, strength)| LoraUse { name: (*name).into(), strength: *strength }).collect(),
        parts: Vec::new(),
        prompt: linked_text(recorded, "positive"),
        negative_prompt: if family == Family::Flux { String::new() } else { linked_text(recorded, "negative") },
        width: side("width"),
        height: side("height"),
        steps: sampler["steps"].as_u64().unwrap() as u32,
        cfg: sampler["cfg"].as_f64().unwrap(),
        guidance: input(recorded, "FluxGuidance", "guidance").and_then(Value::as_f64),
        sampler: sampler["sampler_name"].as_str().unwrap().into(),
        scheduler: sampler["scheduler"].as_str().unwrap().into(),
        companions,
    }
}

fn assert_same(name: &str, family: Family, loras: &[(&str, f64)]) {
    let recorded = fixtures::json(&format!("workflows/{name}.json"));
    let seed = recorded["3"]["inputs"]["seed"].as_u64().unwrap();
    let prefix = text(&recorded, "SaveImage", "filename_prefix").unwrap();
    let built = graph(&recipe(&recorded, family, loras), seed, &prefix);
    assert_eq!(saved(&built), saved(&recorded), "{name}");
    assert_eq!(built.as_object().unwrap().len(), recorded.as_object().unwrap().len(), "{name}: no node is left over");
}

#[test]
fn workflows_are_those_that_ran() {
    assert_same("sd15", Family::Sd15, &[]);
    assert_same("sd15_lora", Family::Sd15, LORA);
    assert_same("sd15_two_loras", Family::Sd15, TWO_LORAS);
    assert_same("sdxl", Family::Sdxl, &[]);
    assert_same("sdxl_lora", Family::Sdxl, XL_LORA);
    assert_same("flux", Family::Flux, &[]);
    assert_same("flux_lora", Family::Flux, FLUX_LORA);
    assert_same("flux_checkpoint", Family::Flux, &[]);
    assert_same("flux_checkpoint_lora", Family::Flux, FLUX_LORA);
}

#[test]
fn the_largest_seed_stays_whole() {
    let recorded = fixtures::json("workflows/sd15.json");
    let built = graph(&recipe(&recorded, Family::Sd15, &[]), u64::MAX, "dalla/x");
    assert!(built.to_string().contains("18446744073709551615"));
}

#[test]
fn node_ids_are_texts_in_links_too() {
    let recorded = fixtures::json("workflows/flux_lora.json");
    let built = graph(&recipe(&recorded, Family::Flux, FLUX_LORA), 1, "dalla/x");
    for node in built.as_object().unwrap().values() {
        for link in node["inputs"].as_object().unwrap().values().filter_map(Value::as_array) {
            assert!(built.get(link[0].as_str().unwrap()).is_some());
        }
    }
}
