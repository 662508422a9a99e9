//! Whether a workflow can run, in ComfyUI's own words.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What a workflow's check came to.
pub(super) struct Checked {
    /// Outputs that can run.
    pub(super) outputs: Vec<String>,
    /// What is wrong, by node.
    pub(super) node_errors: Map<String, Value>,
}

/// Checks a workflow. `Err` is the body of the 400.
pub(super) fn check(graph: &Map<String, Value>, nodes: &Map<String, Value>) -> Result<Checked, Value> {
    let mut outputs = Vec::new();
    for (id, node) in graph {
        let details = format!("Node ID '#{id}'");
        let Some(class) = node.get("class_type").and_then(Value::as_str) else {
            return Err(refusal("invalid_prompt", "Cannot execute because a node is missing the class_type property.", &details));
        };
        let Some(known) = nodes.get(class) else {
            return Err(refusal("invalid_prompt", &format!("Cannot execute because node {class} does not exist."), &details));
        };
        if known.get("output_node").and_then(Value::as_bool) == Some(true) {
            outputs.push(id.clone());
        }
    }
    if outputs.is_empty() {
        return Err(refusal("prompt_no_outputs", "Prompt has no outputs", ""));
    }
    let mut checker = Checker { graph, nodes, errors: BTreeMap::new(), done: BTreeMap::new() };
    let mut good = Vec::new();
    let mut node_errors = Map::new();
    for output in outputs {
        checker.errors.clear();
        checker.done.clear();
        if checker.node(&output).is_ok_and(|fine| fine) {
            good.push(output);
            continue;
        }
        for (id, errors) in std::mem::take(&mut checker.errors) {
            let class = graph.get(&id).and_then(|node| node.get("class_type")).cloned().unwrap_or_default();
            node_errors.insert(id, json!({"errors": errors, "dependent_outputs": [output], "class_type": class}));
        }
    }
    if good.is_empty() {
        let mut body = refusal("prompt_outputs_failed_validation", "Prompt outputs failed validation", "");
        body["node_errors"] = Value::Object(node_errors);
        return Err(body);
    }
    Ok(Checked { outputs: good, node_errors })
}

/// A refusal of the whole workflow.
pub(super) fn refusal(kind: &str, message: &str, details: &str) -> Value {
    json!({"error": {"type": kind, "message": message, "details": details, "extra_info": {}}, "node_errors": {}})
}

struct Checker<'a> {
    graph: &'a Map<String, Value>,
    nodes: &'a Map<String, Value>,
    errors: BTreeMap<String, Vec<Value>>,
    /// Each node is looked at once, however many links lead to it.
    done: BTreeMap<String, bool>,
}

/// A Python `KeyError` on the way: it is reported at the node before.
struct KeyError(String);

impl Checker<'_> {
    /// Whether a node and all before it are fine.
    fn node(&mut self, id: &str) -> Result<bool, KeyError> {
        if let Some(fine) = self.done.get(id) {
            return Ok(*fine);
        }
        let node = self.graph.get(id).ok_or_else(|| KeyError(id.to_owned()))?;
        let inputs = node.get("inputs").and_then(Value::as_object).ok_or_else(|| KeyError("inputs".into()))?;
        let class = node["class_type"].as_str().unwrap_or_default();
        let wanted = self.nodes[class].pointer("/input/required").and_then(Value::as_object);
        let mut fine = true;
        for (name, config) in wanted.into_iter().flatten() {
            let found = match inputs.get(name) {
                None => Err(fault("required_input_missing", "Required input is missing", name.clone(), json!({"input_name": name}))),
                Some(Value::Array(link)) => self.link(id, name, config, link),
                Some(value) => check_value(name, config, value).map(|()| true),
            };
            match found {
                Ok(before_is_fine) => fine &= before_is_fine,
                Err(fault) => {
                    fine = false;
                    self.errors.entry(id.to_owned()).or_default().push(fault);
                }
            }
        }
        self.done.insert(id.to_owned(), fine);
        Ok(fine)
    }

    fn link(&mut self, id: &str, name: &str, config: &Value, link: &[Value]) -> Result<bool, Value> {
        let [from, slot] = link else {
            let message = "Bad linked input, must be a length-2 list of [node_id, slot_index]";
            let info = json!({"input_name": name, "input_config": config, "received_value": link});
            return Err(fault("bad_linked_input", message, name.to_owned(), info));
        };
        let key = from.as_str().map_or_else(|| from.to_string(), str::to_owned);
        let class = self.graph.get(&key).filter(|_| from.is_string()).and_then(|node| node.get("class_type")).and_then(Value::as_str);
        let Some(class) = class else {
            // ComfyUI breaks here while looking at the node that holds the link.
            let error = if from.is_string() { format!("'{key}'") } else { key };
            return Err(self.inner(id, name, config, &error, "KeyError", [from.clone(), slot.clone()]));
        };
        let outputs = &self.nodes[class]["output"];
        let Some(received) = slot.as_u64().and_then(|slot| outputs.get(slot as usize)).and_then(Value::as_str) else {
            return Err(self.inner(id, name, config, "tuple index out of range", "IndexError", [from.clone(), slot.clone()]));
        };
        let wanted = config[0].as_str().unwrap_or_default();
        if received != wanted {
            let details = format!("{name}, received_type({received}) mismatch input_type({wanted})");
            let info = json!({"input_name": name, "input_config": config, "received_type": received, "linked_node": link});
            return Err(fault("return_type_mismatch", "Return type mismatch between linked nodes", details, info));
        }
        match self.node(&key) {
            Ok(fine) => Ok(fine),
            Err(KeyError(missing)) => {
                let error = self.inner(id, name, config, &format!("'{missing}'"), "KeyError", [from.clone(), slot.clone()]);
                self.errors.entry(key).or_default().push(error);
                Ok(false)
            }
        }
    }

    fn inner(&self, _: &str, name: &str, config: &Value, message: &str, kind: &str, link: [Value; 2]) -> Value {
        let info = json!({
            "input_name": name, "input_config": config, "exception_message": message, "exception_type": kind, "traceback": [], "linked_node": link
        });
        fault("exception_during_inner_validation", "Exception when validating inner node", message.to_owned(), info)
    }
}

fn check_value(name: &str, config: &Value, value: &Value) -> Result<(), Value> {
    let info = |more: Value| {
        let mut info = json!({"input_name": name, "input_config": config, "received_value": value});
        if let (Some(info), Value::Object(more)) = (info.as_object_mut(), more) {
            info.extend(more);
        }
        info
    };
    if let Some(choices) = config[0].as_array() {
        return if choices.contains(value) { Ok(()) } else { Err(not_in_list(name, config, value, choices)) };
    }
    let kind = config[0].as_str().unwrap_or_default();
    let number = match convert(kind, value) {
        Ok(number) => number,
        Err(exception) => {
            let shown = if value.is_null() { "None".to_owned() } else { plain(value) };
            let message = format!("Failed to convert an input value to a {kind} value");
            let details = format!("{name}, {shown}, {exception}");
            return Err(fault("invalid_input_type", &message, details, info(json!({"exception_message": exception}))));
        }
    };
    let Some(number) = number else { return Ok(()) };
    let bound = |which: &str| config[1].get(which).and_then(Value::as_f64);
    // A seed beyond 2^64-1 arrives as a double, and that is larger than the largest seed.
    let beyond = value.is_f64() && kind == "INT" && number >= 18_446_744_073_709_551_616.0;
    if bound("min").is_some_and(|min| number < min) {
        let message = format!("Value {} smaller than min of {}", shown(kind, value), shown(kind, &config[1]["min"]));
        return Err(fault("value_smaller_than_min", &message, name.to_owned(), info(json!({}))));
    }
    if beyond || bound("max").is_some_and(|max| number > max) {
        let message = format!("Value {} bigger than max of {}", shown(kind, value), shown(kind, &config[1]["max"]));
        return Err(fault("value_bigger_than_max", &message, name.to_owned(), info(json!({}))));
    }
    Ok(())
}

/// The value as Python would convert it; `None` for texts.
fn convert(kind: &str, value: &Value) -> Result<Option<f64>, String> {
    match (kind, value) {
        ("INT", Value::Number(number)) | ("FLOAT", Value::Number(number)) => Ok(number.as_f64()),
        ("INT", Value::String(text)) => {
            text.trim().parse().map(Some).map_err(|_| format!("invalid literal for int() with base 10: '{text}'"))
        }
        ("FLOAT", Value::String(text)) => text.trim().parse().map(Some).map_err(|_| format!("could not convert string to float: '{text}'")),
        ("INT", Value::Null) => Err("int() argument must be a string, a bytes-like object or a real number, not 'NoneType'".into()),
        ("FLOAT", Value::Null) => Err("float() argument must be a string or a real number, not 'NoneType'".into()),
        _ => Ok(None),
    }
}

/// More than twenty choices are not repeated.
fn not_in_list(name: &str, config: &Value, value: &Value, choices: &[Value]) -> Value {
    let (listed, config) = if choices.len() > 20 {
        (format!("(list of length {})", choices.len()), Value::Null)
    } else {
        let names: Vec<_> = choices.iter().map(|choice| format!("'{}'", plain(choice))).collect();
        (format!("[{}]", names.join(", ")), config.clone())
    };
    let details = format!("{name}: '{}' not in {listed}", plain(value));
    let info = json!({"input_name": name, "input_config": config, "received_value": value});
    fault("value_not_in_list", "Value not in list", details, info)
}

fn fault(kind: &str, message: &str, details: String, info: Value) -> Value {
    json!({"type": kind, "message": message, "details": details, "extra_info": info})
}

/// Python shows floats with a point, also whole ones, and integers of any size without one.
fn shown(kind: &str, value: &Value) -> String {
    match (kind, value.as_f64()) {
        ("FLOAT", Some(number)) => format!("{number:?}"),
        ("INT", Some(number)) if value.is_f64() => format!("{number:.0}"),
        _ => plain(value),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
