//! What a writer is told that looks at a picture to be trained on.

use serde_json::{Value, json};

use super::CaptionStyle;

/// Who the writer is to be, and the rules.
pub const DESCRIBER: &str = "You describe pictures of one person for the training of an image model. Say what differs from picture to \
                             picture: what happens, pose, expression, clothes, place, light, from where it is seen. Leave out what is \
                             always the same: face, hair, eyes, skin, age, body. No names, no guesses about who it is, no words about quality, \
                             no introduction such as “the picture shows”.";

/// What it is to write about one picture.
pub fn description(style: CaptionStyle, trigger_word: &str) -> String {
    let form = match style {
        CaptionStyle::Sentence => "Describe this picture in one plain sentence of 12 to 40 words, in English.",
        CaptionStyle::Tags => {
            "Describe this picture in 8 to 20 short tags in lower case, parted by commas, the most important first, in English."
        }
    };
    let trigger = match trigger_word {
        "" => String::new(),
        word => format!(" Call the person “{word}” where you have to name them at all."),
    };
    format!("{form}{trigger}")
}

/// The schema of an answer.
pub fn description_schema() -> Value {
    json!({
        "type": "object",
        "properties": {"description": {"type": "string", "description": "one line"}},
        "required": ["description"],
    })
}
