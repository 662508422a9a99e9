//! What Google refuses about a request.

use serde_json::Value;

const FIELDS: [&str; 6] = ["systemInstruction", "contents", "generationConfig", "safetySettings", "store", "cachedContent"];
const GENERATION: [&str; 5] = ["maxOutputTokens", "responseMimeType", "responseJsonSchema", "responseSchema", "thinkingConfig"];

/// Answers what is wrong with a body, in Google's words.
pub(super) fn request(model: &str, body: &Value) -> Result<(), String> {
    known(body, &FIELDS)?;
    let generation = &body["generationConfig"];
    known(generation, &GENERATION)?;
    let contents = body["contents"].as_array().filter(|contents| !contents.is_empty()).ok_or("contents is not specified")?;
    if contents.last().is_some_and(|last| last["role"] == "model") {
        return Err("Please ensure that the last content has the role user.".into());
    }
    for part in contents.iter().filter_map(|content| content["parts"].as_array()).flatten() {
        picture(part)?;
    }
    let (schema, old) = (generation.get("responseJsonSchema").is_some(), generation.get("responseSchema").is_some());
    if schema && old {
        return Err("Only one of responseSchema and responseJsonSchema can be set.".into());
    }
    if schema && generation["responseMimeType"] != "application/json" {
        return Err("responseJsonSchema needs responseMimeType application/json.".into());
    }
    thinking(model, &generation["thinkingConfig"])
}

fn thinking(model: &str, config: &Value) -> Result<(), String> {
    let (level, budget) = (config.get("thinkingLevel"), config.get("thinkingBudget"));
    match (level, budget) {
        (Some(_), Some(_)) => Err("You can only set one of thinkingBudget and thinkingLevel.".into()),
        (Some(_), None) if model.starts_with("gemini-2.5") => Err("Thinking level is not supported for this model.".into()),
        (Some(level), None) if model.starts_with("gemini-3.8") && level == "minimal" => {
            Err("Thinking level MINIMAL is not supported for this model.".into())
        }
        _ => Ok(()),
    }
}

fn picture(part: &Value) -> Result<(), String> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let Some(data) = part.get("inlineData") else { return Ok(()) };
    let bytes = data["data"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok()).ok_or("Base64 decoding failed.")?;
    let fits = match data["mimeType"].as_str() {
        Some("image/jpeg") => bytes.starts_with(&[0xff, 0xd8]),
        Some("image/png") => bytes.starts_with(b"\x89PNG"),
        _ => false,
    };
    if fits { Ok(()) } else { Err("Unable to process input image.".into()) }
}

fn known(value: &Value, names: &[&str]) -> Result<(), String> {
    let unknown = value.as_object().into_iter().flat_map(|fields| fields.keys()).find(|name| !names.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| Err(format!("Invalid JSON payload received. Unknown name \"{name}\".")))
}
