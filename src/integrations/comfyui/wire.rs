//! What ComfyUI answers: history and queue.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// `GET /history/{id}`: empty for an unknown id.
pub(super) type History = BTreeMap<String, Entry>;

/// A finished prompt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) outputs: BTreeMap<String, Output>,
    #[serde(default)]
    status: Option<Status>,
}

/// What one node put out.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Output {
    #[serde(default)]
    pub(super) images: Vec<ImageFile>,
}

/// A picture on the server. Its name alone is no key: subfolder and type belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ImageFile {
    pub(super) filename: String,
    #[serde(default)]
    pub(super) subfolder: String,
    #[serde(default, rename = "type")]
    pub(super) folder: String,
}

/// How a prompt ended. An interrupted one is `error` too: only the last message tells.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct Status {
    #[serde(default)]
    messages: Vec<(String, Value)>,
}

/// `GET /queue`.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Queue {
    #[serde(rename = "queue_running", default)]
    pub(super) running: Vec<Item>,
    #[serde(rename = "queue_pending", default)]
    pub(super) pending: Vec<Item>,
}

/// A prompt in the queue: its number, its id, and more that does not matter here.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Vec<Value>")]
pub(super) struct Item {
    number: f64,
    prompt_id: String,
}

impl From<Vec<Value>> for Item {
    fn from(parts: Vec<Value>) -> Self {
        let number = parts.first().and_then(Value::as_f64).unwrap_or(f64::MAX);
        Self { number, prompt_id: parts.get(1).and_then(Value::as_str).unwrap_or_default().to_owned() }
    }
}

/// Where a prompt stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PromptState {
    /// It waits.
    Pending {
        /// How many come before it, with those that run.
        ahead: usize,
    },
    /// It runs.
    Running,
    /// It has ended.
    Finished(Box<Entry>),
    /// The server does not know it.
    Unknown,
}

impl Queue {
    /// Pending prompts are listed in the order of a heap; their numbers tell the real one.
    pub(super) fn state_of(&self, prompt_id: &str) -> PromptState {
        if self.running.iter().any(|item| item.prompt_id == prompt_id) {
            return PromptState::Running;
        }
        let Some(ours) = self.pending.iter().find(|item| item.prompt_id == prompt_id) else { return PromptState::Unknown };
        let before = self.pending.iter().filter(|item| item.number < ours.number).count();
        PromptState::Pending { ahead: before + self.running.len() }
    }
}

impl Entry {
    /// The last word about how it ended, with what came along.
    pub(super) fn ending(&self) -> Option<(&str, &Value)> {
        self.status
            .iter()
            .flat_map(|status| status.messages.iter().rev())
            .map(|(kind, data)| (kind.as_str(), data))
            .find(|(kind, _)| matches!(*kind, "execution_success" | "execution_error" | "execution_interrupted"))
    }

    /// The pictures it saved, in the order of the nodes.
    pub(super) fn images(&self) -> Vec<ImageFile> {
        self.outputs.values().flat_map(|output| output.images.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::integrations::comfyui::fixtures;

    fn entry(name: &str) -> Entry {
        let history: History = serde_json::from_value(fixtures::json(&format!("history/{name}.json"))).unwrap();
        history.into_values().next().unwrap()
    }

    #[test]
    fn the_last_message_tells_how_it_ended() {
        let endings = [
            ("sd15_success", "execution_success"),
            ("sd15_identical_rerun", "execution_success"),
            ("interrupted", "execution_interrupted"),
            ("error_corrupt_lora", "execution_error"),
        ];
        for (name, ending) in endings {
            assert_eq!(entry(name).ending().unwrap().0, ending, "{name}");
        }
        let silent: Entry = serde_json::from_value(json!({"outputs": {}, "status": null})).unwrap();
        assert_eq!(silent.ending(), None);
    }

    #[test]
    fn pictures_are_named_with_their_folders() {
        let images = entry("sd15_batch2_subfolder").images();
        assert_eq!(images.len(), 2);
        assert_eq!((images[0].subfolder.as_str(), images[0].folder.as_str()), ("dalla/luna", "output"));
        assert!(entry("interrupted").images().is_empty());
    }

    #[test]
    fn the_queue_is_counted_by_numbers_not_by_places() {
        let item = |number: i64, id: &str| json!([number, id, {}, {}, []]);
        let queue: Queue = serde_json::from_value(json!({
            "queue_running": [item(20, "runs")],
            "queue_pending": [item(21, "first"), item(23, "third"), item(22, "second"), item(-24, "front")],
        }))
        .unwrap();
        assert_eq!(queue.state_of("runs"), PromptState::Running);
        assert_eq!(queue.state_of("front"), PromptState::Pending { ahead: 1 });
        assert_eq!(queue.state_of("second"), PromptState::Pending { ahead: 3 });
        assert_eq!(queue.state_of("third"), PromptState::Pending { ahead: 4 });
        assert_eq!(queue.state_of("gone"), PromptState::Unknown);
    }

    #[test]
    fn a_recorded_queue_is_read() {
        let queue: Queue = serde_json::from_value(fixtures::json("http/queue_one_running_four_pending.json")).unwrap();
        assert_eq!((queue.running.len(), queue.pending.len()), (1, 4));
    }
}
