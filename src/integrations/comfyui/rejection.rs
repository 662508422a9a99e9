//! ComfyUI's rejections and failures, as sentences a person understands.
//!
//! Its own words hold Python tracebacks and paths of its machine: none of that is passed on.

use serde::Deserialize;
use serde_json::{Map, Value};

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
            let sentences: Vec<_> = faults.iter().flat_map(|node| node.errors.iter().map(|fault| fault.words(&node.class_type))).collect();
            return sentences.join(" ");
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
            "value_smaller_than_min" | "value_bigger_than_max" => {
                let bound = if self.kind == "value_smaller_than_min" { "small" } else { "large" };
                format!("{input} {} is too {bound} for ComfyUI.", self.info("received_value"))
            }
            "custom_validation_failed" => format!("ComfyUI does not have the file {}.", self.info("received_value")),
            "bad_linked_input" | "return_type_mismatch" | "exception_during_inner_validation" => {
                format!("The workflow's {node} is not connected as ComfyUI wants it.")
            }
            _ => format!("ComfyUI refused the workflow's {node}: {}.", self.message),
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
