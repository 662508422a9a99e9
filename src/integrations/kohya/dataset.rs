//! The dataset's description for the trainer. Values in it win over the command line.

use std::path::Path;

use serde::Serialize;

use crate::domain::training::Plan;

#[derive(Serialize)]
struct Description<'a> {
    general: General,
    datasets: [Dataset<'a>; 1],
}

#[derive(Serialize)]
struct General {
    caption_extension: &'static str,
    shuffle_caption: bool,
    keep_tokens: u32,
}

#[derive(Serialize)]
struct Dataset<'a> {
    resolution: u32,
    batch_size: u32,
    enable_bucket: bool,
    min_bucket_reso: u32,
    max_bucket_reso: u32,
    bucket_reso_steps: u32,
    subsets: [Subset<'a>; 1],
}

#[derive(Serialize)]
struct Subset<'a> {
    image_dir: &'a str,
    num_repeats: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    class_tokens: &'a str,
}

/// As the trainer reads it with `--dataset_config`.
pub fn dataset_toml(plan: &Plan, pictures: &Path) -> String {
    let description = Description {
        general: General { caption_extension: ".txt", shuffle_caption: false, keep_tokens: 1 },
        datasets: [Dataset {
            resolution: plan.resolution,
            batch_size: plan.batch_size,
            enable_bucket: true,
            min_bucket_reso: 256.min(plan.resolution),
            max_bucket_reso: plan.resolution * 2,
            // What every family takes.
            bucket_reso_steps: 64,
            subsets: [Subset { image_dir: &pictures.to_string_lossy(), num_repeats: plan.repeats, class_tokens: &plan.trigger_word }],
        }],
    };
    toml::to_string(&description).expect("plain texts and numbers can always be written")
}
