//! Models and LoRAs: what ComfyUI can draw with.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        event::{Event, EventKind, Topic},
        job::Lane,
        model::{Catalogue, Family},
        problem::{Kind, Problem},
    },
    error::Error,
    integrations::comfyui::Sight,
    state::AppState,
    store::State,
};

/// Looks at every ComfyUI, and tells those who watch when something is different.
pub async fn look(app: &AppState, now: DateTime<Utc>) {
    let families = app.store.read().settings.model_families.clone();
    if app.comfy.look(&families, now).await {
        let event = Event { topic: Topic::System, kind: EventKind::Changed, id: "comfyui".into(), data: serde_json::Map::new() };
        app.events.tell(event);
        // Where there are more servers to draw on, more pictures can be.
        app.wake(Lane::Draw);
    }
}

/// What the servers have together; looks first when none was up at the last look.
pub async fn catalogue(app: &AppState, now: DateTime<Utc>) -> Result<Arc<Catalogue>, Error> {
    if !app.comfy.is_up() {
        look(app, now).await;
    }
    if app.comfy.is_up() { Ok(app.comfy.catalogue()) } else { Err(unreachable(app).into()) }
}

/// Says that no ComfyUI answers, and why.
pub fn unreachable(app: &AppState) -> Problem {
    let servers = app.comfy.servers();
    let words = servers.iter().filter_map(|server| match &server.seen().sight {
        Sight::Down { error } => Some(error.to_string()),
        Sight::Up { .. } | Sight::Unknown => None,
    });
    let words: Vec<_> = words.collect();
    let words = if words.is_empty() { "ComfyUI has not answered yet. Try again in a moment.".to_owned() } else { words.join(" ") };
    Problem::new(Kind::Unreachable, words)
}

/// Says which family a model or LoRA belongs to; `None` goes back to what can be found out.
pub async fn set_family(app: &AppState, name: String, family: Option<Family>, now: DateTime<Utc>) -> Result<(), Error> {
    let catalogue = app.comfy.catalogue();
    if catalogue.model(&name).is_none() && catalogue.lora(&name).is_none() {
        return Err(Problem::invalid("name", "ComfyUI does not have this file any more.").into());
    }
    app.store
        .write(move |tx| {
            let mut settings = tx.settings().clone();
            match family {
                Some(family) => settings.model_families.insert(name, family),
                None => settings.model_families.remove(&name),
            };
            tx.put_settings(settings)
        })
        .await?;
    look(app, now).await;
    Ok(())
}

/// Which characters use which model or LoRA: names by file.
pub fn users(state: &State) -> BTreeMap<&str, Vec<&str>> {
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for character in state.characters.iter() {
        let files = character.loras.iter().map(|lora| lora.name.as_str()).chain([character.preferred_model.as_str()]);
        for file in files.filter(|file| !file.is_empty()) {
            users.entry(file).or_default().push(&character.name);
        }
    }
    users
}
