//! Saved states that a training can go on from.

use std::path::Path;

use serde::Deserialize;

use super::safetensors::read_header;

/// A state the trainer has saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedState {
    /// Its folder's name, in the folder of the output.
    pub folder: String,
    /// Epochs done.
    pub epoch: u32,
    /// Steps done.
    pub step: u32,
}

#[derive(Deserialize)]
struct TrainState {
    current_epoch: u32,
    current_step: u32,
}

/// The state with the most steps among those that are whole.
pub fn newest_state(output: &Path, name: &str) -> Option<SavedState> {
    let entries = std::fs::read_dir(output).ok()?;
    let states = entries.filter_map(Result::ok).filter_map(|entry| {
        let folder = entry.file_name().into_string().ok()?;
        let ours = folder.strip_prefix(name)?.strip_suffix("-state")?;
        // `luna-v1` is not a state of `luna`.
        let numbered = ours.is_empty() || ours.strip_prefix("-step").or(ours.strip_prefix('-'))?.chars().all(|c| c.is_ascii_digit());
        if numbered { whole(&entry.path(), folder) } else { None }
    });
    states.max_by_key(|state| state.step)
}

/// The trainer writes several files one after the other, so a state that was cut off lacks some, or has half of one.
fn whole(path: &Path, folder: String) -> Option<SavedState> {
    let text = std::fs::read_to_string(path.join("train_state.json")).ok()?;
    let state: TrainState = serde_json::from_str(&text).ok()?;
    read_header(&path.join("model.safetensors")).ok()?;
    let there = |file: &str| std::fs::metadata(path.join(file)).is_ok_and(|about| about.len() > 0);
    let whole = ["optimizer.bin", "scheduler.bin", "random_states_0.pkl"].into_iter().all(there);
    whole.then_some(SavedState { folder, epoch: state.current_epoch, step: state.current_step })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(output: &Path, folder: &str, step: u32, model: &[u8]) {
        let path = output.join(folder);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("train_state.json"), format!("{{\"current_epoch\": 1, \"current_step\": {step}}}")).unwrap();
        std::fs::write(path.join("model.safetensors"), model).unwrap();
        for file in ["optimizer.bin", "scheduler.bin", "random_states_0.pkl"] {
            std::fs::write(path.join(file), b"x").unwrap();
        }
    }

    #[test]
    fn the_newest_whole_state_is_taken() {
        let output = tempfile::tempdir().unwrap();
        let head = br#"{"x":{"dtype":"F16","shape":[],"data_offsets":[0,2]}}"#;
        let whole = [&(head.len() as u64).to_le_bytes()[..], head, &[0, 0]].concat();
        assert_eq!(newest_state(output.path(), "luna"), None);
        save(output.path(), "luna-000001-state", 4, &whole);
        save(output.path(), "luna-step00000006-state", 6, &whole);
        save(output.path(), "luna-step00000008-state", 8, &whole[..20]);
        save(output.path(), "luna-v1-state", 99, &whole);
        std::fs::create_dir(output.path().join("luna-000009-state")).unwrap();
        let state = newest_state(output.path(), "luna").unwrap();
        assert_eq!((state.folder.as_str(), state.step), ("luna-step00000006-state", 6));
        assert_eq!(newest_state(Path::new("/nowhere"), "luna"), None);
    }
}
