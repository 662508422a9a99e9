//! What requests and answers look like: taken down from a server in the sandbox, by the name of their shape, or of the
//! deed where the shape has none.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::openapi::{Content, Ref, RefOr, Response, Schema, path::Operation, schema::ArrayItems};

static EXAMPLES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).expect("the examples are JSON, which a test reads"));

/// Puts examples into an operation, wherever JSON is sent or answered.
pub fn show(operation: &mut Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for (kind, content) in body.content.iter_mut() {
            if let RefOr::T(content) = content {
                of_content(kind, content, &id);
            }
        }
    }
    for (status, answer) in &mut operation.responses.responses {
        let RefOr::T(Response { content, description, .. }) = answer else { continue };
        for (kind, content) in content.iter_mut() {
            let RefOr::T(content) = content else { continue };
            if status.starts_with(['4', '5']) {
                content.example = Some(problem(status, description));
            } else {
                of_content(kind, content, &id);
            }
        }
    }
}

fn of_content(kind: &str, content: &mut Content, id: &str) {
    if kind == "application/json" && content.example.is_none() {
        content.example = content.schema.as_ref().and_then(of).or_else(|| EXAMPLES.get(id).cloned());
    }
}

fn of(schema: &RefOr<Schema>) -> Option<Value> {
    match schema {
        RefOr::Ref(Ref { ref_location, .. }) => EXAMPLES.get(ref_location.rsplit('/').next()?).cloned(),
        RefOr::T(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(items) => Some(Value::from(vec![of(items)?])),
            ArrayItems::False => None,
        },
        RefOr::T(Schema::OneOf(several)) => several.items.iter().find_map(of),
        RefOr::T(_) => None,
    }
}

fn problem(status: &str, words: &str) -> Value {
    let number: u16 = status.parse().unwrap_or_default();
    let title = axum::http::StatusCode::from_u16(number).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let detail = if words.is_empty() { title } else { words };
    let mut problem = json!({"type": "about:blank", "title": title, "status": number, "detail": detail, "error": title});
    if number == 422 {
        problem["errors"] = json!([{"field": "characterId", "message": "There is no such character."}]);
    }
    problem
}
