//! Words that fit what was asked, made up from it.

use serde_json::{Value, json};

const OPENINGS: [&str; 6] = [
    "Some days begin like this",
    "I stayed a little longer",
    "Nobody else was up",
    "Ask me again tomorrow",
    "Quiet, and then not",
    "Worth the cold hands",
];
const DEEDS: [&str; 10] = [
    "walking barefoot",
    "reading an old map",
    "sketching in a notebook",
    "listening with closed eyes",
    "laughing into the wind",
    "mending a lantern",
    "drinking tea",
    "looking over a shoulder",
    "tying a red scarf",
    "writing a letter",
];
const PLACES: [&str; 10] = [
    "along a lake shore",
    "in a library of tall windows",
    "on a windy cliff",
    "under birch trees",
    "at a tram stop",
    "in a greenhouse full of ferns",
    "on a rooftop above the city",
    "by a frozen river",
    "in a market at closing time",
    "on wooden stairs",
];
const LIGHTS: [&str; 7] = ["mist at dawn", "low evening sun", "candle light", "soft rain", "moonlight", "hard noon light", "blue hour"];
const VIEWS: [&str; 5] = ["wide shot", "close portrait", "seen from behind", "half body", "from above"];

/// An answer to a request; `count` makes each differ from the others.
pub(super) fn write(body: &Value, count: usize) -> Value {
    let schema = &body["generationConfig"]["responseJsonSchema"]["properties"];
    let size = |name: &str| schema[name]["minItems"].as_u64().unwrap_or(1);
    if schema.get("prompts").is_some() {
        let prompts: Vec<_> = (0..size("prompts")).map(|n| prompt(count * 53 + n as usize)).collect();
        return json!({"prompts": prompts});
    }
    if schema.get("description").is_some() {
        return json!({"description": description(body, count)});
    }
    let about = about(body);
    let captions: Vec<_> = (0..size("captions"))
        .map(|n| {
            let opening = OPENINGS[(count + n as usize) % OPENINGS.len()];
            json!({"caption": format!("\"{opening}. {about}.\""), "hashtags": ["#quietmoments", "storytelling", "aicharacter"]})
        })
        .collect();
    let mut answer = json!({"captions": captions});
    if schema.get("altText").is_some() {
        answer["altText"] = json!("A person in front of hills, seen as a simple drawing.");
    }
    answer
}

/// What is to be seen, as made up as the pictures are.
fn description(body: &Value, count: usize) -> String {
    let parts = body["contents"][0]["parts"].as_array().into_iter().flatten();
    let in_tags = parts.filter_map(|part| part["text"].as_str()).any(|text| text.contains("tags"));
    let idea = prompt(count * 31);
    if in_tags { idea } else { format!("A person {idea}.") }
}

fn prompt(n: usize) -> String {
    let (deed, place) = (DEEDS[n % DEEDS.len()], PLACES[(n * 3 + n / 10) % PLACES.len()]);
    let (light, view) = (LIGHTS[(n * 5 + n / 7) % LIGHTS.len()], VIEWS[(n * 2 + n / 5) % VIEWS.len()]);
    format!("{deed} {place}, {light}, {view}")
}

/// The first words of what a caption is to be about.
fn about(body: &Value) -> String {
    let parts = body["contents"][0]["parts"].as_array().into_iter().flatten();
    let text: String = parts.filter_map(|part| part["text"].as_str()).collect();
    let request = text.split("shows: ").nth(1).or_else(|| text.split("to show: ").nth(1)).unwrap_or("What you see is all I can say");
    let line = request.lines().next().unwrap_or_default();
    let short: String = line.chars().take(90).collect();
    let mut chars = short.trim_end_matches(['.', ',']).chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
