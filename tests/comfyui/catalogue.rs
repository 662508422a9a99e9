//! What a server has.

use std::collections::BTreeMap;

use chrono::Utc;
use digital_dalla::{
    domain::model::{Family, FamilySource, ModelKind},
    integrations::comfyui::Farm,
    sandbox::comfyui::ModelEntry,
};

use crate::stage::{Stage, recipe};

#[tokio::test]
async fn models_are_listed_with_their_families() {
    let stage = Stage::set().await;
    let said = BTreeMap::from([("broken_download.safetensors".to_owned(), Family::Sd15)]);
    let catalogue = stage.comfy.catalogue(&said).await.unwrap();
    let found = |name: &str| catalogue.model(name).map(|file| (file.family, file.family_source)).unwrap();
    assert_eq!(found("dreamshaper_8.safetensors"), (Some(Family::Sd15), FamilySource::Size));
    assert_eq!(found("sd_xl_base_1.0.safetensors"), (Some(Family::Sdxl), FamilySource::Metadata));
    assert_eq!(found("flux1-dev-fp8.safetensors"), (Some(Family::Flux), FamilySource::Name));
    assert_eq!(found("broken_download.safetensors"), (Some(Family::Sd15), FamilySource::Person));
    assert_eq!(catalogue.model("flux1-dev.safetensors").unwrap().kind, ModelKind::DiffusionModel);
    assert_eq!(catalogue.lora("luna.safetensors").unwrap().trained_tag.as_deref(), Some("luna"));
    assert!(catalogue.lora("characters/mira.safetensors").is_some());
    assert_eq!(catalogue.vaes, ["ae.safetensors"]);
    assert!(catalogue.samplers.contains(&"euler".to_owned()) && catalogue.schedulers.contains(&"simple".to_owned()));
}

#[tokio::test]
async fn a_new_file_is_there_at_the_next_look() {
    let stage = Stage::set().await;
    stage.comfy.catalogue(&BTreeMap::new()).await.unwrap();
    stage.server.add_model("loras", ModelEntry { name: "new_xl.safetensors".into(), size: 1, metadata: None });
    let catalogue = stage.comfy.catalogue(&BTreeMap::new()).await.unwrap();
    assert_eq!(catalogue.lora("new_xl.safetensors").unwrap().family, Some(Family::Sdxl));
}

#[tokio::test]
async fn the_server_tells_of_itself() {
    let system = Stage::set().await.comfy.system().await.unwrap();
    assert_eq!(system.version, "0.3.64");
    assert!(!system.device.is_empty() && system.vram_total > 0);
}

#[tokio::test]
async fn a_farm_chooses_a_server_that_has_everything() {
    let (with, without) = (Stage::set().await, Stage::set().await);
    without.server.remove_model("checkpoints", "dreamshaper_8.safetensors");
    let farm = Farm::new(vec![without.comfy.clone(), with.comfy.clone()]);
    farm.look(&BTreeMap::new(), Utc::now()).await;
    assert_eq!(farm.choose(&recipe(), &[]).await.unwrap().comfy().address(), with.comfy.address());
    assert!(farm.choose(&recipe(), &[with.comfy.address().to_owned()]).await.is_none());
}
