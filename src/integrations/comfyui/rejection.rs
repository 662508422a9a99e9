//! ComfyUI's rejections and failures, as sentences a person understands.
//!
//! Its own words hold Python tracebacks and paths of its machine: none of that is passed on.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::ComfyError;
use crate::domain::generation::not_there;

/// A workflow that was refused, wholly or in part.
#[derive(Debug)]
pub(super) struct Rejection {
    status: u16,
    answer: Answer,
}

#[derive(Debug, Default, Deserialize)]
struct Answer {
    #[serde(default)]
    error: Option<Fault>,
    /// By node. Not empty with status 200 when some outputs are valid and others are not.
    #[serde(default)]
    node_errors: Value,
}

#[derive(Debug, Default, Deserialize)]
struct Fault {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    extra_info: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct NodeFaults {
    #[serde(default)]
    errors: Vec<Fault>,
    #[serde(default)]
    class_type: String,
}

impl Rejection {
    /// Reads the answer to `POST /prompt`; `None` when the workflow was taken whole.
    pub(super) fn read(status: u16, body: &[u8]) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).unwrap_or_default();
        let rejection = Self { status, answer };
        let taken = (200..300).contains(&status) && rejection.faults().is_empty();
        (!taken).then_some(rejection)
    }

    /// What it means, and what to do.
    pub(super) fn words(&self, address: &str) -> String {
        let faults = self.faults();
        if !faults.is_empty() {
            let mut sentences: Vec<_> =
                faults.iter().flat_map(|node| node.errors.iter().map(|fault| fault.words(&node.class_type))).collect();
            sentences.dedup();
            return sentences.join(" ");
        }
        if self.status == 403 {
            return ComfyError::Forbidden(address.to_owned()).to_string();
        }
        match &self.answer.error {
            Some(fault) if fault.kind == "invalid_prompt" => fault.unknown_node(),
            Some(fault) if fault.kind == "prompt_no_outputs" => "ComfyUI found nothing to save in the workflow.".into(),
            Some(fault) if fault.kind == "no_prompt" => "ComfyUI found no workflow in our request.".into(),
            Some(_) | None => format!("ComfyUI at {address} did not take the workflow (status {}). Its log says why.", self.status),
        }
    }

    fn faults(&self) -> Vec<NodeFaults> {
        // Without faults this is an empty object, or in some versions an empty list.
        let nodes = self.answer.node_errors.as_object().into_iter().flatten();
        nodes.filter_map(|(_, node)| serde_json::from_value(node.clone()).ok()).collect()
    }
}

impl Fault {
    fn words(&self, node: &str) -> String {
        let input = self.info("input_name");
        match self.kind.as_str() {
            "value_not_in_list" => self.not_in_list(&input),
            "required_input_missing" => format!("The workflow's {node} lacks its {}.", or(&self.details, &input)),
            "invalid_input_type" => format!("{} of the workflow's {node} has the wrong type.", input),
            "value_smaller_than_min" | "value_bigger_than_max" => self.out_of_bounds(&input),
            "custom_validation_failed" => match self.details.rsplit_once(": ") {
                Some((_, file)) if is_plain(file) => format!("ComfyUI does not have the file {file}."),
                Some(_) | None => format!("ComfyUI refused {input} of the workflow's {node}."),
            },
            "bad_linked_input" | "return_type_mismatch" | "exception_during_inner_validation" => {
                format!("The workflow's {node} is not connected as ComfyUI wants it.")
            }
            _ if is_plain(&self.message) => format!("ComfyUI refused the workflow's {node}: {}.", self.message.trim_end_matches('.')),
            _ => format!("ComfyUI refused the workflow's {node}. Its log says why."),
        }
    }

    fn out_of_bounds(&self, input: &str) -> String {
        let (bound, too, end) = if self.kind == "value_smaller_than_min" { ("min", "small", "least") } else { ("max", "large", "most") };
        let value = self.info("received_value");
        match self.extra_info.get("input_config").and_then(|config| config.get(1)?.get(bound)) {
            Some(limit) => format!("{input} {value} is too {too} for ComfyUI; the {end} is {limit}."),
            None => format!("{input} {value} is too {too} for ComfyUI."),
        }
    }

    /// A list of more than twenty is not repeated in the answer.
    fn not_in_list(&self, input: &str) -> String {
        let what = match input {
            "ckpt_name" | "unet_name" => "model",
            "lora_name" => "LoRA",
            "vae_name" => "VAE",
            "clip_name1" | "clip_name2" | "clip_name" => "text encoder",
            "sampler_name" => "sampler",
            "scheduler" => "scheduler",
            other => other,
        };
        let value = self.info("received_value");
        let config = self.extra_info.get("input_config").and_then(|config| config.get(0));
        match config.and_then(Value::as_array) {
            Some(known) => not_there(what, &value, known.iter().filter_map(Value::as_str)),
            None => format!("ComfyUI does not have the {what} {value}. Look at the Models page for what it has."),
        }
    }

    fn unknown_node(&self) -> String {
        let node = self.message.split("node ").nth(1).and_then(|rest| rest.split(" does not exist").next());
        match node.filter(|_| self.message.contains("does not exist")) {
            Some(node) => format!("This ComfyUI does not know the node {node}. Update it: 0.3.64 is known to work."),
            None => "ComfyUI cannot read the workflow.".into(),
        }
    }

    fn info(&self, name: &str) -> String {
        match self.extra_info.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        }
    }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// Without anything that looks like a path of the server.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['/', '\\', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrations::comfyui::fixtures;

    fn recorded(name: &str) -> String {
        let recording = fixtures::json(&format!("rejections/{name}.json"));
        let status = recording["status"].as_u64().unwrap() as u16;
        let body = match &recording["body"] {
            Value::String(text) => text.clone().into_bytes(),
            Value::Null => Vec::new(),
            body => serde_json::to_vec(body).unwrap(),
        };
        Rejection::read(status, &body).expect(name).words("127.0.0.1:8188")
    }

    #[test]
    fn recorded_rejections_become_sentences() {
        let models = "broken_download.safetensors, dreamshaper_8.safetensors, flux1-dev-fp8.safetensors, flux1-dev-unet-only.safetensors, sd_xl_base_1.0.safetensors";
        let table = [
            ("unknown_checkpoint", format!("ComfyUI does not have the model not_here.safetensors; it has {models}.")),
            ("unknown_sampler", "ComfyUI does not have the sampler dpm++ 2m karras. Look at the Models page for what it has.".into()),
            ("unknown_node_type", "This ComfyUI does not know the node KSamplerTurboX. Update it: 0.3.64 is known to work.".into()),
            ("missing_class_type", "ComfyUI cannot read the workflow.".into()),
            ("missing_input", "The workflow's KSampler lacks its seed.".into()),
            ("bad_type_seed_text", "seed of the workflow's KSampler has the wrong type.".into()),
            ("seed_negative", "seed -1 is too small for ComfyUI; the least is 0.".into()),
            ("cfg_too_big", "cfg 1000.0 is too large for ComfyUI; the most is 100.0.".into()),
            ("link_wrong_type", "The workflow's KSampler is not connected as ComfyUI wants it.".into()),
            ("link_to_missing_node", "The workflow's KSampler is not connected as ComfyUI wants it.".into()),
            ("load_image_missing_file", "ComfyUI does not have the file nope.png.".into()),
            ("no_output_node", "ComfyUI found nothing to save in the workflow.".into()),
            ("no_prompt_key", "ComfyUI found no workflow in our request.".into()),
            ("body_not_json", "ComfyUI at 127.0.0.1:8188 did not take the workflow (status 500). Its log says why.".into()),
            ("cross_origin_403", ComfyError::Forbidden("127.0.0.1:8188".into()).to_string()),
        ];
        for (name, sentence) in table {
            assert_eq!(recorded(name), sentence, "{name}");
        }
    }

    #[test]
    fn every_recorded_rejection_is_a_sentence_without_paths_or_tracebacks() {
        for name in fixtures::names("rejections") {
            let words = recorded(&name);
            assert!(words.ends_with('.') && words.len() > 20, "{name}: {words}");
            for leak in ["execution.py", "Traceback", "KeyError", "File \""] {
                assert!(!words.contains(leak), "{name}: {words}");
            }
        }
    }

    #[test]
    fn a_workflow_that_is_taken_whole_is_no_rejection_and_one_in_part_is() {
        assert!(Rejection::read(200, br#"{"prompt_id": "1", "number": 1, "node_errors": {}}"#).is_none());
        assert!(Rejection::read(200, br#"{"prompt_id": "1", "node_errors": []}"#).is_none());
        let part =
            br#"{"node_errors": {"9": {"class_type": "SaveImage", "errors": [{"type": "required_input_missing", "details": "images"}]}}}"#;
        assert_eq!(Rejection::read(200, part).unwrap().words("x"), "The workflow's SaveImage lacks its images.");
    }
}
