//! What the trainer writes: LoRAs, states and samples.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use image::{Rgb, RgbImage};
use serde_json::{Map, Value, json};

use super::arguments::Arguments;

/// Writes a LoRA as the real one does: whole, under its final name, over whatever was there.
pub(super) fn write_lora(path: &Path, arguments: &Arguments, trigger: &str, epoch: u32) -> std::io::Result<()> {
    let (base, architecture) = match arguments.script.as_str() {
        "flux_train_network.py" => ("flux1", "flux-1-dev/lora"),
        "sdxl_train_network.py" => ("sdxl_base_v1-0", "stable-diffusion-xl-v1-base/lora"),
        _ => ("sd_v1", "stable-diffusion-v1/lora"),
    };
    let tags = json!({"dataset": {trigger: 1}}).to_string();
    let metadata = json!({
        "modelspec.architecture": architecture,
        "modelspec.title": arguments.text("output_name"),
        "ss_base_model_version": base,
        "ss_epoch": epoch.to_string(),
        "ss_network_alpha": arguments.text("network_alpha"),
        "ss_network_dim": arguments.text("network_dim"),
        "ss_network_module": arguments.text("network_module"),
        "ss_output_name": arguments.text("output_name"),
        "ss_tag_frequency": tags,
    });
    write_weights(path, metadata.as_object().unwrap_or(&Map::new()), arguments.number("network_dim").unwrap_or(4))
}

/// Writes a small safetensors file.
pub(super) fn write_weights(path: &Path, metadata: &Map<String, Value>, rows: u32) -> std::io::Result<()> {
    let bytes = u64::from(rows) * 64 * 2;
    let mut head = Map::new();
    if !metadata.is_empty() {
        head.insert("__metadata__".into(), Value::Object(metadata.clone()));
    }
    let name = |part: &str| format!("lora_unet_down_blocks_0_attentions_0_proj_in.{part}");
    head.insert(name("alpha"), json!({"dtype": "F16", "shape": [], "data_offsets": [0, 2]}));
    head.insert(name("lora_down.weight"), json!({"dtype": "F16", "shape": [rows, 64], "data_offsets": [2, 2 + bytes]}));
    let head = serde_json::to_vec(&head)?;
    let mut file = fs::File::create(path)?;
    file.write_all(&(head.len() as u64).to_le_bytes())?;
    file.write_all(&head)?;
    let weights: Vec<u8> = (0..bytes + 2).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8).collect();
    file.write_all(&weights)
}

/// Cuts the end of a file off.
pub(super) fn cut(path: &Path) -> std::io::Result<()> {
    let file = fs::OpenOptions::new().write(true).open(path)?;
    file.set_len(file.metadata()?.len() / 2)
}

/// Writes a state folder.
pub(super) fn write_state(folder: &Path, epoch: u32, step: u32) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("train_state.json"), json!({"current_epoch": epoch, "current_step": step}).to_string())?;
    write_weights(&folder.join("model.safetensors"), &Map::new(), 8)?;
    for file in ["optimizer.bin", "scheduler.bin", "sampler.bin", "random_states_0.pkl"] {
        fs::write(folder.join(file), b"simulated")?;
    }
    Ok(())
}

/// What a state says of itself: epochs and steps done.
pub(super) fn read_state(folder: &Path) -> Option<(u32, u32)> {
    let state: Value = serde_json::from_slice(&fs::read(folder.join("train_state.json")).ok()?).ok()?;
    let number = |name: &str| u32::try_from(state[name].as_u64()?).ok();
    Some((number("current_epoch")?, number("current_step")?))
}

/// Draws samples: soft shapes that become clearer with each epoch.
pub(super) fn write_samples(output: &Path, arguments: &Arguments, epoch: u32, epochs: u32) -> std::io::Result<usize> {
    let prompts: Vec<Value> = serde_json::from_slice(&fs::read(arguments.text("sample_prompts"))?)?;
    let folder = output.join("sample");
    fs::create_dir_all(&folder)?;
    for (place, prompt) in prompts.iter().enumerate() {
        let seed = prompt["seed"].as_u64().unwrap_or(0);
        let picture = sample(seed.wrapping_add(place as u64 * 97), epoch, epochs);
        let name = format!("{}_e{epoch:06}_{place:02}_{}_{seed}.png", arguments.text("output_name"), stamp());
        let path: PathBuf = folder.join(name);
        picture.save(path).map_err(std::io::Error::other)?;
    }
    Ok(prompts.len())
}

fn sample(seed: u64, epoch: u32, epochs: u32) -> RgbImage {
    let clear = f64::from(epoch) / f64::from(epochs.max(1));
    let tone = (seed % 7) as f64;
    RgbImage::from_fn(192, 256, |x, y| {
        let (dx, dy) = ((f64::from(x) - 96.0) / 60.0, (f64::from(y) - 110.0) / 80.0);
        let face = 1.0 / (1.0 + (9.0 * (dx * dx + dy * dy - 1.0) * (0.3 + clear)).exp());
        let noise = f64::from((x.wrapping_mul(374_761_393) ^ y.wrapping_mul(668_265_263) ^ seed as u32).wrapping_mul(2_246_822_519) >> 24);
        let mix = |base: f64, other: f64| {
            let smooth = base * (1.0 - face) + other * face;
            (smooth * (0.35 + 0.65 * clear) + noise * (0.65 - 0.65 * clear)).clamp(0.0, 255.0) as u8
        };
        Rgb([mix(60.0 + tone * 14.0, 224.0), mix(70.0 + f64::from(y) * 0.3, 186.0), mix(130.0 - tone * 8.0, 164.0)])
    })
}

/// As in 20261122095135.
fn stamp() -> String {
    chrono::Utc::now().format("%Y%m%d%H%M%S").to_string()
}
