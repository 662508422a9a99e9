//! A picture that broke while it was drawn, as a sentence a person understands.
//!
//! ComfyUI's own words hold Python tracebacks and paths of its machine: none of that is passed on.

use serde_json::Value;

/// What broke while drawing, from the data of `execution_error`.
pub(super) fn words(data: &Value) -> String {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let (node, kind, message) = (text("node_type"), text("exception_type"), text("exception_message").trim());
    if is_out_of_memory(kind, message) {
        return "The graphics card ran out of memory. Ask for a smaller picture, or close what else uses the card, then try again.".into();
    }
    if message.contains("clip input is invalid") {
        return "The model holds no text encoder. If it is a diffusion model, move it into ComfyUI's models/diffusion_models folder.".into();
    }
    if kind.contains("SafetensorError") || message.contains("deserializing header") {
        return match node {
            "LoraLoader" | "LoraLoaderModelOnly" => "A LoRA's file is damaged or no LoRA at all. Download it again, or choose another.".into(),
            _ => "The model's file is damaged or incomplete. Download it again, or choose another.".into(),
        };
    }
    let first = message.lines().next().unwrap_or_default();
    if first.is_empty() || first.contains('/') || first.contains('\\') {
        return format!("ComfyUI broke in its node {node}. Its log says why.");
    }
    format!("ComfyUI broke in its node {node}: {}.", first.trim_end_matches('.'))
}

fn is_out_of_memory(kind: &str, message: &str) -> bool {
    kind.contains("OutOfMemory") || message.contains("out of memory") || message.contains("Allocation on device")
}
