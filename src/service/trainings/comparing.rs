//! Old beside new: the same prompts with the same seed, drawn with each LoRA.

use chrono::{DateTime, Utc};

use super::{
    list::get,
    versions::{name_in_comfyui, version},
};
use crate::{
    domain::{
        generation::GenerateRequest,
        problem::Problem,
        training::{Column, Comparison, LoraVersion, Training, TrainingId, loras_with},
    },
    error::Error,
    service::images,
    state::AppState,
};

/// The seed of every comparison: what differs is the LoRA.
const SEED: u64 = 20_260_101;

/// Most rows of a comparison.
const ROWS: usize = 4;

/// What is drawn when the training itself had no prompts.
const USUAL: [&str; 3] = ["portrait, looking at the camera", "full body, standing in a street", "laughing, seen from the side"];

/// Has the new LoRA and the one in use drawn side by side. Answers the training with its comparison.
pub async fn compare(app: &AppState, id: &TrainingId, now: DateTime<Utc>) -> Result<Training, Error> {
    let training = get(app, id)?;
    let (character, new) = version(app, id)?;
    let name = name_in_comfyui(app, &new, now).await?;
    let new = LoraVersion { name, ..new };
    // What her pictures would be made with without it; nothing is an answer too.
    let old = match &new.before {
        Some(before) if new.active => before.loras.clone(),
        Some(_) | None => character.loras.iter().filter(|lora| lora.name != new.name).cloned().collect(),
    };
    let new_loras = loras_with(&character, &new);
    let prompts = prompts(&training);
    let mut columns = Vec::new();
    for loras in [old, new_loras] {
        let label = loras.first().map(|lora| lora.name.clone()).unwrap_or_default();
        let mut jobs = Vec::new();
        for prompt in &prompts {
            let request = GenerateRequest {
                character_id: character.id.clone(),
                prompt: prompt.clone(),
                seed: Some(SEED),
                loras: Some(loras.clone()),
                ..GenerateRequest::default()
            };
            jobs.push(images::order(app, request, now).await?.id);
        }
        columns.push(Column { lora: label, jobs });
    }
    let (id, comparison) = (id.clone(), Comparison { at: now, seed: SEED, prompts, columns });
    app.store
        .write(move |tx| {
            let stored = tx.get::<Training>(id.as_str()).ok_or_else(|| Problem::not_found("training"))?;
            let mut training = Training::clone(&stored);
            training.comparison = Some(comparison);
            training.updated_at = now;
            tx.put(training.clone())?;
            Ok::<_, Error>(training)
        })
        .await
}

/// The prompts of the training's own samples, without the trigger word: each character's prompt has it anyway.
fn prompts(training: &Training) -> Vec<String> {
    let trigger = &training.plan.trigger_word;
    let bare = |prompt: &String| prompt.strip_prefix(trigger.as_str()).unwrap_or(prompt).trim_start_matches([',', ' ']).to_owned();
    let own: Vec<String> = training.plan.sample_prompts.iter().map(bare).filter(|prompt| !prompt.is_empty()).take(ROWS).collect();
    if own.is_empty() { USUAL.map(str::to_owned).to_vec() } else { own }
}
