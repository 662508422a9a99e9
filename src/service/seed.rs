//! The cast of the sandbox: two characters to play with.

use chrono::{DateTime, Days, Utc};
use serde_json::json;

use crate::{domain::character::CharacterChange, error::Error, state::AppState};

/// What leads to a character's accounts.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The access token for Instagram.
    pub instagram: String,
    /// API key and secret, access token and secret for X.
    pub x: [String; 4],
}

/// Creates Luna and Cortex, when nobody is there yet, with keys for the accounts of the simulators.
pub async fn cast(app: &AppState, [luna, cortex]: [Keys; 2], now: DateTime<Utc>) -> Result<(), Error> {
    if !app.store.read().characters.is_empty() {
        return Ok(());
    }
    let today = now.with_timezone(&app.timezone()).date_naive();
    let day = |offset: i64| if offset < 0 { today - Days::new(offset.unsigned_abs()) } else { today + Days::new(offset.unsigned_abs()) };
    let mut luna_herself = json!({
        "name": "Luna the Mystic",
        "personality": "Dreamy and kind, with a dry humour she shows late. Speaks in short sentences, notices light and weather first, never gives advice unless asked.",
        "backstory": "Luna grew up in a lighthouse and left it at nineteen with a box of crystals that were not hers. She has been bringing them back, one by one, ever since.",
        "instagramHandle": "luna.mystic",
        "twitterHandle": "luna_mystic",
        "preferredModel": "dreamshaper_8.safetensors",
        "triggerWord": "luna_character",
        "loras": [{"name": "luna.safetensors", "strength": 0.8}],
        "promptSettings": {
            "basePrompt": "portrait of luna_character, silver hair, green eyes",
            "negativePrompt": "blurry, extra fingers, text, watermark",
            "style": "film photo, soft light",
            "mood": "serene"
        },
        "narratives": [
            {"title": "Leaving the Coast", "description": "Luna packs the last boxes. The lighthouse is sold.", "startDate": day(-40), "endDate": day(-12)},
            {"title": "The Crystal Quest", "description": "Luna follows a map of crystals through misty forests. Each one changes the weather.", "startDate": day(-11), "endDate": day(19)},
            {"title": "The Long Winter", "description": "A cabin in deep snow, a stove, letters. She writes more than she speaks.", "startDate": day(25), "endDate": day(60)}
        ]
    });
    let mut cortex_himself = json!({
        "name": "Cortex",
        "personality": "Curious, precise, a little tired of people who say disruptive. Explains hard things with kitchen examples and likes night trains.",
        "backstory": "Cortex was a research assistant who started answering the letters nobody else answered. Some of the answers became famous; he would rather they had not.",
        "instagramHandle": "cortex.notes",
        "twitterHandle": "cortex_notes",
        "preferredModel": "sd_xl_base_1.0.safetensors",
        "promptSettings": {
            "basePrompt": "a man in a dark coat at a desk full of papers, short hair, round glasses",
            "negativePrompt": "text, watermark, lowres",
            "style": "cinematic, 35 mm",
            "mood": "quiet, late"
        },
        "narratives": [
            {"title": "Night Desk", "description": "Cortex works the night shift at an observatory. The city sleeps.", "startDate": day(-5), "endDate": day(40)}
        ]
    });
    give(&mut luna_herself, luna);
    give(&mut cortex_himself, cortex);
    for one in [luna_herself, cortex_himself] {
        let change: CharacterChange = serde_json::from_value(one).expect("the cast is written in the shape of the API");
        super::characters::create(app, change, now)?.durable().await?;
    }
    Ok(())
}

fn give(character: &mut serde_json::Value, keys: Keys) {
    let [app_key, app_secret, token, token_secret] = keys.x;
    character["instagramApiKey"] = keys.instagram.into();
    character["twitterAppKey"] = app_key.into();
    character["twitterAppSecret"] = app_secret.into();
    character["twitterAccessToken"] = token.into();
    character["twitterAccessSecret"] = token_secret.into();
}
