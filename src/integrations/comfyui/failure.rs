//! A picture that broke while it was drawn, as a sentence a person understands.
//!
//! ComfyUI's own words hold Python tracebacks and paths of its machine: none of that is passed on.

use serde_json::Value;

/// What broke, from the facts of `execution_error`.
pub(super) fn words(facts: &Value) -> String {
    let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or_default();
    let (node, kind, message) = (text("node_type"), text("exception_type"), text("exception_message").trim());
    if is_out_of_memory(kind, message) {
        return "The graphics card ran out of memory. Ask for a smaller picture, or close what else uses the card, then try again.".into();
    }
    if message.contains("clip input is invalid") {
        return "The model holds no text encoder. If it is a diffusion model, move it into ComfyUI's models/diffusion_models folder."
            .into();
    }
    if message.contains("vae input is invalid") {
        return "The model holds no VAE. Choose another, or move a diffusion model into ComfyUI's models/diffusion_models folder.".into();
    }
    if is_damaged_file(kind, message) {
        return damaged(node, facts);
    }
    if message.contains("Could not detect model type") {
        return format!("ComfyUI cannot tell what sort of model {} is. Choose another, or update ComfyUI.", or_it(input(facts, "_name")));
    }
    if is_missing_file(kind, message) {
        return "A file that the picture needs is gone from ComfyUI. Look at the Models page again, then choose another.".into();
    }
    match first_line(message) {
        Some(line) => format!("ComfyUI broke in its node {node}: {line}. Its log says more."),
        None => format!("ComfyUI broke in its node {node}. Its log says why."),
    }
}

fn is_out_of_memory(kind: &str, message: &str) -> bool {
    let message = message.to_lowercase();
    kind.contains("OutOfMemory") || message.contains("out of memory") || message.contains("allocation on device")
}

/// Half a download, or a web page saved under a model's name.
fn is_damaged_file(kind: &str, message: &str) -> bool {
    let signs = ["deserializing header", "invalid load key", "PytorchStreamReader", "unexpected EOF", "Weights only load failed"];
    kind.contains("SafetensorError") || kind.contains("UnpicklingError") || signs.iter().any(|sign| message.contains(sign))
}

fn is_missing_file(kind: &str, message: &str) -> bool {
    kind == "FileNotFoundError" || message.contains("No such file")
}

fn damaged(node: &str, facts: &Value) -> String {
    let name = input(facts, "_name");
    let what = match (node, name) {
        ("LoraLoader" | "LoraLoaderModelOnly", Some(name)) => format!("The LoRA {name} is damaged, or no LoRA at all."),
        ("LoraLoader" | "LoraLoaderModelOnly", None) => "A LoRA is damaged, or no LoRA at all.".into(),
        ("DualCLIPLoader" | "CLIPLoader", _) => "A text encoder is damaged or incomplete.".into(),
        ("VAELoader", _) => "The VAE is damaged or incomplete.".into(),
        (_, Some(name)) => format!("The model {name} is damaged or incomplete."),
        (_, None) => "The model's file is damaged or incomplete.".into(),
    };
    format!("{what} Download it again, or choose another.")
}

/// What the node was given, as in `{"lora_name": ["luna.safetensors"]}`: the first input with such a name.
fn input<'a>(facts: &'a Value, ending: &str) -> Option<&'a str> {
    let inputs = facts.get("current_inputs")?.as_object()?;
    inputs.iter().find(|(name, _)| name.ends_with(ending)).and_then(|(_, value)| value.get(0)?.as_str())
}

fn or_it(name: Option<&str>) -> &str {
    name.unwrap_or("the file")
}

/// The first line, unless it might hold a path of the server.
fn first_line(message: &str) -> Option<&str> {
    const LONGEST: usize = 200;
    let line = message.lines().next()?.trim().trim_end_matches(['.', ':']);
    let plain = !line.is_empty() && line.len() <= LONGEST && !line.contains(['/', '\\']);
    plain.then_some(line)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::integrations::comfyui::{fixtures, wire::History};

    fn recorded(name: &str) -> String {
        let history: History = serde_json::from_value(fixtures::json(&format!("history/{name}.json"))).unwrap();
        let entry = history.into_values().next().unwrap();
        let (kind, facts) = entry.ending().unwrap();
        assert_eq!(kind, "execution_error");
        words(facts)
    }

    #[test]
    fn recorded_failures_become_sentences() {
        let again = "Download it again, or choose another.";
        assert_eq!(recorded("error_broken_checkpoint"), format!("The model broken_download.safetensors is damaged or incomplete. {again}"));
        assert_eq!(recorded("error_corrupt_lora"), format!("The LoRA corrupt.safetensors is damaged, or no LoRA at all. {again}"));
        assert_eq!(
            recorded("error_clip_none"),
            "The model holds no text encoder. If it is a diffusion model, move it into ComfyUI's models/diffusion_models folder."
        );
    }

    #[test]
    fn a_card_without_memory_is_told_so() {
        for (kind, message) in [
            ("torch.OutOfMemoryError", "Allocation on device"),
            ("torch.cuda.OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB"),
            ("RuntimeError", "MPS backend out of memory (MPS allocated: 9 GB)"),
        ] {
            let words = words(&json!({"node_type": "KSampler", "exception_type": kind, "exception_message": message}));
            assert!(words.starts_with("The graphics card ran out of memory."), "{words}");
        }
    }

    #[test]
    fn paths_and_tracebacks_stay_where_they_are() {
        let facts = |message: &str| json!({"node_type": "VAEDecode", "exception_type": "OSError", "exception_message": message, "traceback": ["File /x"]});
        assert_eq!(words(&facts("cannot open /home/me/comfy/x.pt\n")), "ComfyUI broke in its node VAEDecode. Its log says why.");
        assert_eq!(words(&facts("odd shape\nmore\n")), "ComfyUI broke in its node VAEDecode: odd shape. Its log says more.");
        assert_eq!(words(&json!({})), "ComfyUI broke in its node . Its log says why.");
    }
}
