//! LoRA versions of a character: what trainings made for one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::TrainingId;
use crate::domain::{
    character::Character,
    model::{Family, LoraUse},
};

/// A LoRA that was trained for a character.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoraVersion {
    /// The training that made it.
    pub training_id: TrainingId,
    /// Its file, as ComfyUI lists it.
    pub name: String,
    /// The word it was trained on.
    pub trigger_word: String,
    /// What it goes with.
    pub family: Family,
    /// The model it was trained on.
    pub base_model: String,
    /// How strongly it is applied; 1 is full strength.
    pub strength: f64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Whether their pictures are made with it.
    #[serde(default)]
    pub active: bool,
    /// What was in force before it, for the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// What was in force before a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Before {
    /// Their LoRAs.
    pub loras: Vec<LoraUse>,
    /// Their trigger word.
    pub trigger_word: String,
}

/// A character's LoRAs with this version in place of the one that makes their face now: another version, or one that
/// bears their name. Others, as one for a style, stay.
pub fn loras_with(character: &Character, version: &LoraVersion) -> Vec<LoraUse> {
    let own = |lora: &LoraUse| lora.name == version.name || is_hers(character, &lora.name);
    let new = LoraUse { name: version.name.clone(), strength: version.strength };
    std::iter::once(new).chain(character.loras.iter().filter(|lora| !own(lora)).cloned()).collect()
}

/// Whether a LoRA is one of the character's versions, or bears their name or their trigger word.
fn is_hers(character: &Character, lora: &str) -> bool {
    if character.lora_versions.iter().any(|version| version.name == lora) {
        return true;
    }
    let file = lora.rsplit(['/', '\\']).next().unwrap_or(lora);
    let plain = |text: &str| super::plain_name(text).split('-').next().unwrap_or_default().to_owned();
    let called = plain(file.trim_end_matches(".safetensors"));
    let names = [plain(&character.name), plain(&character.trigger_word)];
    // Two letters are in too many names.
    // What may follow is a number, as in luna2 and lunav2; lunatic is somebody else.
    let numbered = |rest: &str| rest.strip_prefix('v').unwrap_or(rest).chars().all(|letter| letter.is_ascii_digit());
    names.iter().any(|name| name.len() > 2 && *name != "lora" && called.strip_prefix(name.as_str()).is_some_and(numbered))
}

/// Puts a version to work in place of the one that was. Answers whether there is such a version.
pub fn activate(character: &mut Character, training: &TrainingId) -> bool {
    let Some(version) = character.lora_versions.iter().find(|version| version.training_id == *training).cloned() else {
        return false;
    };
    let before = Before { loras: character.loras.clone(), trigger_word: character.trigger_word.clone() };
    character.loras = loras_with(character, &version);
    if !version.trigger_word.is_empty() {
        character.trigger_word.clone_from(&version.trigger_word);
    }
    for known in &mut character.lora_versions {
        if known.training_id == *training && !known.active {
            known.before = Some(before.clone());
        }
    }
    character.mark_versions();
    true
}

/// Goes back to what was in force before a version. Answers whether it was in force.
pub fn deactivate(character: &mut Character, training: &TrainingId) -> bool {
    let Some(version) = character.lora_versions.iter_mut().find(|version| version.training_id == *training && version.active) else {
        return false;
    };
    let name = version.name.clone();
    match version.before.take() {
        Some(before) => {
            character.loras = before.loras;
            character.trigger_word = before.trigger_word;
        }
        None => character.loras.retain(|lora| lora.name != name),
    }
    character.mark_versions();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luna() -> Character {
        let mut luna = Character::new(Utc::now());
        luna.loras =
            vec![LoraUse { name: "luna.safetensors".into(), strength: 0.8 }, LoraUse { name: "film.safetensors".into(), strength: 0.3 }];
        luna.name = "Luna the Mystic".into();
        luna.trigger_word = "luna_character".into();
        luna
    }

    fn version(id: &str) -> LoraVersion {
        LoraVersion {
            training_id: id.into(),
            name: format!("{id}.safetensors"),
            trigger_word: format!("{id}_woman"),
            family: Family::Sd15,
            base_model: "base.safetensors".into(),
            strength: 1.0,
            created_at: Utc::now(),
            active: false,
            before: None,
        }
    }

    #[test]
    fn a_version_goes_to_work_and_back_and_leaves_other_loras_alone() {
        let mut luna = luna();
        luna.lora_versions = vec![version("v1"), version("v2")];
        assert!(activate(&mut luna, &"v1".into()));
        assert!(activate(&mut luna, &"v2".into()));
        let names: Vec<_> = luna.loras.iter().map(|lora| lora.name.as_str()).collect();
        assert_eq!(names, ["v2.safetensors", "film.safetensors"], "in place of the one that bears her name");
        assert_eq!(luna.trigger_word, "v2_woman");
        assert_eq!(luna.lora_versions.iter().map(|version| version.active).collect::<Vec<_>>(), [false, true]);

        assert!(deactivate(&mut luna, &"v2".into()));
        assert_eq!(luna.trigger_word, "v1_woman");
        assert!(luna.lora_versions[0].active && !luna.lora_versions[1].active);
        assert!(deactivate(&mut luna, &"v1".into()));
        assert_eq!((luna.loras.len(), luna.trigger_word.as_str()), (2, "luna_character"));
        assert!(!deactivate(&mut luna, &"v1".into()), "it is not in force any more");
    }

    #[test]
    fn loras_that_bear_her_name_make_room_and_others_stay() {
        let luna: Character = serde_json::from_value(serde_json::json!({"id": "luna", "name": "Luna", "triggerWord": "lnm"})).unwrap();
        for hers in ["luna.safetensors", "people/Luna_v2.safetensors", "lunav3.safetensors", "luna2.safetensors", "lnm-000004.safetensors"]
        {
            assert!(is_hers(&luna, hers), "{hers}");
        }
        for other in ["lunatic-style.safetensors", "film-grain.safetensors", "moon-luna.safetensors"] {
            assert!(!is_hers(&luna, other), "{other}");
        }
    }
}
