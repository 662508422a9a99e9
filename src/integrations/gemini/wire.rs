//! Gemini's JSON.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, GeminiError};
use crate::domain::words::{GeminiModel, Usage};

/// The body of `generateContent`.
///
/// No sampling values: newer models ignore or refuse them. The two shapes of thinking exclude each other.
pub(super) fn request(ask: &Ask<'_>, task: &str, picture: Option<&str>, room: u32, store: Option<bool>) -> Value {
    let mut parts = Vec::new();
    if let Some(data) = picture {
        parts.push(json!({"inlineData": {"mimeType": "image/jpeg", "data": data}}));
    }
    parts.push(json!({"text": task}));
    let mut generation = json!({"maxOutputTokens": room, "responseMimeType": "application/json", "responseJsonSchema": ask.schema});
    if let Some(thinking) = thinking(ask.model) {
        generation["thinkingConfig"] = thinking;
    }
    let mut body = json!({
        "systemInstruction": {"parts": [{"text": ask.system}]},
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": generation,
        "safetySettings": [{"category": "HARM_CATEGORY_SEXUALLY_EXPLICIT", "threshold": "BLOCK_ONLY_HIGH"}],
    });
    if let Some(store) = store {
        body["store"] = store.into();
    }
    body
}

fn thinking(model: &str) -> Option<Value> {
    if model.starts_with("gemini-2.5-flash") {
        Some(json!({"thinkingBudget": 0}))
    } else if model.starts_with("gemini-3") {
        Some(json!({"thinkingLevel": "low"}))
    } else {
        None
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct Answer {
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Counted,
    model_version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Candidate {
    content: Content,
    finish_reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    parts: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part {
    text: String,
    thought: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    #[serde(default)]
    block_reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Counted {
    prompt_token_count: u64,
    candidates_token_count: u64,
    thoughts_token_count: u64,
}

impl Answer {
    /// What it cost, when Gemini says so.
    pub(super) fn usage(&self, asked: &str) -> Option<Usage> {
        let counted = &self.usage_metadata;
        let model = if self.model_version.is_empty() { asked } else { &self.model_version };
        let usage = Usage {
            model: model.to_owned(),
            asked: counted.prompt_token_count,
            answered: counted.candidates_token_count,
            thought: counted.thoughts_token_count,
        };
        (usage.tokens() > 0).then_some(usage)
    }

    pub(super) fn json(self) -> Result<Value, GeminiError> {
        if let Some(reason) = self.prompt_feedback.map(|feedback| feedback.block_reason).filter(|reason| !reason.is_empty()) {
            return Err(GeminiError::Blocked(blocked(&reason)));
        }
        let candidate = self.candidates.into_iter().next().ok_or(GeminiError::Empty)?;
        match candidate.finish_reason.as_str() {
            "STOP" | "" => {}
            "MAX_TOKENS" => return Err(GeminiError::Cut),
            "RECITATION" | "OTHER" | "IMAGE_RECITATION" | "IMAGE_OTHER" | "MALFORMED_FUNCTION_CALL" => return Err(GeminiError::Recited),
            reason => return Err(GeminiError::Blocked(blocked(reason))),
        }
        let text: String = candidate.content.parts.into_iter().filter(|part| !part.thought).map(|part| part.text).collect();
        if text.trim().is_empty() {
            return Err(GeminiError::Empty);
        }
        serde_json::from_str(text.trim()).map_err(|_| GeminiError::Unreadable)
    }
}

/// `finishReason` and `blockReason` (google/ai/generativelanguage/v1beta/generative_service.proto) in words.
fn blocked(reason: &str) -> &'static str {
    match reason {
        "SAFETY" | "IMAGE_SAFETY" => "its safety rules are against it",
        "PROHIBITED_CONTENT" | "IMAGE_PROHIBITED_CONTENT" => "it is content Google forbids",
        "BLOCKLIST" => "it holds words on Google's blocklist",
        "SPII" => "it may hold personal data of somebody",
        "LANGUAGE" => "it does not write in this language",
        "JAILBREAK" | "MODEL_ARMOR" => "it takes the words for an attempt to get around its rules",
        _ => "it gives no reason",
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Failure {
    One { error: Fault },
    // Some routes wrap it in an array.
    Several([FaultBox; 1]),
}

#[derive(Debug, Deserialize)]
struct FaultBox {
    error: Fault,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fault {
    message: String,
    status: String,
    details: Vec<Value>,
}

/// What a status other than 2xx means.
pub(super) fn refusal(status: u16, text: &str) -> GeminiError {
    let fault = match serde_json::from_str(text) {
        Ok(Failure::One { error }) | Ok(Failure::Several([FaultBox { error }])) => error,
        Err(_) => Fault::default(),
    };
    let words = || fault.message.chars().take(300).collect::<String>();
    match status {
        401 | 403 => GeminiError::KeyRefused,
        400 if fault.status == "FAILED_PRECONDITION" => GeminiError::NotOffered(words()),
        400 if fault.reason_is("API_KEY_INVALID") || fault.message.contains("API key not valid") => GeminiError::KeyRefused,
        404 => GeminiError::ModelGone { model: String::new(), available: Vec::new() },
        429 => fault.quota(),
        408 | 500.. => GeminiError::Broken(status),
        _ if fault.message.is_empty() => GeminiError::Refused(format!("it answered with status {status}.")),
        _ => GeminiError::Refused(words()),
    }
}

impl Fault {
    fn reason_is(&self, reason: &str) -> bool {
        self.details.iter().any(|detail| detail["reason"] == reason)
    }

    fn quota(&self) -> GeminiError {
        let violations = || self.details.iter().filter_map(|detail| detail["violations"].as_array()).flatten();
        let spent = |what: &str| violations().any(|violation| violation["quotaId"].as_str().is_some_and(|id| id.contains(what)));
        if violations().any(|violation| violation["quotaValue"] == "0") || self.message.contains("limit: 0") {
            let model = violations().find_map(|violation| violation["quotaDimensions"]["model"].as_str());
            return GeminiError::NoQuota { model: model.unwrap_or("that was asked").to_owned() };
        }
        if spent("PerDay") {
            return GeminiError::DayQuota;
        }
        // A decimal with its unit, as in "57.238747106s".
        let told = self.details.iter().find_map(|detail| detail["retryDelay"].as_str()?.strip_suffix('s')?.parse::<f64>().ok());
        let seconds = told.filter(|seconds| seconds.is_finite()).unwrap_or(60.0).clamp(1.0, 300.0);
        GeminiError::MinuteQuota { wait: Duration::from_secs_f64(seconds) }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Models {
    #[serde(default)]
    pub(super) models: Vec<Model>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Model {
    name: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    supported_generation_methods: Vec<String>,
    #[serde(default)]
    model_status: Option<ModelStatus>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct ModelStatus {
    model_stage: String,
    message: String,
}

impl Model {
    /// As we keep it; `None` for those that cannot write.
    pub(super) fn writer(self) -> Option<GeminiModel> {
        let writes = self.supported_generation_methods.iter().any(|method| method == "generateContent");
        let name = self.name.strip_prefix("models/").unwrap_or(&self.name).to_owned();
        let warning = self.model_status.filter(|status| matches!(status.model_stage.as_str(), "LEGACY" | "DEPRECATED" | "RETIRED"));
        let warning = warning.map(|status| if status.message.is_empty() { status.model_stage.to_lowercase() } else { status.message });
        let label = if self.display_name.is_empty() { name.clone() } else { self.display_name };
        writes.then_some(GeminiModel { name, label, warning })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_quota_says_until_when() {
        let body = |id: &str, value: &str| {
            json!({"error": {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED", "details": [
                {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
                    {"quotaId": id, "quotaValue": value, "quotaDimensions": {"model": "gemini-3.5-flash"}}]},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "46.2s"}]}})
            .to_string()
        };
        let minute = refusal(429, &body("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "5"));
        assert_eq!(minute, GeminiError::MinuteQuota { wait: Duration::from_secs_f64(46.2) });
        assert_eq!(refusal(429, &body("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "20")), GeminiError::DayQuota);
        let none = refusal(429, &body("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "0"));
        assert_eq!(none, GeminiError::NoQuota { model: "gemini-3.5-flash".into() });
    }

    #[test]
    fn a_failure_may_come_in_an_array_or_as_no_json_at_all() {
        let wrapped = json!([{"error": {"message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}]);
        assert_eq!(refusal(400, &wrapped.to_string()), GeminiError::KeyRefused);
        assert_eq!(refusal(502, "<html>"), GeminiError::Broken(502));
    }

    #[test]
    fn thoughts_are_no_part_of_the_answer() {
        let answer: Answer = serde_json::from_value(json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
            {"text": "hm", "thought": true}, {"text": "{\"a\""}, {"text": ":1}"}]}}]}))
        .unwrap();
        assert_eq!(answer.json(), Ok(json!({"a": 1})));
    }
}
