//! Captions and prompts: written by Gemini, by templates, and refused in words.

mod captions;
mod gemini;
mod prompts;

use serde_json::{Value, json};

use crate::support::TestApp;

/// A character whose pictures are small and quick.
async fn character(app: &TestApp, name: &str) -> String {
    let look = json!({"name": name, "preferredModel": "dreamshaper_8.safetensors", "defaults": {"width": 64, "height": 64, "steps": 1}});
    app.post("/api/characters", look).await.json()["id"].as_str().unwrap().to_owned()
}

async fn luna(app: &TestApp) -> String {
    let luna = json!({
        "name": "Luna the Mystic", "personality": "Dreamy and kind", "backstory": "Grew up in a lighthouse", "triggerWord": "luna_character",
        "narratives": [{"title": "The Crystal Quest", "description": "She follows a map.", "startDate": "2000-01-01", "endDate": "2999-12-31"}],
    });
    app.post("/api/characters", luna).await.json()["id"].as_str().unwrap().to_owned()
}

fn told(asked: &Value) -> String {
    let system = asked["systemInstruction"]["parts"][0]["text"].as_str().unwrap();
    let parts = asked["contents"][0]["parts"].as_array().unwrap();
    let task: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    format!("{system}\n{task}")
}
